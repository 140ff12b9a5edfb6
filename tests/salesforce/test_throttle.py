"""Limits of a session on itself: the retry budget, and the slow-down near the daily limit."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bulkflow_salesforce import LimitInfo, RetryBudget, ServerFaultError, Throttle

LIMITS = st.integers(1, 10**7).flatmap(
    lambda total: st.tuples(st.integers(0, total + 100), st.just(total))
)


@given(LIMITS)
def test_a_pause_is_bounded_and_comes_only_near_the_end(pair):
    info = LimitInfo(*pair)
    pause = Throttle().compute_wait(info)
    assert 0 <= pause <= 30
    assert (pause > 0) == (0 < info.left < info.total * 0.05)


@given(st.integers(1000, 10**6), st.data())
def test_the_fewer_are_left_the_longer_is_the_pause(total, data):
    kept = int(total * 0.05) - 1
    few, fewer = sorted(data.draw(st.tuples(*[st.integers(1, kept)] * 2)), reverse=True)
    assert Throttle().compute_wait(LimitInfo(total - few, total)) <= Throttle().compute_wait(
        LimitInfo(total - fewer, total)
    )


@given(st.lists(st.booleans(), max_size=200), st.integers(0, 10))
def test_repeats_never_outrun_what_was_given(outcomes, capacity):
    budget = RetryBudget(capacity, 0.1)
    spent = earned = 0
    for success in outcomes:
        if success:
            budget.earn()
            earned += 1
        else:
            spent += budget.spend()
    assert spent <= capacity + earned * 0.1 + 1e-6


def test_a_session_slows_down_and_says_so_once(server, connect, surroundings):
    told = []
    session = connect(server, on_slow=told.append)
    for left in (5000, 100, 50, 0, 0):
        usage = {"Sforce-Limit-Info": f"api-usage={10_000 - left}/10000"}
        server.answers(200, {}, usage)
        session.get("/services/x")
    # There were plenty of requests for the first two, and none left for the last.
    assert [round(seconds, 1) for seconds in surroundings.slept] == [24.0, 27.0]
    assert told == [LimitInfo(9900, 10_000)]


def test_when_the_run_has_failed_too_often_nothing_is_repeated(server, connect, surroundings):
    session = connect(server, budget=RetryBudget(3, 0))
    for _ in range(5):
        server.refuses(503, "SERVER_UNAVAILABLE")
    with pytest.raises(ServerFaultError) as caught:
        session.get("/services/x")
    assert len(server.seen) == 4
    assert any("not retried again" in note for note in caught.value.notes)
    with pytest.raises(ServerFaultError):
        session.get("/services/x")
    assert len(server.seen) == 5
    assert len(surroundings.slept) == 3
