"""The head of a file: its format and header, and the position of its rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from attrs import Factory, evolve, frozen

from bulkflow_csv.dialect import Dialect
from bulkflow_csv.errors import CsvError
from bulkflow_csv.header import Header, check_columns
from bulkflow_csv.limits import FormatLimits
from bulkflow_csv.record import RawRecord, RecordPosition
from bulkflow_csv.sniff import UTF8_BOM, reject_foreign_format, sniff_delimiter
from bulkflow_csv.validator import RecordValidator

if TYPE_CHECKING:
    from io import FileIO

    from bulkflow_csv.source import ByteSource, Stamp

_SAMPLE_BYTES: Final = 1 << 18
_TAIL_BYTES: Final = 1 << 16


@frozen
class Head:
    """The facts about a file that a job is created from, read from its first and last bytes.

    Attributes:
        source: The file.
        stamp: The state of the file when it was read.
        dialect: Its format.
        header: Its columns.
        start: Position of its first data row. In a window of a stream, line and record count from
            the start of the stream.
        end: Byte offset after the last data row, before any blank lines at the end of the file.
        notes: Findings that need no action, one sentence each.
        stream_shift: Added to an offset in the file to get the offset in the stream, if the file
            is a window of a stream; otherwise 0.
        sent_header: The header that each part is sent with: that of the file, or one with other
            names.
    """

    source: ByteSource
    stamp: Stamp
    dialect: Dialect
    header: Header
    start: RecordPosition
    end: int
    notes: tuple[str, ...] = ()
    stream_shift: int = 0
    sent_header: Header = Factory(lambda head: head.header, takes_self=True)

    def to_stream_position(self, position: RecordPosition) -> RecordPosition:
        """Convert a position in the file to one in the user's data, which may be a stream."""
        if not self.stream_shift:
            return position
        return evolve(position, offset=position.offset + self.stream_shift)


def read_head(
    source: ByteSource,
    *,
    delimiter: str | None = None,
    line_ending: str | None = None,
    limits: FormatLimits | None = None,
) -> Head:
    """Read the format and the header of a file.

    Args:
        source: The file.
        delimiter: The delimiter that the user specified; None to detect it.
        line_ending: The line ending that the user specified, "LF" or "CRLF"; None to take that
            of the header.
        limits: The limits of the API.

    Raises:
        CsvError: The file cannot be read, or has no valid header.
    """
    limits = limits or FormatLimits()
    with source.open() as file:
        stamp = source.read_stamp(file)
        sample = _read(file, 0, max(_SAMPLE_BYTES, 4 * limits.header + 8))
        end = find_data_end(file, stamp.size)
        ended = end > 0 and _read(file, end - 1, 1) == b"\n"
    reject_foreign_format(sample, name=source.name)
    bom = sample.startswith(UTF8_BOM)
    start = len(UTF8_BOM) if bom else 0
    if end <= start:
        raise CsvError(
            "the file is empty" if stamp.size <= start else "the file contains only blank lines",
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
    record = _read_header_record(source.name, sample, start, dialect, expected, limits, whole=whole)
    if expected is None and record.line_end:
        ending = "CRLF" if record.line_end == b"\r\n" else "LF"
        dialect = evolve(dialect, line_ending=ending)
        # Validate again: now it is known which line breaks the quoted names may contain.
        record = _read_header_record(
            source.name, sample, start, dialect, record.line_end, limits, whole=whole
        )
    columns = tuple(_unquote(value) for value in record.values)
    check_columns(columns, name=source.name, limits=limits, offset=start)
    raw = sample[: record.end]
    return Head(
        source=source,
        stamp=stamp,
        dialect=dialect,
        header=Header(columns, raw),
        start=RecordPosition(start + record.end, 1 + raw.count(b"\n"), 1),
        end=end,
        notes=tuple(_make_notes(bom=bom, blank=stamp.size - end, ended=ended)),
    )


def _read_header_record(
    name: str,
    sample: bytes,
    start: int,
    dialect: Dialect,
    line_end: bytes | None,
    limits: FormatLimits,
    *,
    whole: bool,
) -> RawRecord:
    position = RecordPosition(start, 1, 0)
    delimiter = dialect.delimiter.encode()
    validator = RecordValidator(name, sample, position, delimiter, line_end, None, limits, whole)
    for record in validator.read_records():
        return record
    # The sample is longer than the longest header, so a quote must be open.
    raise CsvError(
        f"the header is longer than {limits.header} characters",
        name=name,
        offset=start,
        line=1,
        record=0,
        help="look for an unclosed quote in the first line",
    )


def _unquote(value: bytes) -> str:
    if value.startswith(b'"'):
        value = value[1:-1].replace(b'""', b'"')
    return value.decode()


def _read(file: FileIO, offset: int, size: int) -> bytes:
    file.seek(offset)
    pieces = bytearray()
    while len(pieces) < size and (piece := file.read(size - len(pieces))):
        pieces += piece
    return bytes(pieces)


def find_data_end(file: FileIO, size: int) -> int:
    """Return the byte offset after the last line that is not blank, including its line end."""
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


def _make_notes(*, bom: bool, blank: int, ended: bool) -> list[str]:
    notes = []
    if bom:
        notes.append("the byte order mark is not sent")
    if blank:
        notes.append(f"blank lines at the end are not sent, {blank} bytes")
    if not ended:
        notes.append("the last line has no line end")
    return notes
