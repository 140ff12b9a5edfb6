"""What stands before the cursor, in a line that is not finished."""

from __future__ import annotations

import re
from enum import Enum, auto
from typing import TYPE_CHECKING

from attrs import frozen

from bulkflow.language import tree
from bulkflow.language.parser import parse
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
    """What a logical line is."""

    TOP = auto()
    """A statement at the left margin."""
    BLOCK = auto()
    """A statement in a block."""
    CLAUSE = auto()
    """A line of a job."""


@frozen
class Cursor:
    """A logical line up to the cursor."""

    place: Place
    words: tuple[str, ...]
    """The words, values and marks before what is being written, as they are written."""
    partial: str
    """What is being written: the beginning of a word, or the content of a text up to here."""
    start: int
    """The offset at which that begins."""
    in_text: bool = False
    in_comment: bool = False


def cursor_at(source: SourceText, offset: int) -> Cursor:
    """Find the logical line around an offset, by indentation alone: the text may be broken."""
    number, _ = source.line_column(offset)
    first, opener = _beginning(source, number)
    place = Place.TOP
    if opener is not None:
        place = Place.CLAUSE if _first_word(source.line(opener)) == "job" else Place.BLOCK
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


def values_of(words: tuple[str, ...]) -> tuple[Value, ...]:
    """Words as the values of a line; empty if they are none."""
    if not words:
        return ()
    # In a clause no word is reserved.
    body = parse(SourceText("line", f"job line\n    {' '.join(words)}\n")).tree.body
    match body:
        case (tree.JobNode(clauses=(tree.ClauseNode(items=items),)),):
            return items
        case _:
            return ()


def _beginning(source: SourceText, number: int) -> tuple[int, int | None]:
    """The line that a line's logical line begins on, and the one that opens its block."""
    first, width = number, _width(source.line(number))
    for above in range(number - 1, 0, -1):
        line = source.line(above)
        word = _first_word(line)
        if word is None or _width(line) >= width:
            continue
        if word in _OPENERS:
            return first, above
        first, width = above, _width(line)
    return first, None


def _width(line: str) -> int:
    return len(line) - len(line.lstrip(" \t"))


def _first_word(line: str) -> str | None:
    """The first word of a line; None for one that is blank or a comment."""
    token = _TOKEN.search(line)
    return None if token is None or token[0].startswith("#") else token[0]


def _is_open(token: str) -> bool:
    """Whether a text has no closing quotes."""
    if token.startswith('"""'):
        return len(token) < 6 or not token.endswith('"""')
    if not token.startswith('"'):
        return False
    return re.fullmatch(r'"(?:[^"\\\n]|\\[^\n])*"', token) is None
