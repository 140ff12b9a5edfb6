"""Find the known name that is most similar to an unknown one."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

_SHORTEST = 3
"""How long names must be for a typo to be recognized."""

CUTOFF = 0.76
"""How similar two names must be (`difflib`'s ratio). Below this, `else` is offered `close`."""


def find_nearest(
    name: str,
    known: Iterable[str],
    *,
    normalize: Callable[[str], str] = str.casefold,
    cutoff: float = CUTOFF,
) -> str | None:
    """Return the known name that is most similar to `name`; of equal ones, the first.

    A name that differs by one typo is always similar: in a short word, it changes the ratio a lot.

    Args:
        name: The unknown name.
        known: The names that may have been meant.
        normalize: Returns what to compare of a name. By default, case does not matter.
        cutoff: How similar the names must be, from 0 to 1.
    """
    # Imported here because most files have no mistakes.
    from difflib import get_close_matches

    by_normalized: dict[str, str] = {}
    for each in known:
        by_normalized.setdefault(normalize(each), each)
    wanted = normalize(name)
    found = get_close_matches(wanted, by_normalized, n=1, cutoff=cutoff)
    if found:
        return by_normalized[found[0]]
    typos = (each for each in by_normalized if _differ_by_one_typo(wanted, each))
    return next((by_normalized[each] for each in typos), None)


def _differ_by_one_typo(one: str, other: str) -> bool:
    """Return whether a letter is wrong, missing, added, or swapped with the next."""
    shorter = min(len(one), len(other))
    if shorter < _SHORTEST or abs(len(one) - len(other)) > 1:
        return False
    start = 0
    while start < shorter and one[start] == other[start]:
        start += 1
    end = 0
    while end < shorter - start and one[-1 - end] == other[-1 - end]:
        end += 1
    left, right = one[start : len(one) - end], other[start : len(other) - end]
    return max(len(left), len(right)) <= 1 or (len(left) == 2 and left == right[::-1])


def ask_did_you_mean(near: str | None) -> str | None:
    """Return the help line that offers a name, or None if there is no name to offer."""
    return f"did you mean `{near}`?" if near else None
