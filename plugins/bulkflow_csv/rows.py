"""Rows as Python strings: for result files, and for sources that make rows rather than bytes.

The data path itself never uses this: there, rows stay bytes.
"""

from __future__ import annotations

import csv
import gzip
import zlib
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Final, Protocol

import attrs

from bulkflow.system_errors import explained
from bulkflow_csv.errors import CsvError
from bulkflow_csv.header import check_columns
from bulkflow_csv.limits import FormatLimits
from bulkflow_csv.source import is_gzip, not_gzip

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

_LONGEST_VALUE: Final = 1 << 24
_LONGEST_RECORD: Final = 1 << 24
"""Bytes: forty times what Salesforce takes of one. A quote that is not closed, or a line of nulls
that unpacks from little, would have the rest of a file in memory."""
_BOM: Final = "\ufeff"


@attrs.frozen
class Row:
    """One record.

    Attributes:
        line: The physical line that it starts on, from 1.
        values: Its values; empty text where there is nothing between two delimiters.
    """

    line: int
    values: list[str]


def read_rows(path: Path, *, delimiter: str = ",", name: str | None = None) -> Iterator[Row]:
    """Read a CSV file record by record, its header first, in memory that does not grow with it.

    Blank lines are left out; in a file of one column they are rows of one empty value, unless
    nothing but blank lines follows.

    Args:
        path: A UTF-8 file, with or without a byte order mark; compressed with gzip if its name ends
            in `.gz`.
        delimiter: The column delimiter, one character.
        name: The file as the user knows it.

    Raises:
        CsvError: The file cannot be read, is not whole, or is not CSV; its line is in the error.
    """
    name = name if name is not None else str(path)
    line = 1
    blank = 0
    single = False
    # The limit is the process's own, so it is only ever raised.
    if csv.field_size_limit() < _LONGEST_VALUE:
        csv.field_size_limit(_LONGEST_VALUE)
    record = _Record()
    try:
        with gzip.open(path) if is_gzip(path) else path.open("rb") as file:
            reader = csv.reader(_lines(file, name, record), delimiter=delimiter, strict=True)
            for values in reader:
                record.size = 0
                if values:
                    for empty in range(line - blank, line):
                        yield Row(empty, [""])
                    blank = 0
                    single = single or (line == 1 and len(values) == 1)
                    yield Row(line, values)
                elif single:
                    blank += 1
                line = reader.line_num + 1
    except csv.Error as error:
        raise CsvError(
            f"the file is not correct CSV: {error}",
            name=name,
            line=line,
            help="look at the quotes of the record that starts here",
        ) from error
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise not_gzip(name, error) from error
    except OSError as error:
        what, remedy = explained(error, "check the path and its permissions")
        raise CsvError(
            f"the file cannot be read: {what}",
            name=name,
            help=remedy,
        ) from error


@attrs.define
class _Record:
    """How many bytes of a record were read."""

    size: int = 0


def _lines(file: _Readable, name: str, record: _Record) -> Iterator[str]:
    """Lines that end in LF alone, so that a carriage return in a value stays where it is."""
    offset = number = 0
    while line := file.readline(_LONGEST_RECORD - record.size + 1):
        number += 1
        record.size += len(line)
        if record.size > _LONGEST_RECORD:
            raise CsvError(
                f"a record has more than {_LONGEST_RECORD:,} bytes",
                name=name,
                line=number,
                help="look for a quote that is not closed, before this line",
            )
        try:
            text = line.decode()
        except UnicodeDecodeError as error:
            raise CsvError(
                f"byte 0x{line[error.start]:02X} is not valid UTF-8",
                name=name,
                offset=offset + error.start,
                line=number,
                help="save the file as UTF-8; Salesforce reads no other encoding",
            ) from error
        yield text.removeprefix(_BOM) if number == 1 else text
        offset += len(line)


def write_rows(
    target: Path | BinaryIO,
    header: Sequence[str],
    rows: Iterable[Sequence[str]],
    *,
    name: str | None = None,
    limits: FormatLimits | None = None,
) -> int:
    """Write rows as a CSV file that an ingest job takes: commas, LF, UTF-8 without a mark.

    Line breaks inside values become LF, because the API refuses any that differ from the file's.

    Args:
        target: A path, whose file is replaced, or a binary stream, which is left open.
        header: The names of the columns.
        rows: One value per column each.
        name: What the user knows the rows by; the path otherwise.
        limits: What the API takes of one file.

    Returns:
        How many rows were written, the header not counted.

    Raises:
        CsvError: The header is faulty, a row has more or fewer values than the header, a value
            is no text that UTF-8 can hold, or the file cannot be written.
    """
    if name is None:
        name = str(target) if isinstance(target, Path) else "rows"
    check_columns(header, name=name, limits=limits or FormatLimits())
    try:
        if isinstance(target, Path):
            with target.open("wb") as stream:
                return _write(stream, header, rows, name)
        return _write(target, header, rows, name)
    except OSError as error:
        what, remedy = explained(error, "check the folder's space and permissions")
        raise CsvError(
            f"the rows cannot be written: {what}",
            name=name,
            help=remedy,
        ) from error


def _write(
    stream: BinaryIO, header: Sequence[str], rows: Iterable[Sequence[str]], name: str
) -> int:
    writer = csv.writer(_Encoder(stream), lineterminator="\n")
    _write_record(writer, header, len(header), record=0, name=name)
    record = 0
    for row in rows:
        record += 1
        _write_record(writer, row, len(header), record=record, name=name)
    return record


def _write_record(
    writer: _Writer, values: Sequence[str], columns: int, *, record: int, name: str
) -> None:
    if len(values) != columns:
        raise CsvError(
            f"the row has {len(values)} values, but the header has {columns} columns",
            name=name,
            record=record,
            help="give every row one value for each column",
        )
    clean = [_break_lines(value) for value in values]
    if any("\0" in value for value in clean):
        raise CsvError(
            "there is a NUL character in the row",
            name=name,
            record=record,
            help="remove it; Salesforce takes none",
        )
    try:
        writer.writerow(clean)
    except UnicodeEncodeError as error:
        raise CsvError(
            "a value holds half of a surrogate pair, which UTF-8 cannot hold",
            name=name,
            record=record,
            help="decode the text with the encoding that it has",
        ) from error


class _Readable(Protocol):
    """What lines are read from."""

    def readline(self, size: int, /) -> bytes: ...


class _Writer(Protocol):
    """What `csv.writer` returns; the type has no name of its own."""

    def writerow(self, row: Iterable[str], /) -> object: ...


@attrs.frozen
class _Encoder:
    """What the csv module writes text to."""

    stream: BinaryIO

    def write(self, text: str) -> int:
        return self.stream.write(text.encode())


def _break_lines(value: str) -> str:
    if "\r" in value:
        return value.replace("\r\n", "\n").replace("\r", "\n")
    return value
