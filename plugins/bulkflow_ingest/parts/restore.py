"""The files of an earlier attempt at a run, which must be as they were where they are read again.

What was cut then is in the journal, so nothing is read of them to go on with a run. Only when rows
are about to be sent, or joined with their results, is the file's content held against the digest
that was recorded: a copy of it, or one that was put back, serves as well as itself. A run whose
rows are all in the org can be waited for, given up and taken back without its files.
"""

from __future__ import annotations

from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

from attrs import define, evolve, field

from bulkflow.errors import DataError
from bulkflow_csv import ByteSource, Header, PartRange, Stamp, compute_digest
from bulkflow_ingest.parts.part_job import PartJob
from bulkflow_ingest.parts.remote_state import Created, Unsent
from bulkflow_ingest.source.rewrite import read_recorded_head

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from bulkflow.model.history import JobHistory
    from bulkflow.model.part import Part, SourceRecord
    from bulkflow_csv import Head
    from bulkflow_ingest.settings import IngestSettings
    from bulkflow_ingest.source.original import Original


@define(eq=False, repr=False)
class RecordedSource:
    """A file of an earlier attempt, and the parts that it was cut into."""

    record: SourceRecord
    parts: Sequence[Part]
    stamp: Stamp
    """Its state now, if it may be what it was; its recorded one otherwise."""
    _lock: Lock = field(factory=Lock, init=False, repr=False)
    _seen: bool = field(default=False, init=False)

    @classmethod
    def of(cls, record: SourceRecord, parts: Sequence[Part]) -> RecordedSource:
        """The file of a record, in the state in which it is now."""
        stamp = Stamp(record.size, record.modified_ns)
        try:
            found = Path(record.path).stat()
        except OSError:
            return cls(record, parts, stamp)
        same_size = found.st_size == record.size
        return cls(record, parts, Stamp(found.st_size, found.st_mtime_ns) if same_size else stamp)

    @property
    def source(self) -> ByteSource:
        """Where its bytes are."""
        return ByteSource(self.record.name, Path(self.record.path), self.record.spooled)

    def check(self) -> None:
        """See that its content is what it was; looked at once.

        Raises:
            DataError: it is not, and how it differs.
        """
        with self._lock:
            if not self._seen:
                how = self._difference()
                if how is not None:
                    raise _changed(self.record.name, how)
                self._seen = True

    def _difference(self) -> str | None:
        with self.source.open() as file:
            now = self.source.read_stamp(file)
            if now.size != self.record.size:
                return f"it had {self.record.size:,} bytes and has {now.size:,} now"
            if self.record.digest and compute_digest(file) == self.record.digest:
                return None
            for part in self.parts:
                if part.digest and compute_digest(file, part.start, part.end) != part.digest:
                    return (
                        f"part {part.index + 1}, which begins in line {part.first_line:,}, has "
                        "other content"
                    )
            if self.record.digest:
                return "its header, or what stands behind its rows, is another"
            # One that was sent while it was read has no digest of its own, one of an older version
            # none at all.
            known = all(part.digest for part in self.parts)
            same = known or now.modified_ns == self.record.modified_ns
        return None if same else "it was written to since"


def check_parts(history: JobHistory, parts: Sequence[Part]) -> None:
    """See that a file that was read again was cut as before. Raises `DataError`."""
    for before, now in zip(history.parts, parts, strict=False):
        # An older version recorded no digests.
        if (
            evolve(before.part, digest=now.digest) if not before.part.digest else before.part
        ) != now:
            raise _changed(now.source, f"part {now.index + 1} is another")
    if len(history.parts) != len(parts):
        raise _changed(
            parts[-1].source if parts else "the data",
            f"it made {len(history.parts)} parts and makes {len(parts)} now",
        )


def rebuild_parts(history: JobHistory, settings: IngestSettings) -> list[PartJob]:
    """The parts of a job as they were cut; their files are read no further than their headers."""
    following = [each.part for each in history.parts]
    made: list[PartJob] = []
    folders: list[Path] = []
    for record in history.sources:
        if record.origin is not None and Path(record.origin).parent not in folders:
            # Each time that rows were sent again has a folder of its own.
            folders.append(Path(record.origin).parent)
        mine = list(_of(record, following))
        del following[: len(mine)]
        recorded = RecordedSource.of(record, mine)
        head, original = _head(recorded, settings, _delimiter(record, made))
        for part in mine:
            again = _part_job(part, recorded, head, original, settings)
            again.generation = 0 if record.origin is None else len(folders)
            made.append(again)
    return made


def _of(record: SourceRecord, following: Iterable[Part]) -> Iterator[Part]:
    """The next parts, as far as they are of one file: the next begins at its first row again."""
    for number, part in enumerate(following):
        if part.source != record.name or (number and part.first_row == 1):
            return
        yield part


def _delimiter(record: SourceRecord, earlier: Sequence[PartJob]) -> str | None:
    """For rows that are sent again that of the file they came from, if known; None for others."""
    if record.origin is None:
        return None
    try:
        with Path(record.origin).open(encoding="ascii") as file:
            # Below the names, each line begins with the number of the part that a row came from.
            file.readline()
            number = int(file.readline().partition(",")[0])
    except (OSError, ValueError):
        return None
    for part in earlier:
        if part.number == number and part.data is not None and part.data.header.columns:
            return part.dialect.delimiter
    return None


def _head(
    recorded: RecordedSource, settings: IngestSettings, delimiter: str | None
) -> tuple[Head | None, Original | None]:
    """None where it cannot be read, which matters only to those who need the rows."""
    try:
        return read_recorded_head(recorded.source, settings, delimiter)
    except DataError:
        return None, None


def _part_job(
    part: Part,
    recorded: RecordedSource,
    head: Head | None,
    original: Original | None,
    settings: IngestSettings,
) -> PartJob:
    data = PartRange(
        recorded.source,
        recorded.stamp,
        head.sent_header if head is not None else Header((), b""),
        part.index,
        part.start,
        part.end,
        part.first_row,
        part.rows,
        part.first_line,
        part.digest,
    )
    origin = recorded.record.origin
    made = PartJob(
        part,
        data,
        remote=Unsent() if settings.existing is None else Created(settings.existing),
        source_digest=recorded.record.digest,
        origin=Path(origin) if origin is not None else None,
        recorded=recorded,
        original=original,
    )
    if head is not None:
        made.dialect = head.dialect
    return made


def _changed(name: str, how: str) -> DataError:
    return DataError(
        f"the file changed since the run began: {how}",
        place=name,
        help="put the file back as it was, then `bulkflow resume`; or give up what is not loaded, "
        "with `bulkflow abort`",
    )
