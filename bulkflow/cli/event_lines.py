"""The output of `--json`: one event per line, and exactly one `run_finished` at the end."""

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
    """Writes events as JSON Lines, and holds `run_finished` back until the exit code is known.

    That last event also has errors from after the run, such as a failed write to the journal. If no
    run began, it has the reason. Thread-safe.
    """

    def __init__(self, stream: TextIO, clock: Clock) -> None:
        self._report = JsonReport(stream)
        self._clock = clock
        self._began = clock.monotonic()
        self._lock = Lock()
        self._finished: RunFinished | None = None
        self._code: ExitCode | None = None

    def __call__(self, event: Event) -> None:
        """Write an event, unless the last one has been written."""
        with self._lock:
            if isinstance(event, RunFinished):
                self._finished = event
            elif self._code is None:
                self._report(event)

    def end(
        self, code: int, failure: BaseException | None = None, run: Services | None = None
    ) -> ExitCode:
        """Write the last event. Only the first call does.

        Args:
            code: The exit code of the command.
            failure: The exception that ended the command, if any.
            run: The run that was stopped before its end, if any.

        Returns:
            The exit code in the event, which is that of the first call.
        """
        with self._lock:
            if self._code is None:
                self._code = ExitCode(code)
                finished = self._finished or self._so_far(run)
                errors = (*finished.errors, *_errors(failure))
                self._report(evolve(finished, exit_code=self._code, errors=errors))
            return self._code

    def close(self) -> None:
        """Raise `OutputError` if an event could not be written."""
        self._report.close()

    def _so_far(self, run: Services | None) -> RunFinished:
        now, seconds = self._clock.time(), self._clock.monotonic() - self._began
        if run is None:
            return RunFinished(None, ExitCode.DONE, now, seconds, ())
        from bulkflow.engine.orgs import are_all_transient
        from bulkflow.engine.run import build_outcome, suggest_commands

        outcomes = tuple(build_outcome(job) for job in run.jobs)
        # An org that ends with the run has nothing left to resume.
        help_ = None if are_all_transient(run.orgs, run.catalogue.orgs) else suggest_commands(run)
        return RunFinished(
            run.run_id, ExitCode.DONE, now, seconds, outcomes, tuple(run.errors), help_
        )


def _errors(failure: BaseException | None) -> tuple[BulkflowError, ...]:
    if failure is None or is_interruption(failure):
        return ()
    return (to_bulkflow_error(failure),)
