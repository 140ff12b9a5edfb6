"""Takes back what inserts made: deletes the records by the ids that Salesforce returned.

The ids are read anew each time, as rows may have been sent again since. What earlier times deleted
is left out, each record is so deleted once; what they could not delete is tried again. Each time is
a job of its own with a file of its own, recorded before anything is sent: one that was cut short is
brought to its end first.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

from attrs import frozen

from bulkflow.errors import StepError
from bulkflow.model.event import Notice, NoticeLevel
from bulkflow.model.job_key import derive_key
from bulkflow.model.job_phase import Phase
from bulkflow.plugin import Job
from bulkflow_ingest.api.job_info import JobState
from bulkflow_ingest.execution.job_runner import JobWork
from bulkflow_ingest.parts.prepare import prepare
from bulkflow_ingest.results.output_files import draft, label_of, make_folder

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

UNDO = "undo"
"""The word in the key of the job that deletes what another job created."""

GONE = "ENTITY_IS_DELETED"
"""What the deletion of a record fails with that somebody has deleted before."""


def undo_inserts(work: JobWork) -> None:
    """Delete every record that the job's rows created, as a job of its own in the org.

    Raises:
        StepError: the job deletes by itself, or not all of its records could be deleted.
    """
    operation = work.parts.settings.operation
    if operation not in {"insert", "upsert"}:
        raise StepError(
            f"what job {work.job.name} did cannot be undone: {operation or 'others made it'}",
            help="only records that rows created can be deleted again; what records were before an "
            "update or a delete is not known here",
        )
    running = [part for part in work.parts.in_org if not part.is_final]
    if running:
        raise StepError(
            f"job {work.job.name} is not finished, so it may still create records",
            help=f"`{work.context.format_command('resume')}` waits for it; "
            f"`{work.context.format_command('abort')}` gives up what is not loaded",
            notes=[f"job {part.id} is {part.state}" for part in running],
        )
    work.results.trusted.begin()
    if work.job.phase is Phase.OPEN:
        # None of its jobs is: what else the file has for it was never sent.
        given_up = any(part.state == JobState.ABORTED for part in work.parts.parts)
        work.job.phase = Phase.ABORTED if given_up else Phase.FINISHED
    _Undoing(work).run()


@frozen
class _Undoing:
    """What one job made, and how it is taken back."""

    work: JobWork

    def run(self) -> None:
        # No name: a file of SQLite's own, which goes with it. Ids need not fit into memory.
        with closing(sqlite3.connect("")) as database:
            database.execute("CREATE TABLE gone (id TEXT PRIMARY KEY) WITHOUT ROWID")
            number = 1
            while self.work.context.journal.read_history(self._key(number)) is not None:
                earlier = self._deletion(number)
                self._bring_to_its_end(earlier)
                database.executemany(
                    "INSERT OR IGNORE INTO gone VALUES (?)", ((each,) for each in _deleted(earlier))
                )
                number += 1
            left = self._write_ids(number, database)
        if left:
            self._tell(f"deleting {left:,} records that this run made")
            deletion = self._deletion(number)
            deletion.load()
            self._judge(number, deletion)
        unknown = self.work.job.counts.unknown
        if unknown:
            self._tell(
                f"{unknown:,} rows may have made records that are not deleted: no result file has "
                "them",
                NoticeLevel.WARNING,
            )
        self.work.results.trusted.refuse_doubted()

    def _key(self, number: int) -> str:
        return derive_key(self.work.job.key, UNDO, number)

    def _path(self, number: int, what: str) -> Path:
        folder = self.work.context.run_directory / "undo"
        make_folder(folder)
        return folder / f"{label_of(self._key(number))}-{what}.csv"

    def _deletion(self, number: int) -> JobWork:
        """The work on the job that deletes the ids of a file; recorded before it begins."""
        path = self._path(number, "ids")
        context, settings = self.work.context, self.work.parts.settings
        job = Job(
            self._key(number),
            self.work.job.name,
            {
                "operation": "delete",
                "object": settings.object,
                "location": str(path.absolute()),
                "keep_results": settings.keep_results,
            },
            path.parent,
            self.work.job.org,
        )
        known = context.journal.read_history(job.key) is not None
        manifest = prepare(context, job)
        if not known:
            assert manifest is not None
            context.journal.record_parts(job.key, manifest, job.org)
        # While the deletion runs, the jobs that it leaves in the org are those of the job.
        self.work.job.find_left = job.find_left
        return JobWork.on(context, job)

    def _bring_to_its_end(self, deletion: JobWork) -> None:
        """Go on with what was cut short; what it does not delete, the next one does."""
        try:
            deletion.load()
        except StepError:
            if not all(part.is_final or part.deleted for part in deletion.parts.parts):
                raise

    def _write_ids(self, number: int, gone: sqlite3.Connection) -> int:
        """Write the ids of created records that are not deleted yet; returns how many."""
        created = changed = left = 0
        with draft(self._path(number, "ids")) as file:
            file.write("Id\n")
            for record, made in self.work.results.loaded():
                if not made:
                    changed += 1
                    continue
                created += 1
                if gone.execute("SELECT 1 FROM gone WHERE id = ?", (record,)).fetchone() is None:
                    left += 1
                    file.write(f"{record}\n")
        self.work.job.undone = created - left
        if changed:
            self._tell(
                f"{changed:,} records were changed and not made by this run: they stay as they are",
                NoticeLevel.WARNING,
            )
        if not left:
            self._path(number, "ids").unlink()
            before = f": the {created:,} records that this run made are deleted" if created else ""
            self._tell(f"there is nothing to delete{before}")
        return left

    def _judge(self, number: int, deletion: JobWork) -> None:
        counts = deletion.job.counts
        failed = [error for _, error in deletion.results.refused()]
        gone = sum(error.startswith(GONE) for error in failed)
        if gone:
            self._tell(f"{gone:,} records were deleted before, by somebody else")
        self.work.job.undone += counts.loaded + gone
        refused = len(failed) - gone
        unsure = max(0, counts.rows - counts.loaded - len(failed))
        again = f"`{self.work.context.format_command('undo')}` tries these again"
        path = self._path(number, "not-deleted")
        if refused:
            deletion.results.save_rows("failed", path)
        if unsure:
            raise StepError(
                f"it is not known whether {unsure:,} of {counts.rows:,} records are deleted: no "
                "result accounts for them"
                + (f"; {refused:,} more could not be deleted" if refused else ""),
                help=again + (f"; {path} has the reasons" if refused else ""),
            )
        if refused:
            raise StepError(
                f"{refused:,} of {counts.rows:,} records could not be deleted",
                help=f"{path} has the reason of each; {again}",
            )

    def _tell(self, message: str, level: NoticeLevel = NoticeLevel.INFO) -> None:
        self.work.context.emit(Notice(message, level, job=self.work.job.key))


def _deleted(deletion: JobWork) -> Iterator[str]:
    """The ids of the records that are deleted by now."""
    for record, _ in deletion.results.loaded():
        yield record
    for record, error in deletion.results.refused():
        if error.startswith(GONE):
            yield record
