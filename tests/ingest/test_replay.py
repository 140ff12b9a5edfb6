"""What a journal says of a part is what was known of it when the run was left."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast
from unittest.mock import patch

import pytest
from attrs import Factory, define, evolve
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bulkflow.errors import BulkflowError
from bulkflow.model.history import Intent, IntentKind, IntentOutcome, PartHistory
from bulkflow.model.org import OrgAccess, TokenProvider
from bulkflow.model.part import Part
from bulkflow.plugin import Context, Job
from bulkflow.testing import RecordingContext, RecordingJournal
from bulkflow_ingest.api.client import IngestApi, JobSpec
from bulkflow_ingest.execution.part_close import PartClose
from bulkflow_ingest.execution.part_requests import PartRequests
from bulkflow_ingest.execution.part_upload import PartUpload
from bulkflow_ingest.parts.job_parts import JobParts
from bulkflow_ingest.parts.ledger import Ledger
from bulkflow_ingest.parts.part_job import PartJob
from bulkflow_ingest.parts.remote_state import Closing, Ended, Gone, RemoteState, Unsent
from bulkflow_ingest.settings import IngestSettings
from bulkflow_jobs.job_info import JobInfo
from bulkflow_jobs.job_state import JobState
from bulkflow_salesforce import (
    ApiFault,
    Call,
    LostResponseError,
    NotFoundError,
    OrgError,
    SalesforceError,
)

ROWS = 10
PART = Part(0, "a.csv", 9, 69, 1, 2, ROWS, 69, "xxh3:00")
SPEC = JobSpec("Contact", "insert", None, "COMMA", "LF")
CALL = Call("PATCH", "/jobs/ingest", "org.example")


class KilledError(BaseException):
    """The process is killed while a request is on its way."""


def refusal(code: str, message: str = "no") -> SalesforceError:
    return SalesforceError(message, call=CALL, status=400, faults=[ApiFault(code, message)])


def missing() -> NotFoundError:
    return NotFoundError("gone", call=CALL, status=404)


FAILURES: st.SearchStrategy[Callable[[], OrgError]] = st.sampled_from(
    [
        lambda: refusal("NO_ACCESS"),
        lambda: refusal("INVALIDJOBSTATE"),
        lambda: refusal("X", "Found multiple contents for job"),
        lambda: SalesforceError("a gateway", call=CALL, status=403),
        missing,
        lambda: SalesforceError("too large", call=CALL, status=413),
        lambda: SalesforceError("late", call=CALL, status=408),
        lambda: LostResponseError("cut", call=CALL),
    ]
)
ANSWERS = st.none() | st.none() | FAILURES | st.just(KilledError)
COUNTERS = st.none() | st.integers(0, ROWS + 2)
"""Of more rows than there are, too."""


@define(eq=False)
class Org:
    """An org that answers as hypothesis likes; only jobs that are gone do not come back."""

    draw: Any
    jobs: int = 0
    gone: set[str] = Factory(set)

    def with_patience(self, *_: float, **__: float) -> Org:
        return self

    def check_connection(self) -> None:
        pass

    def create(self, _: JobSpec) -> JobInfo:
        self.jobs += 1
        job = f"750{self.jobs}"
        self._answer(job)
        return JobInfo(job, JobState.OPEN)

    def upload(self, job: str, _: object) -> None:
        self._answer(job)

    def close(self, job: str) -> JobInfo:
        self._answer(job)
        return JobInfo(job, JobState.UPLOAD_COMPLETE)

    def abort(self, job: str) -> JobInfo:
        self._answer(job)
        return JobInfo(job, JobState.ABORTED)

    def delete(self, job: str) -> None:
        self._answer(job)
        self.gone.add(job)

    def info(self, job: str) -> JobInfo:
        self._answer(job)
        processed, failed = self.draw(COUNTERS), self.draw(COUNTERS)
        state = self.draw(st.sampled_from([*JobState, "Paused"]))
        return JobInfo(job, state, number_records_processed=processed, number_records_failed=failed)

    def _answer(self, job: str) -> None:
        answer = self.draw(ANSWERS)
        if answer is KilledError:
            raise KilledError
        if job in self.gone:
            raise missing()
        if answer is not None:
            error = answer()
            if isinstance(error, NotFoundError):
                self.gone.add(job)
            raise error


@define(eq=False)
class Notes(RecordingJournal):
    """Keeps what a journal keeps of the only part."""

    changes: list[Intent] = Factory(list)
    states: frozenset[str] = frozenset()
    seen: tuple[str | None, str | None, tuple[int, int]] = (None, None, (0, 0))

    def intend(
        self,
        job: str,
        part: int,
        action: str,
        detail: Mapping[str, object],
        *,
        kind: IntentKind | None = None,
    ) -> int:
        number = super().intend(job, part, action, detail, kind=kind)
        kept = json.loads(json.dumps(dict(detail)))
        self.changes.append(Intent(action, kept, 1.0, number=number))
        return number

    def settle(self, intent: int, outcome: str, detail: Mapping[str, object]) -> None:
        super().settle(intent, outcome, detail)
        kept = json.loads(json.dumps(dict(detail)))
        self.changes[intent - 1] = evolve(
            self.changes[intent - 1], outcome=IntentOutcome(outcome), result=kept
        )

    def record_state(
        self, job: str, part: int, remote_id: str, state: str, counters: tuple[int, int] = (0, 0)
    ) -> None:
        self.states = self.states | {state} if remote_id == self.seen[0] else frozenset({state})
        self.seen = (remote_id, state, counters)

    @property
    def of_part(self) -> PartHistory:
        return PartHistory(PART, tuple(self.changes), *self.seen, self.states)


@define(eq=False)
class Desk:
    """A part, the requests that change it, and the journal of both."""

    requests: PartRequests
    part: PartJob
    notes: Notes

    @classmethod
    @contextmanager
    def opened(cls, org: Org) -> Iterator[Desk]:
        access = OrgAccess(
            "env",
            "https://org.example",
            "66.0",
            cast("TokenProvider", None),
            organization="00D000000000001",
        )
        notes, part = Notes(), PartJob(PART, None)
        context = RecordingContext(Path(), Path(), journal=notes, org_access=access)
        rules = IngestSettings("insert", "Contact", patience=1.0)
        parts = JobParts.attach(Job("people", "people", {}, Path()), rules, [part])
        api = cast("IngestApi", org)
        with patch("bulkflow_ingest.execution.part_upload.send_body", send_body):
            yield cls(PartRequests(api, context, parts, Ledger(context)), part, notes)

    def act(self, action: str) -> None:
        """Do what a step would do now, whatever comes of it."""
        part, requests = self.part, self.requests
        match action:
            case "send" if not part.handed_over and not part.is_final and not part.deleted:
                if not part.uploaded:
                    PartUpload(requests, part, lambda: SPEC).run()
                PartClose(requests, part).run()
            case "upload" if not part.uploaded and not part.deleted:
                PartUpload(requests, part, lambda: SPEC).run()
            case "look" if part.id is not None:
                requests.refresh(part)
            case "abort" if part.in_org and not part.is_final:
                requests.abort(part)
            case "delete" if part.in_org:
                requests.delete(part)

    @property
    def last_outcome(self) -> IntentOutcome | None:
        """What became of the last change that was asked for."""
        return self.notes.changes[-1].outcome if self.notes.changes else None

    def replayed(self) -> PartJob:
        """The part as another process finds it."""
        found = PartJob(PART, None)
        found.restore(self.notes.of_part)
        return found


def send_body(api: IngestApi, _: Context, __: JobParts, ___: PartJob, job: str) -> None:
    api.upload(job, cast("Any", None))


def bare(state: RemoteState) -> RemoteState:
    """A state without what the journal does not keep, and the org is asked for once more.

    That is why a job failed, and that it was gone. A job that was aborted before it was closed is
    of no more use, whether it was let go or not.
    """
    if isinstance(state, Gone):
        return bare(state.last)
    if isinstance(state, Ended):
        state = evolve(state, error_message=None, modified=None, deleting=False)
        return state if state.handed_over else Unsent()
    return Unsent() if isinstance(state, Unsent) else state


ACTIONS = st.lists(
    st.sampled_from(["send", "upload", "look", "abort", "delete"]), min_size=1, max_size=8
)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(ACTIONS, st.data())
def test_a_part_is_brought_back_as_it_was_left(actions: list[str], data: st.DataObject) -> None:
    with Desk.opened(Org(data.draw)) as desk:
        killed = False
        for action in actions:
            try:
                desk.act(action)
            except BulkflowError:
                # The steps say so; what is known of the part is what counts here.
                pass
            except KilledError:
                killed = True
            found, live = desk.replayed(), desk.part
            # Refused for certain; it may be that nothing could be looked at to conclude that.
            refused = desk.last_outcome is IntentOutcome.REFUSED and isinstance(
                live.remote, Closing
            )
            if live.handed_over and not refused:
                assert found.handed_over, (live.remote, found.remote)
                assert found.counts.unprocessed == 0
            if killed:
                break
            if not refused:
                assert found.handed_over is live.handed_over
            # A job that is gone and of no use is asked for once more.
            if not refused and (live.handed_over or live.in_org):
                assert bare(found.remote) == bare(live.remote)
            assert found.was_uploaded is live.was_uploaded


@pytest.mark.parametrize("ends", ["abort", "delete"])
def test_rows_of_a_job_that_others_closed_were_handed_over(ends: str) -> None:
    """It was seen to be closed, and not by an intent of ours."""
    intents = (
        Intent("create", {}, 1.0, IntentOutcome.DONE, {"id": "750A"}),
        Intent("upload", {"id": "750A"}, 2.0, IntentOutcome.DONE, {}),
        Intent(ends, {"id": "750A"}, 3.0, IntentOutcome.DONE, {}),
    )
    states = frozenset({"Open", "UploadComplete", "Aborted"})
    part = PartJob(PART, None)
    part.restore(PartHistory(PART, intents, "750A", "Aborted", (0, 0), states))
    assert part.handed_over
    assert (part.counts.unprocessed, part.counts.unknown) == (0, ROWS)
