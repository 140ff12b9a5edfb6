"""Match lines to phrases, and find what may follow in an incomplete line."""

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


def find_phrases(words: Words, items: Sequence[Value]) -> tuple[Phrase, ...]:
    """Return the phrase that matches a line, or else all with its first word."""
    first = items[0] if items else None
    known = words.phrases(first.name) if isinstance(first, Name) else ()
    found = find_match(known, items)
    return known if found is None else (found.phrase,)


def find_match(phrases: Iterable[Phrase], items: Sequence[Value]) -> Match | None:
    """Return the match with the fewest filled slots, which is the one that the checker uses."""
    matches = [found for phrase in phrases if isinstance(found := phrase.match(items), Match)]
    return min(matches, key=lambda found: found.filled, default=None)


def find_continuations(phrase: Phrase, items: Sequence[Value]) -> list[tuple[Word | Slot, ...]]:
    """Return what may follow the items: a slot, or the literal words up to the next one."""
    found = dict.fromkeys(_iter_continuations(list(phrase.elements), items))
    return [each for each in found if each]


def _iter_continuations(
    elements: Sequence[Element], items: Sequence[Value]
) -> Iterator[tuple[Word | Slot, ...]]:
    """Match the elements to the items in every possible way, and yield what may follow.

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
            yield from _iter_continuations([*group.elements, *others, *rest], items)
        yield from _iter_continuations(rest, items)
    elif not items:
        yield _take_run(elements)
    elif isinstance(elements[0], Slot) and elements[0].many:
        yield (elements[0],)
        for used in range(1, len(items) + 1):
            yield from _iter_continuations(elements[1:], items[used:])
    else:
        used = _count_items(elements[0], items)
        if used > len(items):
            yield (elements[0],)
        elif used:
            yield from _iter_continuations(elements[1:], items[used:])


def _count_items(element: Word | Slot, items: Sequence[Value]) -> int:
    """Return how many items an element takes. Counts a missing name of a job, too."""
    if isinstance(element, Word):
        return int(_is_word(items[0], element.text))
    if element.type != JOB:
        return 1
    if not _is_word(items[0], JOB):
        return 0
    return 2 if len(items) == 1 or isinstance(items[1], Name) else 0


def _take_run(elements: Sequence[Element]) -> tuple[Word | Slot, ...]:
    """Return the words up to the next slot, or the slot."""
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
