"""Phrases: the templates that plugins declare words with, and how a line is matched to one.

A phrase such as `wait [for {job}] [up to {timeout:duration}]` has literal words, slots in braces
and optional groups in brackets. A slot is `{name:type}`; without a type, its name is its type. With
three dots, as in `{columns:column...}`, it takes one or more values. Adjacent groups may be written
in any order.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, TypeAlias

from attrs import field, frozen

from bulkflow.model.value import Name, several

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from bulkflow.model.value import Value, Written

JOB = "job"
"""The slot type that takes two words: `job NAME`."""

ORG = "org"
"""The slot type that takes the name of one of the file's orgs."""

_TOKEN = re.compile(r"\s*(?:(?P<open>\[)|(?P<end>\])|\{(?P<slot>[^}]*)\}|(?P<word>[^\s\[\]{}]+))")
_SLOT = re.compile(r"(?P<name>[a-z_]+)(?::(?P<type>[a-z_]+))?(?P<many>\.{3})?")


@frozen
class Word:
    """A literal word."""

    text: str

    def __str__(self) -> str:
        return f"`{self.text}`"


@frozen
class Slot:
    """A placeholder for a value of a type."""

    name: str
    type: str
    many: bool = False
    """Whether it takes one or more values, which the function gets as a tuple."""

    def __str__(self) -> str:
        return "`job NAME`" if self.type == JOB else f"{{{self.type}}}"


@frozen
class Group:
    """Words and slots that may be left out together."""

    elements: tuple[Word | Slot, ...]

    def __str__(self) -> str:
        return " ".join(str(element) for element in self.elements)


Element: TypeAlias = Word | Slot | Group


@frozen
class Match:
    """A line that a phrase matches: the value, or values, of each filled slot."""

    phrase: Phrase
    arguments: Mapping[str, Written]

    @property
    def filled(self) -> int:
        """How many of the line's values went into slots; `job NAME` counts as one."""
        return sum(len(several(each)) for each in self.arguments.values())


@frozen
class Mismatch:
    """A line that a phrase does not match.

    `at` is the index of the first item that does not fit, or the number of items if one is missing.
    """

    phrase: Phrase
    at: int
    expected: tuple[str, ...]


@frozen
class Phrase:
    """A parsed template."""

    text: str
    elements: tuple[Element, ...] = field(repr=False, eq=False)
    slots: tuple[Slot, ...] = field(init=False, repr=False, eq=False)
    """All slots, including those of optional groups."""
    job_slot: str | None = field(init=False, repr=False, eq=False)
    """The name of the slot that takes the step's job."""
    org_slot: str | None = field(init=False, repr=False, eq=False)
    """The name of the slot that takes the org of the step, or of the job that has the clause."""

    @slots.default
    def _all_slots(self) -> tuple[Slot, ...]:
        return tuple(_slots(self.elements))

    @job_slot.default
    def _slot_of_job(self) -> str | None:
        return self._of_type(JOB)

    @org_slot.default
    def _slot_of_org(self) -> str | None:
        return self._of_type(ORG)

    def _of_type(self, wanted: str) -> str | None:
        return next((slot.name for slot in self.slots if slot.type == wanted), None)

    @classmethod
    def parse(cls, text: str) -> Phrase:
        """Parse a template. Raises ValueError if it is malformed."""
        elements = _elements(text)
        if not elements or not isinstance(elements[0], Word):
            raise ValueError(f"phrase {text!r} must begin with a literal word")
        names = [slot.name for slot in _slots(elements)]
        if len(set(names)) != len(names):
            raise ValueError(f"phrase {text!r} names a slot twice")
        if sum(slot.many for slot in _slots(elements)) > 1:
            raise ValueError(f"phrase {text!r} has two slots that take several values")
        return cls(text, tuple(elements))

    @property
    def verb(self) -> str:
        """The first word, which lines are looked up by."""
        first = self.elements[0]
        assert isinstance(first, Word)
        return first.text

    @property
    def shape(self) -> str:
        """The template without the names and types of its slots.

        Two phrases of the same shape match the same lines, so they would be ambiguous.
        """
        return " ".join(_shapes(self.elements))

    def match(self, items: Sequence[Value]) -> Match | Mismatch:
        """Match a line's words and values to the phrase.

        Slots take any value. Its type is checked later, so the message can be about the value and
        not about the line.
        """
        return _Matcher(self, items).run()


