"""Takes back what inserts made: deletes the records by the ids that Salesforce returned."""

from __future__ import annotations

import csv
import re
from typing import TYPE_CHECKING

from bulkflow.errors import StepError
from bulkflow.model.event import Notice, NoticeLevel
from bulkflow.plugin import Job
from bulkflow_ingest.api import ResultFile
from bulkflow_ingest.preparing import prepare
from bulkflow_ingest.work import JobWork

if TYPE_CHECKING:
    from pathlib import Path

UNDO = ":undo"
"""What the key of the job that deletes adds to that of the job whose rows it takes back."""


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
            f"job {work.job.name} is not at its end, so it may still create records",
            help="go on with its run first, with `bulkflow resume RUN`, or give it up, with "
            "`bulkflow abort RUN`",
            notes=[f"job {part.id} is {part.state}" for part in running],
        )
    folder = work.context.run_directory / "undo"
    folder.mkdir(parents=True, exist_ok=True)
    label = re.sub(r"[^\w.-]+", "-", work.job.key).strip("-.")
    path = folder / f"{label}-ids.csv"
    created, changed = _write_ids(work, path)
    if changed:
        work.context.emit(
            Notice(
                f"{changed:,} records were changed and not made by this run: they stay as they are",
                NoticeLevel.WARNING,
                job=work.job.key,
            )
        )
    if not created:
        work.context.emit(Notice("there is nothing to delete", job=work.job.key))
        return
    work.context.emit(Notice(f"deleting {created:,} records that this run made", job=work.job.key))
    deleting = Job(
        work.job.key + UNDO,
        work.job.name,
        {
            "operation": "delete",
            "object": work.parts.settings.object,
            "location": str(path.absolute()),
        },
        folder,
    )
    if work.context.journal.history(deleting.key) is None:
        manifest = prepare(work.context, deleting)
        assert manifest is not None
        work.context.journal.prepared(deleting.key, manifest)
    else:
        prepare(work.context, deleting)
    deletion = JobWork.on(work.context, deleting)
    deletion.load()
    if deleting.counts.failed:
        failed = folder / f"{label}-not-deleted.csv"
        deletion.results.save_rows("failed", failed)
        raise StepError(
            f"{deleting.counts.failed:,} of {created:,} records could not be deleted",
            help=f"{failed} has the reason of each",
        )


def _write_ids(work: JobWork, path: Path) -> tuple[int, int]:
    """Write the ids of created records; returns how many those are, and how many were changed.

    Written once: a run that is gone on with deletes what it began to delete.
    """
    with work.results.fates(ResultFile.SUCCESSFUL, ResultFile.FAILED) as fates:
        total = fates.counts().total
        if path.exists():
            return total.created, total.updated
        saved = path.with_suffix(".all")
        fates.save("successful", saved)
    draft = path.with_suffix(".part")
    with (
        saved.open(encoding="utf-8", newline="") as rows,
        draft.open("w", encoding="utf-8", newline="") as out,
    ):
        reader = csv.DictReader(rows)
        out.write("Id\n")
        out.writelines(f"{row['_id']}\n" for row in reader if row["_created"] == "true")
    saved.unlink()
    draft.replace(path)
    return total.created, total.updated
