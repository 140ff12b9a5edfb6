"""Where a logical line is broken, and where its comments go.

A chain stays on one line if its author wrote it on one and it fits. Else its handlers begin lines
of their own; and if its steps do not fit or were written on several lines, so does every `then`. A
break anywhere else is undone, because no step needs one.
"""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING

from attrs import Factory, define, field

from bulkflow.language.formatter.spelling import INDENT

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from bulkflow.language.formatter.comments import Comment
    from bulkflow.language.formatter.lines import Line, Piece

WIDTH = 100
"""Characters of a line; a longer chain is broken. A single step is never broken."""


@define(eq=False)
class _Placed:
    """A piece with the comments that belong to it."""

    piece: Piece
    broken: bool = False
    """Whether it begins a line of its own."""
    above: list[Comment] = Factory(list)
    beside: Comment | None = None


@define(eq=False)
class LineWriter:
    """Writes one logical line."""

    text: str
    """The source."""
    line: Line
    comments: Iterable[Comment]
    """Those from the line's first word to the end of the line that its last word stands on."""
    _placed: list[_Placed] = field(init=False)

    def write(self) -> Iterator[str]:
        """The physical lines; one may hold newlines, where a text of several lines stands."""
        self._placed = [_Placed(piece) for piece in self.line.pieces]
        self._place()
        self._find_breaks()
        margin = INDENT * self.line.depth
        if len(self._placed) == 1:
            # There is nowhere to break it, however long it is.
            yield from _written(margin, self._placed)
            return
        groups = self._groups()
        steps_broken = _any_broken(groups[0][1:]) or _too_long(margin, groups[0])
        handlers = [(_inner_broken(group, margin), group) for group in groups[1:]]
        if not (
            steps_broken
            or any(broken or group[0].broken for broken, group in handlers)
            or _too_long(margin, self._placed)
        ):
            yield from _written(margin, self._placed)
            return
        yield from _group(margin, groups[0], broken=steps_broken)
        for broken, group in handlers:
            yield from _group(margin + INDENT, group, broken=broken)

    def _groups(self) -> list[list[_Placed]]:
        placed = iter(self._placed)
        return [[next(placed) for _ in group] for group in self.line.groups]

    def _place(self) -> None:
        """Give each comment to the piece that it stands beside, else to the one that it is above.

        A comment inside a piece goes above it: the piece is about to become one line.
        """
        placed = self._placed
        index = 0
        for comment in self.comments:
            while index < len(placed) and placed[index].piece.end <= comment.start:
                index += 1
            before = placed[index - 1] if index else None
            inside = index < len(placed) and placed[index].piece.start < comment.start
            after = placed[index] if index < len(placed) else None
            if (
                before is not None
                and before.beside is None
                and not (comment.alone or inside)
                and not (after and after.above)
            ):
                before.beside = comment
            else:
                (after or placed[-1]).above.append(comment)

    def _find_breaks(self) -> None:
        for before, after in zip(self._placed, self._placed[1:], strict=False):
            gap = self.text[before.piece.end : after.piece.start]
            after.broken = "\n" in gap or bool(after.above) or before.beside is not None


def _any_broken(placed: Iterable[_Placed]) -> bool:
    return any(each.broken for each in placed)


def _inner_broken(group: Sequence[_Placed], margin: str) -> bool:
    return _any_broken(group[1:]) or (len(group) > 1 and _too_long(margin + INDENT, group))


def _too_long(margin: str, placed: Sequence[_Placed]) -> bool:
    return any(len(line) > WIDTH for line in _joined(margin, placed).split("\n"))


def _joined(margin: str, placed: Iterable[_Placed]) -> str:
    return margin + " ".join([each.piece.spell(margin) for each in placed])


def _group(margin: str, group: Sequence[_Placed], *, broken: bool) -> Iterator[str]:
    if not broken:
        return _written(margin, group)
    first = _written(margin, group[:1])
    return chain(first, *(_written(margin + INDENT, [each]) for each in group[1:]))


def _written(margin: str, placed: Sequence[_Placed]) -> Iterator[str]:
    """Pieces on one line, with the comments of all of them."""
    for each in placed:
        yield from (margin + comment.tidy for comment in each.above)
    beside = placed[-1].beside
    yield _joined(margin, placed) + (f"  {beside.tidy}" if beside else "")
