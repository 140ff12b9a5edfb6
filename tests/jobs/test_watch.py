"""Waiting for jobs of any kind, with a clock that the test moves."""

from __future__ import annotations

from pathlib import Path
from typing import cast

import pytest
from attrs import Factory, define

from bulkflow.errors import StepError
from bulkflow.model.event import Event
from bulkflow.plugin import Context, Job
from bulkflow_jobs.poll_schedule import FIRST_PAUSE, PollSchedule
from bulkflow_jobs.watch import Watch


@define(eq=False)
class FakeJob:
    """A job of no particular kind."""

    number: int
    state: str = "InProgress"
    is_final: bool = False
    in_org: bool = True

    @property
    def id(self) -> str:
        return f"750{self.number}"


@define(eq=False)
class Time:
    """A step's context, as far as a watch uses it."""

    now: float = 0.0
    events: list[Event] = Factory(list)

    @property
    def clock(self) -> Time:
        return self

    def monotonic(self) -> float:
        return self.now

    def emit(self, event: Event) -> None:
        self.events.append(event)

    def format_command(self, verb: str) -> str:
        return f"bulkflow {verb}"


def watch(time: Time, **more: object) -> Watch[FakeJob]:
    job = Job("people", "people", {}, Path())
    return Watch(PollSchedule(lambda: 0.5), cast("Context", time), job, **more)  # type: ignore[arg-type]


def test_jobs_are_polled_until_they_finish() -> None:
    time, jobs = Time(), [FakeJob(1), FakeJob(0)]
    with watch(time) as watched:
        watched.add(jobs)
        assert watched.unfinished == [jobs[1], jobs[0]]
        assert watched.take_due(time.now) == [jobs[1], jobs[0]]
        jobs[1].is_final = True
        assert watched.note_poll(jobs[1])
        assert not watched.note_poll(jobs[0])
        assert watched.next_poll == FIRST_PAUSE
        jobs[0].in_org = False
        assert watched.take_due(FIRST_PAUSE) == [jobs[0]]
        assert watched.note_poll(jobs[0])
        assert not watched.is_waiting


def test_a_check_ends_a_wait_that_is_pointless() -> None:
    def refuse(job: FakeJob) -> None:
        raise StepError(f"job {job.id} is open")

    with watch(Time(), check=refuse) as watched:
        watched.add([FakeJob(0)])
        with pytest.raises(StepError, match="7500 is open"):
            watched.note_poll(watched.take_due(0.0)[0])


def test_an_unknown_state_is_reported_once() -> None:
    time, job = Time(), FakeJob(0, "Resting")
    with watch(time) as watched:
        watched.add([job])
        for _ in range(2):
            watched.note_poll(job)
    assert len(time.events) == 1


def test_a_timeout_names_the_unfinished_jobs() -> None:
    with watch(Time()) as watched:
        watched.add([FakeJob(0)])
        error = watched.make_timeout_error(10.0)
    assert error.notes == ("job 7500 is InProgress",)
    assert "`bulkflow resume`" in (error.help or "")
