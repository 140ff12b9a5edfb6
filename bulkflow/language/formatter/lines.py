"""Split a syntax tree into logical lines, and these into pieces that stay whole."""

from __future__ import annotations

from typing import TYPE_CHECKING, assert_never

from attrs import field, frozen

from bulkflow.language.formatter.spelling import spell, spell_condition, spell_items
from bulkflow.language.syntax import tree

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from bulkflow.source import Span


@frozen
class LinePiece:
    """A part of a line that is never broken. `spell` returns its text for a margin."""

    start: int
    end: int
    spell: Callable[[str], str] = field(repr=False)


@frozen
class LogicalLine:
    """A logical line: a chain with its handlers, or a single piece.

    The first group has the steps of a chain, each other group those of a handler. In a group, the
    text of each piece but the first starts with `then`.
    """

    groups: tuple[tuple[LinePiece, ...], ...]
    depth: int
    opens: bool
    """Whether it opens a block."""

    @property
    def pieces(self) -> tuple[LinePiece, ...]:
        """All pieces in order."""
        return tuple(piece for group in self.groups for piece in group)

    @property
    def start(self) -> int:
        """The offset of its first word in the source."""
        return self.groups[0][0].start

    @property
    def end(self) -> int:
        """The offset after its last word in the source."""
        return self.groups[-1][-1].end


def iter_lines(statements: Iterable[tree.StatementNode], depth: int = 0) -> Iterator[LogicalLine]:
    """Yield the lines of statements and of their blocks."""
    for statement in statements:
        match statement:
            case tree.ChainNode():
                yield LogicalLine(tuple(_iter_groups(statement)), depth, opens=False)
            case tree.JobNode():
                yield _make_line(statement.span, f"job {statement.name.name}", depth, opens=True)
                for clause in statement.clauses:
                    yield LogicalLine(((_make_piece(clause),),), depth + 1, opens=False)
            case tree.ParallelNode() | tree.ForNode() | tree.WhenNode() | tree.AlwaysNode():
                yield LogicalLine(((_make_opening(statement),),), depth, opens=True)
                yield from iter_lines(statement.body, depth + 1)
            case tree.OrgNode() | tree.ParamNode() | tree.LetNode() | tree.IncludeNode():
                yield LogicalLine(((_make_declaration(statement),),), depth, opens=False)
            case _:
                assert_never(statement)


def _make_line(span: Span, text: str, depth: int, *, opens: bool = False) -> LogicalLine:
    return LogicalLine(((LinePiece(span.start, span.end, lambda _: text),),), depth, opens)


def _make_piece(
    node: tree.ClauseNode | tree.StepNode, before: str = "", start: int | None = None
) -> LinePiece:
    return LinePiece(
        node.span.start if start is None else start,
        node.span.end,
        lambda margin: before + spell_items(node.items, margin),
    )


def _iter_groups(chain: tree.ChainNode) -> Iterator[tuple[LinePiece, ...]]:
    yield _make_group(chain.steps, "", chain.span.start)
    for handler in chain.handlers:
        yield _make_group(handler.steps, f"on {handler.event.value} ", handler.span.start)


def _make_group(steps: Sequence[tree.StepNode], before: str, start: int) -> tuple[LinePiece, ...]:
    first, *others = steps
    return (_make_piece(first, before, start), *(_make_piece(step, "then ") for step in others))


def _make_opening(
    statement: tree.ParallelNode | tree.ForNode | tree.WhenNode | tree.AlwaysNode,
) -> LinePiece:
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

    return LinePiece(statement.span.start, statement.span.end, text)


def _make_declaration(
    statement: tree.OrgNode | tree.ParamNode | tree.LetNode | tree.IncludeNode,
) -> LinePiece:
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

    return LinePiece(statement.span.start, statement.span.end, text)
