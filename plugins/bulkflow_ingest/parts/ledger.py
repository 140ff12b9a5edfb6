"""Checks the project's ledger before rows are handed over, and records their outcomes in it.

All runs of a project together hand over a row of an insert only once. Other operations set the same
values of the same records, so they may be repeated; the ledger records them too.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from attrs import frozen

from bulkflow.model.history import IntentKind
from bulkflow.model.ledger import HandedOverBeforeError, RowRange, Target
from bulkflow_csv import CsvError, compute_digest
from bulkflow_jobs.job_state import JobState
from bulkflow_jobs.session import open_session
from bulkflow_salesforce import fetch_organization

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from bulkflow.model.ledger import HandOver
    from bulkflow.plugin import Context
    from bulkflow_ingest.parts.job_parts import JobParts
    from bulkflow_ingest.parts.part_job import PartJob
    from bulkflow_ingest.settings import IngestSettings

HEAD_BYTES: Final = 4096
"""The bytes of a first line by which a part that begins with the same rows is found."""

MAX_NAMED: Final = 5
"""How many hand-overs a message names; it counts the others."""


def makes_records(settings: IngestSettings, columns: Sequence[str]) -> bool:
    """Return whether rows that are sent again create new records: by inserts, or without a key."""
    if settings.operation == "insert":
        return True
    key = (settings.external_id_field or "").lower()
    names = {column.lower() for column in columns}
    return settings.operation == "upsert" and key == "id" and bool(names) and key not in names


@frozen
class Ledger:
    """The ledger of the project, in the context of a step."""

    context: Context

    def check(self, parts: JobParts, some: Iterable[PartJob]) -> None:
        """Check that no other run handed over rows of some parts and may have loaded them.

        The org is asked for its id only if the same rows were handed over before, to any org.

        Raises:
            HandedOverBeforeError: Another run did.
        """
        if not makes_records(parts.settings, parts.columns):
            return
        some = list(some)
        if not self._find_earlier(None, parts, some) or self.context.open_org().transient:
            return
        if earlier := self._find_earlier(self.get_target(parts), parts, some):
            raise self._make_error(parts, earlier)

    def _find_earlier(
        self, target: Target | None, parts: JobParts, some: Sequence[PartJob]
    ) -> list[HandOver]:
        """Find hand-overs of the same rows by other runs, which may have loaded them."""
        found: dict[HandOver, None] = {}
        for part in some:
            ranges = list_ranges(parts, part)
            for each in self.context.journal.find_hand_overs(target, ranges):
                found[each] = None
            # If rows were appended to a file, its earlier rows may have been a part of their own.
            # If it was sent while it was read, a part of another size may begin with the same row.
            for each in self.context.journal.find_hand_overs(target, ranges[:1], longer=True):
                if each not in found and _begins_with(part, each):
                    found[each] = None
        return [each for each in found if each.may_have_loaded]

    def hand_over(self, parts: JobParts, part: PartJob, detail: Mapping[str, object]) -> int:
        """Record the intent to close a part's job. Returns the number of the intent.

        Raises:
            HandedOverBeforeError: Another run handed over its rows and may have loaded them.
        """
        if self.context.open_org().transient:
            return self.context.journal.intend(
                parts.job.key, part.number, "close", detail, kind=IntentKind.HANDS_OVER
            )
        try:
            return self.context.journal.hand_over(
                parts.job.key,
                part.number,
                "close",
                detail,
                self.get_target(parts),
                list_ranges(parts, part),
                once=makes_records(parts.settings, parts.columns),
            )
        except HandedOverBeforeError as error:
            raise self._make_error(parts, error.earlier) from error

    def record_outcomes(self, parts: JobParts) -> None:
        """Record the outcomes of the rows of each part, as far as they are known."""
        for part in parts.parts:
            complete = part.state == JobState.JOB_COMPLETE or part.counted is not None
            if not (part.handed_over and complete) or part.part is None:
                continue
            if part.ledger_counts != part.counts:
                self.context.journal.record_counts(parts.job.key, part.number, part.counts)
                part.ledger_counts = part.counts

    def record_undo(self, parts: JobParts) -> None:
        """Record that all records that the job's rows created were deleted again."""
        for part in parts.parts:
            if part.handed_over and not part.counts.unknown:
                self.context.journal.record_undo(parts.job.key, part.number)

    def get_target(self, parts: JobParts) -> Target:
        """Return the org, object and operation of the job.

        If the login did not return the org's id, the org is asked for it once per run.
        """
        org, settings = self.context.open_org(), parts.settings
        organization = org.organization or self.context.share(
            f"ingest:organization:{org.name}:{id(org)}",
            lambda: fetch_organization(open_session(self.context)) or "",
            lambda _: None,
        )
        return Target(
            organization,
            urlsplit(org.instance_url).netloc.lower(),
            (settings.object or "").lower(),
            settings.operation or "",
        )

    def _make_error(self, parts: JobParts, earlier: Sequence[HandOver]) -> HandedOverBeforeError:
        runs = list(dict.fromkeys(each.run for each in earlier))
        what = f"{parts.settings.operation} {parts.settings.object}"
        notes = [_describe(each, what) for each in earlier[:MAX_NAMED]]
        if len(earlier) > MAX_NAMED:
            notes.append(f"and {len(earlier) - MAX_NAMED:,} more parts")
        show = self.context.format_command("runs", run=runs[0])
        retry = self.context.format_command("retry", "--rows", "all", run=runs[0])
        resumed = self.context.journal.read_history(parts.job.key) is not None
        abort = f"`{self.context.format_command('abort')}` aborts this run; " * resumed
        return HandedOverBeforeError(
            f"rows of job {parts.job.name} were handed over before, by run {runs[0]}, so they are "
            "not sent again",
            earlier,
            help=f"{abort}`{show}` shows their outcomes; `{retry}` sends the rows that were "
            "certainly not loaded; to load only rows that were not handed over, put them in a "
            "file of their own; `bulkflow run --fresh` loads all rows, even if they are in the org",
            notes=notes,
        )