class _Matcher:
    """Backtracks over a handful of elements, and remembers how far it got for the message."""

    def __init__(self, phrase: Phrase, items: Sequence[Value]) -> None:
        self._phrase = phrase
        self._items = items
        self._furthest = 0
        self._expected: list[str] = []

    def run(self) -> Match | Mismatch:
        for end, arguments in self._sequence(self._phrase.elements, 0, {}):
            if end == len(self._items):
                return Match(self._phrase, arguments)
            self._miss(end, "the end of the step")
        return Mismatch(self._phrase, self._furthest, tuple(dict.fromkeys(self._expected)))

    def _sequence(
        self, elements: Sequence[Element], at: int, got: dict[str, Written]
    ) -> Iterator[tuple[int, dict[str, Written]]]:
        if not elements:
            yield at, got
            return
        first, rest = elements[0], elements[1:]
        if not isinstance(first, Group):
            for after, more in self._single(first, at, got):
                yield from self._sequence(rest, after, more)
            return
        groups = [first]
        while rest and isinstance(rest[0], Group):
            groups.append(rest[0])
            rest = rest[1:]
        for after, more in self._any_order(groups, at, got):
            yield from self._sequence(rest, after, more)

    def _any_order(
        self, groups: Sequence[Group], at: int, got: dict[str, Written]
    ) -> Iterator[tuple[int, dict[str, Written]]]:
        for index, group in enumerate(groups):
            others = [*groups[:index], *groups[index + 1 :]]
            for after, more in self._sequence(group.elements, at, got):
                yield from self._any_order(others, after, more)
        yield at, got

    def _single(
        self, element: Word | Slot, at: int, got: dict[str, Written]
    ) -> Iterator[tuple[int, dict[str, Written]]]:
        item = self._items[at] if at < len(self._items) else None
        if isinstance(element, Word):
            if isinstance(item, Name) and item.name == element.text:
                yield at + 1, got
            else:
                self._miss(at, str(element))
        elif element.type == JOB:
            following = self._items[at + 1] if at + 1 < len(self._items) else None
            if isinstance(item, Name) and item.name == JOB:
                if isinstance(following, Name):
                    yield at + 2, {**got, element.name: following}
                else:
                    self._miss(at + 1, "the name of a job")
            else:
                self._miss(at, str(element))
        elif item is not None and element.many:
            for end in range(at + 1, len(self._items) + 1):
                yield end, {**got, element.name: tuple(self._items[at:end])}
        elif item is not None:
            yield at + 1, {**got, element.name: item}
        else:
            self._miss(at, str(element))

    def _miss(self, at: int, expected: str) -> None:
        if at > self._furthest:
            self._furthest, self._expected = at, []
        if at == self._furthest:
            self._expected.append(expected)


def _elements(text: str) -> list[Element]:
    outer: list[Element] = []
    group: list[Word | Slot] | None = None
    at, text = 0, text.rstrip()
    while at < len(text):
        token = _TOKEN.match(text, at)
        if token is None:
            raise ValueError(f"phrase {text!r} has a stray brace at {at}")
        at = token.end()
        if token["open"]:
            if group is not None:
                raise ValueError(f"phrase {text!r} has a group inside a group")
            group = []
        elif token["end"]:
            if not group:
                raise ValueError(f"phrase {text!r} has an empty or unopened group")
            outer.append(Group(tuple(group)))
            group = None
        else:
            element = Word(token["word"]) if token["word"] else _slot(token["slot"], text)
            if group is None:
                outer.append(element)
            else:
                group.append(element)
    if group is not None:
        raise ValueError(f"phrase {text!r} has a group that is not closed")
    return outer


def _slot(inside: str, text: str) -> Slot:
    slot = _SLOT.fullmatch(inside)
    if slot is None:
        raise ValueError(f"phrase {text!r} has a malformed slot {{{inside}}}")
    kind = slot["type"] or slot["name"]
    if slot["many"] and kind == JOB:
        raise ValueError(f"phrase {text!r} has a slot for several jobs; a step is about one")
    return Slot(slot["name"], kind, bool(slot["many"]))


def _shapes(elements: Sequence[Element]) -> Iterator[str]:
    for element in elements:
        if isinstance(element, Group):
            yield f"[{' '.join(_shapes(element.elements))}]"
        elif isinstance(element, Slot):
            yield "{job}" if element.type == JOB else "{}"
        else:
            yield element.text


def _slots(elements: Sequence[Element]) -> Iterator[Slot]:
    for element in elements:
        if isinstance(element, Slot):
            yield element
        elif isinstance(element, Group):
            yield from _slots(element.elements)
