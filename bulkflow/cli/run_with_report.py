"""Runs something that can be interrupted, and shows what happens."""

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
    environment: Environment, begin: Callable[[], Work], *, as_json: bool, verbose: bool
) -> int:
    """Do some work with a listener, and let Ctrl-C end it; returns the exit code.

    `begin` says what the work is, once signals are heard and before anything is shown. With
    `as_json` nothing is raised: the last line on stdout is `run_finished`, whatever happens.
    """
    if not as_json:
        return _watched(environment, begin, None, verbose=verbose)
    from bulkflow.cli.event_lines import EventLines
    from bulkflow.cli.failure import show_failure
    from bulkflow.engine.run_state import SystemClock

    lines = EventLines(environment.stdout, SystemClock())
    try:
        return _watched(environment, begin, lines, verbose=verbose)
    except BaseException as error:  # noqa: BLE001 - the last line says what it is
        code = lines.end(show_failure(error, environment), error)
        return _closed(lines, code, environment)


def _watched(
    environment: Environment,
    begin: Callable[[], Work],
    lines: EventLines | None,
    *,
    verbose: bool,
) -> int:
    from bulkflow.cli.signals import Interruption
    from bulkflow.engine.run_state import SystemClock
    from bulkflow.model.event import RunFinished
    from bulkflow.report import OutputError, make_report

    def stopped(services: Services | None) -> int:
        if lines is None:
            return ExitCode.INTERRUPTED
        return lines.end(ExitCode.INTERRUPTED, run=services)

    interruption = Interruption(
        environment.grace,
        live=environment.live,
        lasting=environment.ends_process,
        last_words=stopped,
    )
    with interruption.handled():
        work = begin()
        listener = lines or make_report(
            environment.stdout,
            environment.stderr,
            json=False,
            environ=environment.environ,
            clock=SystemClock(),
            verbose=verbose,
        )

        def hear(event: Event) -> None:
            if isinstance(event, RunFinished):
                interruption.over()
            listener(event)

        try:
            finished = work(hear, interruption.watch)
        except BaseException:
            interruption.over()
            # What went wrong says more than that it could not be shown.
            with suppress(OutputError):
                listener.close()
            raise
        interruption.over()
        code = finished.exit_code if lines is None else lines.end(finished.exit_code)
        return _closed(listener, code, environment)


def _closed(listener: Listener, code: ExitCode, environment: Environment) -> int:
    """What the command ends with, once its report is written or could not be."""
    from bulkflow.report import OutputError

    try:
        listener.close()
    except OutputError as error:
        environment.show_error(error)
        return code or ExitCode.FAILED
    return code
