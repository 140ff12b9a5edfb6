"""Collect the diagnostics of a check."""

from __future__ import annotations

from bisect import bisect_right
from itertools import islice
from typing import TYPE_CHECKING

from attrs import define, field

from bulkflow.model.diagnostic import MAX_DIAGNOSTICS, Diagnostic, Severity
from bulkflow.plugin.suggestions import ask_did_you_mean, find_nearest

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bulkflow.language.codes import Code
    from bulkflow.model.diagnostic import Label
    from bulkflow.source import SourceText, Span

_MAX_SUGGESTIONS = 30
_MAX_CANDIDATES = 2000
_MAX_LENGTH_DIFFERENCE = 3


@define(eq=False, repr=False)
class Findings:
    """The diagnostics of a check.

    Skips diagnostics in lines with a syntax error: they would be about words that the parser added.
    Keeps at most `MAX_DIAGNOSTICS` errors and as many warnings, and suggests names only
    `_MAX_SUGGESTIONS` times, because a comparison is slow.
    """

    _found: list[Diagnostic] = field(factory=list)
    _kept: dict[Severity, int] = field(factory=lambda: dict.fromkeys(Severity, 0))
    _broken: dict[int, list[Span]] = field(factory=dict)
    _order: dict[int, int] = field(factory=dict)
    """The rank of each source, by its id."""
    _suggestions: int = _MAX_SUGGESTIONS
    """How many more times a name may be suggested."""

    def add_source(
        self, source: SourceText, diagnostics: Iterable[Diagnostic], broken: Iterable[Span]
    ) -> None:
        """Add the parser's diagnostics for a source."""
        self._order[id(source)] = len(self._order)
        for diagnostic in diagnostics:
            self._keep(diagnostic)
        self._broken[id(source)] = list(broken)

    def error(
        self,
        code: Code,
        message: str,
        span: Span,
        help: str | None = None,  # noqa: A002 - the word that users see
        *,
        labels: Iterable[Label] = (),
        note: str = "",
    ) -> None:
        """Add an error."""
        self._add(Diagnostic(code.value, message, span, help, tuple(labels), note=note))

    def warning(
        self,
        code: Code,
        message: str,
        span: Span,
        help: str | None = None,  # noqa: A002 - the word that users see
        *,
        labels: Iterable[Label] = (),
    ) -> None:
        """Add a warning. Files with warnings can run."""
        warned = Diagnostic(
            code.value, message, span, help, tuple(labels), severity=Severity.WARNING
        )
        self._add(warned)

    def find_nearest(self, name: str, known: Iterable[str]) -> str | None:
        """Return the known name that is most similar to an unknown one."""
        if self._suggestions <= 0 or not name:
            return None
        self._suggestions -= 1
        candidates = (
            each
            for each in known
            if abs(len(each) - len(name)) <= _MAX_LENGTH_DIFFERENCE and each != name
        )
        return find_nearest(name, islice(candidates, _MAX_CANDIDATES))

    def did_you_mean(self, name: str, known: Iterable[str]) -> str | None:
        """Return the help line that offers the most similar name."""
        return ask_did_you_mean(self.find_nearest(name, known))

    def is_broken(self, span: Span) -> bool:
        """Return whether a place is in a line with a syntax error."""
        lines = self._broken.get(id(span.source), [])
        before = bisect_right(lines, span.start, key=lambda line: line.start)
        return before > 0 and span.start <= lines[before - 1].end

    @property
    def any_broken(self) -> bool:
        """Whether any line has a syntax error."""
        return any(self._broken.values())

    @property
    def any_error(self) -> bool:
        """Whether there is an error, so that the file cannot run."""
        return self._kept[Severity.ERROR] > 0

    @property
    def full(self) -> bool:
        """Whether there are so many errors that the check should stop."""
        return self._kept[Severity.ERROR] >= MAX_DIAGNOSTICS

    def to_sorted(self) -> tuple[Diagnostic, ...]:
        """Return all diagnostics by source, in the order of `add_source`, and by place."""
        order = self._order
        return tuple(
            sorted(
                self._found, key=lambda each: (order.get(id(each.span.source), 0), each.span.start)
            )
        )

    def _add(self, diagnostic: Diagnostic) -> None:
        if not self.is_broken(diagnostic.span):
            self._keep(diagnostic)

    def _keep(self, diagnostic: Diagnostic) -> None:
        if self._kept[diagnostic.severity] < MAX_DIAGNOSTICS:
            self._kept[diagnostic.severity] += 1
            self._found.append(diagnostic)
