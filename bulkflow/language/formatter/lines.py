"""The logical lines of a file, in order, and the pieces that a line may be broken into."""

from __future__ import annotations

from typing import TYPE_CHECKING, assert_never

from attrs import field, frozen

from bulkflow.language import tree
from bulkflow.language.formatter.spelling import spell, spell_condition, spell_items

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from bulkflow.source import Span


@frozen
class Piece:
    """A part of a line that stays whole. `spell` gives its text on a line with some margin."""

    start: int
    end: int
    spell: Callable[[str], str] = field(repr=False)


@frozen
class Line:
    """A logical line: a chain's steps and handlers, or a single piece.

    Each group but the first is a handler; within a group, each piece but the first is preceded by
    `then`, which is part of its text.
    """

    groups: tuple[tuple[Piece, ...], ...]
    depth: int
    opens: bool
    """Whether lines may follow that are indented deeper and belong to it."""

    @property
    def pieces(self) -> tuple[Piece, ...]:
        """All pieces in order."""
        return tuple(piece for group in self.groups for piece in group)

    @property
    def start(self) -> int:
        """Where the line begins in the source."""
        return self.groups[0][0].start

    @property
    def end(self) -> int:
        """Where its last word ends in the source."""
        return self.groups[-1][-1].end


def lines_of(statements: Iterable[tree.StatementNode], depth: int = 0) -> Iterator[Line]:
    """The lines of statements and of what is inside them."""
    for statement in statements:
        match statement:
            case tree.ChainNode():
                yield Line(tuple(_groups(statement)), depth, opens=False)
            case tree.JobNode():
                yield _single(statement.span, f"job {statement.name.name}", depth, opens=True)
                for clause in statement.clauses:
                    yield Line(((_items(clause),),), depth + 1, opens=False)
            case tree.ParallelNode() | tree.ForNode() | tree.WhenNode() | tree.AlwaysNode():
                yield Line(((_opening(statement),),), depth, opens=True)
                yield from lines_of(statement.body, depth + 1)
            case tree.OrgNode() | tree.ParamNode() | tree.LetNode() | tree.IncludeNode():
                yield Line(((_declaration(statement),),), depth, opens=False)
            case _:
                assert_never(statement)


def _single(span: Span, text: str, depth: int, *, opens: bool = False) -> Line:
    return Line(((Piece(span.start, span.end, lambda _: text),),), depth, opens)


def _items(
    node: tree.ClauseNode | tree.StepNode, before: str = "", start: int | None = None
) -> Piece:
    return Piece(
        node.span.start if start is None else start,
        node.span.end,
        lambda margin: before + spell_items(node.items, margin),
    )


def _groups(chain: tree.ChainNode) -> Iterator[tuple[Piece, ...]]:
    yield _group(chain.steps, "", chain.span.start)
    for handler in chain.handlers:
        yield _group(handler.steps, f"on {handler.event.value} ", handler.span.start)


def _group(steps: Sequence[tree.StepNode], before: str, start: int) -> tuple[Piece, ...]:
    first, *others = steps
    return (_items(first, before, start), *(_items(step, "then ") for step in others))


def _opening(
    statement: tree.ParallelNode | tree.ForNode | tree.WhenNode | tree.AlwaysNode,
) -> Piece:
    def text(margin: str) -> str:
        match statement:
            case tree.ParallelNode():
                return "parallel"
            case tree.ForNode():
                return f"for {statement.variable.name} in {spell(statement.pattern, margin)}"
            case tree.WhenNode():
                return f"when {spell_condition(statement.condition, margin)}"
            case tree.AlwaysNode():
                return "always"
            case _:
                assert_never(statement)

    return Piece(statement.span.start, statement.span.end, text)


def _declaration(
    statement: tree.OrgNode | tree.ParamNode | tree.LetNode | tree.IncludeNode,
) -> Piece:
    def text(margin: str) -> str:
        match statement:
            case tree.OrgNode():
                alias = "" if statement.profile == statement.name else f"{statement.name.name} = "
                return f"org {alias}{statement.profile.name}"
            case tree.ParamNode():
                default = help_text = ""
                if statement.default is not None:
                    default = f" = {spell(statement.default, margin)}"
                if statement.help is not None:
                    help_text = f" {spell(statement.help, margin)}"
                return f"param {statement.name.name}{default}{help_text}"
            case tree.LetNode():
                return f"let {statement.name.name} = {spell(statement.value, margin)}"
            case tree.IncludeNode():
                return f"include {spell(statement.path, margin)}"
            case _:
                assert_never(statement)

    return Piece(statement.span.start, statement.span.end, text)
