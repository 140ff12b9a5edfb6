"""Undoes inserts: deletes the records by the ids that Salesforce returned.

The ids are read each time, because rows may have been sent again since. Records that earlier
attempts deleted are left out, so each record is deleted once; deletions that failed are tried
again. Each attempt is a job of its own with a file of its own, recorded before anything is sent. An
attempt that was interrupted is finished first.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, Final

from attrs import frozen

from bulkflow.errors import StepError
from bulkflow.model.event import Notice, NoticeLevel
from bulkflow.model.job_key import derive_key
from bulkflow.model.job_phase import Phase
from bulkflow.plugin import Job
from bulkflow_ingest.execution.job_runner import JobRunner
from bulkflow_ingest.output_files import draft, make_folder
from bulkflow_ingest.parts.prepare import prepare
from bulkflow_jobs.job_label import make_label
from bulkflow_jobs.job_state import JobState

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

UNDO: Final = "undo"
"""The word in the key of the job that deletes what another job created."""

DELETED_BEFORE: Final = "ENTITY_IS_DELETED"
"""The error of a deletion whose record somebody has deleted before."""


def undo_inserts(runner: JobRunner) -> None:
    """Delete every record that the job's rows created, with a job of its own in the org.

    Raises:
        StepError: The job creates no records or is not finished, or some records could not be
            deleted.
    """
    operation = runner.parts.settings.operation
    if operation not in {"insert", "upsert"}:
        what = f"its operation is {operation}" if operation else "bulkflow did not create it"
        raise StepError(
            f"job {runner.job.name} cannot be undone: {what}",
            help="undo deletes the records that rows created; it cannot restore records that were "
            "updated or deleted",
        )
    running = [part for part in runner.parts.in_org if not part.is_final]
    if running:
        resume, abort = (runner.context.format_command(verb) for verb in ("resume", "abort"))
        raise StepError(
            f"job {runner.job.name} is not finished, so it may still create records",
            help=f"`{resume}` waits for it; `{abort}` abandons what is not loaded",
            notes=[f"job {part.id} is {part.state}" for part in running],
        )
    runner.results.trusted.begin()
    if runner.job.phase is Phase.OPEN:
        # All of its jobs have finished; the remaining rows of its file were never sent.
        aborted = any(part.state == JobState.ABORTED for part in runner.parts.parts)
        runner.job.phase = Phase.ABORTED if aborted else Phase.FINISHED
    _Undo(runner).run()


@frozen
class _Undo:
    """The deletion of the records that one job created."""

    runner: JobRunner

    def run(self) -> None:
        # Without a name, SQLite uses a temporary file: the ids may not fit into memory.
        with closing(sqlite3.connect("")) as database:
            database.execute("CREATE TABLE gone (id TEXT PRIMARY KEY) WITHOUT ROWID")
            number = 1
            while self.runner.context.journal.read_history(self._make_key(number)) is not None:
                earlier = self._prepare_deletion(number)
                self._finish(earlier)
                ids = _read_deleted(earlier)
                database.executemany(
                    "INSERT OR IGNORE INTO gone VALUES (?)", ((each,) for each in ids)
                )
                number += 1
            left = self._write_ids(number, database)
        if left:
            self._emit(f"deleting {left:,} records that this run created")
            deletion = self._prepare_deletion(number)
            deletion.load()
            self._check(number, deletion)
        unknown = self.runner.job.counts.unknown
        if unknown:
            self._emit(
                f"{unknown:,} rows may have created records that are not deleted: no result file "
                "has them",
                NoticeLevel.WARNING,
            )
        self.runner.results.trusted.refuse_doubted()

    def _make_key(self, number: int) -> str:
        return derive_key(self.runner.job.key, UNDO, number)

    def _make_path(self, number: int, what: str) -> Path:
        folder = self.runner.context.run_directory / "undo"
        make_folder(folder)
        return folder / f"{make_label(self._make_key(number))}-{what}.csv"

    def _prepare_deletion(self, number: int) -> JobRunner:
        """Prepare and record the job that deletes the ids of a file."""
        path = self._make_path(number, "ids")
        context, settings = self.runner.context, self.runner.parts.settings
        job = Job(
            self._make_key(number),
            self.runner.job.name,
            {
                "operation": "delete",
                "object": settings.object,
                "location": str(path.absolute()),
                "keep_results": settings.keep_results,
            },
            path.parent,
            self.runner.job.org,
        )
        known = context.journal.read_history(job.key) is not None
        manifest = prepare(context, job)
        if not known:
            assert manifest is not None
            context.journal.record_parts(job.key, manifest, job.org)
        # Until the deletion finishes, its jobs count as left by the job that is undone.
        self.runner.job.find_left = job.find_left
        return JobRunner.connect(context, job)

    def _finish(self, deletion: JobRunner) -> None:
        """Finish an interrupted deletion. The next one tries what it does not delete."""
        try:
            deletion.load()
        except StepError:
            if not all(part.is_final or part.deleted for part in deletion.parts.parts):
                raise

    def _write_ids(self, number: int, gone: sqlite3.Connection) -> int:
        """Write the ids of created records that are not deleted yet; return how many."""
        created = changed = left = 0
        with draft(self._make_path(number, "ids")) as file:
            file.write("Id\n")
            for record, was_created in self.runner.results.loaded():
                if not was_created:
                    changed += 1
                    continue
                created += 1
                if gone.execute("SELECT 1 FROM gone WHERE id = ?", (record,)).fetchone() is None:
                    left += 1
                    file.write(f"{record}\n")
        self.runner.job.undone = created - left
        if changed:
            self._emit(
                f"{changed:,} records were updated and not created by this run: they stay as they "
                "are",
                NoticeLevel.WARNING,
            )
        if not left:
            self._make_path(number, "ids").unlink()
            done = f": the {created:,} records that this run created are deleted" if created else ""
            self._emit(f"there is nothing to delete{done}")
        return left

    def _check(self, number: int, deletion: JobRunner) -> None:
        """Raise `StepError` if some records are not, or may not be, deleted."""
        counts = deletion.job.counts
        failed = [error for _, error in deletion.results.refused()]
        gone = sum(error.startswith(DELETED_BEFORE) for error in failed)
        if gone:
            self._emit(f"{gone:,} records had been deleted before, by somebody else")
        self.runner.job.undone += counts.loaded + gone
        refused = len(failed) - gone
        unsure = max(0, counts.rows - counts.loaded - len(failed))
        advice = f"`{self.runner.context.format_command('undo')}` tries these again"
        path = self._make_path(number, "not-deleted")
        if refused:
            deletion.results.save_rows("failed", path)
        if unsure:
            raise StepError(
                f"it is unknown whether {unsure:,} of {counts.rows:,} records were deleted: no "
                "result accounts for them"
                + (f"; {refused:,} more could not be deleted" if refused else ""),
                help=advice + (f"; {path} has the reasons" if refused else ""),
            )
        if refused:
            raise StepError(
                f"{refused:,} of {counts.rows:,} records could not be deleted",
                help=f"{path} has the reason of each; {advice}",
            )

    def _emit(self, message: str, level: NoticeLevel = NoticeLevel.INFO) -> None:
        self.runner.context.emit(Notice(message, level, job=self.runner.job.key))


def _read_deleted(deletion: JobRunner) -> Iterator[str]:
    """Read the ids of the records that are deleted now."""
    for record, _ in deletion.results.loaded():
        yield record
    for record, error in deletion.results.refused():
        if error.startswith(DELETED_BEFORE):
            yield record
