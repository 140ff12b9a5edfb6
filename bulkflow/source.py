"""Source text, and places in it.

Offsets count code points from 0; lines and columns count from 1. Lines end with a line feed:
`SourceText.decode` converts other line endings, so a file is the same on every system.
"""

from __future__ import annotations

from bisect import bisect_right
from functools import cached_property
from typing import TYPE_CHECKING, Final

from attrs import field, frozen

if TYPE_CHECKING:
    from pathlib import Path

LARGEST: Final = 1_000_000
"""The maximum size in bytes of a pipeline file with its includes.

CI jobs and editors open files from other people, and a parsed text takes up to 150 times its size.
"""

MAX_LINES: Final = 100_000
"""The maximum number of lines. A parsed line takes a kilobyte, even if it is short."""


class TooLargeError(ValueError):
    """A pipeline has more than `LARGEST` bytes or `MAX_LINES` lines."""

    def __init__(self) -> None:
        super().__init__(
            f"a pipeline has at most {LARGEST // 1_000_000} MB and {MAX_LINES:,} lines, including "
            "its included files"
        )


@frozen(slots=False)
class SourceText:
    """The text of a pipeline file, and the name to show to the user.

    `path` is the file. It is None for text from elsewhere, such as standard input.
    """

    name: str
    text: str = field(repr=False)
    path: Path | None = None

    @classmethod
    def decode(cls, name: str, data: bytes, path: Path | None = None) -> SourceText:
        """Decode UTF-8 with or without a byte order mark.

        Raises:
            UnicodeDecodeError: The data is not UTF-8.
            TooLargeError: The data is larger than a pipeline may be.
        """
        if len(data) > LARGEST:
            raise TooLargeError
        return cls.of(name, data.decode(), path)

    @classmethod
    def of(cls, name: str, text: str, path: Path | None = None) -> SourceText:
        """Make a source from a text with any line endings. Raises `TooLargeError`."""
        plain = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
        if len(plain) > LARGEST or plain.count("\n") > MAX_LINES:
            raise TooLargeError
        return cls(name, plain, path)

    @classmethod
    def read(cls, name: str, path: Path, known: Path | None = None) -> SourceText:
        """Read a file, but not more of it than a pipeline may have, because a device never ends.

        Args:
            name: The name to show to the user.
            path: The file to read.
            known: The path to keep, if not `path`.

        Raises:
            OSError: The file cannot be read.
            UnicodeDecodeError: The file is not UTF-8.
            TooLargeError: The file is larger than a pipeline may be.
        """
        with path.open("rb") as file:
            data = file.read(LARGEST + 1)
        return cls.decode(name, data, known or path)

    @cached_property
    def line_starts(self) -> list[int]:
        """The offset of each line's first character."""
        starts = [0]
        find = self.text.find
        at = find("\n")
        while at >= 0:
            starts.append(at + 1)
            at = find("\n", at + 1)
        return starts

    def line_column(self, offset: int) -> tuple[int, int]:
        """Return the line and column of an offset, both from 1."""
        line = bisect_right(self.line_starts, offset)
        return line, offset - self.line_starts[line - 1] + 1

    def line(self, number: int) -> str:
        """Return the text of a line (from 1), without its newline."""
        start = self.line_starts[number - 1]
        end = self.text.find("\n", start)
        return self.text[start:] if end < 0 else self.text[start:end]


@frozen
class Span:
    """A half-open range of a source text."""

    source: SourceText = field(repr=False, eq=False)
    start: int
    end: int

    @property
    def text(self) -> str:
        """The characters of the span."""
        return self.source.text[self.start : self.end]

    @property
    def line(self) -> int:
        """The line on which the span starts."""
        return self.source.line_column(self.start)[0]

    @property
    def column(self) -> int:
        """The column at which the span starts."""
        return self.source.line_column(self.start)[1]

    def to(self, other: Span) -> Span:
        """Return the span from the start of this one to the end of the other."""
        return Span(self.source, self.start, max(self.end, other.end))

    def __str__(self) -> str:
        line, column = self.source.line_column(self.start)
        return f"{self.source.name}:{line}:{column}"
