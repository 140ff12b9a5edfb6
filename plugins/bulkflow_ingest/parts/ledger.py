"""Asks the project's ledger before rows are handed over, and tells it what became of them.

A row of an insert is handed over once by all runs of a project together. Other operations give the
same records the same values again, so they may be repeated; the ledger keeps them too.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from attrs import frozen

from bulkflow.model.history import IntentKind
from bulkflow.model.ledger import HandedOverBeforeError, RowRange, Target
from bulkflow_csv import CsvError, compute_digest
from bulkflow_ingest.api.job_info import JobState
from bulkflow_ingest.api.session import session_of
from bulkflow_salesforce import organization_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from bulkflow.model.ledger import HandOver
    from bulkflow.plugin import Context
    from bulkflow_ingest.parts.job_parts import JobParts
    from bulkflow_ingest.parts.part_job import PartJob
    from bulkflow_ingest.settings import IngestSettings

HEAD_BYTES: Final = 4096
"""Bytes of a first line by which a part is found among others that may begin with its rows."""

MOST_NAMED: Final = 5
"""Hand-overs that a message names; it counts the others."""


def makes_records(settings: IngestSettings, columns: Sequence[str]) -> bool:
    """Whether the same rows make other records each time: inserts, and upserts without any key."""
    if settings.operation == "insert":
        return True
    key = (settings.external_id_field or "").lower()
    names = {column.lower() for column in columns}
    return settings.operation == "upsert" and key == "id" and bool(names) and key not in names


@frozen
class Ledger:
    """The ledger, as one job's work asks it."""

    context: Context

    def check(self, parts: JobParts, some: Iterable[PartJob]) -> None:
        """See that no other run handed the rows of some parts over and may have loaded them.

        Sends nothing unless the same rows were handed over to anywhere.

        Raises:
            HandedOverBeforeError: One did.
        """
        if not makes_records(parts.settings, parts.columns):
            return
        some = list(some)
        if not self._earlier(None, parts, some) or self.context.open_org().transient:
            return
        if earlier := self._earlier(self.target(parts), parts, some):
            raise self._refusal(parts, earlier)

    def _earlier(
        self, target: Target | None, parts: JobParts, some: Sequence[PartJob]
    ) -> list[HandOver]:
        """What other runs handed over of the rows of some parts, and may have loaded."""
        found: dict[HandOver, None] = {}
        for part in some:
            ranges = list_ranges(parts, part)
            for each in self.context.journal.find_hand_overs(target, ranges):
                found[each] = None
            # A file that was added to begins with rows that were a part of their own, and of one
            # that was sent while it was read, parts of another size begin with the same row.
            for each in self.context.journal.find_hand_overs(target, ranges[:1], longer=True):
                if each not in found and _begins_with(part, each):
                    found[each] = None
        return [each for each in found if each.may_have_loaded]

    def hand_over(self, parts: JobParts, part: PartJob, detail: Mapping[str, object]) -> int:
        """Record the intent to close a part's job; the number of the intent.

        Raises:
            HandedOverBeforeError: Another run handed its rows over and may have loaded them.
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
                self.target(parts),
                list_ranges(parts, part),
                once=makes_records(parts.settings, parts.columns),
            )
        except HandedOverBeforeError as error:
            raise self._refusal(parts, error.earlier) from error

    def settle(self, parts: JobParts) -> None:
        """Record what became of the rows of each part of which that is known."""
        for part in parts.parts:
            complete = part.state == JobState.JOB_COMPLETE or part.counted is not None
            if not (part.handed_over and complete) or part.part is None:
                continue
            if part.ledger_counts != part.counts:
                self.context.journal.record_counts(parts.job.key, part.number, part.counts)
                part.ledger_counts = part.counts

    def take_back(self, parts: JobParts) -> None:
        """Record that all records which the job's rows made are deleted again."""
        for part in parts.parts:
            if part.handed_over and not part.counts.unknown:
                self.context.journal.record_undo(parts.job.key, part.number)

    def target(self, parts: JobParts) -> Target:
        """Where the job's rows go; asks the org who it is, once, where its login did not tell."""
        org, settings = self.context.open_org(), parts.settings
        organization = org.organization or self.context.share(
            f"ingest:organization:{org.name}:{id(org)}",
            lambda: organization_of(session_of(self.context)) or "",
            lambda _: None,
        )
        return Target(
            organization,
            urlsplit(org.instance_url).netloc.lower(),
            (settings.object or "").lower(),
            settings.operation or "",
        )

    def _refusal(self, parts: JobParts, earlier: Sequence[HandOver]) -> HandedOverBeforeError:
        runs = list(dict.fromkeys(each.run for each in earlier))
        what = f"{parts.settings.operation} {parts.settings.object}"
        notes = [_described(each, what) for each in earlier[:MOST_NAMED]]
        if len(earlier) > MOST_NAMED:
            notes.append(f"and {len(earlier) - MOST_NAMED:,} parts more")
        show = self.context.format_command("runs", run=runs[0])
        retry = self.context.format_command("retry", "--rows", "all", run=runs[0])
        resumed = self.context.journal.read_history(parts.job.key) is not None
        abort = f"`{self.context.format_command('abort')}` gives this run up; " * resumed
        return HandedOverBeforeError(
            f"rows of job {parts.job.name} were handed over before, by run {runs[0]}, so they are "
            "not sent a second time",
            earlier,
            help=f"{abort}`{show}` shows what became of them; `{retry}` sends those that are known "
            "not to be loaded; rows that were not handed over go through from a file of their own; "
            "`bulkflow run --fresh` loads all of them, those that are in the org too",
            notes=notes,
        )


