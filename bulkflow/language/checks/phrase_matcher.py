"""Match a line to a phrase of a plugin, or explain why it matches none."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from attrs import define, field, frozen

from bulkflow.language.checks.corrections import Corrector
from bulkflow.language.codes import Code
from bulkflow.language.syntax import other_words
from bulkflow.language.syntax.printer import print_value
from bulkflow.language.syntax.syntax_errors import FORMS
from bulkflow.model.plan import HandlerEvent
from bulkflow.model.value import Integer, Name
from bulkflow.plugin.phrase import Match, Mismatch

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bulkflow.language.diagnostics import Findings
    from bulkflow.model.value import Value
    from bulkflow.plugin.registry import Catalogue, Words
    from bulkflow.source import Span

END = "the end of the step"
"""What `Phrase.match` expects after the last word."""

_MAX_LINES_ABOVE = 200
_JOINED = re.compile(r"\b(and|or)\b")

_STRUCTURE = frozenset(word.lower() for word in FORMS)
_EVENTS = tuple(event.value for event in HandlerEvent)


@frozen
class PhraseKind:
    """Steps, clauses or conditions: their words, and the codes for mistakes in them."""

    noun: str
    words: Words
    unknown: Code
    misfit: Code
    synonyms: Mapping[str, str]
    """Words of other tools, and the words to use instead."""
    advice: Mapping[str, str]
    """Words of other tools that have no counterpart, and the help."""


@define(eq=False, repr=False)
class Matcher:
    """Find the phrase for a line; report lines that match none."""

    catalogue: Catalogue
    findings: Findings
    steps: PhraseKind
    clauses: PhraseKind
    conditions: PhraseKind
    _stray: int = 0
    """The line of the last clause that was outside of a job."""
    _correctors: dict[str, Corrector] = field(init=False, factory=dict)

    @classmethod
    def of(cls, catalogue: Catalogue, findings: Findings) -> Matcher:
        """Make a matcher for the words of a catalogue. Raises `PluginConflictError`."""
        return cls(
            catalogue,
            findings,
            PhraseKind(
                "step",
                catalogue.step_words,
                Code.UNKNOWN_STEP,
                Code.STEP_WORDS,
                other_words.STEPS,
                other_words.STEP_ADVICE,
            ),
            PhraseKind(
                "clause",
                catalogue.clause_words,
                Code.UNKNOWN_CLAUSE,
                Code.CLAUSE_WORDS,
                other_words.CLAUSES,
                other_words.CLAUSE_ADVICE,
            ),
            PhraseKind(
                "condition",
                catalogue.condition_words,
                Code.UNKNOWN_CONDITION,
                Code.CONDITION_WORDS,
                other_words.CONDITIONS,
                {},
            ),
        )

    def match(self, kind: PhraseKind, items: Sequence[Value]) -> Match | None:
        """Return the match with the most literal words; None if a mistake was reported."""
        first = items[0]
        phrases = kind.words.phrases(first.name) if isinstance(first, Name) else ()
        if not phrases:
            self._report_unknown(kind, items)
            return None
        best: Match | None = None
        misses: list[Mismatch] = []
        for phrase in phrases:
            found = phrase.match(items)
            if isinstance(found, Mismatch):
                misses.append(found)
            elif best is None or found.filled < best.filled:
                best = found
        if best is None:
            self._report_misfit(kind, items, misses)
        return best

    def _corrector(self, kind: PhraseKind) -> Corrector:
        if kind.noun not in self._correctors:
            self._correctors[kind.noun] = Corrector(kind.words, self.catalogue.value_types)
        return self._correctors[kind.noun]

    def _report_unknown(self, kind: PhraseKind, items: Sequence[Value]) -> None:
        first = items[0]
        word = print_value(first)
        others = [each for each in (self.steps, self.clauses) if each is not kind]
        home = next((each.noun for each in others if each.words.phrases(word)), None)
        rewritten = self._corrector(kind).rewrite(items)
        if rewritten is not None:
            help_line = rewritten
        elif word in _STRUCTURE:
            help_line = f"`{FORMS[word.upper()]}` needs a line of its own"
            if kind is self.clauses:
                help_line += ", outside of the job's block"
        elif home == "step":
            help_line = "it is a step: move it to the left, out of the job's block"
        elif home == "clause":
            follows, self._stray = self._stray == first.span.line - 1, first.span.line
            if follows:
                # A missing indentation affects several lines, but is one mistake.
                return
            help_line = "it is a clause of a job: indent it below the `job` line"
        else:
            help_line = (
                self._find_synonym(kind, items)
                or self.findings.did_you_mean(word, kind.words.verbs)
                or f"`bulkflow words` lists every {kind.noun}"
            )
            if self.catalogue.broken:
                help_line += f"; {self.catalogue.broken_hint}"
        self.findings.error(kind.unknown, f"unknown {kind.noun} `{word}`", first.span, help_line)

    def _find_synonym(self, kind: PhraseKind, items: Sequence[Value]) -> str | None:
        """Return the help for a first word that is known from another tool."""
        word = print_value(items[0]).lower()
        if kind is self.steps:
            meant = word if word in _STRUCTURE else other_words.STRUCTURE.get(word)
            if meant is not None:
                return f"did you mean `{meant}`?"
            if word in other_words.BRANCHES:
                return f"write a second block: `when not {_find_condition(items[0].span)}`"
        replacement = kind.synonyms.get(word)
        if replacement is not None:
            line = self._corrector(kind).replace_first(items, replacement)
            if line is not None and " " in replacement:
                return f"write `{line}`"
            if " " not in replacement and kind.words.phrases(replacement):
                return f"did you mean `{replacement}`?"
        return kind.advice.get(word)

    def _report_misfit(
        self, kind: PhraseKind, items: Sequence[Value], misses: Sequence[Mismatch]
    ) -> None:
        at = max(miss.at for miss in misses)
        furthest = [miss for miss in misses if miss.at == at]
        expected = list(dict.fromkeys(each for miss in furthest for each in miss.expected))
        wanted = " or ".join(_describe(each, kind) for each in expected)
        corrector = self._corrector(kind)
        if at >= len(items):
            self.findings.error(
                kind.misfit,
                f"`{_print(items)}` is incomplete: expected {wanted}",
                items[-1].span,
                corrector.rewrite(items)
                or corrector.complete(items, (miss.phrase for miss in furthest)),
            )
            return
        item, before = items[at], items[at - 1]
        phrases = dict.fromkeys(miss.phrase.text for miss in furthest)
        self.findings.error(
            kind.misfit,
            f"expected {wanted} after `{print_value(before)}`, not `{print_value(item)}`",
            item.span,
            self._find_hint(kind, items, at, expected)
            or "write " + " or ".join(f"`{each}`" for each in phrases),
        )

    def _find_hint(
        self, kind: PhraseKind, items: Sequence[Value], at: int, expected: Sequence[str]
    ) -> str | None:
        item, before = items[at], items[at - 1]
        after = items[at + 1] if at + 1 < len(items) else None
        if isinstance(item, Name) and item.name == "on" and kind is self.steps:
            event = self._find_event(after)
            if event is not None:
                return event
        if item.span.line > before.span.line:
            return (
                f"line {item.span.line} is indented deeper, so it continues line "
                f"{before.span.line}; to start a new line, indent both alike"
            )
        if isinstance(item, Name):
            hint = self._find_word(kind, items, at, expected)
            if hint is not None:
                return hint
        corrected = self._corrector(kind).correct(items, at, expected)
        if corrected is None and isinstance(item, Name) and item.name == "on":
            return "a handler starts with `on failure`, `on success` or `on interrupt`"
        return corrected

    def _find_word(
        self, kind: PhraseKind, items: Sequence[Value], at: int, expected: Sequence[str]
    ) -> str | None:
        """Return the help for a word that is a unit, a joint, or similar to what is expected."""
        item, before = items[at], items[at - 1]
        assert isinstance(item, Name)
        if isinstance(before, Integer) and item.name.lower() in other_words.UNITS:
            unit = other_words.UNITS[item.name.lower()]
            return f"write `{before.span.text}{unit}`, without a space"
        if item.name in ("and", "and-then") and kind is self.steps:
            line = [*items[:at], Name("then", item.span), *items[at + 1 :]]
            return f"join steps with `then`: `{_print(line)}`"
        words = [each.strip("`") for each in expected if each.startswith("`") and " " not in each]
        if END in expected and kind is self.steps:
            words.append("then")
        return self.findings.did_you_mean(item.name, words)

    def _find_event(self, after: Value | None) -> str | None:
        """Return the help for an `on` that does not start a handler."""
        if not isinstance(after, Name):
            return None
        word = after.name.lower()
        near = word if word in _EVENTS else other_words.EVENTS.get(word)
        near = near or self.findings.find_nearest(word, _EVENTS)
        near = near or next((each for each in _EVENTS if each.startswith(word)), None)
        return f"did you mean `on {near}`?" if near is not None else None


def _find_condition(place: Span) -> str:
    """Return the condition of the `when` above a line, for its opposite."""
    source = place.source
    margin = " " * (place.column - 1)
    for number in range(place.line - 1, max(place.line - 1 - _MAX_LINES_ABOVE, 0), -1):
        line = source.line(number)
        if line.startswith(f"{margin}when "):
            condition = line.removeprefix(f"{margin}when ").partition(" #")[0].strip()
            return f"({condition})" if _JOINED.search(condition) else condition
        if line.strip() and not line.startswith(f"{margin} "):
            break
    return "CONDITION"


def _describe(expected: str, kind: PhraseKind) -> str:
    return f"the end of the {kind.noun}" if expected == END else expected


def _print(items: Sequence[Value]) -> str:
    return " ".join(print_value(item) for item in items)
