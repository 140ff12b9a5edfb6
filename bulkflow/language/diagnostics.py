"""Where the passes of the checker put what they find."""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING

from attrs import define, field

from bulkflow.language.suggest import Suggester
from bulkflow.model.diagnostic import MOST_DIAGNOSTICS, Diagnostic, Severity

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bulkflow.language.codes import Code
    from bulkflow.model.diagnostic import Label
    from bulkflow.source import SourceText, Span


@define(eq=False, repr=False)
class Findings:
    """The diagnostics of a check.

    What lies in a line that the parser has reported is left out: it would be about the words that
    the parser made up. Beyond `MOST_DIAGNOSTICS` errors or warnings nothing is kept.
    """

    suggest: Suggester = field(factory=Suggester)
    _found: list[Diagnostic] = field(factory=list)
    _kept: dict[Severity, int] = field(factory=lambda: dict.fromkeys(Severity, 0))
    _broken: dict[int, list[Span]] = field(factory=dict)
    _order: dict[int, int] = field(factory=dict)
    """The rank of each source, by its id."""

    def open(
        self, source: SourceText, diagnostics: Iterable[Diagnostic], broken: Iterable[Span]
    ) -> None:
        """Take over what the parser found in a source."""
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
        """Note an error."""
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
        """Note a warning, which does not keep the file from running."""
        warned = Diagnostic(
            code.value, message, span, help, tuple(labels), severity=Severity.WARNING
        )
        self._add(warned)

    def broken(self, span: Span) -> bool:
        """Whether a place lies in a line that the parser has reported."""
        lines = self._broken.get(id(span.source), [])
        before = bisect_right(lines, span.start, key=lambda line: line.start)
        return before > 0 and span.start <= lines[before - 1].end

    @property
    def any_broken(self) -> bool:
        """Whether there is any such line."""
        return any(self._broken.values())

    @property
    def any_error(self) -> bool:
        """Whether anything was found that keeps the file from running."""
        return self._kept[Severity.ERROR] > 0

    @property
    def full(self) -> bool:
        """Whether there are so many errors that it is not worth looking for more."""
        return self._kept[Severity.ERROR] >= MOST_DIAGNOSTICS

    def sorted(self) -> tuple[Diagnostic, ...]:
        """Everything: by source, in the order in which they were opened, then by place."""
        order = self._order
        return tuple(
            sorted(
                self._found, key=lambda each: (order.get(id(each.span.source), 0), each.span.start)
            )
        )

    def _add(self, diagnostic: Diagnostic) -> None:
        if not self.broken(diagnostic.span):
            self._keep(diagnostic)

    def _keep(self, diagnostic: Diagnostic) -> None:
        if self._kept[diagnostic.severity] < MOST_DIAGNOSTICS:
            self._kept[diagnostic.severity] += 1
            self._found.append(diagnostic)
