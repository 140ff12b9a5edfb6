"""What is there once is paired without looking at classes, and nothing else is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from bulkflow_ingest.reconcile.unique_matcher import repeated, singles

hashes = st.sampled_from([0, 1, 2, 3, 2**63, 2**64 - 1])
members = st.lists(st.tuples(st.integers(0, 1), hashes, st.integers(0, 1)), max_size=8)


def columns(keys: Sequence[tuple[int, int, int]]) -> dict[str, Any]:
    part, first, second = ([each[place] for each in keys] for place in range(3))
    return {
        "p": np.array(part, np.int64),
        "h": np.array(first, np.uint64),
        "k": np.array(second, np.uint64),
    }


@given(rows=members, results=members)
def test_only_what_is_there_once_is_paired_and_the_rest_is_told(
    rows: list[tuple[int, int, int]], results: list[tuple[int, int, int]]
) -> None:
    found = singles(columns(rows), columns(results))
    pairs = [(rows[a], results[b]) for a, b in zip(found.rows, found.results, strict=True)]
    assert all(row == result for row, result in pairs)
    paired = {row for row, _ in pairs}
    assert len(paired) == len(pairs)
    of_rows, of_results = Counter(rows), Counter(results)
    for key in of_rows.keys() & of_results.keys():
        if key in paired:
            assert of_rows[key] == of_results[key] == 1
        else:
            # Classes are made of it.
            assert found.rest


@given(rows=st.lists(st.integers(0, 2**64 - 1), unique=True, max_size=8))
def test_all_is_paired_where_nothing_is_there_twice(rows: list[int]) -> None:
    keys = [(0, each, each % 3) for each in rows]
    found = singles(columns(keys), columns(keys[::-1]))
    assert sorted(found.rows) == list(range(len(rows)))
    assert not found.rest


@given(values=st.lists(hashes, max_size=8))
def test_values_that_are_there_more_than_once_are_told_once(values: list[int]) -> None:
    told = repeated(np.array(values, np.uint64)).tolist()
    assert told == sorted(value for value, count in Counter(values).items() if count > 1)
