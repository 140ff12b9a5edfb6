"""Which phrase a line is, and what may follow in one that is not finished."""

from __future__ import annotations

from itertools import takewhile
from typing import TYPE_CHECKING

from bulkflow.model.value import Name
from bulkflow.plugin.phrase import JOB, Group, Match, Slot, Word

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from bulkflow.model.value import Value
    from bulkflow.plugin.phrase import Element, Phrase
    from bulkflow.plugin.registry import Words


def phrases_of(words: Words, items: Sequence[Value]) -> tuple[Phrase, ...]:
    """The phrases that begin as a line does; the one that the whole line is comes alone."""
    first = items[0] if items else None
    known = words.phrases(first.name) if isinstance(first, Name) else ()
    found = match_of(known, items)
    return known if found is None else (found.phrase,)


def match_of(phrases: Iterable[Phrase], items: Sequence[Value]) -> Match | None:
    """The match that fills the fewest slots, as the checker takes it."""
    matches = [found for phrase in phrases if isinstance(found := phrase.match(items), Match)]
    return min(matches, key=lambda found: found.filled, default=None)


def following(phrase: Phrase, items: Sequence[Value]) -> list[tuple[Word | Slot, ...]]:
    """What may come after the items: a slot, or the literal words up to the next one."""
    found = dict.fromkeys(_after(list(phrase.elements), items))
    return [each for each in found if each]


def _after(
    elements: Sequence[Element], items: Sequence[Value]
) -> Iterator[tuple[Word | Slot, ...]]:
    """Walk the elements along the items, on every way, and yield what stands at their end.

    An empty tuple is the end of the phrase.
    """
    if not elements:
        if not items:
            yield ()
    elif isinstance(elements[0], Group):
        groups = list(takewhile(lambda each: isinstance(each, Group), elements))
        rest = elements[len(groups) :]
        for index, group in enumerate(groups):
            assert isinstance(group, Group)
            others = [*groups[:index], *groups[index + 1 :]]
            yield from _after([*group.elements, *others, *rest], items)
        yield from _after(rest, items)
    elif not items:
        yield _run(elements)
    elif isinstance(elements[0], Slot) and elements[0].many:
        yield (elements[0],)
        for used in range(1, len(items) + 1):
            yield from _after(elements[1:], items[used:])
    else:
        used = _used(elements[0], items)
        if used > len(items):
            yield (elements[0],)
        elif used:
            yield from _after(elements[1:], items[used:])


def _used(element: Word | Slot, items: Sequence[Value]) -> int:
    """How many items an element takes: one more than there are where a job's name is missing."""
    if isinstance(element, Word):
        return int(_is_word(items[0], element.text))
    if element.type != JOB:
        return 1
    if not _is_word(items[0], JOB):
        return 0
    return 2 if len(items) == 1 or isinstance(items[1], Name) else 0


def _run(elements: Sequence[Element]) -> tuple[Word | Slot, ...]:
    """The words that stand together here; a slot stands alone."""
    words: list[Word | Slot] = []
    for element in elements:
        if not isinstance(element, Word):
            if not words and isinstance(element, Slot):
                return (element,)
            break
        words.append(element)
    return tuple(words)


def _is_word(item: Value, text: str) -> bool:
    return isinstance(item, Name) and item.name == text
