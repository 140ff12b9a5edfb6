"""Measure how deep a condition is nested."""

from __future__ import annotations

from attrs import define, field

DEEPEST_CONDITION = 50
"""How many `not` and `(` may be open at the same time. Limits the recursion over syntax trees."""


@define(eq=False, repr=False)
class ConditionDepth:
    """Count the open `not` and `(` in a logical line."""

    depth: int = 0
    _negations: int = 0
    """How many `not` apply to the current operand."""
    _outer: list[int] = field(factory=list)
    """The same for each open parenthesis."""

    def take(self, kind: str) -> bool:
        """Count a token. Return whether the condition is nested too deep."""
        match kind:
            case "NOT":
                self._negations += 1
                self.depth += 1
            case "_LPAR":
                self._outer.append(self._negations)
                self._negations = 0
                self.depth += 1
            case "_AND" | "_OR":
                self._end_operand()
            case "_RPAR" if self._outer:
                self._end_operand()
                self._negations = self._outer.pop()
                self.depth -= 1
        return self.depth > DEEPEST_CONDITION

    def reset(self) -> None:
        """Start a new line."""
        self.depth = self._negations = 0
        self._outer.clear()

    def _end_operand(self) -> None:
        self.depth -= self._negations
        self._negations = 0
