"""Find a valid line that is close to one that fits no phrase, to show it as help.

Every correction is checked against the installed phrases, so following it never leads to the next
error about the words of the line.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from attrs import define

from bulkflow.language.syntax.other_words import REWRITES
from bulkflow.language.syntax.printer import print_value
from bulkflow.model.value import Integer, Name, Percent, Text
from bulkflow.plugin.phrase import JOB, Group, Match, Slot, Word

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from bulkflow.language.syntax.other_words import Rewrite
    from bulkflow.model.value import Value
    from bulkflow.plugin.phrase import Element, Phrase
    from bulkflow.plugin.records import ValueType
    from bulkflow.plugin.registry import Words

_MAX_ITEMS = 30
"""How long a line may be for corrections to be tried."""

_EXAMPLE = re.compile(r"such as (?P<example>\"[^\"]*\"|[^\s,]+)")


@define(eq=False, repr=False)
class Corrector:
    """Correct lines of one kind: steps, clauses or conditions."""

    words: Words
    types: Mapping[str, ValueType]

    def replace_first(self, items: Sequence[Value], replacement: str) -> str | None:
        """Return the line with other words instead of its first word, if that is valid."""
        names = [Name(word, items[0].span) for word in replacement.split()]
        line = [*names, *items[1:]]
        offset = 1 if names and names[0].name == "not" else 0
        return _print(line) if self._is_valid(line[offset:]) else None

    def correct(self, items: Sequence[Value], at: int, expected: Sequence[str]) -> str | None:
        """Return the help that shows a valid line.

        Args:
            items: The words and values of the line.
            at: The index of the first one that does not fit.
            expected: What would fit there.
        """
        if len(items) > _MAX_ITEMS:
            return None
        rewritten = self.rewrite(items)
        if rewritten is not None:
            return rewritten
        for line in (*_with_job(items, at, expected), *_with_word(items, at, expected)):
            if self._is_valid(line):
                return f"write `{_print(line)}`"
        quoted = [line for line in _with_quotes(items, at) if self._is_valid(line)]
        return f"write `{_print(quoted[0])}`" if quoted else None

    def rewrite(self, items: Sequence[Value]) -> str | None:
        """Return the help for a line with words of other tools."""
        if len(items) > _MAX_ITEMS:
            return None
        for rewrite in REWRITES:
            for line in _rewrites(items, rewrite):
                if self._is_valid(line):
                    why = f"{rewrite.why}; " if rewrite.why else ""
                    return f"{why}write `{_print(line)}`"
        return None

    def complete(self, items: Sequence[Value], phrases: Iterable[Phrase]) -> str:
        """Return the help for an incomplete line: the line with examples for what is missing."""
        lines = [self._complete(items, phrase) or phrase.text for phrase in phrases]
        return "write " + " or ".join(f"`{line}`" for line in dict.fromkeys(lines))

    def _complete(self, items: Sequence[Value], phrase: Phrase) -> str | None:
        written: list[str] = []
        rest = self._fill(phrase.elements, list(items), written)
        return None if rest else " ".join(written)

    def _fill(
        self, elements: Sequence[Element], items: list[Value], written: list[str]
    ) -> list[Value]:
        """Write elements with the items, as far as there are any; return the items left over."""
        for element in elements:
            if isinstance(element, Group):
                if items and _starts(element, items[0]):
                    items = self._fill(element.elements, items, written)
            elif isinstance(element, Word):
                if items and not _is_word(items[0], element.text):
                    return items
                items = items[1:]
                written.append(element.text)
            elif not items or not self._accepts(element, items[0]):
                written.append(self._example(element))
            else:
                taken = len(items) if element.many else 2 if element.type == JOB else 1
                written.extend(print_value(each) for each in items[:taken])
                if element.type == JOB and len(items) == 1:
                    written.append("NAME")
                items = items[taken:]
        return items

    def _example(self, slot: Slot) -> str:
        if slot.type == JOB:
            return "job NAME"
        kind = self.types.get(slot.type)
        if kind is not None and kind.choices:
            return kind.choices[0] if len(kind.choices) == 1 else "|".join(kind.choices)
        example = _EXAMPLE.search(kind.shows) if kind is not None else None
        return example["example"] if example else slot.type.upper()

    def _is_valid(self, items: Sequence[Value]) -> bool:
        first = items[0] if items else None
        phrases = self.words.phrases(first.name) if isinstance(first, Name) else ()
        return any(self._fits(phrase, items) for phrase in phrases)

    def _fits(self, phrase: Phrase, items: Sequence[Value]) -> bool:
        """Check the words of a line, and its values where a type has a fixed choice."""
        match = phrase.match(items)
        if not isinstance(match, Match):
            return False
        filled = ((slot, match.arguments.get(slot.name)) for slot in phrase.slots)
        return all(
            value is None or isinstance(value, tuple) or self._accepts(slot, value)
            for slot, value in filled
        )

    def _accepts(self, slot: Slot, value: Value) -> bool:
        """Return whether a value is one of the type's choices, if it has any."""
        kind = self.types.get(slot.type)
        return kind is None or not kind.choices or print_value(value) in kind.choices


