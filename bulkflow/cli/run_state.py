"""The state of a run in a word or two, for lists of runs and shell completion."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bulkflow.errors import ExitCode

if TYPE_CHECKING:
    from bulkflow.model.history import RunSummary


def describe_state(run: RunSummary) -> str:
    """Describe how a run ended, or that it has not."""
    if run.finished is None:
        return "unfinished"
    if run.given_up:
        return "aborted"
    match run.exit_code:
        case ExitCode.DONE:
            return "done"
        case ExitCode.ROWS_FAILED:
            return "rows failed"
        case ExitCode.INTERRUPTED:
            return "interrupted"
        case _:
            return "failed"
