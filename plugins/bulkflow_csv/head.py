"""What is known of a file before its rows are read: form, header, and where its rows are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import attrs

from bulkflow_csv.dialect import Dialect
from bulkflow_csv.errors import CsvError
from bulkflow_csv.header import Header, check_columns
from bulkflow_csv.limits import FormatLimits
from bulkflow_csv.record import Mark, RawRecord
from bulkflow_csv.sniff import UTF8_BOM, refuse_foreign_form, sniff_delimiter
from bulkflow_csv.validator import Walker

if TYPE_CHECKING:
    from io import FileIO

    from bulkflow_csv.source import ByteSource, Stamp

_SAMPLE_BYTES: Final = 1 << 18
_TAIL_BYTES: Final = 1 << 16


@attrs.frozen
class Head:
    """What a job needs to be created for a file, read from its first and last bytes.

    Attributes:
        source: The file.
        stamp: The state in which it was read.
        dialect: Its form.
        header: Its columns.
        start: Where its first data row is.
        end: Byte offset behind the last data row; blank lines that end the file are left out.
        notes: What was found and needs no action, one sentence each.
        skipped: For a file that holds a stretch of a stream: what is to be added to an offset in
            the file to get that in the stream. `start` tells line and record as of the stream.
        sent: The header that each part is sent with: the file's, or one of other names.
    """

    source: ByteSource
    stamp: Stamp
    dialect: Dialect
    header: Header
    start: Mark
    end: int
    notes: tuple[str, ...] = ()
    skipped: int = 0
    sent: Header = attrs.Factory(lambda head: head.header, takes_self=True)

    def told(self, mark: Mark) -> Mark:
        """A place in the file as users know it: in the stream, if the file is a stretch of one."""
        return attrs.evolve(mark, offset=mark.offset + self.skipped) if self.skipped else mark


def read_head(
    source: ByteSource,
    *,
    delimiter: str | None = None,
    line_ending: str | None = None,
    limits: FormatLimits | None = None,
) -> Head:
    """Read the form and the header of a file.

    Args:
        source: The file.
        delimiter: The character, if the user names it; detected otherwise.
        line_ending: "LF" or "CRLF", if the user names it; that of the header otherwise.
        limits: What the API takes.

    Raises:
        CsvError: The file cannot be read, has no header, or has a faulty one.
    """
    limits = limits or FormatLimits()
    with source.open() as file:
        stamp = source.stamp(file)
        sample = _read(file, 0, max(_SAMPLE_BYTES, 4 * limits.header + 8))
        end = data_end(file, stamp.size)
        ended = end > 0 and _read(file, end - 1, 1) == b"\n"
    refuse_foreign_form(sample, name=source.name)
    bom = sample.startswith(UTF8_BOM)
    start = len(UTF8_BOM) if bom else 0
    if end <= start:
        raise CsvError(
            "the file is empty" if stamp.size <= start else "the file has blank lines only",
            name=source.name,
            help="the first line must name the columns",
        )
    whole = len(sample) >= end
    sample = sample[start:end]
    dialect = Dialect(
        delimiter=delimiter or sniff_delimiter(sample, whole=whole),
        line_ending=line_ending or "LF",
        bom=bom,
    )
    expected = dialect.line_end if line_ending else None
    record = _header_record(source.name, sample, start, dialect, expected, limits, whole=whole)
    if expected is None and record.line_end:
        ending = "CRLF" if record.line_end == b"\r\n" else "LF"
        dialect = attrs.evolve(dialect, line_ending=ending)
        # Once more, now that it is known which line breaks its quoted names may hold.
        record = _header_record(
            source.name, sample, start, dialect, record.line_end, limits, whole=whole
        )
    columns = tuple(_name(value) for value in record.values)
    check_columns(columns, name=source.name, limits=limits, offset=start)
    raw = sample[: record.end]
    return Head(
        source=source,
        stamp=stamp,
        dialect=dialect,
        header=Header(columns, raw),
        start=Mark(start + record.end, 1 + raw.count(b"\n"), 1),
        end=end,
        notes=tuple(_notes(bom=bom, blank=stamp.size - end, ended=ended)),
    )


def _header_record(
    name: str,
    sample: bytes,
    start: int,
    dialect: Dialect,
    line_end: bytes | None,
    limits: FormatLimits,
    *,
    whole: bool,
) -> RawRecord:
    at = Mark(start, 1, 0)
    delimiter = dialect.delimiter.encode()
    walker = Walker(name, sample, at, delimiter, line_end, None, limits, whole)
    for record in walker.records():
        return record
    # The sample holds more than the longest header, so only an open quote can lead here.
    raise CsvError(
        f"the header is longer than {limits.header} characters",
        name=name,
        offset=start,
        line=1,
        record=0,
        help="look for a quote in the first line that is not closed",
    )


def _name(value: bytes) -> str:
    if value.startswith(b'"'):
        value = value[1:-1].replace(b'""', b'"')
    return value.decode()


def _read(file: FileIO, offset: int, size: int) -> bytes:
    file.seek(offset)
    pieces = bytearray()
    while len(pieces) < size and (piece := file.read(size - len(pieces))):
        pieces += piece
    return bytes(pieces)


def data_end(file: FileIO, size: int) -> int:
    """Where the last line that is not blank ends, its line end included."""
    end = size
    while end > 0:
        start = max(0, end - _TAIL_BYTES)
        piece = _read(file, start, end - start)
        text = piece.rstrip(b"\r\n")
        if text:
            last = start + len(text)
            line_end = _read(file, last, 2)
            return min(size, last + (2 if line_end == b"\r\n" else len(line_end[:1])))
        end = start
    return 0


def _notes(*, bom: bool, blank: int, ended: bool) -> list[str]:
    notes = []
    if bom:
        notes.append("the byte order mark is left out")
    if blank:
        notes.append(f"blank lines at the end are left out, {blank} bytes")
    if not ended:
        notes.append("the last line has no line end")
    return notes
