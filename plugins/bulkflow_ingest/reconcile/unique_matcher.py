"""The match of what is there once: rows and results whose key no other of theirs has.

Nearly all rows of nearly all jobs are. Two sorted lists of their hashes, laid side by side, pair
them; only what has equals needs the classes of `matching`, which cost five times as much.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from attrs import frozen

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    Columns = Mapping[str, NDArray[Any]]


@frozen
class Singles:
    """What was paired.

    Attributes:
        rows: The places of the source rows among those given.
        results: The place of the result of each.
        rest: Whether others may have the same key: some of which there are several.
    """

    rows: NDArray[np.int64]
    results: NDArray[np.int64]
    rest: bool


def singles(rows: Columns, results: Columns) -> Singles:
    """Pair the rows and results that are there once and have the same part and key.

    Args:
        rows: Columns `p`, `h` and `k`, for each source row.
        results: The same for each result row.
    """
    row_order, row_hashes, row_alone = _sorted(rows["h"])
    result_order, result_hashes, result_alone = _sorted(results["h"])
    # Two of an equal hash need not have the same key: that is for others to say.
    rest = _have_any(result_hashes, row_hashes[~row_alone]) or _have_any(
        row_hashes, result_hashes[~result_alone]
    )
    row_order, row_hashes = row_order[row_alone], row_hashes[row_alone]
    result_order, result_hashes = result_order[result_alone], result_hashes[result_alone]
    places, same = _find(row_hashes, result_hashes)
    left, right = row_order[places[same]], result_order[same]
    fits = (rows["k"][left] == results["k"][right]) & (rows["p"][left] == results["p"][right])
    return Singles(left[fits], right[fits], rest)


def repeated(hashes: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """The values that are there more than once, each once."""
    ordered = np.sort(hashes)
    return np.unique(ordered[1:][ordered[1:] == ordered[:-1]])


def _sorted(
    hashes: NDArray[np.uint64],
) -> tuple[NDArray[np.int64], NDArray[np.uint64], NDArray[np.bool_]]:
    """The order of the values, the values in it, and for each whether it is there once."""
    order = np.argsort(hashes)
    ordered = hashes[order]
    again = np.zeros(len(ordered) + 1, np.bool_)
    again[1:-1] = ordered[1:] == ordered[:-1]
    return order, ordered, ~(again[1:] | again[:-1])


def _find(
    among: NDArray[np.uint64], wanted: NDArray[np.uint64]
) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Where values are among sorted ones, and whether they are."""
    places = np.searchsorted(among, wanted)
    there = places < len(among)
    places[~there] = 0
    if len(among):
        there &= among[places] == wanted
    return places, there


def _have_any(among: NDArray[np.uint64], wanted: NDArray[np.uint64]) -> bool:
    return bool(_find(among, wanted)[1].any())
