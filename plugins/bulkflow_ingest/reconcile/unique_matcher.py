"""Matches rows and results with unique keys.

Nearly all rows of nearly all jobs have one. Comparing two sorted lists of hashes pairs them; only
the others need the classes of `matcher`, which take five times as long.
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
    """The pairs.

    Attributes:
        rows: The places of the paired rows among the given ones.
        results: The place of the result of each.
        rest: Whether others may have the same key.
    """

    rows: NDArray[np.int64]
    results: NDArray[np.int64]
    rest: bool


def singles(rows: Columns, results: Columns) -> Singles:
    """Pair the rows and results that have a unique key in the same part.

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
    """Return the values that occur more than once, each once."""
    ordered = np.sort(hashes)
    return np.unique(ordered[1:][ordered[1:] == ordered[:-1]])


def _sorted(
    hashes: NDArray[np.uint64],
) -> tuple[NDArray[np.int64], NDArray[np.uint64], NDArray[np.bool_]]:
    """Return the order of the values, the sorted values, and for each whether it is unique."""
    order = np.argsort(hashes)
    ordered = hashes[order]
    again = np.zeros(len(ordered) + 1, np.bool_)
    again[1:-1] = ordered[1:] == ordered[:-1]
    return order, ordered, ~(again[1:] | again[:-1])


def _find(
    among: NDArray[np.uint64], wanted: NDArray[np.uint64]
) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Find the places of values among sorted ones, and whether they are there."""
    places = np.searchsorted(among, wanted)
    there = places < len(among)
    places[~there] = 0
    if len(among):
        there &= among[places] == wanted
    return places, there


def _have_any(among: NDArray[np.uint64], wanted: NDArray[np.uint64]) -> bool:
    return bool(_find(among, wanted)[1].any())
