"""Reads the whole source of a job before anything is sent, and divides it into parts."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from bulkflow.errors import DataError
from bulkflow.model.ledger import HandedOverBeforeError
from bulkflow.model.part import Manifest
from bulkflow.plugin.source_errors import ProblemsError
from bulkflow_csv import ByteSource, scan
from bulkflow_ingest.checks.odd_rows import report_odd_rows
from bulkflow_ingest.parts.job_parts import JobParts
from bulkflow_ingest.parts.ledger import Ledger
from bulkflow_ingest.parts.part_job import PartJob
from bulkflow_ingest.parts.remote_state import Created, Unsent
from bulkflow_ingest.settings import IngestSettings
from bulkflow_ingest.source.column_names import find_name_problems
from bulkflow_ingest.source.open import make_copies_folder, open_sources, sync_copy
from bulkflow_ingest.source.rewrite import SplitFile, split_file
from bulkflow_ingest.source.sent_parts import SentPart, note_sent_parts
from bulkflow_ingest.source.split import (
    build_part,
    build_part_limit,
    build_source_record,
    check_same_columns,
)
from bulkflow_jobs.job_ids import JobIds, find_job_ids

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bulkflow.model.history import JobHistory
    from bulkflow.plugin import Context, Job
    from bulkflow_ingest.reconcile import Resend


def prepare(context: Context, job: Job) -> Manifest | None:
    """Read the source of a job, and keep its parts in the job's state.

    Returns:
        The manifest; None for an existing job of the org that gets no data from this run.

    Raises:
        DataError: There is nothing at the location, or Salesforce would reject the data.
    """
    settings = IngestSettings.of(job.settings)
    if settings.existing is not None:
        JobIds.of(context, job).add([settings.existing])
    if settings.location is None:
        assert settings.existing is not None
        theirs = JobParts.attach(job, settings, [PartJob.existing(settings.existing)])
        # Other users or an earlier attempt may have changed the job, so the org is asked first.
        theirs.is_restored = True
        return None
    history = context.journal.read_history(job.key)
    if history is not None:
        return _restore(context, job, settings, history)
    directory = make_copies_folder(context)
    files = [split_file(each, directory, settings) for each in open_sources(context, job, settings)]
    for each in files:
        if each.scan.source.spooled:
            # A resumed run needs the copies, because the source may be readable only once.
            sync_copy(each.scan.source.path)
        if each.original is not None and each.original.path.is_relative_to(directory.absolute()):
            sync_copy(each.original.path)
        if each.original is not None and each.original.numbers is not None:
            sync_copy(each.original.numbers)
    origins: list[str | None] = [None] * len(files)
    check_same_columns([(each.scan.source.name, each.columns) for each in files])
    parts = _build_parts(files, origins, settings)
    if settings.existing is not None and len(parts) != 1:
        raise DataError(
            f"job {settings.existing} takes one upload, but the data makes {len(parts)} parts",
            place=settings.location,
            help="load it with a new job: declare its operation instead of `existing`",
        )
    attached = JobParts.attach(job, settings, parts, files[0].scan.header.columns)
    Ledger(context).check(attached, parts)
    note_sent_parts(
        job,
        (
            SentPart(each.data, each.dialect, each.original)
            for each in parts
            if each.data is not None
        ),
    )
    report_odd_rows(context, job, files)
    manifest = _build_manifest(parts, files, origins)
    name = files[0].scan.source.name
    unfit = list(find_name_problems(name, manifest.columns))
    if unfit:
        raise ProblemsError(unfit, name, manifest)
    return manifest


def _restore(context: Context, job: Job, settings: IngestSettings, history: JobHistory) -> Manifest:
    """Restore the parts of an earlier attempt, with the states that the journal recorded."""
    from bulkflow_ingest.parts.restore import rebuild_parts

    parts = rebuild_parts(history, settings)
    ids = JobIds.of(context, job)
    for part, earlier in zip(parts, history.parts, strict=True):
        part.restore(earlier)
        ids.add(find_job_ids(earlier))
    columns = next((part.data.header.columns for part in parts if part.data is not None), ())
    attached = JobParts.attach(job, settings, parts, columns)
    attached.is_restored = True
    # Not checked here: aborting a run must work even if other runs handed over its rows.
    attached.needs_ledger_check = True
    attached.recount()
    known = tuple(each.part for each in history.parts)
    rows, size = sum(part.rows for part in known), sum(part.bytes for part in known)
    sent = sum(part.sent for part in parts)
    return Manifest(known, columns, rows, size, history.sources, sent=sent)


def add_resent_parts(context: Context, job: Job, again: Sequence[Resend]) -> list[PartJob]:
    """Add parts with rows of the source that will be resent, and record them in the journal.

    Raises:
        HandedOverBeforeError: Another run handed over the rows and may have loaded them.
    """
    attached = JobParts.of(job)
    settings = attached.settings
    files = [
        SplitFile(
            scan(
                ByteSource(f"{job.name}, again", each.path, spooled=True),
                limit=build_part_limit(settings),
                delimiter=each.delimiter,
            )
        )
        for each in again
    ]
    origins: list[str | None] = [str(each.mapping.absolute()) for each in again]
    parts = _build_parts(
        files, origins, settings, first=len(attached.parts), generation=attached.generation + 1
    )
    attached.add(parts)
    try:
        Ledger(context).check(attached, parts)
    except HandedOverBeforeError:
        attached.remove(parts)
        raise
    context.journal.record_parts(job.key, _build_manifest(parts, files, origins))
    return parts


def _build_parts(
    files: Sequence[SplitFile],
    origins: Sequence[str | None],
    settings: IngestSettings,
    *,
    first: int = 0,
    generation: int = 0,
) -> list[PartJob]:
    ranges = [
        (data, each, origin)
        for each, origin in zip(files, origins, strict=True)
        for data in each.scan.parts
    ]
    return [
        PartJob(
            build_part(number, data),
            data,
            dialect=each.scan.dialect,
            remote=Unsent() if settings.existing is None else Created(settings.existing),
            origin=Path(origin) if origin is not None else None,
            original=each.original,
            source_digest=each.scan.digest,
            generation=generation,
        )
        for number, (data, each, origin) in enumerate(ranges, first)
    ]


def _build_manifest(
    parts: Sequence[PartJob], files: Sequence[SplitFile], origins: Sequence[str | None]
) -> Manifest:
    made = tuple(each.part for each in parts if each.part is not None)
    return Manifest(
        made,
        files[0].scan.header.columns,
        sum(part.rows for part in made),
        sum(part.bytes for part in made),
        tuple(
            build_source_record(each.scan.head, origin, each.scan.digest)
            for each, origin in zip(files, origins, strict=True)
        ),
        tuple(
            f"{each.scan.source.name}: {note}"
            for each in files
            for note in (*each.notes, *each.scan.notes)
        ),
    )
