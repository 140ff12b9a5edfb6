"""The responses to requests on jobs: status, properties and their order."""

from __future__ import annotations

import re

import pytest

from bulkflow_sandbox.core.ids import compute_checksum

HEAD = [
    "id",
    "operation",
    "object",
    "createdById",
    "createdDate",
    "systemModstamp",
    "state",
    "concurrencyMode",
    "contentType",
    "apiVersion",
]
PK = "isPkChunkingSupported"
TIMES = ["retries", "totalProcessingTime", "apiActiveProcessingTime", "apexProcessingTime"]


def test_create_answers_200_with_the_recorded_properties_in_order(client):
    answer = client.send("POST", client.jobs, {"object": "Account", "operation": "insert"})
    job = answer.json()
    assert answer.status == 200
    assert answer.headers["Content-Type"] == "application/json;charset=UTF-8"
    assert list(job) == [*HEAD, "contentUrl", "lineEnding", "columnDelimiter"]
    assert job["contentUrl"] == f"services/data/v66.0/jobs/ingest/{job['id']}/batches"
    assert job | {"state": "Open", "concurrencyMode": "Parallel", "contentType": "CSV"} == job
    assert (job["lineEnding"], job["columnDelimiter"]) == ("LF", "COMMA")
    assert b'"apiVersion":66.0,' in answer.data


def test_the_object_comes_back_with_its_canonical_name(client):
    assert client.create(object="aCCount", operation="insert")["object"] == "Account"


def test_an_upsert_names_its_key_after_the_state(client):
    job = client.create(object="Account", operation="upsert", externalIdFieldName="external_id__C")
    assert job["externalIdFieldName"] == "external_id__C"
    assert list(job)[7] == "externalIdFieldName"
    changed = client.patch(job, "Aborted").json()
    assert list(changed)[7] == "externalIdFieldName"


def test_ids_are_18_characters_with_a_checksum_and_the_prefix_750(client):
    job = client.create(object="Account", operation="insert")
    assert re.fullmatch(r"750[0-9A-Za-z]{12}[A-Z0-5]{3}", job["id"])
    assert compute_checksum(job["id"][:15]) == job["id"][15:]
    assert client.send("GET", f"{client.jobs}/{job['id'][:15]}").json()["id"] == job["id"]


def test_the_checksum_is_that_of_recorded_ids():
    for recorded in ("0018c00002FInboAAD", "7506g00000DhRA2AAN", "0056g000005HQPyAAO"):
        assert compute_checksum(recorded[:15]) == recorded[15:]


def test_dates_have_milliseconds_and_an_offset_without_colon(client):
    job = client.create(object="Account", operation="insert")
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+0000", job["createdDate"])
    assert job["systemModstamp"] == job["createdDate"]


def test_counters_are_absent_before_the_upload_and_zero_after_it(client):
    job = client.create(object="Account", operation="insert")
    opened = [*HEAD, "jobType", "contentUrl", "lineEnding", "columnDelimiter"]
    assert list(client.info(job)) == [*opened, *TIMES, PK]
    answer = client.put(job, "Name\nA\n")
    assert (answer.status, answer.data) == (201, b"")
    after = client.info(job)
    counters = ["numberRecordsProcessed", "numberRecordsFailed"]
    assert list(after) == [*opened, *counters, *TIMES, PK]
    assert (after["numberRecordsProcessed"], after["numberRecordsFailed"]) == (0, 0)


def test_closing_answers_the_short_form_without_url_format_and_counters(client):
    job = client.create(object="Account", operation="insert")
    client.put(job, "Name\nA\n")
    changed = client.patch(job, "UploadComplete")
    assert changed.status == 200
    assert list(changed.json()) == HEAD
    assert changed.json()["state"] == "UploadComplete"
    assert changed.json()["systemModstamp"] == job["createdDate"]


def test_a_complete_job_has_counters_and_no_content_url(client):
    done = client.load("Name\nA\nB\n", object="Account", operation="insert")
    assert list(done) == [
        *HEAD,
        "jobType",
        "lineEnding",
        "columnDelimiter",
        "numberRecordsProcessed",
        "numberRecordsFailed",
        *TIMES,
        PK,
    ]
    assert done[PK] is False
    assert done["state"] == "JobComplete"
    assert done["jobType"] == "V2Ingest"
    assert (done["numberRecordsProcessed"], done["numberRecordsFailed"]) == (2, 0)


def test_a_failed_job_ends_with_its_error_message(client):
    done = client.load("Nme\nA\n", object="Account", operation="insert")
    assert done["state"] == "Failed"
    assert list(done)[-2] == "errorMessage"
    assert done["errorMessage"] == "InvalidBatch : Field name not found : Nme"
    assert (done["numberRecordsProcessed"], done["numberRecordsFailed"]) == (0, 0)


def test_delete_answers_204_and_the_job_is_gone(client):
    done = client.load("Name\nA\n", object="Account", operation="insert")
    answer = client.send("DELETE", f"{client.jobs}/{done['id']}")
    assert (answer.status, answer.data) == (204, b"")
    gone = (404, "NOT_FOUND", "The requested resource does not exist")
    for method, path, body in (
        ("GET", "", None),
        ("DELETE", "", None),
        ("PATCH", "", {"state": "Aborted"}),
        ("PUT", "/batches", "Name\n"),
        ("GET", "/successfulResults", None),
    ):
        assert client.error(method, f"{client.jobs}/{done['id']}{path}", body) == gone


@pytest.mark.parametrize(("version", "has"), [(60, False), (61, True)])
def test_only_a_look_at_a_job_tells_of_chunking_and_only_in_later_versions(client, version, has):
    jobs = f"/services/data/v{version}.0/jobs/ingest"
    job = client.send("POST", jobs, {"object": "Account", "operation": "insert"}).json()
    assert (PK in client.send("GET", f"{jobs}/{job['id']}").json()) is has
    changed = client.send("PATCH", f"{jobs}/{job['id']}", {"state": "Aborted"}).json()
    assert PK not in job
    assert PK not in changed
