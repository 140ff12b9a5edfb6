"""Executes a run with a report of its events, interruptible by signals."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from bulkflow.errors import ExitCode

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeAlias

    from bulkflow.cli.environment import Environment
    from bulkflow.cli.event_lines import EventLines
    from bulkflow.engine.run_state import Services
    from bulkflow.model.event import Event, RunFinished
    from bulkflow.report import Listener

    Work: TypeAlias = Callable[[Callable[[Event], None], Callable[[Services], None]], RunFinished]


def run_with_report(
    environment: Environment, begin: Callable[[], Work], *, as_json: bool, verbose: int
) -> int:
    """Execute a run, report its events, and return the exit code. Signals interrupt it.

    `begin` prepares the run; it is called after the signal handlers are set, and before anything is
    shown. With `as_json` no exception is raised: the last line on stdout is always `run_finished`.
    """
    if not as_json:
        return _run_and_report(environment, begin, None, verbose=verbose)
    from bulkflow.cli.event_lines import EventLines
    from bulkflow.cli.failure import show_failure
    from bulkflow.engine.run_state import SystemClock

    lines = EventLines(environment.stdout, SystemClock())
    try:
        return _run_and_report(environment, begin, lines, verbose=verbose)
    except BaseException as error:  # noqa: BLE001 - the last line reports it
        code = lines.end(show_failure(error, environment), error)
        return _close(lines, code, environment)


def _run_and_report(
    environment: Environment,
    begin: Callable[[], Work],
    lines: EventLines | None,
    *,
    verbose: int,
) -> int:
    from bulkflow.cli.signals import Interruption
    from bulkflow.engine.run_state import SystemClock
    from bulkflow.model.event import RunFinished
    from bulkflow.report import OutputError, make_report

    def end_report(services: Services | None) -> int:
        if lines is None:
            return ExitCode.INTERRUPTED
        return lines.end(ExitCode.INTERRUPTED, run=services)

    interruption = Interruption(
        environment.grace,
        live=environment.live,
        lasting=environment.ends_process,
        before_exit=end_report,
    )
    with interruption.handle_signals():
        work = begin()
        listener = lines or make_report(
            environment.stdout,
            environment.stderr,
            json=False,
            environ=environment.environ,
            clock=SystemClock(),
            verbose=bool(verbose),
            plain=bool(verbose) or environment.logs_to_stderr,
        )

        def hear(event: Event) -> None:
            if isinstance(event, RunFinished):
                interruption.end()
            listener(event)

        try:
            finished = work(hear, interruption.watch)
        except BaseException:
            interruption.end()
            # The failure of the run matters more than one of its report.
            with suppress(OutputError):
                listener.close()
            raise
        interruption.end()
        code = finished.exit_code if lines is None else lines.end(finished.exit_code)
        return _close(listener, code, environment)


def _close(listener: Listener, code: ExitCode, environment: Environment) -> int:
    """Close the report, and return the exit code of the command."""
    from bulkflow.report import OutputError

    try:
        listener.close()
    except OutputError as error:
        environment.show_error(error)
        return code or ExitCode.FAILED
    return code
