"""Polling with a clock that the test moves: how often it asks, and when it gives up."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from threading import Semaphore
from typing import cast

import pytest
from attrs import Factory, define

from bulkflow.errors import RunInterruptedError, StepError
from bulkflow.model.event import Event
from bulkflow.model.part import Part
from bulkflow.plugin import Context, Job
from bulkflow_ingest.api.result_kind import ResultKind
from bulkflow_ingest.execution.part_watch import watch_parts
from bulkflow_ingest.execution.scheduler import PartActions, PartScheduler
from bulkflow_ingest.parts.job_parts import JobParts
from bulkflow_ingest.parts.part_job import PartJob
from bulkflow_ingest.settings import IngestSettings
from bulkflow_jobs.job_info import JobInfo
from bulkflow_jobs.poll_schedule import CALLS_PER_SECOND, FIRST_PAUSE, LONGEST_PAUSE, PollSchedule
from bulkflow_jobs.worker_pool import WorkerPool


@define(eq=False)
class Time:
    """A step's context, as far as polling sees one: time passes only in its sleep."""

    now: float = 0.0
    pauses: list[float] = Factory(list)
    events: list[Event] = Factory(list)
    stop_after: float = float("inf")
    pool: WorkerPool = Factory(WorkerPool)
    late: Semaphore = Factory(lambda: Semaphore(0))
    """Released at each checkpoint after the time that tests wait for."""

    def share(self, key: str, *_: object) -> WorkerPool:
        assert key == "jobs:worker-pool"
        return self.pool

    @property
    def clock(self) -> Time:
        return self

    def monotonic(self) -> float:
        return self.now

    def time(self) -> float:
        return self.now

    def emit(self, event: Event) -> None:
        self.events.append(event)

    def format_command(self, verb: str) -> str:
        return f"bulkflow {verb}"

    def checkpoint(self) -> None:
        if self.now > 10:
            self.late.release()
        if self.now >= self.stop_after:
            raise RunInterruptedError("interrupted")

    def sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self.now += seconds
        self.checkpoint()


@define(eq=False)
class Org:
    """Says of each job when it ends."""

    time: Time
    ends: dict[str, float]
    before: str = "InProgress"
    asked: list[tuple[float, str]] = Factory(list)

    def refresh(self, part: PartJob) -> None:
        assert part.id is not None
        self.asked.append((self.time.now, part.id))
        state = "JobComplete" if self.time.now >= self.ends[part.id] else self.before
        part.refresh(JobInfo(part.id, state))


def _part(number: int) -> Part:
    return Part(number, "a.csv", 0, 10, 1, 2, 1, 10)


def polled(
    ends: dict[str, float],
    *,
    timeout: float | None = None,
    interval: float | None = None,
    stop_after: float = float("inf"),
    before: str = "InProgress",
    prepare: Callable[[list[PartJob]], None] = lambda _: None,
    schedule: PollSchedule | None = None,
    fetch: Callable[[Time], None] | None = None,
) -> tuple[Time, Org]:
    time = Time(stop_after=stop_after)
    org = Org(time, ends, before)
    parts = [PartJob.existing(name, _part(number)) for number, name in enumerate(ends)]
    prepare(parts)
    made = JobParts.attach(Job("people", "people", {}, Path()), IngestSettings(), parts)

    context = cast("Context", time)
    actions = PartActions(
        send=_never,
        poll=org.refresh,
        find_wanted=lambda _: () if fetch is None else (ResultKind.FAILED,),
        fetch=_never if fetch is None else lambda _: fetch(time),
        on_all_sent=lambda: None,
    )
    with watch_parts(schedule or PollSchedule(lambda: 0.5), context, made, interval) as watch:
        PartScheduler(context, made, actions, watch, timeout).run([], parts)
    time.pool.close()
    return time, org


def _never(_: object) -> None:
    raise AssertionError


def test_pauses_grow_to_the_longest_and_stay_there() -> None:
    time, _ = polled({"a": 600.0})
    assert time.pauses[0] == FIRST_PAUSE
    pauses = [round(pause, 6) for pause in time.pauses]
    assert pauses == sorted(pauses)
    assert set(pauses[-5:]) == {LONGEST_PAUSE}
    assert all(later <= 1.5 * pause + 1e-9 for pause, later in pairwise(time.pauses))


