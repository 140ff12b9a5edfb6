"""Read and write rows as Python strings: result files, and sources that yield rows.

Loading a CSV file does not use this module: there, rows stay bytes.
"""

from __future__ import annotations

import csv
import io
import itertools
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Final, Protocol

from attrs import define, frozen

from bulkflow.system_errors import explained
from bulkflow_csv.compression import convert_damage, find_compression
from bulkflow_csv.errors import CsvError
from bulkflow_csv.header import check_columns
from bulkflow_csv.limits import FormatLimits

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

_LONGEST_VALUE: Final = 1 << 24
_LONGEST_RECORD: Final = 1 << 24
"""Bytes: forty times what Salesforce takes of one. A quote that is not closed, or a line of nulls
that unpacks from little, would have the rest of a file in memory."""
_BOM: Final = "\ufeff"
_BATCH: Final = 50
"""How many rows are written together."""


@frozen
class Row:
    """A record.

    Attributes:
        line: The physical line where it starts, from 1.
        values: Its values; a blank value is an empty string.
    """

    line: int
    values: list[str]


def read_rows(path: Path, *, delimiter: str = ",", name: str | None = None) -> Iterator[Row]:
    """Read a CSV file record by record, starting with its header, in constant memory.

    Blank lines are skipped. In a file of one column they are rows with one empty value, except
    at the end of the file.

    Args:
        path: A UTF-8 file, with or without a byte order mark; compressed if its name ends in
            `.gz`, `.zst` or `.bz2`.
        delimiter: The column delimiter, one character.
        name: The file name as the user wrote it.

    Raises:
        CsvError: The file cannot be read, is truncated, or is not CSV. The error has the line.
    """
    name = name if name is not None else str(path)
    line = 1
    blank = 0
    single = False
    # The limit applies to the whole process, so never lower it.
    if csv.field_size_limit() < _LONGEST_VALUE:
        csv.field_size_limit(_LONGEST_VALUE)
    record = _Record()
    compression = find_compression(path)
    try:
        with (
            path.open("rb") as stored,
            convert_damage(name, compression),
            nullcontext(stored) if compression is None else compression.open(stored) as file,
        ):
            reader = csv.reader(_decode_lines(file, name, record), delimiter=delimiter, strict=True)
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
            f"the file is not valid CSV: {error}",
            name=name,
            line=line,
            help="check the quotes of the record that starts here",
        ) from error
    except OSError as error:
        what, remedy = explained(error, "check the path and its permissions")
        raise CsvError(
            f"the file cannot be read: {what}",
            name=name,
            help=remedy,
        ) from error


@define
class _Record:
    """The number of bytes read of a record."""

    size: int = 0


def _decode_lines(file: _Readable, name: str, record: _Record) -> Iterator[str]:
    """Decode the lines of a file. Only LF ends a line; carriage returns in values are kept."""
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
                help="save the file as UTF-8, the only encoding that Salesforce accepts",
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
    """Write rows as a CSV file that an ingest job accepts: commas, LF, UTF-8 without a BOM.

    Line breaks inside values become LF, because the API rejects line breaks that differ from
    those of the file.

    Args:
        target: A path, whose file is replaced, or a binary stream, which is left open.
        header: The column names.
        rows: The rows, each with one value per column.
        name: The name of the rows in error messages; the path if not given.
        limits: The limits of the API for one file.

    Returns:
        The number of rows written, without the header.

    Raises:
        CsvError: The header is invalid, a row has more or fewer values than the header, UTF-8
            cannot encode a value, or the file cannot be written.
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
        what, remedy = explained(error, "check the folder's free space and permissions")
        raise CsvError(
            f"the rows cannot be written: {what}",
            name=name,
            help=remedy,
        ) from error


def _write(
    stream: BinaryIO, header: Sequence[str], rows: Iterable[Sequence[str]], name: str
) -> int:
    records = iter(itertools.chain([header], rows))
    record = 0
    # Copies, because a list may be given again with other values.
    while batch := [tuple(row) for row in itertools.islice(records, _BATCH)]:
        text = _format(batch, len(header))
        if text is None:
            cleaned = enumerate(batch, record)
            text = _format(
                [_clean(row, len(header), record=place, name=name) for place, row in cleaned],
                len(header),
            )
        assert text is not None
        stream.write(text)
        record += len(batch)
    return record - 1


def _format(rows: Sequence[Sequence[str]], columns: int) -> bytes | None:
    """Return the CSV of some rows; None if a row cannot be written as it is.

    What is checked of all values is checked in their text.
    """
    if set(map(len, rows)) != {columns}:
        return None
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    joined = text.getvalue()
    if "\r" in joined or "\0" in joined:
        return None
    try:
        return joined.encode()
    except UnicodeEncodeError:
        return None


def _clean(values: Sequence[str], columns: int, *, record: int, name: str) -> list[str]:
    """Return the values of a row as they can be written. Raises `CsvError`."""
    if len(values) != columns:
        raise CsvError(
            f"the row has {len(values)} values, but the header has {columns} columns",
            name=name,
            record=record,
            help="give every row one value per column",
        )
    clean = [_normalize_line_breaks(value) for value in values]
    if any("\0" in value for value in clean):
        raise CsvError(
            "the row contains a NUL character",
            name=name,
            record=record,
            help="remove it; Salesforce does not accept NUL",
        )
    try:
        "".join(clean).encode()
    except UnicodeEncodeError as error:
        raise CsvError(
            "a value contains half of a surrogate pair, which UTF-8 cannot encode",
            name=name,
            record=record,
            help="decode the text with its actual encoding",
        ) from error
    return clean


class _Readable(Protocol):
    """What lines are read from."""

    def readline(self, size: int, /) -> bytes: ...


def _normalize_line_breaks(value: str) -> str:
    if "\r" in value:
        return value.replace("\r\n", "\n").replace("\r", "\n")
    return value
