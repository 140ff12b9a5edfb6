"""Break logical lines, and place their comments.

A chain stays on one line if its author wrote it on one line and it fits. Otherwise each handler
starts a new line, and if the steps do not fit or were on several lines, so does each `then`. Other
line breaks are removed, because no step needs one.
"""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING

from attrs import Factory, define, field

from bulkflow.language.formatter.spelling import INDENT

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from bulkflow.language.formatter.comments import Comment
    from bulkflow.language.formatter.lines import LinePiece, LogicalLine

WIDTH = 100
"""The maximum length of a line with a chain. A single step is never broken."""


@define(eq=False)
class _Placed:
    """A piece with its comments."""

    piece: LinePiece
    broken: bool = False
    """Whether it starts a new line."""
    above: list[Comment] = Factory(list)
    right: Comment | None = None


@define(eq=False)
class LineWriter:
    """Write one logical line."""

    text: str
    """The source."""
    line: LogicalLine
    comments: Iterable[Comment]
    """The comments from the first word to the end of the line with the last word."""
    _placed: list[_Placed] = field(init=False)

    def write(self) -> Iterator[str]:
        """Yield the physical lines. One with a multi-line text contains newlines."""
        self._placed = [_Placed(piece) for piece in self.line.pieces]
        self._assign_comments()
        self._find_breaks()
        margin = INDENT * self.line.depth
        if len(self._placed) == 1:
            # It cannot be broken.
            yield from _write(margin, self._placed)
            return
        groups = self._groups()
        steps_broken = _any_broken(groups[0][1:]) or _too_long(margin, groups[0])
        handlers = [(_inner_broken(group, margin), group) for group in groups[1:]]
        if not (
            steps_broken
            or any(broken or group[0].broken for broken, group in handlers)
            or _too_long(margin, self._placed)
        ):
            yield from _write(margin, self._placed)
            return
        yield from _write_group(margin, groups[0], broken=steps_broken)
        for broken, group in handlers:
            yield from _write_group(margin + INDENT, group, broken=broken)

    def _groups(self) -> list[list[_Placed]]:
        placed = iter(self._placed)
        return [[next(placed) for _ in group] for group in self.line.groups]

    def _assign_comments(self) -> None:
        """Assign each comment to the piece to its left, or else to the piece below.

        A comment inside a piece goes above it, because the piece becomes one line.
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
                and before.right is None
                and not (comment.alone or inside)
                and not (after and after.above)
            ):
                before.right = comment
            else:
                (after or placed[-1]).above.append(comment)

    def _find_breaks(self) -> None:
        for before, after in zip(self._placed, self._placed[1:], strict=False):
            gap = self.text[before.piece.end : after.piece.start]
            after.broken = "\n" in gap or bool(after.above) or before.right is not None


def _any_broken(placed: Iterable[_Placed]) -> bool:
    return any(each.broken for each in placed)


def _inner_broken(group: Sequence[_Placed], margin: str) -> bool:
    return _any_broken(group[1:]) or (len(group) > 1 and _too_long(margin + INDENT, group))


def _too_long(margin: str, placed: Sequence[_Placed]) -> bool:
    return any(len(line) > WIDTH for line in _join(margin, placed).split("\n"))


def _join(margin: str, placed: Iterable[_Placed]) -> str:
    return margin + " ".join([each.piece.spell(margin) for each in placed])


def _write_group(margin: str, group: Sequence[_Placed], *, broken: bool) -> Iterator[str]:
    if not broken:
        return _write(margin, group)
    first = _write(margin, group[:1])
    return chain(first, *(_write(margin + INDENT, [each]) for each in group[1:]))


def _write(margin: str, placed: Sequence[_Placed]) -> Iterator[str]:
    """Yield pieces on one line, with the comments of all of them."""
    for each in placed:
        yield from (margin + comment.tidy for comment in each.above)
    right = placed[-1].right
    yield _join(margin, placed) + (f"  {right.tidy}" if right else "")
