"""Describe the word under the pointer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import frozen

from bulkflow.language.syntax import tree
from bulkflow.language.syntax.parser import parse
from bulkflow.lsp.phrases import find_phrases

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from bulkflow.lsp.symbols import Symbol, Symbols
    from bulkflow.model.value import Value
    from bulkflow.plugin.records import Clause, Condition, Step
    from bulkflow.plugin.registry import Catalogue, Words
    from bulkflow.source import SourceText, Span


@frozen
class Hover:
    """Markdown to show at a place."""

    text: str
    span: Span


def find_hover(
    source: SourceText, offset: int, symbols: Symbols, catalogue: Catalogue
) -> Hover | None:
    """Describe the name, the word or the org's profile at an offset."""
    profile = _describe_profile(source, offset, catalogue)
    if profile is not None:
        return profile
    symbol = symbols.find_at(source, offset)
    if symbol is not None:
        place = next(
            each
            for each in symbol.places
            if each.source.path == source.path and each.start <= offset <= each.end
        )
        return Hover(describe_symbol(symbol), place)
    for statement in _iter_statements(parse(source).tree.body):
        for items, words, records in _iter_lines(statement, catalogue):
            span = items[0].span.to(items[-1].span)
            if _contains(span, offset):
                return _describe_line(items, words, records, span)
    return None


def _describe_profile(source: SourceText, offset: int, catalogue: Catalogue) -> Hover | None:
    for statement in parse(source).tree.body:
        if isinstance(statement, tree.OrgNode) and _contains(statement.profile.span, offset):
            org = catalogue.orgs.get(statement.profile.name)
            return None if org is None else Hover(f"org `{org.name}`\n\n{org.doc}", statement.span)
    return None


def describe_symbol(symbol: Symbol) -> str:
    """Describe a declared name."""
    statement = symbol.statement
    lines = [" ".join(statement.span.text.split())]
    if isinstance(statement, tree.JobNode):
        lines += [f"    {' '.join(each.span.text.split())}" for each in statement.clauses]
    return "\n".join([f"{symbol.kind.value} `{symbol.name}`", "", "```bulkflow", *lines, "```"])


def _describe_line(
    items: Sequence[Value],
    words: Words,
    records: Mapping[str, Step] | Mapping[str, Clause] | Mapping[str, Condition],
    span: Span,
) -> Hover | None:
    found = [(phrase, records[phrase.text]) for phrase in find_phrases(words, items)]
    parts = [
        f"```bulkflow\n{phrase.text}\n```\n\n{record.doc}\n\n*from {record.provider}*"
        for phrase, record in found
    ]
    return Hover("\n\n---\n\n".join(parts), span) if parts else None


def _iter_lines(
    statement: tree.StatementNode, catalogue: Catalogue
) -> Iterator[
    tuple[
        Sequence[Value],
        Words,
        Mapping[str, Step] | Mapping[str, Clause] | Mapping[str, Condition],
    ]
]:
    """Yield the lines of a statement that have words of plugins, without those of its block."""
    match statement:
        case tree.ChainNode():
            for step in (*statement.steps, *(s for h in statement.handlers for s in h.steps)):
                yield step.items, catalogue.step_words, catalogue.step_by_phrase
        case tree.JobNode():
            for clause in statement.clauses:
                yield clause.items, catalogue.clause_words, catalogue.clause_by_phrase
        case tree.WhenNode():
            for test in _iter_tests(statement.condition):
                yield test.items, catalogue.condition_words, catalogue.condition_by_phrase
        case _:
            pass


def _iter_tests(condition: tree.ConditionNode) -> Iterator[tree.TestNode]:
    match condition:
        case tree.TestNode():
            yield condition
        case tree.NotNode():
            yield from _iter_tests(condition.operand)
        case tree.AndNode() | tree.OrNode():
            for operand in condition.operands:
                yield from _iter_tests(operand)


def _iter_statements(statements: Sequence[tree.StatementNode]) -> Iterator[tree.StatementNode]:
    for statement in statements:
        yield statement
        if isinstance(
            statement, tree.ParallelNode | tree.ForNode | tree.WhenNode | tree.AlwaysNode
        ):
            yield from _iter_statements(statement.body)


def _contains(span: Span, offset: int) -> bool:
    return span.start <= offset <= span.end
