"""Look up names, and evaluate values as far as possible before the run."""

from __future__ import annotations

from collections import ChainMap
from typing import TYPE_CHECKING

from attrs import Factory, define, field, frozen

from bulkflow.language.codes import Code
from bulkflow.model.diagnostic import Label
from bulkflow.model.value import (
    EnvironmentVariable,
    Interpolation,
    Name,
    Text,
    TextTooLongError,
    Value,
    plain,
    resolve,
    resolve_name,
)
from bulkflow.source import Span

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bulkflow.language.diagnostics import Findings
    from bulkflow.model.value import Interpolate


@frozen
class NameScope:
    """The constants and jobs of a block and of the blocks around it."""

    environ: Mapping[str, str]
    declared: ChainMap[str, Span] = Factory(ChainMap)
    """The places of params, lets and loop variables."""
    values: ChainMap[str, Value] = Factory(ChainMap)
    """The resolved values of those whose value is known."""
    jobs: ChainMap[str, Span] = Factory(ChainMap)
    kinds: ChainMap[str, str | None] = Factory(ChainMap)
    """The kinds of the jobs, once their clauses are checked."""

    def make_inner(self) -> NameScope:
        """Return a scope for an inner block."""
        return NameScope(
            self.environ,
            self.declared.new_child(),
            self.values.new_child(),
            self.jobs.new_child(),
            self.kinds.new_child(),
        )


MAX_TEXT = 10_000_000
"""The length of all texts of a pipeline together, with names replaced. Ten times the size limit of
its files."""


@define(eq=False, repr=False)
class Evaluator:
    """Evaluate values, and report names that are not declared."""

    findings: Findings
    _length: int = 0
    """The length of all texts so far, with names replaced."""
    _used: set[tuple[int, int]] = field(factory=set)
    """The places of used names: the source's id, and the offset."""

    def declare(self, scope: NameScope, name: Name, value: Value | None) -> None:
        """Declare a name; report a duplicate. The value is None if only the run knows it."""
        if not name.name:
            return
        first = scope.declared.get(name.name)
        if first is not None:
            self.report_duplicate(name, first, name.name)
            return
        scope.declared[name.name] = name.span
        if value is not None:
            scope.values[name.name] = value

    def declare_job(self, scope: NameScope, name: Name) -> bool:
        """Declare a job. Report a duplicate and return False."""
        if not name.name:
            return False
        first = scope.jobs.get(name.name)
        if first is not None:
            self.report_duplicate(name, first, f"job {name.name}")
            return False
        scope.jobs[name.name] = name.span
        return True

    def report_duplicate(self, name: Name, first: Span, what: str) -> None:
        """Report a second declaration."""
        self.findings.error(
            Code.DUPLICATE_NAME,
            f"{what} is declared twice",
            name.span,
            "give one of them another name",
            labels=[Label(first, "first declared here")],
        )

    def evaluate(
        self, value: Value, scope: NameScope, interpolate: Interpolate | None = None
    ) -> Value | None:
        """Return the value with names replaced; None if it is not known before the run.

        Raises:
            ValueError: `interpolate` refuses a value.
        """
        match value:
            case Name() if value.name in scope.declared:
                self._used.add(_place(scope.declared[value.name]))
                return resolve_name(value, scope.values) if value.name in scope.values else None
            case Text():
                return self._evaluate_text(value, scope, interpolate)
            case EnvironmentVariable() if value.variable not in scope.environ:
                self.findings.error(
                    Code.UNSET_VARIABLE,
                    f"the environment variable {value.variable} is not set",
                    value.span,
                    f"set {value.variable} before the run",
                )
                return None
            case EnvironmentVariable():
                return resolve(value, scope.values, scope.environ)
            case _:
                return value

    def _evaluate_text(
        self, text: Text, scope: NameScope, interpolate: Interpolate | None
    ) -> Value | None:
        known = True
        for part in text.parts:
            if not isinstance(part, Interpolation):
                continue
            if part.name in scope.declared:
                self._used.add(_place(scope.declared[part.name]))
                if _follows_dollar(part):
                    self._warn_of_dollar(part)
            else:
                otherwise = _suggest_environment(part.name) if _follows_dollar(part) else None
                self.report_unknown(part.name, part.span, scope, otherwise)
            known = known and part.name in scope.values
        return self._resolve(text, scope, interpolate) if known else None

    def _resolve(
        self, text: Text, scope: NameScope, interpolate: Interpolate | None
    ) -> Value | None:
        if self._length > MAX_TEXT:
            return None  # already reported
        try:
            found = resolve(text, scope.values, scope.environ, interpolate)
        except TextTooLongError as error:
            self._report_too_long(str(error), text.span)
            return None
        if found is not text:
            self._length += len(plain(found))
        if self._length > MAX_TEXT:
            message = f"all texts up to here have more than {MAX_TEXT:,} characters"
            self._report_too_long(f"{message} with their names replaced", text.span)
            return None
        return found

    def _report_too_long(self, message: str, span: Span) -> None:
        self.findings.error(
            Code.TEXT_TOO_LONG, message, span, "use a long text in fewer places, or a shorter one"
        )

    def report_unused(self, name: Name, noun: str) -> None:
        """Warn of a declared name that no value uses. `noun` is its kind."""
        if name.name and _place(name.span) not in self._used:
            self.findings.warning(
                Code.UNUSED_NAME,
                f"{noun} {name.name} is declared, but nothing uses it",
                name.span,
                f'remove it, or use it: `{name.name}` as a value, "{{{name.name}}}" in a text',
            )

    def _warn_of_dollar(self, part: Interpolation) -> None:
        span = part.span
        self.findings.warning(
            Code.DOLLAR,
            f"the dollar sign before `{span.text}` is part of the text",
            Span(span.source, span.start - 1, span.end),
            f"write {span.text} for the value of {part.name}",
        )

    def report_unknown(
        self, name: str, span: Span, scope: NameScope, otherwise: str | None = None
    ) -> None:
        """Report an unknown name. `otherwise` is the help if no declared name is similar."""
        near = self.findings.did_you_mean(name, scope.declared)
        self.findings.error(
            Code.UNKNOWN_NAME,
            f"there is no param, let or loop variable `{name}`",
            span,
            near or otherwise or f"declare it above: let {name} = …",
        )


def _follows_dollar(part: Interpolation) -> bool:
    """Return whether there is a dollar sign before a name in braces, as in a shell."""
    return part.span.source.text[part.span.start - 1] == "$"


def _suggest_environment(name: str) -> str | None:
    """Return the help for a name that may be an environment variable."""
    if not (name.isascii() and name.isidentifier()):
        return None
    return f"for an environment variable, declare it above: let {name} = env {name}"


def _place(declared: Span) -> tuple[int, int]:
    return id(declared.source), declared.start
