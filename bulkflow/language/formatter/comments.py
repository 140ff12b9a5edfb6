"""Find the comments of a file.

The parser drops comments. This scan is exact for a file without mistakes: there, a `#` outside of a
text starts a comment.
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
    """A comment, from its `#` to the end of the line."""

    start: int
    text: str
    column: int
    """How many characters precede it on its line."""
    alone: bool
    """Whether only spaces precede it on its line."""
    line: int
    """The number of its line, from 1."""

    @property
    def tidy(self) -> str:
        """The comment with a space after `#`, and without trailing space."""
        text = self.text.rstrip()
        return f"# {text[1:]}" if text[1:2].isalnum() else text

    @property
    def words(self) -> str:
        """The text of the comment, without spacing."""
        return self.text[1:].strip()


def find_comments(source: SourceText) -> list[Comment]:
    """Return the comments of a text without mistakes, in order."""
    found = []
    for each in _SCAN.finditer(source.text):
        if each["comment"] is None:
            continue
        line, column = source.line_column(each.start())
        before = source.text[each.start() - column + 1 : each.start()]
        found.append(Comment(each.start(), each["comment"], column - 1, not before.strip(), line))
    return found
