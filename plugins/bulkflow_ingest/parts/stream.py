"""Prepares a source that is sent while it is read.

Nothing of such a job is handed over before its last row was read and checked. So if an error comes
late, or the run is killed, the org holds only jobs of which nothing was processed.

To resume a run, a file is read again when its next part is needed; aborting a run needs no file.
Data that can be read only once (standard input, a pipe, a compressed file, a plugin's stream) goes
through window files, each of which is removed when its parts are uploaded. Such a run can be
resumed only after all its data was uploaded. Before that, nothing of it was processed, so it can be
repeated.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import evolve

from bulkflow.model.part import Manifest
from bulkflow_ingest.parts.job_parts import JobParts
from bulkflow_ingest.parts.ledger import Ledger
from bulkflow_ingest.parts.part_job import PartJob
from bulkflow_ingest.parts.pending import READ, PendingParts
from bulkflow_ingest.parts.prepare import prepare
from bulkflow_ingest.settings import IngestSettings
from bulkflow_ingest.source.windows import Windows
from bulkflow_jobs.job_ids import JobIds, find_job_ids

if TYPE_CHECKING:
    from bulkflow.model.history import JobHistory
    from bulkflow.plugin import Context, Job


def prepare_stream(context: Context, job: Job) -> Manifest | None:
    """Read a source up to the end of its first part. The rest is read while it is sent.

    Raises:
        DataError: There is nothing at the location, Salesforce would reject what was read, or an
            earlier attempt at the run read data that cannot be read again.
    """
    Windows.clean_up(context)
    history = context.journal.read_history(job.key)
    was_spooled = history is not None and any(
        source.spooled and source.origin is None for source in history.sources
    )
    done = (
        {intent.action for each in history.parts for intent in each.intents} if history else set()
    )
    if history is not None and not was_spooled:
        manifest = prepare(context, job)
        if done & {READ, "close"} or manifest is None:
            # The whole source was read, so the journal has all parts.
            return manifest
        parts = JobParts.of(job)
        parts.pending = PendingParts(context, parts, history)
        return evolve(manifest, more=True)
    parts = JobParts.attach(job, IngestSettings.of(job.settings), [])
    if history is None:
        pending = parts.pending = PendingParts(context, parts)
        first = pending.take(record=False)
        Ledger(context).check(parts, [] if first is None else [first])
        return pending.manifest
    manifest = _restore(parts, history)
    for each in history.parts:
        JobIds.of(context, job).add(find_job_ids(each))
    up = READ in done and all(each.uploaded for each in parts.parts)
    if not up and "close" not in done:
        parts.pending = PendingParts(context, parts)
        parts.pending.mark_unreadable(history.sources[0].name)
    return manifest


def _restore(parts: JobParts, history: JobHistory) -> Manifest:
    """Restore the parts of data that can be read only once, without the data."""
    parts.add(PartJob(each.part, None) for each in history.parts)
    for part, earlier in zip(parts.parts, history.parts, strict=True):
        part.restore(earlier)
    parts.is_restored = True
    parts.recount()
    known = tuple(each.part for each in history.parts)
    sent = sum(each.sent for each in parts.parts)
    rows, size = sum(each.rows for each in known), sum(each.bytes for each in known)
    return Manifest(known, (), rows, size, sent=sent)