def _describe(each: HandOver, what: str) -> str:
    at = datetime.fromtimestamp(each.at).astimezone().isoformat(" ", "seconds")
    outcome = "outcome unknown"
    if each.counts is not None:
        unknown = f", {each.counts.unknown:,} unknown" * bool(each.counts.unknown)
        outcome = f"{each.counts.loaded:,} loaded{unknown}"
    rows = "1 row" if each.rows == 1 else f"{each.rows:,} rows"
    return (
        f"part {each.part + 1} of job {each.job}: {what}, {rows}, job {each.remote_id or '?'}, "
        f"run {each.run}, {at}: {outcome}"
    )


def list_ranges(parts: JobParts, part: PartJob) -> list[RowRange]:
    """List the rows of a part; for resent rows, also the parts from which they come."""
    found = [_build_range(part)]
    if part.origin is not None:
        numbers = _read_origin_parts(part.origin)
        found += [_build_range(each) for each in parts.parts if each.number in numbers]
    return [each for each in found if each is not None]


def _build_range(part: PartJob) -> RowRange | None:
    if part.part is None:
        return None
    cut = part.part
    head = _compute_digest(part, _measure_first_line(part))
    return RowRange(cut.digest, part.source_digest, cut.start, cut.end, cut.rows, head)


def _measure_first_line(part: PartJob) -> int:
    """Return the size of a part's first line, at most `HEAD_BYTES`; 0 without its file."""
    if part.data is None:
        return 0
    try:
        with part.data.source.open() as file:
            file.seek(part.data.start)
            block = file.read(min(HEAD_BYTES, part.data.end - part.data.start))
    except (CsvError, OSError):
        return 0
    return block.find(b"\n") + 1 or len(block)


def _begins_with(part: PartJob, earlier: HandOver) -> bool:
    """Return whether a part begins with all rows of an earlier hand-over."""
    return bool(earlier.digest) and _compute_digest(part, earlier.bytes) == earlier.digest


def _compute_digest(part: PartJob, size: int) -> str:
    """Return the digest of a part's first bytes; blank without its file."""
    if part.data is None or size <= 0:
        return ""
    try:
        with part.data.source.open() as file:
            return compute_digest(file, part.data.start, part.data.start + size)
    except CsvError:
        # What needs the rows reports the error of the file.
        return ""


def _read_origin_parts(mapping: Path) -> set[int]:
    """Read the numbers of the parts from which resent rows come."""
    with mapping.open(encoding="ascii") as file:
        file.readline()
        return {int(line.partition(",")[0]) for line in file}
