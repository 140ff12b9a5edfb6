"""Convert between offsets in a text and an editor's positions.

Editors count lines from 0, and columns in code units of a negotiated encoding (LSP 3.17), which is
UTF-16 by default. Offsets count code points.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import frozen

if TYPE_CHECKING:
    from bulkflow.source import SourceText

UTF_8, UTF_16, UTF_32 = "utf-8", "utf-16", "utf-32"


@frozen
class Positions:
    """Count columns in one encoding."""

    encoding: str = UTF_16

    def to_position(self, source: SourceText, offset: int) -> tuple[int, int]:
        """Return the line and the column of an offset."""
        line, column = source.line_column(offset)
        return line - 1, self._count_units(source.line(line)[: column - 1])

    def to_offset(self, source: SourceText, line: int, column: int) -> int:
        """Return the offset of a position. A position outside the text is moved into it."""
        if line < 0:
            return 0
        if line >= len(source.line_starts):
            return len(source.text)
        units = 0
        text = source.line(line + 1)
        start = source.line_starts[line]
        for index, character in enumerate(text):
            if units >= column:
                return start + index
            units += self._count_units(character)
        return start + len(text)

    def _count_units(self, text: str) -> int:
        match self.encoding:
            case "utf-8":
                return len(text.encode("utf-8", "surrogatepass"))
            case "utf-32":
                return len(text)
            case _:
                return len(text) + sum(each > "\uffff" for each in text)
