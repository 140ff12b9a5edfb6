"""Source text and places in it.

Offsets count code points from 0; lines and columns count from 1. A text's lines end in a line feed
only: `SourceText.decode` turns the other line ends into it, so that a file reads the same
everywhere.
"""

from __future__ import annotations

from bisect import bisect_right
from functools import cached_property
from typing import TYPE_CHECKING

from attrs import field, frozen

if TYPE_CHECKING:
    from pathlib import Path


@frozen(slots=False)
class SourceText:
    """A pipeline file's text, with the name under which the user knows it.

    `path` is where it was read from; None for text that came from elsewhere (stdin, a test).
    """

    name: str
    text: str = field(repr=False)
    path: Path | None = None

    @classmethod
    def decode(cls, name: str, data: bytes, path: Path | None = None) -> SourceText:
        """Read UTF-8 with or without a byte order mark; raises UnicodeDecodeError."""
        text = data.decode("utf-8-sig")
        return cls(name, text.replace("\r\n", "\n").replace("\r", "\n"), path)

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
        """The line and column of an offset, both from 1."""
        line = bisect_right(self.line_starts, offset)
        return line, offset - self.line_starts[line - 1] + 1

    def line(self, number: int) -> str:
        """The text of a line (from 1), without its newline."""
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
        """The line that the span starts on."""
        return self.source.line_column(self.start)[0]

    @property
    def column(self) -> int:
        """The column that the span starts at."""
        return self.source.line_column(self.start)[1]

    def to(self, other: Span) -> Span:
        """The span from the start of this one to the end of the other."""
        return Span(self.source, self.start, max(self.end, other.end))

    def __str__(self) -> str:
        line, column = self.source.line_column(self.start)
        return f"{self.source.name}:{line}:{column}"
