"""Changes of jobs are recorded before they are sent and after the response."""

from __future__ import annotations

from pathlib import Path

import pytest
from attrs import Factory, define

from bulkflow.errors import BulkflowError, StepError
from bulkflow.model.part import Counts
from bulkflow.testing import RecordingContext, RecordingJournal
from bulkflow_jobs.request_journal import Change, RequestJournal, is_permanent, is_refused
from bulkflow_salesforce import ApiFault, Call, LostResponseError, SalesforceError

CALL = Call("PATCH", "/jobs", "org.example")


@define(eq=False)
class FakeJob:
    number: int = 0
    id: str | None = "7500"
    state: str | None = "InProgress"
    is_final: bool = False
    in_org: bool = True
    remote: object = None
    counts: Counts = Factory(Counts)
    unanswered: str | None = None
    counted: Counts | None = None

    def refresh(self, info: object) -> None:
        raise AssertionError

    def mark_gone(self) -> None:
        raise AssertionError


def refusal(code: str) -> SalesforceError:
    return SalesforceError("no", call=CALL, status=400, faults=[ApiFault(code, "no")])


@pytest.mark.parametrize(
    ("failure", "outcome", "doing"),
    [
        (None, "done", None),
        (refusal("INVALIDENTITY"), "refused", None),
        (refusal("INVALIDJOBSTATE"), "lost", None),
        (LostResponseError("lost", call=CALL), "lost", "abort"),
        (StepError("unreadable"), "withdrawn", None),
    ],
)
def test_the_outcome_of_a_change_is_recorded(
    tmp_path: Path, failure: BulkflowError | None, outcome: str, doing: str | None
) -> None:
    job, journal = FakeJob(), RecordingJournal()
    with RecordingContext(tmp_path, tmp_path, journal=journal) as context:

        def send() -> str:
            assert journal.unsettled == {1}
            assert job.unanswered == "abort"
            if failure is not None:
                raise failure
            return "Aborted"

        change = Change("abort", send, lambda state: {"state": state})
        if failure is None:
            assert RequestJournal(context, "people").send(job, change) == "Aborted"
        else:
            with pytest.raises(type(failure)):
                RequestJournal(context, "people").send(job, change)
    intent, settled = journal.entries
    assert intent.arguments == ("people", 0, "abort", {"id": "7500"})
    assert settled.arguments[:2] == (1, outcome)
    assert job.unanswered == doing


def test_only_the_orgs_own_refusal_is_permanent() -> None:
    assert is_permanent(refusal("INVALIDENTITY"))
    assert not is_permanent(refusal("INVALIDJOBSTATE"))
    assert not is_permanent(LostResponseError("lost", call=CALL))
    assert not is_refused(refusal("INVALIDJOBSTATE"))
