"""Restores the parts of an earlier attempt at a run, and checks that their files are unchanged.

The journal describes the parts, so a resumed run does not read the files again. A file is compared
with its recorded digest only before its rows are sent or matched with their results. A copy with
the same content is accepted. If all rows are in the org, a run can be waited for, aborted and
undone without its files.
"""

from __future__ import annotations

import logging
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


logger = logging.getLogger(__name__)


@define(eq=False, repr=False)
class RecordedSource:
    """A file of an earlier attempt, and its parts."""

    record: SourceRecord
    parts: Sequence[Part]
    stamp: Stamp
    """Its current state if its size is the recorded one; otherwise its recorded state."""
    _lock: Lock = field(factory=Lock, init=False, repr=False)
    _is_checked: bool = field(default=False, init=False)

    @classmethod
    def of(cls, record: SourceRecord, parts: Sequence[Part]) -> RecordedSource:
        """Look up the file of a record."""
        stamp = Stamp(record.size, record.modified_ns)
        try:
            found = Path(record.path).stat()
        except OSError:
            return cls(record, parts, stamp)
        same_size = found.st_size == record.size
        return cls(record, parts, Stamp(found.st_size, found.st_mtime_ns) if same_size else stamp)

    @property
    def source(self) -> ByteSource:
        """The file as a source."""
        return ByteSource(self.record.name, Path(self.record.path), self.record.spooled)

    def check(self) -> None:
        """Check that its content has not changed. Only the first call reads the file.

        Raises:
            DataError: It has changed; the message describes how.
        """
        with self._lock:
            if not self._is_checked:
                how = self._find_difference()
                if how is not None:
                    raise _make_change_error(self.record.name, how)
                logger.debug("%s: checked, it is unchanged", self.record.name)
                self._is_checked = True

    def _find_difference(self) -> str | None:
        with self.source.open() as file:
            now = self.source.read_stamp(file)
            if now.size != self.record.size:
                return f"it had {self.record.size:,} bytes, and now has {now.size:,}"
            if self.record.digest and compute_digest(file) == self.record.digest:
                return None
            for part in self.parts:
                if part.digest and compute_digest(file, part.start, part.end) != part.digest:
                    return f"part {part.index + 1}, from line {part.first_line:,} on, is different"
            if self.record.digest:
                return "its header, or what follows its rows, is different"
            # A file that was sent while it was read has only digests of its parts. A record of an
            # older version has no digests.
            known = all(part.digest for part in self.parts)
            same = known or now.modified_ns == self.record.modified_ns
        return None if same else "it was modified"


def check_parts(history: JobHistory, parts: Sequence[Part]) -> None:
    """Check that a file that was read again has the same parts. Raises `DataError`."""
    for before, now in zip(history.parts, parts, strict=False):
        # An older version recorded no digests.
        recorded = before.part if before.part.digest else evolve(before.part, digest=now.digest)
        if recorded != now:
            raise _make_change_error(now.source, f"part {now.index + 1} is different")
    if len(history.parts) != len(parts):
        raise _make_change_error(
            parts[-1].source if parts else "the data",
            f"it had {len(history.parts)} parts, and now has {len(parts)}",
        )


def rebuild_parts(history: JobHistory, settings: IngestSettings) -> list[PartJob]:
    """Rebuild the parts of a job from the journal. Only the headers of its files are read."""
    following = [each.part for each in history.parts]
    made: list[PartJob] = []
    folders: list[Path] = []
    for record in history.sources:
        if record.origin is not None and Path(record.origin).parent not in folders:
            # Each retry has a folder of its own.
            folders.append(Path(record.origin).parent)
        mine = list(_take_parts(record, following))
        del following[: len(mine)]
        recorded = RecordedSource.of(record, mine)
        head, original = _read_head(recorded, settings, _find_delimiter(record, made))
        for part in mine:
            again = _build_part_job(part, recorded, head, original, settings)
            again.generation = 0 if record.origin is None else len(folders)
            made.append(again)
    return made


def _take_parts(record: SourceRecord, following: Iterable[Part]) -> Iterator[Part]:
    """Yield the next parts of one file; the parts of the next file begin with row 1 again."""
    for number, part in enumerate(following):
        if part.source != record.name or (number and part.first_row == 1):
            return
        yield part


def _find_delimiter(record: SourceRecord, earlier: Sequence[PartJob]) -> str | None:
    """Return the delimiter of the file from which resent rows come; None for other rows."""
    if record.origin is None:
        return None
    try:
        with Path(record.origin).open(encoding="ascii") as file:
            # After the header, each line begins with the number of the part of a row.
            file.readline()
            number = int(file.readline().partition(",")[0])
    except (OSError, ValueError):
        return None
    for part in earlier:
        if part.number == number and part.data is not None and part.data.header.columns:
            return part.dialect.delimiter
    return None


def _read_head(
    recorded: RecordedSource, settings: IngestSettings, delimiter: str | None
) -> tuple[Head | None, Original | None]:
    """Read the header and the original of a file; None if that fails, as it may not be needed."""
    try:
        return read_recorded_head(recorded.source, settings, delimiter)
    except DataError:
        return None, None


def _build_part_job(
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


def _make_change_error(name: str, how: str) -> DataError:
    return DataError(
        f"the file has changed since the run began: {how}",
        place=name,
        help="restore the file, then continue with `bulkflow resume`; or abort the rest of the run "
        "with `bulkflow abort`",
    )
