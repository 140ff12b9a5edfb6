"""Validate records one by one and report the exact position of the first error.

The fast scan only detects that a block may contain an error. This validator then reads the block
again and decides, so a false alarm costs only time.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NoReturn

from attrs import define, field

from bulkflow_csv.errors import CsvError
from bulkflow_csv.record import RawRecord
from bulkflow_csv.valid_text import split_valid_text

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from bulkflow_csv.limits import FormatLimits
    from bulkflow_csv.record import RecordPosition

_CLOSED_VALUE: Final = re.compile(rb'"[^"]*+(?:""[^"]*+)*+"')
_WRONG_BREAKS: Final = {
    b"\n": re.compile(rb"\r"),
    b"\r\n": re.compile(rb"\r(?!\n)|(?<!\r)\n"),
}
_BREAK_NAMES: Final = {b"\n": "LF", b"\r\n": "CRLF", b"\r": "a lone CR"}


@define(eq=False, repr=False)
class RecordValidator:
    """Reads and validates records from bytes that start with a record.

    Attributes:
        name: The file name as the user wrote it.
        data: The bytes.
        at: The position of the bytes in the user's data.
        delimiter: The column delimiter, one byte.
        line_end: The line end that the file must use; None to accept any.
        columns: The column names; None while reading the header itself.
        limits: The limits of the API.
        final: Whether the data extend to the end of the file, so a truncated record or character
            is an error.
        undecided: Whether the data end inside a character, whose first bytes were not validated.
            Set after all records were read.
    """

    name: str
    data: bytes
    at: RecordPosition
    delimiter: bytes
    line_end: bytes | None
    columns: Sequence[str] | None
    limits: FormatLimits
    final: bool
    undecided: bool = field(init=False, default=False)
    _record: int = field(init=False, default=0)
    _column: int = field(init=False, default=1)
    _plain: re.Pattern[bytes] = field(init=False)

    def __attrs_post_init__(self) -> None:
        self._record = self.at.record
        self._plain = re.compile(rb'[^"\r\n' + re.escape(self.delimiter) + rb"]*+")

    def read_records(self) -> Iterator[RawRecord]:
        """Yield the complete records of the data in order.

        Raises:
            CsvError: The data contain an error. The error has the position of the first one.
        """
        text = split_valid_text(self.data, final=self.final)
        self.undecided = text.undecided
        yield from self._split_records(text.data, final=self.final and text.invalid is None)
        if text.invalid is not None:
            self._fail(text.invalid.message, len(text.data), help=text.invalid.help)

    def _split_records(self, data: bytes, *, final: bool) -> Iterator[RawRecord]:
        size, start = len(data), 0
        while start < size:
            values: list[bytes] = []
            position = start
            self._column = 1
            while True:
                end = self._find_value_end(data, position, final=final)
                if end is None:
                    return
                self._check_length(data, start, end)
                values.append(data[position:end])
                if data[end : end + 1] != self.delimiter:
                    break
                position = end + 1
                self._column += 1
            line_end = self._read_line_end(data, end, final=final)
            if line_end is None or (not line_end and not final):
                return
            self._check_columns(start, values)
            start = end + len(line_end)
            yield RawRecord(tuple(values), start, line_end)
            self._record += 1
            self._column = 1

    def _find_value_end(self, data: bytes, start: int, *, final: bool) -> int | None:
        """Return the end of the value that starts at `start`; None if the data end inside it."""
        if data[start : start + 1] != b'"':
            match = self._plain.match(data, start)
            end = match.end() if match else start
            self._check_value(data, start, end)
            if data[end : end + 1] == b'"':
                self._fail(
                    "there is a quote inside a value that does not start with one",
                    end,
                    help='quote the whole value, and double the quotes inside it: "5"" pipe"',
                )
            return end
        match = _CLOSED_VALUE.match(data, start)
        if match is None:
            self._check_quoted(data, start, len(data), final=final)
            if final:
                self._fail(
                    "the quote that opens here is never closed",
                    start,
                    help="close the value with a quote, and double the quotes inside it",
                )
            return None
        end = match.end()
        self._check_quoted(data, start, end, final=True)
        if end < len(data) and data[end : end + 1] not in (self.delimiter, b"\r", b"\n"):
            self._fail(
                "there is text after the closing quote of a value",
                end,
                help='double the quotes inside a quoted value: "say ""hi"""',
                notes=[f"the value starts at {self._describe(start)}"],
            )
        return end

    def _read_line_end(self, data: bytes, end: int, *, final: bool) -> bytes | None:
        """Return the line end at `end`; empty at the end of the data, None for half a CRLF."""
        if data[end : end + 1] == b"\n":
            found = b"\n"
        elif data[end : end + 2] == b"\r\n":
            found = b"\r\n"
        elif data[end : end + 1] == b"\r":
            if end + 1 == len(data) and not final:
                return None
            found = b"\r"
        else:
            return b""
        if found != (self.line_end or found) or found == b"\r":
            self._fail_line_break(found, end, where="this line ends in")
        return found

    def _check_quoted(self, data: bytes, start: int, end: int, *, final: bool) -> None:
        """Check the length of a quoted value, and that its line breaks are those of the file.

        The error that comes first in the file is reported, so the result does not depend on how
        much of the value has been read.
        """
        match = _WRONG_BREAKS[self.line_end].search(data, start, end) if self.line_end else None
        if match is None or (data[match.start() :] == b"\r" and not final):
            self._check_value(data, start, end, quoted=True)
            return
        at = match.start()
        self._check_value(data, start, at, quoted=True)
        found = b"\r\n" if data[at : at + 2] == b"\r\n" else data[at : at + 1]
        self._fail_line_break(found, at, where="a line break inside this quoted value is")

    def _fail_line_break(self, found: bytes, at: int, *, where: str) -> NoReturn:
        if self.line_end is None:
            message = f"{where} {_BREAK_NAMES[found]}, which Salesforce does not accept"
        else:
            message = f"{where} {_BREAK_NAMES[found]}, but the file's lines end in "
            message += _BREAK_NAMES[self.line_end]
        self._fail(
            message,
            at,
            help="convert all line breaks of the file to LF or CRLF, also inside quoted values, or "
            "add `mend line endings` to the job",
        )

    def _check_value(self, data: bytes, start: int, end: int, *, quoted: bool = False) -> None:
        most = self.limits.field
        if end - start <= most or self.columns is None:
            return
        characters = _count_characters(data[start:end])
        if quoted:
            inner = data[start + 1 : end]
            pairs = inner.count(b'""')
            closed = (len(inner) - len(inner.rstrip(b'"'))) % 2
            characters -= 1 + pairs + closed
        if characters > most:
            self._fail(
                f"the value is longer than {most} characters",
                start,
                help="shorten the value; this is the maximum that Salesforce accepts",
                notes=["its opening quote may be unclosed"] if quoted else [],
            )

    def _check_length(self, data: bytes, start: int, end: int) -> None:
        header = self.columns is None
        most = self.limits.header if header else self.limits.record
        if end - start > most and _count_characters(data[start:end]) > most:
            what = "header" if header else "record"
            self._column = 0
            self._fail(
                f"the {what} is longer than {most} characters",
                start,
                help="load fewer columns; this is the maximum that Salesforce accepts",
            )

    def _check_columns(self, start: int, values: list[bytes]) -> None:
        if self.columns is None or len(values) == len(self.columns):
            return
        self._column = 0
        if values == [b""]:
            self._fail(
                "there is a blank line between the records",
                start,
                help="remove the line; only blank lines at the end of the file are ignored",
            )
        expected, found = len(self.columns), len(values)
        self._fail(
            f"the record has {_format_columns(found)}, but the header has {expected}",
            start,
            help="give every record as many columns as the header, and quote values that contain"
            " the delimiter",
        )

    def _describe(self, index: int) -> str:
        return f"line {self._find_line(index)}, byte offset {self.at.offset + index}"

    def _find_line(self, index: int) -> int:
        return self.at.line + self.data.count(b"\n", 0, index)

    def _fail(
        self,
        message: str,
        index: int,
        *,
        help: str,  # noqa: A002 - the word that users see
        notes: Sequence[str] = (),
    ) -> NoReturn:
        named = list(notes)
        if self.columns is not None and 1 <= self._column <= len(self.columns):
            named.insert(0, f"column {self._column} is {self.columns[self._column - 1]}")
        raise CsvError(
            message,
            name=self.name,
            offset=self.at.offset + index,
            line=self._find_line(index),
            record=self._record,
            column=self._column or None,
            help=help,
            notes=named,
        )


def _count_characters(data: bytes) -> int:
    # The data may end inside a character, which does not count yet.
    return len(data.decode("utf-8", "ignore"))


def _format_columns(count: int) -> str:
    return "1 column" if count == 1 else f"{count} columns"
