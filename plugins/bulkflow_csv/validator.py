"""The careful reading: one record after the other, and the exact place of the first fault.

This is what the fast pass stands for. The fast pass only says that a stretch of bytes looks wrong;
the walker then reads that stretch and has the last word, so a doubt that turns out to be none
costs time and nothing else.
"""

from __future__ import annotations

import codecs
import re
from typing import TYPE_CHECKING, Final, NoReturn

import attrs

from bulkflow_csv.errors import CsvError
from bulkflow_csv.record import RawRecord

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from bulkflow_csv.limits import FormatLimits
    from bulkflow_csv.record import Mark

_CLOSED_VALUE: Final = re.compile(rb'"[^"]*+(?:""[^"]*+)*+"')
_GZIP: Final = b"\x1f\x8b"
"""What gzip begins with (RFC 1952); 0x8B begins no character of UTF-8."""
_DEVIATES: Final = {
    b"\n": re.compile(rb"\r"),
    b"\r\n": re.compile(rb"\r(?!\n)|(?<!\r)\n"),
}
_SPELLED: Final = {b"\n": "LF", b"\r\n": "CRLF", b"\r": "a lone CR"}


@attrs.define(eq=False, repr=False)
class Walker:
    """Reads records from bytes that start at a record's first byte.

    Attributes:
        name: The file, as the user knows it.
        data: The bytes.
        at: Where in the file they start.
        delimiter: The column delimiter, one byte.
        line_end: The line end that the file must keep to; None accepts the first that comes.
        columns: The names of the header; None while the header itself is read.
        limits: What the API takes.
        final: The data reach to the end of the file, so nothing that is cut off can be completed.
        undecided: The data ended inside a character, whose first bytes were not looked at; known
            when all records were read.
    """

    name: str
    data: bytes
    at: Mark
    delimiter: bytes
    line_end: bytes | None
    columns: Sequence[str] | None
    limits: FormatLimits
    final: bool
    undecided: bool = attrs.field(init=False, default=False)
    _record: int = attrs.field(init=False, default=0)
    _column: int = attrs.field(init=False, default=1)
    _plain: re.Pattern[bytes] = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        self._record = self.at.record
        self._plain = re.compile(rb'[^"\r\n' + re.escape(self.delimiter) + rb"]*+")

    def records(self) -> Iterator[RawRecord]:
        """Every whole record of the data, in order.

        Raises:
            CsvError: The first fault, by its place in the file.
        """
        readable, unreadable = self._readable()
        yield from self._walk(readable, final=self.final and unreadable is None)
        if unreadable is not None:
            self._fail(unreadable[0], len(readable), help=unreadable[1])

    def _readable(self) -> tuple[bytes, tuple[str, str] | None]:
        """The data up to the first byte that is no text, and what is wrong with that byte."""
        end, why = len(self.data), None
        decoder = codecs.getincrementaldecoder("utf-8")()
        try:
            decoder.decode(self.data, self.final)
            end -= len(decoder.getstate()[0])
            self.undecided = end < len(self.data)
        except UnicodeDecodeError as error:
            end = error.start
            why = (f"byte 0x{self.data[end]:02X} is not valid UTF-8", _advice(self.data))
            if self.at.offset == 0 and self.data.startswith(_GZIP):
                why = (
                    "the data are compressed with gzip",
                    "unpack them with `gzip -dc`, or read a file whose name ends in .gz",
                )
        nul = self.data.find(0, 0, end)
        if nul >= 0:
            end = nul
            why = (
                "there is a NUL byte in the text",
                "save the file as UTF-8 text; NUL bytes are a sign of UTF-16 or of binary data",
            )
        return self.data[:end], why

    def _walk(self, data: bytes, *, final: bool) -> Iterator[RawRecord]:
        size, start = len(data), 0
        while start < size:
            values: list[bytes] = []
            position = start
            self._column = 1
            while True:
                end = self._value(data, position, final=final)
                if end is None:
                    return
                self._check_length(data, start, end)
                values.append(data[position:end])
                if data[end : end + 1] != self.delimiter:
                    break
                position = end + 1
                self._column += 1
            line_end = self._line_end(data, end, final=final)
            if line_end is None or (not line_end and not final):
                return
            self._check_columns(start, values)
            start = end + len(line_end)
            yield RawRecord(tuple(values), start, line_end)
            self._record += 1
            self._column = 1

    def _value(self, data: bytes, start: int, *, final: bool) -> int | None:
        """The end of the value that starts at `start`; None if the data end inside it."""
        if data[start : start + 1] != b'"':
            match = self._plain.match(data, start)
            end = match.end() if match else start
            self._check_value(data, start, end)
            if data[end : end + 1] == b'"':
                self._fail(
                    "there is a quote inside a value that does not start with one",
                    end,
                    help='put the whole value in quotes and double the inner ones: "5"" pipe"',
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
                notes=[f"the value opens at {self._spell(start)}"],
            )
        return end

    def _line_end(self, data: bytes, end: int, *, final: bool) -> bytes | None:
        """The line end at `end`; nothing at the end of the data, None for half a CRLF there."""
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
            self._deviates(found, end, where="this line ends in")
        return found

    def _check_quoted(self, data: bytes, start: int, end: int, *, final: bool) -> None:
        """See that a quoted value is short enough, and its line breaks are those of the file.

        What comes first in the file is told, so that the answer does not depend on how much of the
        value is there yet.
        """
        match = _DEVIATES[self.line_end].search(data, start, end) if self.line_end else None
        if match is None or (data[match.start() :] == b"\r" and not final):
            self._check_value(data, start, end, quoted=True)
            return
        at = match.start()
        self._check_value(data, start, at, quoted=True)
        found = b"\r\n" if data[at : at + 2] == b"\r\n" else data[at : at + 1]
        self._deviates(found, at, where="a line break inside this quoted value is")

    def _deviates(self, found: bytes, at: int, *, where: str) -> NoReturn:
        if self.line_end is None:
            message = f"{where} {_SPELLED[found]}, which the API does not know"
        else:
            message = f"{where} {_SPELLED[found]}, but the file's lines end in "
            message += _SPELLED[self.line_end]
        self._fail(
            message,
            at,
            help="convert the file to one line ending, LF or CRLF, inside quoted values too, or "
            "say `mend line endings` in the job",
        )

    def _check_value(self, data: bytes, start: int, end: int, *, quoted: bool = False) -> None:
        most = self.limits.field
        if end - start <= most or self.columns is None:
            return
        characters = _characters(data[start:end])
        if quoted:
            inner = data[start + 1 : end]
            pairs = inner.count(b'""')
            closed = (len(inner) - len(inner.rstrip(b'"'))) % 2
            characters -= 1 + pairs + closed
        if characters > most:
            self._fail(
                f"the value is longer than {most} characters",
                start,
                help="shorten the value; Salesforce takes no longer ones",
                notes=["its opening quote may be one that was never closed"] if quoted else [],
            )

    def _check_length(self, data: bytes, start: int, end: int) -> None:
        header = self.columns is None
        most = self.limits.header if header else self.limits.record
        if end - start > most and _characters(data[start:end]) > most:
            what = "header" if header else "record"
            self._column = 0
            self._fail(
                f"the {what} is longer than {most} characters",
                start,
                help=f"Salesforce takes no longer {what}s; load fewer columns",
            )

    def _check_columns(self, start: int, values: list[bytes]) -> None:
        if self.columns is None or len(values) == len(self.columns):
            return
        self._column = 0
        if values == [b""]:
            self._fail(
                "there is a blank line between the records",
                start,
                help="remove the line; only blank lines at the very end are left out",
            )
        expected, found = len(self.columns), len(values)
        self._fail(
            f"the record has {_columns(found)}, but the header has {expected}",
            start,
            help="give every record as many columns as the header, and quote values that hold"
            " the delimiter",
        )

    def _spell(self, index: int) -> str:
        return f"line {self._line(index)}, byte offset {self.at.offset + index}"

    def _line(self, index: int) -> int:
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
            line=self._line(index),
            record=self._record,
            column=self._column or None,
            help=help,
            notes=named,
        )


def _characters(data: bytes) -> int:
    # The data may end inside a sequence, which then counts for nothing yet.
    return len(data.decode("utf-8", "ignore"))


def _columns(count: int) -> str:
    return "1 column" if count == 1 else f"{count} columns"


def _advice(data: bytes) -> str:
    """What to do about bytes that are not UTF-8, by what most of the others are."""
    valid = sum(not character.isascii() for character in data.decode("utf-8", "ignore"))
    if valid > data.decode("utf-8", "replace").count("\ufffd"):
        return (
            "the other values are UTF-8: correct this one where the file comes from; no encoding "
            "reads them all"
        )
    return 'save the file as UTF-8, or name what it is written in: `encoding "windows-1252"`'
