"""Parts go on side by side: one is looked at and fetched while another is still sent."""

from __future__ import annotations

from pathlib import Path
from threading import Event

import pytest

from bulkflow.errors import RunInterruptedError, StepError
from bulkflow.model.part import Part
from bulkflow.plugin import Job
from bulkflow.testing import RecordingContext
from bulkflow_ingest.api.result_kind import ResultKind
from bulkflow_ingest.execution.part_watch import watch_parts
from bulkflow_ingest.execution.scheduler import PartActions, PartScheduler
from bulkflow_ingest.parts.job_parts import JobParts
from bulkflow_ingest.parts.part_job import PartJob
from bulkflow_ingest.settings import IngestSettings
from bulkflow_jobs.job_info import JobInfo
from bulkflow_jobs.poll_schedule import PollSchedule
from support.proxy import Proxy
from support.workshop import Workshop

JOB = r"/jobs/ingest/\w+"
PEOPLE = 'org env\n\njob people\n    insert Contact\n    from "people.csv"\n    parts of 1 rows\n\n'


def parts_of(number: int, connections: int = 2) -> JobParts:
    parts = [
        PartJob.existing(f"j{index}", Part(index, "a.csv", 0, 10, 1, 2, 1, 10))
        for index in range(number)
    ]
    settings = IngestSettings(connections=connections)
    return JobParts.attach(Job("people", "people", {}, Path()), settings, parts)


def end(part: PartJob) -> None:
    assert part.id is not None
    part.refresh(JobInfo(part.id, "JobComplete"))


def convey(context: RecordingContext, made: JobParts, actions: PartActions) -> None:
    with watch_parts(PollSchedule(), context, made) as watch:
        PartScheduler(context, made, actions, watch).run(made.parts, [])


@pytest.mark.parametrize("connections", [1, 2])
def test_a_part_is_waited_for_and_fetched_while_another_is_sent(
    tmp_path: Path, connections: int
) -> None:
    made = parts_of(2, connections)
    fetched, order = Event(), []

    def send(part: PartJob) -> None:
        if part.number == 1:
            assert fetched.wait(10)
        order.append(f"sent {part.number}")

    def fetch(wanted: tuple[PartJob, ResultKind]) -> None:
        order.append(f"fetched {wanted[0].number}")
        fetched.set()

    actions = PartActions(
        send, end, lambda _: [ResultKind.FAILED], fetch, lambda: order.append("up")
    )
    with RecordingContext(tmp_path, tmp_path) as context:
        convey(context, made, actions)
    assert order.index("fetched 0") < order.index("sent 1") < order.index("up")
    assert sorted(order) == ["fetched 0", "fetched 1", "sent 0", "sent 1", "up"]


def test_after_a_failure_nothing_new_begins_and_what_is_under_way_ends(tmp_path: Path) -> None:
    made = parts_of(9)
    failed, sent = Event(), []

    def send(part: PartJob) -> None:
        if part.number == 0:
            failed.set()
            raise StepError("no")
        assert failed.wait(10)
        sent.append(part.number)

    def never(_: object) -> None:
        raise AssertionError

    actions = PartActions(send, never, lambda _: (), never, lambda: sent.append(-1))
    with (
        RecordingContext(tmp_path, tmp_path) as context,
        pytest.raises(StepError, match="no"),
    ):
        convey(context, made, actions)
    assert sent == [1]


@pytest.mark.parametrize("parts", [1, 3])
def test_being_asked_to_stop_is_no_failure_where_nothing_is_left(
    tmp_path: Path, parts: int
) -> None:
    made = parts_of(parts, connections=1)
    context = RecordingContext(tmp_path, tmp_path)

    def look(part: PartJob) -> None:
        end(part)
        context.interrupted = True

    actions = PartActions(lambda _: None, look, lambda _: (), lambda _: None, lambda: None)
    with context:
        if parts == 1:
            convey(context, made, actions)
        else:
            with pytest.raises(RunInterruptedError):
                convey(context, made, actions)


def test_a_reason_is_not_looked_for_among_very_many_failed_rows(
    workshop: Workshop, proxy: Proxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bulkflow_ingest.execution.top_error.MAX_FAILED_ROWS", 0)
    assert results_asked_for(workshop, proxy, "") == (0, 0)


def results_asked_for(workshop: Workshop, proxy: Proxy, then: str) -> tuple[int, int]:
    """How often failed and successful results were asked for, of two rows loaded and one not."""
    rows = "LastName,Email\nA,a@example.com\nB,\n"
    workshop.write("people.csv", rows + f"{'x' * 81},\n")
    ran = workshop.run(PEOPLE + "load job people\n" + then)
    assert ran.code in {0, 3}
    return proxy.count("GET", f"{JOB}/failedResults"), proxy.count(
        "GET", f"{JOB}/successfulResults"
    )


@pytest.mark.parametrize(
    ("then", "asked"),
    [
        # To name the commonest error, as nothing else is said of rows that fail.
        ("", (1, 0)),
        ("require failed rows of job people under 5\n", (0, 0)),
        ('save failed rows of job people to "failed.csv"\n', (1, 0)),
        ('save all rows of job people to "all.csv"\n', (1, 2)),
        ('save results of job people to "out"\n', (3, 3)),
        (
            (
                'save failed rows of job people to "failed.csv" then '
                'save all rows of job people to "all.csv"\n'
            ),
            (1, 2),
        ),
    ],
)
def test_only_what_is_needed_is_fetched_and_once(
    workshop: Workshop, proxy: Proxy, then: str, asked: tuple[int, int]
) -> None:
    assert results_asked_for(workshop, proxy, then) == asked


@pytest.mark.parametrize(
    ("rest", "fetched"),
    [
        ('save failed rows of job people to "failed.csv"\n', True),
        ('save results of job people to "out"\n', True),
        ("retry failed rows of job people\n", True),
        (
            (
                "when any failed rows of job people\n"
                '    save failed rows of job people to "failed.csv"\n'
            ),
            False,
        ),
        ("", False),
    ],
)
def test_what_follows_for_certain_is_fetched_before_its_step_begins(
    workshop: Workshop, proxy: Proxy, rest: str, *, fetched: bool
) -> None:
    rows = f"LastName\nA\n{'x' * 81}\n"
    workshop.write("people.csv", rows)
    ran = workshop.run(
        PEOPLE + "load job people\nrequire failed rows of job people under 1\n" + rest
    )
    assert ran.code == 1
    saved = list((workshop.folder / "state").rglob("*-failed.csv*"))
    assert bool(saved) is fetched