def _print(items: Iterable[Value]) -> str:
    return " ".join(print_value(item) for item in items)


def _is_word(item: Value, text: str) -> bool:
    return isinstance(item, Name) and item.name == text


def _starts(group: Group, item: Value) -> bool:
    first = group.elements[0]
    if isinstance(first, Word):
        return _is_word(item, first.text)
    return first.type != JOB or _is_word(item, JOB)


def _rewrites(items: Sequence[Value], rewrite: Rewrite) -> Iterator[list[Value]]:
    """Yield the line with the rewrite applied at each place where it can be."""
    size = len(rewrite.pattern)
    for start in range(len(items) - size + 1):
        found = items[start : start + size]
        if not all(map(_matches, rewrite.pattern, found)):
            continue
        span = found[0].span
        numbers = [each for each in found if isinstance(each, Integer | Percent)]
        new: list[Value] = [
            numbers[0] if word == "#" else Name(word, span) for word in rewrite.replacement
        ]
        added = [
            Integer(int(word), span) if word.isdigit() else Name(word, span)
            for word in rewrite.appended
        ]
        yield [*items[:start], *new, *items[start + size :], *added]


def _matches(word: str, item: Value) -> bool:
    if word == "#":
        return isinstance(item, Integer | Percent)
    return isinstance(item, Name) and item.name.lower() == word


def _with_job(items: Sequence[Value], at: int, expected: Sequence[str]) -> Iterator[list[Value]]:
    """Yield the line with `job` before a name: `load accounts` means `load job accounts`."""
    if "`job NAME`" in expected and at < len(items) and isinstance(items[at], Name):
        yield [*items[:at], Name(JOB, items[at].span), *items[at:]]


def _with_word(items: Sequence[Value], at: int, expected: Sequence[str]) -> Iterator[list[Value]]:
    """Yield the line with the one literal word that fits instead of a wrong one, or before it."""
    words = [
        Name(each.strip("`"), items[at].span)
        for each in expected
        if each.startswith("`") and " " not in each
    ]
    if len(words) == 1 and at + 1 < len(items) and isinstance(items[at], Name):
        yield [*items[:at], words[0], *items[at + 1 :]]
    for word in words:
        yield [*items[:at], word, *items[at:]]


def _with_quotes(items: Sequence[Value], at: int) -> Iterator[list[Value]]:
    """Yield the line with neighbouring words in quotes: a name of two words is one value."""
    for start in range(1, min(at + 1, len(items))):
        for end in range(start + 2, min(start + 5, len(items) + 1)):
            run = items[start:end]
            if start <= at <= end and all(isinstance(each, Name) for each in run):
                text = Text((_print(run),), run[0].span.to(run[-1].span))
                yield [*items[:start], text, *items[end:]]
