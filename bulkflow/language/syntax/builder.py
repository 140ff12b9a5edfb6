"""Build the syntax tree from the parse tree."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, cast

from attrs import define

from bulkflow.language.codes import Code
from bulkflow.language.syntax import tree
from bulkflow.language.syntax.literal import parse_literal
from bulkflow.language.syntax.tokens import get_span
from bulkflow.model.plan import HandlerEvent
from bulkflow.model.value import Name, Text
from bulkflow.source import Span

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lark import Token, Tree
    from lark.tree import Branch

    from bulkflow.language.syntax.indentation import Report
    from bulkflow.model.value import Value
    from bulkflow.source import SourceText

_CONTINUATIONS = frozenset({"then", "on"})

_EVENTS = {f"ON_{event.name}": event for event in HandlerEvent}
_EVENT_WORDS = frozenset(event.value for event in HandlerEvent)


@define(eq=False, repr=False)
class Builder:
    """Make the nodes of one file, and check what the grammar cannot express.

    The recursion is bounded, because the depth of blocks and conditions is.
    """

    source: SourceText
    report: Report
    broken: list[Span]
    """The lines that the tree shows incompletely. The builder adds to them."""

    def build_file(self, root: Tree[Token]) -> tree.FileNode:
        """Build the whole tree."""
        body = self._statements(root.children, top=True)
        return tree.FileNode(body, Span(self.source, 0, len(self.source.text)))

    def _statements(
        self, nodes: Sequence[Branch[Token]], *, top: bool
    ) -> tuple[tree.StatementNode, ...]:
        return tuple(self._statement(cast("Tree[Token]", node), top=top) for node in nodes)

    def _statement(self, node: Tree[Token], *, top: bool) -> tree.StatementNode:
        children = node.children
        match node.data:
            case "chain":
                return self._chain(children)
            case "job":
                head = self._head(children[:2])
                clauses = tuple(self._clause(cast("Tree[Token]", each)) for each in children[2:])
                return tree.JobNode(self._name(children[1]), clauses, head)
            case "let":
                value = self._value(children[3])
                return tree.LetNode(self._name(children[1]), value, self._head(children))
            case "for":
                head = self._head(children[:3])
                body = self._block(children[3:], head)
                return tree.ForNode(self._name(children[1]), self._text(children[2]), body, head)
            case "when":
                condition = self._condition(cast("Tree[Token]", children[1]))
                head = self._head(children[:1]).to(condition.span)
                return tree.WhenNode(condition, self._block(children[2:], head), head)
            case "parallel":
                head = self._head(children[:1])
                return tree.ParallelNode(self._block(children[1:], head), head)
            case "always":
                head = self._head(children[:1])
                return tree.AlwaysNode(self._block(children[1:], head), head)
            case _:
                return self._declaration(node, top=top)

    def _declaration(
        self, node: Tree[Token], *, top: bool
    ) -> tree.OrgNode | tree.ParamNode | tree.IncludeNode:
        children, head = node.children, self._head(node.children)
        if not top:
            self.report(
                Code.TOP_LEVEL_ONLY,
                f"`{node.data}` is not allowed inside a block",
                head,
                "move the line to the left margin; it applies to the whole file",
            )
        match node.data:
            case "org":
                # Without `=`, the first and the last name are the same.
                return tree.OrgNode(self._name(children[1]), self._name(children[-1]), head)
            case "include":
                return tree.IncludeNode(self._text(children[1]), head)
            case "param":
                default, rest = None, children[2:]
                if rest and cast("Token", rest[0]).type == "EQUALS":
                    default, rest = self._value(rest[1]), rest[2:]
                return tree.ParamNode(
                    self._name(children[1]), default, self._text(rest[0]) if rest else None, head
                )
            case _:
                raise AssertionError(node.data)

    def _block(self, nodes: Sequence[Branch[Token]], head: Span) -> tuple[tree.StatementNode, ...]:
        if not nodes and not self._is_broken(head):
            word = head.text.split(maxsplit=1)[0]
            self.report(
                Code.EMPTY_BLOCK,
                f"`{word}` has an empty block",
                head,
                "indent the lines of its block deeper than this line",
            )
        return self._statements(nodes, top=False)

    def _is_broken(self, head: Span) -> bool:
        return any(line.start <= head.start <= line.end for line in self.broken)

    def _chain(self, nodes: Sequence[Branch[Token]]) -> tree.ChainNode:
        steps: list[tree.StepNode] = []
        handlers: list[tree.HandlerNode] = []
        for child in nodes:
            node = cast("Tree[Token]", child)
            if node.data == "step":
                steps.append(self._step(node))
            else:
                handlers.append(self._handler(node))
        last = handlers[-1].span if handlers else steps[-1].span
        return tree.ChainNode(tuple(steps), tuple(handlers), steps[0].span.to(last))

    def _handler(self, node: Tree[Token]) -> tree.HandlerNode:
        start = cast("Token", node.children[0])
        event = _EVENTS[start.type]
        steps = tuple(self._step(cast("Tree[Token]", each)) for each in node.children[1:])
        return tree.HandlerNode(event, steps, self._span(start).to(steps[-1].span))

    def _step(self, node: Tree[Token]) -> tree.StepNode:
        items, span = self._items(node)
        first = items[0]
        if isinstance(first, Name) and first.name in _CONTINUATIONS:
            self.report(
                Code.STRAY_CONTINUATION,
                f"there is no step before `{first.name}`",
                first.span,
                "to continue the line above, indent this line deeper"
                if self._begins_line(first.span.start)
                else f"write a step before `{first.name}`",
            )
            items = (Name("", first.span), *items[1:])
        return tree.StepNode(items, span)

    def _begins_line(self, at: int) -> bool:
        text = self.source.text
        while at and text[at - 1] in " \t":
            at -= 1
        return not at or text[at - 1] == "\n"

    def _clause(self, node: Tree[Token]) -> tree.ClauseNode:
        return tree.ClauseNode(*self._items(node))

    def _condition(self, node: Tree[Token]) -> tree.ConditionNode:
        match node.data:
            case "test":
                return tree.TestNode(*self._items(node))
            case "negation":
                operand = self._condition(cast("Tree[Token]", node.children[1]))
                return tree.NotNode(operand, self._head(node.children[:1]).to(operand.span))
            case _:
                operands = tuple(
                    self._condition(cast("Tree[Token]", each)) for each in node.children
                )
                span = operands[0].span.to(operands[-1].span)
                kind = tree.AndNode if node.data == "all_of" else tree.OrNode
                return kind(operands, span)

    def _items(self, node: Tree[Token]) -> tuple[tuple[Value, ...], Span]:
        items = tuple([self._value(token) for token in node.children])
        for first, second in pairwise(items):
            if (
                isinstance(first, Name)
                and isinstance(second, Name)
                and first.span.line < second.span.line
            ):
                self._refuse_split(first, second, node.data)
        return items, items[0].span.to(items[-1].span)

    def _refuse_split(self, first: Name, second: Name, rule: str) -> None:
        """Report two words on two lines that would be one word on one line."""
        if (first.name == "env" and second.name.isidentifier() and second.name.isascii()) or (
            rule == "step" and first.name == "on" and second.name in _EVENT_WORDS
        ):
            self.report(
                Code.UNEXPECTED,
                f"`{first.name}` and `{second.name}` are on two lines",
                first.span.to(second.span),
                f"write `{first.name} {second.name}` on one line",
            )
            self.broken.append(first.span.to(second.span))

    def _head(self, tokens: Sequence[Branch[Token]]) -> Span:
        return self._span(tokens[0]).to(self._span(tokens[-1]))

    def _name(self, child: Branch[Token]) -> Name:
        token = cast("Token", child)
        return Name(token.value, get_span(token, self.source))

    def _text(self, child: Branch[Token]) -> Text:
        value = self._value(child)
        assert isinstance(value, Text)
        return value

    def _value(self, child: Branch[Token]) -> Value:
        token = cast("Token", child)
        return parse_literal(token.type, token.value, get_span(token, self.source), self.report)

    def _span(self, child: Branch[Token]) -> Span:
        return get_span(cast("Token", child), self.source)
