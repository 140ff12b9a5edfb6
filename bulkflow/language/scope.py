"""What names stand for at a place in a file, as far as it is known before the file runs."""

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


@frozen
class Scope:
    """The constants and jobs of a block and of those around it; an inner one adds to an outer."""

    environ: Mapping[str, str]
    declared: ChainMap[str, Span] = Factory(ChainMap)
    """Params, lets and loop variables, with the place of each."""
    values: ChainMap[str, Value] = Factory(ChainMap)
    """Those whose value is known, resolved."""
    jobs: ChainMap[str, Span] = Factory(ChainMap)

    def inner(self) -> Scope:
        """A scope for a block inside."""
        return Scope(
            self.environ,
            self.declared.new_child(),
            self.values.new_child(),
            self.jobs.new_child(),
        )


MOST_TEXT = 10_000_000
"""Characters of all texts of a pipeline together, with their names replaced: ten times as many as
its files may have."""


@define(eq=False, repr=False)
class Evaluator:
    """Finds what values are, and reports names that stand for nothing."""

    findings: Findings
    _length: int = 0
    """Characters of the texts so far whose names were replaced."""
    _used: set[tuple[int, int]] = field(factory=set)
    """Where the names are declared that some value has: the source's id, and the offset."""

    def declare(self, scope: Scope, name: Name, value: Value | None) -> None:
        """Give a name a value, None for one that only the run knows; refuses a second time."""
        if not name.name:
            return
        first = scope.declared.get(name.name)
        if first is not None:
            self.duplicate(name, first, name.name)
            return
        scope.declared[name.name] = name.span
        if value is not None:
            scope.values[name.name] = value

    def declare_job(self, scope: Scope, name: Name) -> bool:
        """Make a job known; returns False, and reports it, if there is one of that name."""
        if not name.name:
            return False
        first = scope.jobs.get(name.name)
        if first is not None:
            self.duplicate(name, first, f"job {name.name}")
            return False
        scope.jobs[name.name] = name.span
        return True

    def duplicate(self, name: Name, first: Span, what: str) -> None:
        """Report a second declaration."""
        self.findings.error(
            Code.DUPLICATE_NAME,
            f"{what} is declared twice",
            name.span,
            "give one of them another name",
            labels=[Label(first, "first declared here")],
        )

    def value(self, value: Value, scope: Scope) -> Value | None:
        """The value with all names replaced; None where that cannot be, or not yet, be known."""
        match value:
            case Name() if value.name in scope.declared:
                self._used.add(_place(scope.declared[value.name]))
                return resolve_name(value, scope.values) if value.name in scope.values else None
            case Text():
                return self._text(value, scope)
            case EnvironmentVariable() if value.variable not in scope.environ:
                self.findings.error(
                    Code.UNSET_VARIABLE,
                    f"the environment variable {value.variable} is not set",
                    value.span,
                    f"set {value.variable} in the environment of the run",
                )
                return None
            case EnvironmentVariable():
                return resolve(value, scope.values, scope.environ)
            case _:
                return value

    def _text(self, text: Text, scope: Scope) -> Value | None:
        known = True
        for part in text.parts:
            if not isinstance(part, Interpolation):
                continue
            if part.name in scope.declared:
                self._used.add(_place(scope.declared[part.name]))
                if _follows_dollar(part):
                    self._dollar(part)
            else:
                otherwise = _of_environment(part.name) if _follows_dollar(part) else None
                self.unknown(part.name, part.span, scope, otherwise)
            known = known and part.name in scope.values
        return self._resolved(text, scope) if known else None

    def _resolved(self, text: Text, scope: Scope) -> Value | None:
        if self._length > MOST_TEXT:
            return None  # reported where it became too much
        try:
            found = resolve(text, scope.values, scope.environ)
        except TextTooLongError as error:
            self._too_long(str(error), text.span)
            return None
        if found is not text:
            self._length += len(plain(found))
        if self._length > MOST_TEXT:
            message = f"the texts up to here have more than {MOST_TEXT:,} characters"
            self._too_long(f"{message} with their names replaced", text.span)
            return None
        return found

    def _too_long(self, message: str, span: Span) -> None:
        self.findings.error(
            Code.TEXT_TOO_LONG, message, span, "use a long text in fewer places, or a shorter one"
        )

    def unused(self, name: Name, noun: str) -> None:
        """Warn of a declared name, a `noun`, if no value so far has it."""
        if name.name and _place(name.span) not in self._used:
            self.findings.warning(
                Code.UNUSED_NAME,
                f"{noun} {name.name} is declared, but nothing uses it",
                name.span,
                f'remove it, or use it: `{name.name}` as a value, "{{{name.name}}}" in a text',
            )

    def _dollar(self, part: Interpolation) -> None:
        span = part.span
        self.findings.warning(
            Code.DOLLAR,
            f"the dollar sign before `{span.text}` stays in the text",
            Span(span.source, span.start - 1, span.end),
            f"write {span.text} for the value of {part.name}",
        )

    def unknown(self, name: str, span: Span, scope: Scope, otherwise: str | None = None) -> None:
        """Report a name that stands for nothing; `otherwise` helps where none is like it."""
        near = self.findings.suggest.did_you_mean(name, scope.declared)
        self.findings.error(
            Code.UNKNOWN_NAME,
            f"`{name}` is no param, let or loop variable that is known here",
            span,
            near or otherwise or f"declare it above: let {name} = …",
        )


def _follows_dollar(part: Interpolation) -> bool:
    """Whether a name in braces is written as a shell's variable."""
    return part.span.source.text[part.span.start - 1] == "$"


def _of_environment(name: str) -> str | None:
    """The help for a name that may be meant as a shell means it."""
    if not (name.isascii() and name.isidentifier()):
        return None
    return f"for an environment variable declare it above: let {name} = env {name}"


def _place(declared: Span) -> tuple[int, int]:
    return id(declared.source), declared.start
