"""Which phrase a line is: the words of plugins, held against the words of a file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import define, frozen

from bulkflow.language.codes import Code
from bulkflow.language.literal import BYTES
from bulkflow.language.printer import print_value
from bulkflow.language.syntax_errors import FORMS
from bulkflow.model.plan import HandlerEvent
from bulkflow.model.value import Integer, Name
from bulkflow.plugin.phrase import Match, Mismatch

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bulkflow.language.diagnostics import Findings
    from bulkflow.model.value import Value
    from bulkflow.plugin.registry import Catalogue, Words

END = "the end of the step"
"""What `Phrase.match` says it expects after the last word."""

_STRUCTURE = frozenset(word.lower() for word in FORMS)

_OTHER_TONGUES = {
    "if": "when",
    "unless": "when",
    "foreach": "for",
    "while": "for",
    "finally": "always",
    "import": "include",
    "var": "let",
    "const": "let",
    "print": "log",
    "echo": "log",
    "sleep": "pause",
    "exit": "stop",
}
"""Words of other languages, and what they are here."""

_UNITS = {
    **dict.fromkeys(("percent", "pct"), "%"),
    **dict.fromkeys(("ms", "milliseconds", "millisecond"), "ms"),
    **dict.fromkeys(("s", "sec", "secs", "second", "seconds"), "s"),
    **dict.fromkeys(("m", "min", "mins", "minute", "minutes"), "m"),
    **dict.fromkeys(("h", "hour", "hours"), "h"),
    **dict.fromkeys(("d", "day", "days"), "d"),
    **{unit.lower(): unit for unit in BYTES if unit != "KB"},
}
"""How a unit is written behind a number."""

_EVENTS = tuple(event.value for event in HandlerEvent)
_LIKE_EVENTS = {
    **dict.fromkeys(("error", "errors", "exception"), "failure"),
    **dict.fromkeys(("cancel", "abort", "ctrl-c", "sigint", "sigterm"), "interrupt"),
    **dict.fromkeys(("done", "completion", "complete"), "success"),
}
"""Other words for what a handler waits for."""


@frozen
class Kind:
    """A kind of words, and the codes for what can be wrong with them."""

    noun: str
    words: Words
    unknown: Code
    misfit: Code


@define(eq=False, repr=False)
class Matcher:
    """Finds the phrase that a line is, or says why it is none."""

    catalogue: Catalogue
    findings: Findings
    steps: Kind
    clauses: Kind
    conditions: Kind
    _stray: int = 0
    """The line of the last clause that stood where no job is."""

    @classmethod
    def of(cls, catalogue: Catalogue, findings: Findings) -> Matcher:
        """A matcher for the words of a catalogue. Raises `PluginConflictError`."""
        return cls(
            catalogue,
            findings,
            Kind("step", catalogue.step_words, Code.UNKNOWN_STEP, Code.STEP_WORDS),
            Kind("clause", catalogue.clause_words, Code.UNKNOWN_CLAUSE, Code.CLAUSE_WORDS),
            Kind(
                "condition",
                catalogue.condition_words,
                Code.UNKNOWN_CONDITION,
                Code.CONDITION_WORDS,
            ),
        )

    def match(self, kind: Kind, items: Sequence[Value]) -> Match | None:
        """The phrase with the most literal words of those that fit; None is reported."""
        first = items[0]
        phrases = kind.words.phrases(first.name) if isinstance(first, Name) else ()
        if not phrases:
            self._unknown(kind, first)
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
            self._misfit(kind, items, misses)
        return best

    def _unknown(self, kind: Kind, first: Value) -> None:
        word = print_value(first)
        others = [each for each in (self.steps, self.clauses) if each is not kind]
        at_home = next((each.noun for each in others if each.words.phrases(word)), None)
        if word in _STRUCTURE:
            help_line = f"`{FORMS[word.upper()]}` begins a line of its own"
            if kind is self.clauses:
                help_line += ", outside of the job's block"
        elif at_home == "step":
            help_line = "it is a step: move it to the left, out of the job's block"
        elif at_home == "clause":
            follows, self._stray = self._stray == first.span.line - 1, first.span.line
            if follows:
                # One forgotten indentation makes one message.
                return
            help_line = "it is a clause of a job: indent it below the `job` line"
        else:
            help_line = self._near(kind, word) or f"`bulkflow words` lists every {kind.noun}"
            if self.catalogue.broken:
                help_line += f"; {self.catalogue.broken_hint}"
        message = f"`{word}` is no known {kind.noun}"
        self.findings.error(kind.unknown, message, first.span, help_line)

    def _near(self, kind: Kind, word: str) -> str | None:
        lower = word.lower()
        if kind is self.steps:
            meant = lower if lower in _STRUCTURE else _OTHER_TONGUES.get(lower)
            if meant is not None:
                return f"did you mean `{meant}`?"
        return self.findings.suggest.did_you_mean(word, kind.words.verbs)

    def _misfit(self, kind: Kind, items: Sequence[Value], misses: Sequence[Mismatch]) -> None:
        at = max(miss.at for miss in misses)
        furthest = [miss for miss in misses if miss.at == at]
        expected = list(dict.fromkeys(each for miss in furthest for each in miss.expected))
        wanted = " or ".join(_described(each, kind) for each in expected)
        phrases = " or ".join(
            f"`{each}`" for each in dict.fromkeys(m.phrase.text for m in furthest)
        )
        if at >= len(items):
            message = f"`{_line(items)}` is not complete: expected {wanted}"
            self.findings.error(kind.misfit, message, items[-1].span, f"write {phrases}")
            return
        item, before = items[at], items[at - 1]
        message = f"expected {wanted} after `{print_value(before)}`, not `{print_value(item)}`"
        after = items[at + 1] if at + 1 < len(items) else None
        help_line = self._hint(item, before, after, expected) or f"write {phrases}"
        self.findings.error(kind.misfit, message, item.span, help_line)

    def _hint(
        self, item: Value, before: Value, after: Value | None, expected: Sequence[str]
    ) -> str | None:
        if isinstance(item, Name) and item.name == "on":
            return self._event(after)
        if item.span.line > before.span.line:
            return (
                f"line {item.span.line} is indented deeper and so continues line "
                f"{before.span.line}; to begin anew, indent it as that one"
            )
        if not isinstance(item, Name):
            return None
        if isinstance(before, Integer) and item.name.lower() in _UNITS:
            return f"write `{before.span.text}{_UNITS[item.name.lower()]}`, without a space"
        if "`job NAME`" in expected and END in expected and item.name not in ("and", "on"):
            near = self.findings.suggest.did_you_mean(item.name, ["then"])
            return near or f"name a job with the word before it: `job {item.name}`"
        if item.name in ("and", "and-then"):
            return "steps are joined by `then`"
        words = [each.strip("`") for each in expected if each.startswith("`") and " " not in each]
        if END in expected:
            words.append("then")
        return self.findings.suggest.did_you_mean(item.name, words)

    def _event(self, after: Value | None) -> str:
        """What to say of an `on` that begins no handler."""
        if isinstance(after, Name):
            word = after.name.lower()
            near = word if word in _EVENTS else _LIKE_EVENTS.get(word)
            near = near or self.findings.suggest.nearest(word, _EVENTS)
            near = near or next((each for each in _EVENTS if each.startswith(word)), None)
            if near is not None:
                return f"did you mean `on {near}`?"
        return "a handler begins with `on failure`, `on success` or `on interrupt`"


def _described(expected: str, kind: Kind) -> str:
    return f"the end of the {kind.noun}" if expected == END else expected


def _line(items: Sequence[Value]) -> str:
    return " ".join(print_value(item) for item in items)
