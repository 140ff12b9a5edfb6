"""Params: their defaults, and what the command line sets."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import define, evolve

from bulkflow.language.arguments import describe
from bulkflow.language.codes import Code
from bulkflow.language.parser import parse
from bulkflow.language.tree import Let
from bulkflow.model.value import EnvironmentVariable, Name, Text
from bulkflow.source import SourceText, Span

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from bulkflow.language.scope import Evaluator, Scope
    from bulkflow.language.tree import Param
    from bulkflow.model.value import Value


@define(eq=False, repr=False)
class Parameters:
    """Gives each param of a file its value."""

    evaluator: Evaluator
    settings: Mapping[str, str]
    """What `--set` says, as written."""

    def declare(self, params: Iterable[Param], scope: Scope, start: Span) -> dict[str, Value]:
        """Declare params in order; `start` is where a `--set` is reported that fits none."""
        values: dict[str, Value] = {}
        for param in params:
            value = self._value(param, scope)
            self.evaluator.declare(scope, param.name, value)
            if value is not None:
                values[param.name.name] = value
        findings = self.evaluator.findings
        for name in self.settings:
            if name not in scope.declared:
                near = findings.suggest.did_you_mean(name, scope.declared)
                findings.error(
                    Code.UNKNOWN_PARAMETER,
                    f"--set {name}: the file has no param of that name",
                    start,
                    near or f"declare it in the file: param {name}",
                )
        return values

    def _value(self, param: Param, scope: Scope) -> Value | None:
        name = param.name.name
        if name in self.settings:
            return self._set(param, self.settings[name])
        if param.default is not None:
            return self.evaluator.value(param.default, scope)
        self.evaluator.findings.error(
            Code.MISSING_PARAMETER,
            f"param {name} has no value",
            param.name.span,
            f"run with --set {name}=VALUE, or give it a default: param {name} = …",
        )
        return None

    def _set(self, param: Param, text: str) -> Value | None:
        """A `--set`, read as the kind of the default; without one, as what it looks like."""
        span = param.name.span
        default = param.default
        if isinstance(default, Text | EnvironmentVariable):
            return Text((text,) if text else (), span, given=True)
        value = literal_of(text)
        if default is None:
            if value is None or isinstance(value, Name):
                return Text((text,), span, given=True)
            return evolve(value, span=span)
        if value is not None and type(value) is type(default):
            return evolve(value, span=span)
        self.evaluator.findings.error(
            Code.WRONG_PARAMETER,
            f"--set {param.name.name}={text} is not what the param takes",
            span,
            f"its default is {describe(default)}, so give it {describe(default)}",
        )
        return None


def literal_of(text: str) -> Value | None:
    """The value that a text is as it stands, such as `30s`; None if it is none."""
    if "\n" in text or "#" in text:
        return None
    parsed = parse(SourceText("--set", f"let value = {text}\n"))
    match parsed.tree.body:
        case (Let(value=value),) if not parsed.diagnostics:
            return None if isinstance(value, Text | EnvironmentVariable) else value
        case _:
            return None
