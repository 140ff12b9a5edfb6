"""Deletes the files and records of finished runs: copies of rows, results, steps.

The ledger of handed-over rows stays, because it keeps them from being loaded twice.
"""

from __future__ import annotations

from shutil import rmtree
from typing import TYPE_CHECKING

from attrs import frozen

from bulkflow.app.run_folders import delete_run_folder, measure_folder
from bulkflow.app.run_lookup import open_journal_to_write
from bulkflow.app.suspect_runs import list_suspect_runs
from bulkflow.errors import UsageError
from bulkflow.path_checks import is_folder

if TYPE_CHECKING:
    from pathlib import Path


@frozen
class Pruned:
    """What was deleted, or would be.

    Attributes:
        runs: Ids of the runs, oldest first.
        kept_bytes: Size of their folders.
        busy: Runs that were kept because another process is using a run of the same file.
    """

    runs: tuple[str, ...]
    kept_bytes: int
    busy: tuple[str, ...] = ()


def prune(directory: Path, older_than: float, *, dry: bool = False) -> Pruned:
    """Delete what is kept of runs that finished more than `older_than` seconds ago.

    Unfinished runs are kept, and so are runs of a file with a run that may have sent more than the
    journal knows.

    Raises:
        UsageError: The state directory cannot be written.
    """
    from bulkflow.journal import StateLockedError, lock_pipeline
    from bulkflow.journal.pruning import find_prunable_runs
    from bulkflow.journal.pruning import prune as prune_journal

    if not is_folder(directory):
        raise UsageError(
            f"there are no runs in {directory}", help="choose another folder with --state-dir DIR"
        )
    gone, busy, size = [], [], 0
    with open_journal_to_write(directory) as journal:
        doubtful = {each.pipeline for each in list_suspect_runs(journal)}
        found = find_prunable_runs(journal, journal.time() - older_than)
        for run, pipeline in found:
            if doubtful & {"", pipeline}:
                continue
            folder = directory / "runs" / run
            held = measure_folder(folder)
            if not dry:
                try:
                    with lock_pipeline(directory, pipeline):
                        if (run, pipeline) not in find_prunable_runs(
                            journal, journal.time() - older_than
                        ):
                            continue
                        # The folder first: without its record, it would count as a lost run.
                        if not delete_run_folder(folder):
                            busy.append(run)
                            continue
                        prune_journal(journal, run)
                except StateLockedError:
                    busy.append(run)
                    continue
            gone.append(run)
            size += held
        if not dry:
            _clear(directory / "runs")
    return Pruned(tuple(gone), size, tuple(busy))


def _clear(runs: Path) -> None:
    """Remove folders that a killed process was deleting."""
    if runs.is_dir():
        for each in runs.iterdir():
            if each.name.startswith("."):
                rmtree(each, ignore_errors=True)
