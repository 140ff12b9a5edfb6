"""What can be wrong with a job's settings before its data is read, and what a limit takes in."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bulkflow.plugin import UNKNOWN
from bulkflow_ingest.settings import MAX_PART_BYTES, find_problems, is_ingest
from bulkflow_ingest.types import Limit

FINE = {"operation": "insert", "object": "Account", "location": "a.csv"}


def said(settings: dict[str, object]) -> list[tuple[str | None, str]]:
    return [(problem.setting, problem.message) for problem in find_problems(settings)]


@pytest.mark.parametrize(
    "settings",
    [
        FINE,
        FINE | {"part_bytes": MAX_PART_BYTES, "part_rows": 1},
        FINE | {"part_bytes": UNKNOWN, "part_rows": UNKNOWN},
        FINE | {"assignment_rule": "01Q5g000000abcd"},
        FINE | {"balanced": True, "part_bytes": 5_000_000, "connections": 16},
        FINE | {"balanced": True, "connections": UNKNOWN},
        {"existing": "7505g00000AAAAA"},
        {"existing": "7505g00000AAAAA", "location": "a.csv"},
    ],
)
def test_settings_that_are_well(settings: dict[str, object]) -> None:
    assert said(settings) == []


@pytest.mark.parametrize(
    ("settings", "setting", "words"),
    [
        ({"location": "a.csv"}, None, "has no operation"),
        ({"operation": "insert", "object": "Account"}, None, "no rows to load"),
        (FINE | {"part_bytes": MAX_PART_BYTES + 1}, "part_bytes", "150 MB of base64"),
        (FINE | {"part_bytes": 0}, "part_bytes", "cannot be empty"),
        (FINE | {"part_rows": 0}, "part_rows", "cannot be empty"),
        (FINE | {"operation": "delete", "assignment_rule": "x"}, "assignment_rule", "delete"),
        (FINE | {"operation": "hardDelete", "assignment_rule": "x"}, "assignment_rule", "delete"),
        (FINE | {"balanced": True, "part_rows": 5}, "balanced", "cannot be balanced"),
        (FINE | {"connections": 17}, "connections", "1 to 16 connections"),
        (FINE | {"connections": 0}, "connections", "1 to 16 connections"),
        ({"existing": "7505g00000AAAAA", "part_rows": 5}, "part_rows", "already in the org"),
        (
            {"existing": "7505g00000AAAAA", "keep_results": True},
            "keep_results",
            "only for jobs with a source",
        ),
    ],
)
def test_settings_that_are_wrong(
    settings: dict[str, object], setting: str | None, words: str
) -> None:
    ((found, message),) = said(settings)
    assert found == setting
    assert words in message


def test_a_job_of_another_kind_is_left_alone() -> None:
    assert not is_ingest({"query": "SELECT Id FROM Account"})
    assert is_ingest({"operation": "insert"})
    assert is_ingest({"existing": "7505g00000AAAAA"})


@pytest.mark.parametrize(
    ("limit", "rows", "total", "exceeded"),
    [
        (Limit(rows=1), 0, 10, False),
        (Limit(rows=1), 1, 10, True),
        (Limit(rows=0), 0, 10, True),
        (Limit(percent=1), 0, 0, False),
        (Limit(percent=1), 1, 100, True),
        (Limit(percent=1), 1, 101, False),
        (Limit(percent=0.1), 1, 1000, True),
        (Limit(percent=0.1), 1, 1001, False),
        (Limit(percent=100), 5, 5, True),
        (Limit(percent=0), 0, 5, False),
        (Limit(percent=0), 1, 5, True),
    ],
)
def test_a_limit_is_what_the_rows_must_stay_under(
    limit: Limit, rows: int, total: int, exceeded: bool
) -> None:
    assert limit.is_reached(rows, total) is exceeded


@given(st.integers(0, 10**12), st.integers(0, 10**12), st.integers(1, 100))
def test_more_failed_rows_never_bring_a_job_under_its_limit(
    rows: int, total: int, percent: int
) -> None:
    limit = Limit(percent=percent)
    if limit.is_reached(rows, total):
        assert limit.is_reached(rows + 1, total)


def test_limits_read_as_they_are_written() -> None:
    assert str(Limit(rows=12_000)) == "12,000"
    assert str(Limit(percent=0.5)) == "0.5%"
