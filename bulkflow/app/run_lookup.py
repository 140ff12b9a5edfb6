"""Finds the run that a command means, and opens the journal that it is in."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from attrs import evolve

from bulkflow.app.run_folders import clear_leftovers
from bulkflow.errors import REACHED_END, UsageError
from bulkflow.path_checks import is_folder

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from bulkflow.app.state import RunSelection
    from bulkflow.journal import Journal, RunRecord


@contextmanager
def open_journal_to_read(directory: Path) -> Iterator[Journal]:
    """Open the journal of a state directory for reading, even while others write to it.

    Works on a read-only directory. Raises `UsageError`.
    """
    from bulkflow.engine.run_state import SystemClock
    from bulkflow.journal import Journal

    journal = Journal.read(directory, SystemClock().time)
    try:
        yield journal
    finally:
        journal.close()


@contextmanager
def open_journal_to_write(directory: Path) -> Iterator[Journal]:
    """Open the journal of a state directory for writing. Raises `UsageError`."""
    from bulkflow.engine.run_state import SystemClock
    from bulkflow.journal import Journal

    journal = Journal.open(directory, SystemClock().time)
    try:
        yield journal
    finally:
        journal.close()


@contextmanager
def claim_run(
    choice: RunSelection, *, failed: bool = False, over: bool = False
) -> Iterator[tuple[Journal, RunRecord]]:
    """Open the journal and the selected run, with its file locked.

    Args:
        choice: Which run.
        failed: Whether to fall back to the newest run, if it failed and all runs are finished.
        over: Whether to take the last run of a named file even if it is finished.

    Raises:
        UsageError: There is no such run.
        StateLockedError: Another process is using a run of the same file.
    """
    from bulkflow.journal import lock_pipeline

    if not is_folder(choice.directory):
        raise make_no_run_error(choice)
    with open_journal_to_read(choice.directory) as journal:
        found = find_run(journal, choice, failed=failed, over=over)
    with (
        lock_pipeline(choice.directory, found.summary.pipeline),
        open_journal_to_write(choice.directory) as journal,
    ):
        clear_leftovers(journal, found.summary.pipeline)
        # Another process may have used it before the lock was taken.
        yield journal, find_run(journal, evolve(choice, run=found.summary.id))


def find_run(
    journal: Journal, choice: RunSelection, *, failed: bool = False, over: bool = False
) -> RunRecord:
    """Find the run that a selection means: by default the last unfinished one.

    With `failed`, falls back to the newest run if it failed, as steps may be left to do. With
    `over`, takes the last run of a named file whatever its result.
    """
    from bulkflow.journal import list_runs, read_run

    run_id = choice.run
    if run_id is None:
        summaries = [each for each in list_runs(journal) if choice.matches(each)]
        open_runs = [each for each in summaries if each.finished is None]
        if failed and not open_runs:
            open_runs = [each for each in summaries[:1] if each.exit_code not in REACHED_END]
        if over and choice.pipeline is not None:
            open_runs = summaries[:1]
        if not open_runs:
            raise UsageError("every run is finished", help="`bulkflow runs` lists them")
        run_id = open_runs[0].id
    record = read_run(journal, run_id)
    if record is None:
        raise make_no_run_error(choice)
    if not record.texts:
        raise UsageError(
            f"run {run_id} was made by an older bulkflow, which could not resume runs",
            help="start another with `bulkflow run FILE --fresh`",
        )
    return record


def make_no_run_error(choice: RunSelection) -> UsageError:
    """Build the error for an unknown run, or for a folder without runs."""
    which = f"no run {choice.run}" if choice.run else "no run"
    return UsageError(
        f"there is {which} in {choice.directory}",
        help="`bulkflow runs` lists the runs of this folder, `bulkflow runs FILE` those of a "
        "pipeline file in another folder",
    )
