"""Find the values of params: their defaults, or what `--set` says."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import define, evolve

from bulkflow.language.checks.arguments import describe
from bulkflow.language.codes import Code
from bulkflow.language.syntax.constant import parse_constant
from bulkflow.model.value import EnvironmentVariable, Name, Text

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from bulkflow.language.checks.scope import Evaluator, NameScope
    from bulkflow.language.syntax.tree import ParamNode
    from bulkflow.model.value import Value
    from bulkflow.source import Span


@define(eq=False, repr=False)
class Parameters:
    """Find the value of each param of a file."""

    evaluator: Evaluator
    settings: Mapping[str, str]
    """The values of `--set`, as written."""

    def declare(
        self, params: Iterable[ParamNode], scope: NameScope, start: Span
    ) -> dict[str, Value]:
        """Declare params in order; report an unknown `--set` at `start`."""
        values: dict[str, Value] = {}
        for param in params:
            value = self._find_value(param, scope)
            self.evaluator.declare(scope, param.name, value)
            if value is not None:
                values[param.name.name] = value
        findings = self.evaluator.findings
        for name in self.settings:
            if name not in scope.declared:
                near = findings.did_you_mean(name, scope.declared)
                findings.error(
                    Code.UNKNOWN_PARAMETER,
                    f"--set {name}: the file has no param {name}",
                    start,
                    near or f"declare it in the file: param {name}",
                )
        return values

    def _find_value(self, param: ParamNode, scope: NameScope) -> Value | None:
        name = param.name.name
        if name in self.settings:
            return self._read_setting(param, self.settings[name])
        if param.default is not None:
            return self.evaluator.evaluate(param.default, scope)
        self.evaluator.findings.error(
            Code.MISSING_PARAMETER,
            f"param {name} has no value",
            param.name.span,
            f"run with --set {name}=VALUE, or give it a default: param {name} = …",
        )
        return None

    def _read_setting(self, param: ParamNode, text: str) -> Value | None:
        """Read a `--set` as the kind of the default, or else as what it looks like."""
        span = param.name.span
        default = param.default
        if isinstance(default, Text | EnvironmentVariable):
            return Text((text,) if text else (), span, given=True)
        value = parse_constant(text)
        if default is None:
            if value is None or isinstance(value, Name):
                return Text((text,), span, given=True)
            return evolve(value, span=span)
        if value is not None and type(value) is type(default):
            return evolve(value, span=span)
        self.evaluator.findings.error(
            Code.WRONG_PARAMETER,
            f"--set {param.name.name}={text}: the param takes {describe(default)}",
            span,
            f"its default is {describe(default)}, so set it to {describe(default)}",
        )
        return None
