"""What a command writes with `--json`: events, and always one `run_finished`, which is the last."""

from __future__ import annotations

from threading import Lock
from typing import TYPE_CHECKING

from attrs import evolve

from bulkflow.cli.failure import is_interruption, to_bulkflow_error
from bulkflow.errors import BulkflowError, ExitCode
from bulkflow.model.event import RunFinished
from bulkflow.report import JsonReport

if TYPE_CHECKING:
    from typing import TextIO

    from bulkflow.engine.run_state import Services
    from bulkflow.model.event import Event
    from bulkflow.plugin.context import Clock


class EventLines:
    """Writes events as JSON lines. The run's last one waits until the command knows its exit code.

    What fails after the run, such as the last entry in the journal, is in it, too; and where no run
    began, it says why. Safe to use from any thread.
    """

    def __init__(self, stream: TextIO, clock: Clock) -> None:
        self._report = JsonReport(stream)
        self._clock = clock
        self._began = clock.monotonic()
        self._lock = Lock()
        self._finished: RunFinished | None = None
        self._code: ExitCode | None = None

    def __call__(self, event: Event) -> None:
        """Write an event; none comes after the last."""
        with self._lock:
            if isinstance(event, RunFinished):
                self._finished = event
            elif self._code is None:
                self._report(event)

    def end(
        self, code: int, failure: BaseException | None = None, run: Services | None = None
    ) -> ExitCode:
        """Write the last event, unless it is written.

        Args:
            code: What the command ends with.
            failure: What ended it, where something did.
            run: The run that is stopped before its end, where there is one.

        Returns:
            The exit code in the event: that of the first call.
        """
        with self._lock:
            if self._code is None:
                self._code = ExitCode(code)
                finished = self._finished or self._so_far(run)
                errors = (*finished.errors, *_errors(failure))
                self._report(evolve(finished, exit_code=self._code, errors=errors))
            return self._code

    def close(self) -> None:
        """Raise OutputError if some of it could not be written."""
        self._report.close()

    def _so_far(self, run: Services | None) -> RunFinished:
        now, seconds = self._clock.time(), self._clock.monotonic() - self._began
        if run is None:
            return RunFinished(None, ExitCode.DONE, now, seconds, ())
        from bulkflow.engine.orgs import are_all_transient
        from bulkflow.engine.run import build_outcome, suggest_commands

        outcomes = tuple(build_outcome(job) for job in run.jobs)
        # An org that ends with the run keeps nothing that could be resumed.
        help_ = None if are_all_transient(run.orgs, run.catalogue.orgs) else suggest_commands(run)
        return RunFinished(
            run.run_id, ExitCode.DONE, now, seconds, outcomes, tuple(run.errors), help_
        )


def _errors(failure: BaseException | None) -> tuple[BulkflowError, ...]:
    if failure is None or is_interruption(failure):
        return ()
    return (to_bulkflow_error(failure),)