@pytest.mark.parametrize("ends", [3.0, 30.0, 137.0])
def test_an_end_is_noticed_within_a_small_share_of_the_time_it_took(ends: float) -> None:
    time, org = polled({"a": ends})
    assert time.now <= 1.1 * ends + FIRST_PAUSE
    assert len(org.asked) < 60


def test_pauses_differ_from_run_to_run() -> None:
    early, _ = polled({"a": 60.0}, schedule=PollSchedule(lambda: 0.0))
    late, _ = polled({"a": 60.0}, schedule=PollSchedule(lambda: 1.0))
    assert early.pauses[0] == pytest.approx(0.9 * FIRST_PAUSE)
    assert late.pauses[0] == pytest.approx(1.1 * FIRST_PAUSE)


def test_many_parts_share_the_calls_of_a_run() -> None:
    time, org = polled({f"j{number}": 100.0 for number in range(2_000)})
    in_between = [at for at, _ in org.asked if 0 < at < 100]
    assert len(in_between) <= 100 * CALLS_PER_SECOND
    assert len(org.asked) <= 2_000 * 3
    assert time.now <= 2 * 2_000 / CALLS_PER_SECOND


def test_waits_that_go_on_beside_make_the_pauses_longer() -> None:
    schedule = PollSchedule(lambda: 0.5)
    context = cast("Context", Time())
    job = Job("people", "people", {}, Path())
    parts = [PartJob.existing(f"j{number}", _part(number)) for number in range(400)]
    made = JobParts.attach(job, IngestSettings(), parts)
    with watch_parts(schedule, context, made) as watch:
        watch.add(parts)
        assert schedule.compute_pause(0) == 400 / CALLS_PER_SECOND
        parts[0].refresh(JobInfo("j0", "JobComplete"))
        assert watch.note_poll(parts[0])
        assert schedule.compute_pause(0) == 399 / CALLS_PER_SECOND
    assert schedule.compute_pause(0) == FIRST_PAUSE


def test_an_hour_costs_few_calls() -> None:
    _, org = polled({"a": 3600.0})
    assert len(org.asked) < 260


def test_a_given_interval_is_kept() -> None:
    time, _ = polled({"a": 100.0}, interval=7.0)
    assert set(time.pauses) == {7.0}


def test_a_part_that_ended_is_not_asked_for_again() -> None:
    _, org = polled({"early": 0.0, "late": 30.0})
    assert [name for _, name in org.asked].count("early") == 1


def test_parts_that_are_at_an_end_already_cost_nothing() -> None:
    def ended(parts: list[PartJob]) -> None:
        parts[0].refresh(JobInfo("a", "JobComplete"))

    time, org = polled({"a": 0.0}, prepare=ended)
    assert (org.asked, time.pauses) == ([], [])


@pytest.mark.parametrize("interval", [None, 4.0, 3600.0])
def test_the_last_look_is_when_the_time_is_up(interval: float | None) -> None:
    with pytest.raises(StepError, match="still being processed after 10 s") as caught:
        polled({"a": 10.5}, timeout=10.0, interval=interval)
    assert "it continues in the org" in (caught.value.help or "")
    assert caught.value.notes == ("job a is InProgress",)
    time, org = polled({"a": 10.0}, timeout=10.0, interval=interval)
    assert time.now == org.asked[-1][0] == 10.0


@pytest.mark.parametrize("ends", [1.0, 10.0])
def test_results_may_come_when_the_time_is_up(ends: float) -> None:
    fetched = []

    def fetch(time: Time) -> None:
        time.now = 11.0
        # Until whoever waits has looked at the clock twice, the second time for good.
        assert time.late.acquire(timeout=30)
        assert time.late.acquire(timeout=30)
        fetched.append(time.now)

    polled({"a": ends}, timeout=10.0, interval=1.0, fetch=fetch)
    assert fetched == [11.0]


def test_being_asked_to_stop_ends_it_at_the_next_pause() -> None:
    with pytest.raises(RunInterruptedError):
        polled({"a": float("inf")}, stop_after=20.0)


def test_a_job_that_nobody_closed_is_not_waited_for() -> None:
    with pytest.raises(StepError, match="before it is closed"):
        polled({"a": 10.0}, before="Open")
