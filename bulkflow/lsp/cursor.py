"""Find the words before the cursor, in a line that may be incomplete."""

from __future__ import annotations

import re
from enum import Enum, auto
from typing import TYPE_CHECKING

from attrs import frozen

from bulkflow.language.syntax import tree
from bulkflow.language.syntax.parser import parse
from bulkflow.source import SourceText

if TYPE_CHECKING:
    from bulkflow.model.value import Value

_TOKEN = re.compile(
    r'"""(?:[^"\\]|\\.|"(?!""))*(?:"""|$)|"(?:[^"\\\n]|\\[^\n])*(?:"|$)|#[^\n]*|\w(?:[\w.\-]*\w)?|\S',
    re.DOTALL,
)
_PARTIAL = re.compile(r"[\w.\-]*\Z")
_OPENERS = frozenset({"job", "parallel", "for", "when", "always"})


class Place(Enum):
    """What kind of line the cursor is in."""

    TOP = auto()
    """A statement at the left margin."""
    BLOCK = auto()
    """A statement in a block."""
    CLAUSE = auto()
    """A line of a job."""


@frozen
class Cursor:
    """The logical line up to the cursor."""

    place: Place
    words: tuple[str, ...]
    """The words, values and marks before the partial word, as written."""
    partial: str
    """The beginning of a word, or the content of a text, up to the cursor."""
    start: int
    """The offset of `partial`."""
    in_text: bool = False
    in_comment: bool = False


def find_cursor(source: SourceText, offset: int) -> Cursor:
    """Find the logical line around an offset by indentation, because the text may have errors."""
    number, _ = source.line_column(offset)
    first, opener = _find_beginning(source, number)
    place = Place.TOP
    if opener is not None:
        place = Place.CLAUSE if _find_first_word(source.line(opener)) == "job" else Place.BLOCK
    begin = source.line_starts[first - 1]
    before = source.text[begin:offset]
    tokens = list(_TOKEN.finditer(before))
    last = tokens[-1] if tokens else None
    kept = tuple(each[0] for each in tokens if not each[0].startswith("#"))
    if last is not None and last[0].startswith("#") and "\n" not in before[last.start() :]:
        return Cursor(place, kept, "", offset, in_comment=True)
    if last is not None and _is_open(last[0]):
        quotes = 3 if last[0].startswith('"""') else 1
        start = last.start() + quotes
        return Cursor(place, kept[:-1], before[start:], begin + start, in_text=True)
    partial = _PARTIAL.search(before)
    assert partial is not None
    words = kept[:-1] if partial[0] else kept
    return Cursor(place, words, partial[0], begin + partial.start())


def parse_words(words: tuple[str, ...]) -> tuple[Value, ...]:
    """Parse words into the values of a line; return nothing if they are invalid."""
    if not words:
        return ()
    # No word is reserved in a clause.
    body = parse(SourceText("line", f"job line\n    {' '.join(words)}\n")).tree.body
    match body:
        case (tree.JobNode(clauses=(tree.ClauseNode(items=items),)),):
            return items
        case _:
            return ()


def _find_beginning(source: SourceText, number: int) -> tuple[int, int | None]:
    """Return the first line of the logical line, and the line that opens its block."""
    first, width = number, _measure_margin(source.line(number))
    for above in range(number - 1, 0, -1):
        line = source.line(above)
        word = _find_first_word(line)
        if word is None or _measure_margin(line) >= width:
            continue
        if word in _OPENERS:
            return first, above
        first, width = above, _measure_margin(line)
    return first, None


def _measure_margin(line: str) -> int:
    return len(line) - len(line.lstrip(" \t"))


def _find_first_word(line: str) -> str | None:
    """Return the first word of a line; None if it is blank or a comment."""
    token = _TOKEN.search(line)
    return None if token is None or token[0].startswith("#") else token[0]


def _is_open(token: str) -> bool:
    """Return whether a text has no closing quotes."""
    if token.startswith('"""'):
        return len(token) < 6 or not token.endswith('"""')
    if not token.startswith('"'):
        return False
    return re.fullmatch(r'"(?:[^"\\\n]|\\[^\n])*"', token) is None
