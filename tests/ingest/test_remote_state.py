"""Whatever happens to a part, in whatever order: its rows are never sent a second time."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from attrs import astuple
from hypothesis import given
from hypothesis import strategies as st

from bulkflow_ingest.parts import remote_state as remote
from bulkflow_ingest.parts import transitions
from bulkflow_ingest.parts.remote_state import (
    Closing,
    Created,
    Ended,
    Gone,
    HandedOver,
    RemoteState,
    Unsent,
    Uploaded,
    Uploading,
)
from bulkflow_jobs.job_info import JobInfo
from bulkflow_jobs.job_state import JobState

Change = Callable[[RemoteState], RemoteState]

ROWS = 10
SEND: list[Change] = [
    transitions.release,
    transitions.abandon,
    transitions.mark_upload_begun,
    lambda now: transitions.mark_created(now, "750B"),
]
"""The changes after which rows may leave, or are given up as rows that never left."""

TAKE_BACK: list[Change] = [transitions.mark_close_not_done, transitions.mark_uploaded_twice]
"""What only the org's own words lead to: that it certainly did not close the job."""

OTHERS: list[Change] = [
    transitions.mark_upload_not_begun,
    transitions.mark_uploaded,
    transitions.mark_close_begun,
    transitions.mark_deletion_begun,
    transitions.mark_gone,
]

counters = st.none() | st.integers(0, ROWS + 2)
looks = st.builds(
    lambda state, processed, failed: JobInfo(
        "750A", state, number_records_processed=processed, number_records_failed=failed
    ),
    st.sampled_from([*JobState, "Paused"]),
    counters,
    counters,
)
changes = st.lists(st.sampled_from([*SEND, *TAKE_BACK, *OTHERS]) | looks, max_size=30)


def after(now: RemoteState, change: Change | JobInfo) -> RemoteState | None:
    """What a change leads to; None where it is refused."""
    try:
        return (
            transitions.apply_job_info(now, change) if isinstance(change, JobInfo) else change(now)
        )
    except transitions.TransitionError:
        return None


@given(changes)
def test_rows_that_may_be_processed_are_never_sent_again(some: list[Change | JobInfo]) -> None:
    now: RemoteState = Unsent()
    for change in some:
        new = after(now, change)
        if remote.may_be_processed(now):
            assert change not in SEND or new is None
            certain = not isinstance(now, Closing)
            if new is not None and (certain or change not in TAKE_BACK):
                assert remote.may_be_processed(new), (now, change)
        now = now if new is None else new


@given(changes)
def test_every_row_is_counted_once(some: list[Change | JobInfo]) -> None:
    now: RemoteState = Unsent()
    for change in some:
        now = after(now, change) or now
        rows, *ends = astuple(remote.count_rows(now, ROWS))
        assert rows == ROWS
        assert min(ends) >= 0
        assert sum(ends) == ROWS if isinstance(now, Ended | Gone) else sum(ends) <= ROWS


@given(changes)
def test_rows_that_may_be_processed_are_never_called_unprocessed(
    some: list[Change | JobInfo],
) -> None:
    now: RemoteState = Unsent()
    for change in some:
        now = after(now, change) or now
        if remote.may_be_processed(now):
            assert remote.count_rows(now, ROWS).unprocessed == 0


@given(changes)
def test_a_job_that_ended_stays_so(some: list[Change | JobInfo]) -> None:
    now: RemoteState = Ended("750A", JobState.JOB_COMPLETE)
    for change in some:
        now = after(now, change) or now
        assert isinstance(now, Ended) or (isinstance(now, Gone) and isinstance(now.last, Ended))


@pytest.mark.parametrize(
    ("now", "seen", "then"),
    [
        # A look that is behind takes nothing back.
        (Closing("a"), JobState.OPEN, Closing("a")),
        (HandedOver("a"), JobState.OPEN, HandedOver("a")),
        (Ended("a", "Failed"), JobState.IN_PROGRESS, Ended("a", "Failed")),
        (Uploading("a"), JobState.OPEN, Uploading("a")),
        # Somebody else may have closed it.
        (Uploaded("a"), JobState.UPLOAD_COMPLETE, HandedOver("a")),
        (Created("a"), JobState.ABORTED, Ended("a", "Aborted", handed_over=False)),
        (Closing("a"), JobState.ABORTED, Ended("a", "Aborted", handed_over=True)),
        # It is there again.
        (Gone(HandedOver("a")), JobState.IN_PROGRESS, HandedOver("a", "InProgress")),
        # A state that is not known is not the last one.
        (Closing("a"), "Paused", HandedOver("a", "Paused")),
    ],
)
def test_what_a_look_leads_to(now: RemoteState, seen: str, then: RemoteState) -> None:
    assert transitions.apply_observation(now, seen) == then


@pytest.mark.parametrize(
    ("now", "ends"),
    [
        # loaded, failed, unprocessed, withheld, unknown
        (Ended("a", JobState.JOB_COMPLETE, processed=10, failed=3), (7, 3, 0, 0, 0)),
        (Ended("a", JobState.JOB_COMPLETE, processed=6, failed=1), (5, 1, 0, 0, 4)),
        (Ended("a", JobState.JOB_COMPLETE), (0, 0, 0, 0, 10)),
        # They are of other rows too.
        (Ended("a", JobState.JOB_COMPLETE, processed=12), (0, 0, 0, 0, 10)),
        # What was processed may come to light later.
        (Ended("a", JobState.FAILED, processed=6, failed=1), (0, 1, 0, 0, 9)),
        (Ended("a", JobState.ABORTED, handed_over=False), (0, 0, 10, 0, 0)),
        (Gone(HandedOver("a", processed=4, failed=1)), (3, 1, 0, 0, 6)),
        (Gone(Uploaded("a")), (0, 0, 10, 0, 0)),
        (Gone(Closing("a")), (0, 0, 0, 0, 10)),
        (Unsent(abandoned=True), (0, 0, 10, 0, 0)),
        (Unsent(), (0, 0, 0, 0, 0)),
    ],
)
def test_what_is_known_of_the_rows(now: RemoteState, ends: tuple[int, ...]) -> None:
    assert astuple(remote.count_rows(now, ROWS)) == (ROWS, *ends, 0)
