from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bulkflow.report.text.number_format import (
    format_duration,
    format_plural,
    format_size,
    format_size_of,
)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0.0 s"),
        (0.04, "0.0 s"),
        (9.94, "9.9 s"),
        (9.96, "10 s"),
        (59.4, "59 s"),
        (59.6, "1 min"),
        (61, "1 min 1 s"),
        (3599.7, "1 h"),
        (7505, "2 h 5 min"),
        (97_300, "1 d 3 h"),
        (-5, "0.0 s"),
        (float("inf"), "unknown time"),
        (float("nan"), "unknown time"),
    ],
)
def test_durations_have_their_two_largest_units(seconds: float, text: str) -> None:
    assert format_duration(seconds) == text


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (0, "0 bytes"),
        (1, "1 byte"),
        (999, "999 bytes"),
        (1000, "1.0 kB"),
        (999_949, "999.9 kB"),
        (999_950, "1.0 MB"),
        (1_900_000, "1.9 MB"),
        (150_000_000, "150.0 MB"),
        (2_400_000_000, "2.40 GB"),
        (12_345_000_000_000, "12,345.00 GB"),
    ],
)
def test_sizes_are_decimal(number: int, text: str) -> None:
    assert format_size(number) == text


def test_a_part_of_a_size_has_the_unit_of_the_whole() -> None:
    assert format_size_of(0, 1_900_000) == "0.0 of 1.9 MB"
    assert format_size_of(400_000, 1_900_000) == "0.4 of 1.9 MB"
    assert format_size_of(5, 10) == "5 of 10 bytes"
    assert format_size_of(400_000, None) == "400.0 kB"


def test_numbers_of_things_have_separators() -> None:
    assert [format_plural(number, "row") for number in (0, 1, 10_000)] == [
        "0 rows",
        "1 row",
        "10,000 rows",
    ]


@given(st.floats())
def test_every_float_is_some_duration(seconds: float) -> None:
    assert format_duration(seconds)
