"""Comments, and where they stand.

The parser drops them. They are found by a scan of their own, which is exact for a file without
mistakes: there, a `#` that stands in no text begins a comment.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from attrs import frozen

if TYPE_CHECKING:
    from bulkflow.source import SourceText

_SCAN = re.compile(
    r'"""(?:[^"\\]|\\(?:.|\n)|"(?!""))*"""'
    r'|"(?:[^"\\\n]|\\[^\n])*"'
    r"|(?P<comment>#[^\n]*)"
)


@frozen
class Comment:
    """A comment: from its `#` to the end of its line."""

    start: int
    text: str
    column: int
    """How many characters stand before it on its line."""
    alone: bool
    """Whether nothing but space stands before it on its line."""
    line: int
    """The number of its line, from 1."""

    @property
    def tidy(self) -> str:
        """The comment without space at its end, and with one after a `#` that words follow."""
        text = self.text.rstrip()
        return f"# {text[1:]}" if text[1:2].isalnum() else text

    @property
    def words(self) -> str:
        """What the comment says, however it is spaced."""
        return self.text[1:].strip()


def find_comments(source: SourceText) -> list[Comment]:
    """The comments of a text without mistakes, in order."""
    found = []
    for each in _SCAN.finditer(source.text):
        if each["comment"] is None:
            continue
        line, column = source.line_column(each.start())
        before = source.text[each.start() - column + 1 : each.start()]
        found.append(Comment(each.start(), each["comment"], column - 1, not before.strip(), line))
    return found
