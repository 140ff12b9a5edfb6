"""As much of a TextMate highlighter as the grammar needs: which scopes each character has.

Rules are tried at each place of a line; the one that matches first wins, and of those that match at
the same place the one that is listed first.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from attrs import define, field

Rule = dict[str, Any]


@define(eq=False)
class TextMate:
    """A highlighter for a grammar, read from JSON."""

    grammar: Rule
    _stack: list[Rule] = field(init=False, factory=list)

    def scopes(self, text: str) -> list[tuple[str, ...]]:
        """For each character of a text, the names that it has."""
        self._stack = []
        scopes: list[tuple[str, ...]] = []
        for line in text.split("\n"):
            scopes += self._line(line)
            scopes.append(self._names())
        return scopes[:-1]

    def _line(self, line: str) -> list[tuple[str, ...]]:
        scopes: list[tuple[str, ...]] = []
        at = 0
        while True:
            found = self._next(line, at)
            upto = found[0].start() if found else len(line)
            scopes += [self._names()] * (upto - at)
            if found is None:
                return scopes
            match, rule, kind = found
            if kind == "begin":
                self._stack.append(rule)
            captures = rule.get({"begin": "beginCaptures"}.get(kind, "captures"), {})
            name = rule.get("name") if kind == "match" else None
            here = [(*self._names(), name) if name else self._names()] * (match.end() - upto)
            for number, capture in captures.items():
                start, end = match.span(int(number))
                for index in range(start, end):
                    here[index - upto] = (*here[index - upto], capture["name"])
            scopes += here
            if kind == "end":
                self._stack.pop()
            if match.end() == at and kind != "end":
                raise AssertionError(f"{rule} matches nothing at {at} of {line!r}")
            at = match.end()

    def _next(self, line: str, at: int) -> tuple[re.Match[str], Rule, str] | None:
        candidates = []
        if self._stack:
            candidates.append((self._stack[-1]["end"], self._stack[-1], "end"))
        rules = self._stack[-1]["patterns"] if self._stack else self.grammar["patterns"]
        candidates += list(self._flat(rules))
        best: tuple[re.Match[str], Rule, str] | None = None
        for pattern, rule, kind in candidates:
            match = re.compile(pattern).search(line, at)
            if match and (best is None or match.start() < best[0].start()):
                best = match, rule, kind
        return best

    def _flat(self, rules: list[Rule]) -> Iterator[tuple[str, Rule, str]]:
        for rule in rules:
            if "include" in rule:
                yield from self._flat([self.grammar["repository"][rule["include"][1:]]])
            elif "match" in rule:
                yield rule["match"], rule, "match"
            elif "begin" in rule:
                yield rule["begin"], rule, "begin"
            else:
                yield from self._flat(rule["patterns"])

    def _names(self) -> tuple[str, ...]:
        return tuple(rule["name"] for rule in self._stack if "name" in rule)
