"""Answers that do not fit the question: said, never acted on, and no row is sent twice for them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from bulkflow_ingest.api.client import IngestApi
from bulkflow_jobs.job_info import JobInfo
from bulkflow_jobs.job_responses import ExpectedJob
from bulkflow_sandbox.testing import LocalOrg, local_org
from support.proxy import Fault, Proxy, altering, answering, lose_answer, proxied
from support.workshop import Ran, Workshop

JOBS = "/jobs/ingest"
JOB = "/jobs/ingest/[^/]+"
LOAD = 'org env\njob people\n    insert Contact\n    from "people.csv"\n    parts of 2 rows\n'
OTHER = "7505g0000000001AAA"


@pytest.fixture
def org() -> Iterator[LocalOrg]:
    with local_org() as made:
        yield made


@pytest.fixture
def proxy(org: LocalOrg) -> Iterator[Proxy]:
    with proxied(org.url) as made:
        yield made


@pytest.fixture
def workshop(tmp_path: Path, org: LocalOrg, proxy: Proxy) -> Workshop:
    environ = {**org.environment, "SF_ORG_INSTANCE_URL": proxy.url, "BULKFLOW_PATIENCE": "1s"}
    made = Workshop(tmp_path, environ)
    made.write("people.csv", "LastName\nA\nB\nC\nD\n")
    return made


def telling(**properties: object) -> Fault:
    return altering(lambda answer: answer | properties)


def said(ran: Ran) -> str:
    return "\n".join(str(each) for each in ran.events)


def counts(ran: Ran) -> dict[str, object]:
    (job,) = ran.event("run_finished")["jobs"]  # type: ignore[misc]
    return job  # type: ignore[no-any-return]


def names(org: LocalOrg) -> list[str]:
    return sorted(str(each["LastName"]) for each in org.records("Contact"))


def resumed(workshop: Workshop, ran: Ran) -> Ran:
    run = str(ran.event("run_finished")["run"])
    return workshop.command("resume", run, "--state-dir", str(workshop.folder / "state"), "--json")


LIES = {
    "id": {"id": OTHER.replace("1AAA", "9AAA")},
    "object": {"object": "Account"},
    "operation": {"operation": "delete"},
    "negative": {"numberRecordsProcessed": -5},
    "fraction": {"numberRecordsProcessed": 2.5},
    "absurd": {"numberRecordsFailed": 10**30},
    "boolean": {"numberRecordsFailed": True},
    "state": {"state": "x" * 1_000_000},
}
SAID = {
    "id": "it is about job 7505g0000000009AAA",
    "object": "its object is Account, and not Contact",
    "operation": "its operation is delete, and not insert",
    "negative": "`numberRecordsProcessed` of the job is not a number of records: '-5'",
    "fraction": "not a number of records: '2.5'",
    "absurd": "`numberRecordsFailed` of the job is not a number of records: '1000",
    "boolean": "not a number of records: 'True'",
    "state": "its state is 'xxx",
}


@pytest.mark.parametrize("lie", LIES)
def test_a_look_that_lies_is_named_and_not_believed(
    workshop: Workshop, org: LocalOrg, proxy: Proxy, lie: str
) -> None:
    proxy.on("GET", JOB, telling(**LIES[lie]), times=None)
    ran = workshop.run(LOAD + "load job people\n")
    assert ran.code == 1, ran.out
    assert SAID[lie] in said(ran)
    assert len(said(ran)) < 20_000
    assert counts(ran)["loaded"] == counts(ran)["failed"] == counts(ran)["unprocessed"] == 0
    assert len(counts(ran)["left"]) == 2  # type: ignore[arg-type]
    sent = proxy.count("PUT", JOB + "/batches")
    assert "retry" not in str(ran.event("run_finished")["help"])
    proxy.rules.clear()
    again = resumed(workshop, ran)
    assert again.code == 0, again.out
    assert proxy.count("PUT", JOB + "/batches") == sent
    assert names(org) == ["A", "B", "C", "D"]


@pytest.mark.parametrize("lie", LIES)
def test_a_close_that_is_answered_with_a_lie_is_looked_at(
    workshop: Workshop, org: LocalOrg, proxy: Proxy, lie: str
) -> None:
    proxy.on("PATCH", JOB, telling(**LIES[lie]), times=None)
    ran = workshop.run(LOAD + "load job people\n")
    assert ran.code == 0, ran.out
    assert counts(ran)["loaded"] == 4
    assert names(org) == ["A", "B", "C", "D"]


def test_two_creates_with_one_id_are_no_two_uploads_into_one_job(
    workshop: Workshop, org: LocalOrg, proxy: Proxy
) -> None:
    given: list[object] = []

    def the_first(answer: dict[str, object]) -> dict[str, object]:
        given.append(answer["id"])
        return answer | {"id": given[0]}

    proxy.on("POST", JOBS, altering(the_first), times=None)
    ran = workshop.run(LOAD + "load job people\n")
    assert ran.code == 1, ran.out
    assert f"with job {given[0]}: another part of this run has it" in said(ran)
    uploads = [path for method, path in proxy.seen if method == "PUT"]
    assert len(uploads) <= 1
    assert len(given) == 2
    proxy.rules.clear()
    again = resumed(workshop, ran)
    assert again.code == 0, again.out
    assert names(org) == ["A", "B", "C", "D"]


def test_an_id_of_an_earlier_attempt_is_known_when_the_run_is_resumed(
    workshop: Workshop, org: LocalOrg, proxy: Proxy
) -> None:
    workshop.write("people.csv", "LastName\nA\nB\n")
    proxy.on(
        "PUT", JOB + "/batches", answering(400, [{"errorCode": "NO", "message": "no"}]), times=None
    )
    ran = workshop.run(LOAD + "load job people\n")
    assert ran.code == 1, ran.out
    (first, *_) = [path.split("/")[-2] for method, path in proxy.seen if method == "PUT"]
    proxy.rules.clear()
    proxy.on("POST", JOBS, telling(id=first))
    sent = proxy.count("PUT", JOB + "/batches")
    again = resumed(workshop, ran)
    assert again.code == 1, again.out
    assert f"with job {first}: another part of this run has it" in said(again)
    assert proxy.count("PUT", JOB + "/batches") == sent
    last = resumed(workshop, ran)
    assert last.code == 0, last.out
    assert names(org) == ["A", "B"]


@pytest.mark.parametrize("lie", ["object", "operation"])
def test_a_create_of_something_else_gets_no_rows(
    workshop: Workshop, proxy: Proxy, lie: str
) -> None:
    proxy.on("POST", JOBS, telling(**LIES[lie]), times=None)
    ran = workshop.run(LOAD + "load job people\n")
    assert ran.code == 1, ran.out
    assert SAID[lie] in said(ran)
    assert proxy.count("POST", JOBS) <= 2
    assert proxy.count("PUT", JOB + "/batches") == 0


@pytest.mark.parametrize(
    ("asked", "told", "fits"),
    [
        ("Invoice__c", "acme__Invoice__c", True),
        ("acme__Invoice__c", "acme__Invoice__c", True),
        ("Invoice__c", "acme__OldInvoice__c", False),
        ("Contact", "acme__Contact", False),
        ("Contact", "Contact__c", False),
    ],
)
def test_an_org_may_add_its_namespace_to_a_custom_object(asked: str, told: str, fits: bool) -> None:
    info = JobInfo(OTHER, "Open", "insert", told)
    assert (ExpectedJob("insert", asked).find_difference(info) is None) is fits


@pytest.mark.parametrize("told", ["Contact", "contact"])
def test_names_are_the_same_in_any_case(workshop: Workshop, proxy: Proxy, told: str) -> None:
    proxy.on("GET", JOB, telling(object=told), times=None)
    assert workshop.run(LOAD + "load job people\n").code == 0


@pytest.mark.parametrize("state", ["Open", "UploadComplete", "InProgress"])
def test_a_state_that_goes_backwards_is_not_believed(
    workshop: Workshop, org: LocalOrg, proxy: Proxy, state: str
) -> None:
    """Each first look is behind what is so, and so is every one after the job was complete."""
    proxy.on("GET", JOB, telling(state=state))
    ran = workshop.run(LOAD + 'load job people\nsave all rows of job people to "all.csv"\n')
    assert ran.code == 0, ran.out
    for job in {path.split("/")[-2] for method, path in proxy.seen if method == "PUT"}:
        proxy.on("GET", f"{JOBS}/{job}", telling(state=state), times=None)
    run = str(ran.event("run_finished")["run"])
    state_dir = str(workshop.folder / "state")
    undone = workshop.command("undo", run, "--yes", "--state-dir", state_dir, "--json")
    assert undone.code == 0, undone.out
    assert names(org) == []


def test_a_job_that_was_closed_and_stays_open_is_given_up(
    workshop: Workshop, org: LocalOrg, proxy: Proxy
) -> None:
    proxy.on("GET", JOB, telling(state="Open"), times=None)
    ran = workshop.run(LOAD + "load job people\n")
    assert ran.code == 1, ran.out
    assert "was closed, but the org has reported it as Open" in said(ran)
    sent = proxy.count("PUT", JOB + "/batches")
    proxy.rules.clear()
    again = resumed(workshop, ran)
    assert again.code == 0, again.out
    assert proxy.count("PUT", JOB + "/batches") == sent
    assert names(org) == ["A", "B", "C", "D"]


def test_the_reason_of_a_job_is_told_by_its_beginning(workshop: Workshop, proxy: Proxy) -> None:
    proxy.on("GET", JOB, telling(state="Failed", errorMessage="x" * 900_000), times=None)
    ran = workshop.run(LOAD + "load job people\n")
    assert ran.code == 1, ran.out
    assert "is Failed: xxx" in said(ran)
    assert len(ran.out) < 60_000


def test_of_many_open_jobs_that_may_be_ours_some_are_looked_at_and_the_others_counted(
    workshop: Workshop, proxy: Proxy
) -> None:
    open_jobs = [
        {
            "id": f"7505g000001{number:04}AAA",
            "state": "Open",
            "object": "Contact",
            "operation": "insert",
            "createdDate": "2099-01-01T00:00:00.000+0000",
        }
        for number in range(1_000)
    ]
    proxy.on("GET", JOBS, answering(200, {"records": open_jobs, "done": True}), times=None)
    for each in open_jobs:
        proxy.on("GET", f"{JOBS}/{each['id']}", answering(200, each))
    proxy.on("POST", JOBS, lose_answer)
    ran = workshop.run(LOAD + "load job people\n")
    assert ran.code == 0, ran.out
    notices = [str(each["message"]) for each in ran.events if each["event"] == "notice"]
    assert sum("this run may have created job" in each for each in notices) == 20
    assert any("this run may have created 980 more open jobs" in each for each in notices)
    assert proxy.count("GET", f"{JOBS}/7505g000001....AAA") == 20


def test_a_create_waits_for_the_org_within_its_own_patience(
    workshop: Workshop, proxy: Proxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    waits: list[float] = []
    patient = IngestApi.with_patience

    def noted(api: IngestApi, seconds: float, **more: float) -> IngestApi:
        waits.append(seconds)
        return patient(api, seconds, **more)

    monkeypatch.setattr(IngestApi, "with_patience", noted)
    proxy.on("POST", JOBS, lose_answer, times=2)
    ran = workshop.run(LOAD + "load job people\n")
    assert ran.code == 0, ran.out
    # One for the step; after each lost answer what is left behind a pause of a quarter second.
    assert waits[0] == 1.0
    assert len(waits) == 3
    assert max(waits[1:]) <= 0.75


def test_a_text_of_the_org_is_shown_by_its_beginning(workshop: Workshop, proxy: Proxy) -> None:
    proxy.on("GET", JOB, telling(id=OTHER, errorMessage="x" * 900_000), times=None)
    assert workshop.run(LOAD + "create job people\n").code == 0
    shown = workshop.command("jobs", "show", OTHER, "--org", "env")
    assert shown.code == 0, shown.err
    assert len(shown.out) < 10_000
