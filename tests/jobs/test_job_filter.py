"""Filters on the jobs of an org."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bulkflow.errors import UsageError
from bulkflow_jobs.job_filter import JobFilter, parse_age
from bulkflow_jobs.job_info import JobInfo


@given(st.integers(0, 999), st.sampled_from("mhd"))
def test_an_age_is_what_it_says(number, unit):
    assert (
        parse_age(f"{number}{unit}")
        == number
        * {
            "m": timedelta(minutes=1),
            "h": timedelta(hours=1),
            "d": timedelta(days=1),
        }[unit]
    )


@pytest.mark.parametrize("text", ["", "1", "1w", "-1d", "1.5h", "9999999d"])
def test_what_is_no_age_is_refused(text):
    with pytest.raises(UsageError):
        parse_age(text)


def test_a_job_without_a_date_has_no_age():
    job = JobInfo("750", "Open")
    assert JobFilter().matches(job)
    assert not JobFilter(before=datetime.now(UTC)).matches(job)
    assert not JobFilter(after=datetime.min.replace(tzinfo=UTC)).matches(job)