def _described(each: HandOver, what: str) -> str:
    at = datetime.fromtimestamp(each.at).astimezone().isoformat(" ", "seconds")
    became = "it is not known what became of them"
    if each.counts is not None:
        unknown = f", {each.counts.unknown:,} not known" * bool(each.counts.unknown)
        became = f"{each.counts.loaded:,} loaded{unknown}"
    rows = "1 row" if each.rows == 1 else f"{each.rows:,} rows"
    return (
        f"part {each.part + 1} of job {each.job}: {what}, {rows}, job {each.remote_id or '?'}, "
        f"run {each.run}, {at}: {became}"
    )


def list_ranges(parts: JobParts, part: PartJob) -> list[RowRange]:
    """The rows of a part; of rows that are sent again, also the parts that they come from."""
    found = [_range(part)]
    if part.origin is not None:
        numbers = origin_parts(part.origin)
        found += [_range(each) for each in parts.parts if each.number in numbers]
    return [each for each in found if each is not None]


def _range(part: PartJob) -> RowRange | None:
    if part.part is None:
        return None
    cut = part.part
    head = _digest(part, _first_line(part))
    return RowRange(cut.digest, part.source_digest, cut.start, cut.end, cut.rows, head)


def _first_line(part: PartJob) -> int:
    """How many bytes a part's first line has, `HEAD_BYTES` at the most; 0 without its file."""
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
    """Whether all rows that were handed over are at a part's beginning in its file."""
    return bool(earlier.digest) and _digest(part, earlier.bytes) == earlier.digest


def _digest(part: PartJob, size: int) -> str:
    """The digest of a part's first bytes; blank where its file is not at hand."""
    if part.data is None or size <= 0:
        return ""
    try:
        with part.data.source.open() as file:
            return compute_digest(file, part.data.start, part.data.start + size)
    except CsvError:
        # Whoever needs the rows says what is wrong with the file.
        return ""


def origin_parts(mapping: Path) -> set[int]:
    """The numbers of the parts that rows which are sent again come from."""
    return set(_numbers(mapping))


def _numbers(mapping: Path) -> Iterator[int]:
    with mapping.open(encoding="ascii") as file:
        file.readline()
        for line in file:
            yield int(line.partition(",")[0])
