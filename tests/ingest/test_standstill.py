"""When a job that did not complete counts as still, with a clock that the test moves."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import cast

import pytest
from attrs import Factory, define
from hypothesis import given, settings
from hypothesis import strategies as st

from bulkflow.plugin import Context, Job
from bulkflow.testing import RecordingContext
from bulkflow_ingest.api.client import IngestApi
from bulkflow_ingest.parts.job_parts import JobParts
from bulkflow_ingest.parts.part_job import PartJob
from bulkflow_ingest.results.standstill import QUIET, Standstill, Stood
from bulkflow_ingest.settings import IngestSettings
from bulkflow_jobs.job_info import JobInfo
from bulkflow_salesforce import NotFoundError
from bulkflow_salesforce.http.call import Call

ENDED = 1_000_000.0
"""When the job ended, in seconds since the epoch."""


@define(eq=False)
class Org:
    """Commits rows of a job at some moments after its end."""

    context: RecordingContext
    commits: list[float]
    has_date: bool = True
    is_gone: bool = False
    behind: int = 0
    """How many looks show the job as it was before it was closed, ten minutes before its end."""
    looks: list[float] = Factory(list)

    def get_dated_info(self, job: str) -> tuple[JobInfo, float | None]:
        now = self.context.clock.now
        self.looks.append(now - ENDED)
        if self.is_gone:
            raise NotFoundError("gone", call=Call("GET", "/job", "org"), status=404)
        done = [each for each in self.commits if ENDED + each <= now]
        changed = datetime.fromtimestamp(ENDED + max(done, default=0.0), UTC)
        state = "Failed"
        if len(self.looks) <= self.behind:
            done, state = [], "Open"
            changed = datetime.fromtimestamp(ENDED - 600, UTC)
        info = JobInfo(
            job,
            state,
            number_records_processed=len(done),
            system_modstamp=changed.strftime("%Y-%m-%dT%H:%M:%S.%f+0000"),
        )
        # The header Date has whole seconds.
        return info, float(int(now)) if self.has_date else None


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("run")


@pytest.fixture
def context(folder: Path) -> Iterator[RecordingContext]:
    with RecordingContext(folder, folder) as made:
        made.clock.now = ENDED
        yield made


def stood(org: Org, patience: float = 900.0) -> Stood:
    job = Job("people", "people", {}, org.context.folder)
    part = PartJob.existing("750000000000001AAA")
    parts = JobParts.attach(job, IngestSettings.of({}), [part])
    still = Standstill(cast("IngestApi", org), cast("Context", org.context), parts, patience)
    return still.wait([part])


def test_a_job_that_ended_long_ago_is_looked_at_once(context: RecordingContext) -> None:
    org = Org(context, [1.0])
    context.clock.now = ENDED + 3600
    assert not stood(org).moving
    assert len(org.looks) == 1
    assert context.clock.slept == []


def test_without_a_date_two_looks_are_far_enough_apart(context: RecordingContext) -> None:
    org = Org(context, [], has_date=False)
    context.clock.now = ENDED + 3600
    assert not stood(org).moving
    first, second = org.looks
    assert second - first >= QUIET


def test_a_job_that_changes_on_and_on_is_told_when_the_patience_is_over(
    context: RecordingContext,
) -> None:
    org = Org(context, [float(each) for each in range(0, 2000, 10)])
    found = stood(org, patience=900.0)
    assert len(found.moving) == 1
    assert 890 <= org.looks[-1] <= 910
    assert any("may still commit rows" in each for each in context.notices)


def test_a_job_that_is_gone_is_said_to_be(context: RecordingContext) -> None:
    found = stood(Org(context, [], is_gone=True))
    assert len(found.gone) == 1
    assert not found.looks


@pytest.mark.parametrize("has_date", [False, True])
@pytest.mark.parametrize("behind", [1, 2, 4])
def test_looks_that_are_behind_do_not_show_that_a_job_stands_still(
    context: RecordingContext, behind: int, has_date: bool
) -> None:
    commits = [20.0 * each for each in range(1, 2 * behind + 1)]
    found = stood(Org(context, commits, has_date, behind=behind))
    (look,) = found.looks.values()
    assert (look.state, look.processed, found.moving) == ("Failed", len(commits), [])


def test_a_job_whose_looks_stay_behind_is_still_moving_when_the_patience_is_over(
    context: RecordingContext,
) -> None:
    found = stood(Org(context, [], behind=10**9))
    assert len(found.moving) == 1
    assert not found.looks


@given(
    gaps=st.lists(st.floats(0.1, QUIET - 1.1), max_size=12),
    has_date=st.booleans(),
    after=st.floats(0, 5),
)
@settings(deadline=None, max_examples=60)
def test_no_commit_that_follows_another_soon_enough_is_missed(
    folder: Path, gaps: list[float], has_date: bool, after: float
) -> None:
    """Each is seen that comes within the quiet time of the one before it."""
    with RecordingContext(folder, folder) as context:
        commits, at = [], after
        for gap in gaps:
            at += gap
            commits.append(at)
        context.clock.now = ENDED + after
        found = stood(Org(context, commits, has_date))
    assert not found.moving
    (look,) = found.looks.values()
    assert look.processed == len(commits)
