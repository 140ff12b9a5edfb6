"""Counting bits gives the same results with every version of numpy."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from bulkflow_csv.scanning import bitset


@given(words=st.lists(st.integers(0, (1 << 64) - 1), max_size=9))
def test_bits_are_counted(words: list[int]) -> None:
    expected = [word.bit_count() for word in words]
    counted = np.array(words, np.uint64)
    assert bitset.count_bits(counted).tolist() == expected
    assert bitset.count_bits_portably(counted).tolist() == expected
    assert counted.tolist() == words
