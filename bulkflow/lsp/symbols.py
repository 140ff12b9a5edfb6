"""Find the declarations and uses of names in a file and its includes."""

from __future__ import annotations

from collections import ChainMap
from enum import Enum
from itertools import pairwise
from typing import TYPE_CHECKING, TypeAlias, assert_never

from attrs import Factory, define, field

from bulkflow.language.checks.include import Includer
from bulkflow.language.diagnostics import Findings
from bulkflow.language.syntax import tree
from bulkflow.lsp.phrases import find_match
from bulkflow.model.value import Interpolation, Name, Text, several
from bulkflow.plugin.phrase import ORG
from bulkflow.source import Span

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path

    from bulkflow.model.value import Value
    from bulkflow.plugin.registry import Catalogue, Words
    from bulkflow.source import SourceText

Declaring: TypeAlias = tree.OrgNode | tree.JobNode | tree.ParamNode | tree.LetNode | tree.ForNode


class SymbolKind(Enum):
    """The kind of a declared name."""

    ORG = "org"
    JOB = "job"
    PARAM = "param"
    LET = "let"
    LOOP = "loop variable"


@define(eq=False)
class Symbol:
    """A declared name."""

    kind: SymbolKind
    name: str
    declared: Span
    statement: Declaring
    references: list[Span] = Factory(list)
    """The places of its uses."""

    @property
    def places(self) -> list[Span]:
        """The declaration and all uses."""
        return [self.declared, *self.references]


@define(eq=False)
class _Scope:
    names: ChainMap[str, Symbol] = Factory(ChainMap)
    jobs: ChainMap[str, Symbol] = Factory(ChainMap)
    orgs: ChainMap[str, Symbol] = Factory(ChainMap)

    def inner(self) -> _Scope:
        return _Scope(self.names.new_child(), self.jobs.new_child(), self.orgs)


@define(eq=False)
class Symbols:
    """The names of a pipeline, in its main file and included files."""

    catalogue: Catalogue
    read: Callable[[Path], SourceText]
    all: list[Symbol] = field(init=False, factory=list)
    sources: list[SourceText] = field(init=False, factory=list)
    """The files of the pipeline, the main file first."""
    includes: list[tuple[Span, Path]] = field(init=False, factory=list)
    """The place and the path of each include."""

    def walk(self, source: SourceText) -> Symbols:
        """Read a main file."""
        # `diagnose` reports the mistakes.
        includer = Includer(self.read, Findings())
        self._walk(includer.parse_all(source), _Scope())
        self.sources, self.includes = includer.sources, includer.includes
        return self

    def find_at(self, source: SourceText, offset: int) -> Symbol | None:
        """Return the symbol whose name is at an offset, or ends there."""
        for symbol in self.all:
            if any(_contains(place, source, offset) for place in symbol.places):
                return symbol
        return None

    def _walk(self, statements: Sequence[tree.StatementNode], scope: _Scope) -> None:
        for statement in statements:
            match statement:
                case tree.OrgNode():
                    self._declare(SymbolKind.ORG, statement.name, statement, scope.orgs)
                case tree.JobNode():
                    self._declare(SymbolKind.JOB, statement.name, statement, scope.jobs)
                case tree.ParamNode():
                    self._declare(SymbolKind.PARAM, statement.name, statement, scope.names)
                case tree.LetNode():
                    self._declare(SymbolKind.LET, statement.name, statement, scope.names)
                case _:
                    pass
        for statement in statements:
            self._walk_statement(statement, scope)

    def _declare(
        self, kind: SymbolKind, name: Name, statement: Declaring, known: ChainMap[str, Symbol]
    ) -> None:
        if name.name and name.name not in known:
            known[name.name] = Symbol(kind, name.name, name.span, statement)
            self.all.append(known[name.name])

    def _walk_statement(self, statement: tree.StatementNode, scope: _Scope) -> None:
        match statement:
            case tree.JobNode():
                for clause in statement.clauses:
                    self._walk_line(clause.items, self.catalogue.clause_words, scope)
            case tree.ChainNode():
                for step in (*statement.steps, *(s for h in statement.handlers for s in h.steps)):
                    self._find_jobs(step.items, scope)
                    self._walk_line(step.items, self.catalogue.step_words, scope)
            case tree.ParallelNode() | tree.AlwaysNode() | tree.WhenNode() | tree.ForNode():
                self._walk_block(statement, scope)
            case tree.ParamNode(default=value) | tree.LetNode(value=value):
                if value is not None:
                    self._find_name(value, scope)
            case tree.OrgNode() | tree.IncludeNode():
                pass
            case _:
                assert_never(statement)

    def _walk_block(
        self,
        statement: tree.ParallelNode | tree.AlwaysNode | tree.WhenNode | tree.ForNode,
        scope: _Scope,
    ) -> None:
        inner = scope.inner()
        if isinstance(statement, tree.WhenNode):
            self._walk_condition(statement.condition, scope)
        elif isinstance(statement, tree.ForNode):
            self._find_interpolations([statement.pattern], scope)
            self._declare(SymbolKind.LOOP, statement.variable, statement, inner.names)
        self._walk(statement.body, inner)

    def _walk_condition(self, condition: tree.ConditionNode, scope: _Scope) -> None:
        match condition:
            case tree.TestNode(items=(value,)):
                self._find_name(value, scope)
            case tree.TestNode(items=(left, Name(name="is"), *_, right)):
                self._find_name(left, scope)
                self._find_name(right, scope)
            case tree.TestNode():
                self._find_jobs(condition.items, scope)
                self._walk_line(condition.items, self.catalogue.condition_words, scope)
            case tree.NotNode():
                self._walk_condition(condition.operand, scope)
            case tree.AndNode() | tree.OrNode():
                for operand in condition.operands:
                    self._walk_condition(operand, scope)
            case _:
                assert_never(condition)

    def _walk_line(self, items: Sequence[Value], words: Words, scope: _Scope) -> None:
        """Record the uses of constants and orgs in a line with words of plugins."""
        self._find_interpolations(items, scope)
        first = items[0]
        found = find_match(words.phrases(first.name), items) if isinstance(first, Name) else None
        if found is None:
            return
        types = {slot.name: slot.type for slot in found.phrase.slots}
        for slot, written in found.arguments.items():
            kind = self.catalogue.value_types.get(types[slot])
            if types[slot] == "job" or kind is None:
                continue
            for value in several(written):
                if not isinstance(value, Name):
                    continue
                if types[slot] == ORG and value.name in scope.orgs:
                    scope.orgs[value.name].references.append(value.span)
                if kind.constants:
                    self._find_name(value, scope)

    def _find_jobs(self, items: Sequence[Value], scope: _Scope) -> None:
        for word, name in pairwise(items):
            if isinstance(word, Name) and word.name == "job" and isinstance(name, Name):
                job = scope.jobs.get(name.name)
                if job is not None:
                    job.references.append(name.span)

    def _find_name(self, value: Value, scope: _Scope) -> None:
        self._find_interpolations([value], scope)
        if isinstance(value, Name) and value.name in scope.names:
            scope.names[value.name].references.append(value.span)

    def _find_interpolations(self, values: Iterable[Value], scope: _Scope) -> None:
        for text in values:
            for part in text.parts if isinstance(text, Text) else ():
                if isinstance(part, Interpolation) and part.name in scope.names:
                    span = part.span
                    inside = Span(span.source, span.start + 1, span.end - 1)
                    scope.names[part.name].references.append(inside)


def _contains(place: Span, source: SourceText, offset: int) -> bool:
    return place.source.path == source.path and place.start <= offset <= place.end
