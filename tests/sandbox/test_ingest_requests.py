"""Requests that Salesforce refuses, and unusual ones that it accepts."""

from __future__ import annotations

import gzip
import json

import pytest

from bulkflow_sandbox import Choices, ManualClock
from bulkflow_sandbox.core.behavior import EarlyResults, SecondPut
from bulkflow_sandbox.org import USER_ID

NOT_FOUND = (404, "NOT_FOUND", "The requested resource does not exist")
INSERT = {"object": "Account", "operation": "insert"}


def multipart(job: dict, data: str, *, boundary: str = "BOUNDARY", line: str = "\r\n") -> bytes:
    return line.join(
        [
            f"--{boundary}",
            "Content-Type: application/json",
            'Content-Disposition: form-data; name="job"',
            "",
            json.dumps(job),
            f"--{boundary}",
            "Content-Type: text/csv",
            'Content-Disposition: form-data; name="content"; filename="content"',
            "",
            data,
            f"--{boundary}--",
            "",
        ]
    ).encode()


# Tokens and paths.


@pytest.mark.parametrize("header", [{"Authorization": "Bearer wrong"}, {"Authorization": ""}])
def test_a_wrong_or_missing_token_gets_the_array_body(client, header):
    answer = client.send("GET", client.jobs, headers=header)
    assert answer.status == 401
    assert answer.json() == [
        {"errorCode": "INVALID_SESSION_ID", "message": "Session expired or invalid"}
    ]
    assert answer.headers["WWW-Authenticate"] == "Token"


def test_a_token_after_the_word_oauth_is_taken(client):
    header = {"Authorization": f"OAuth {client.server.token}"}
    assert client.send("GET", client.jobs, headers=header).status == 200


def test_another_scheme_is_refused_as_a_bad_header(client):
    status, code, _ = client.error("GET", client.jobs, headers={"Authorization": "Basic eDp5"})
    assert (status, code) == (401, "INVALID_AUTH_HEADER")


def test_a_slash_at_the_end_is_accepted_on_every_resource(client):
    done = client.load("Name\nA\n", **INSERT)
    for path in ("", "/successfulResults", "/failedResults", "/unprocessedrecords"):
        assert client.send("GET", f"{client.jobs}/{done['id']}{path}/").status == 200
    assert client.send("GET", client.jobs + "/").status == 200


def test_a_doubled_slash_is_not_found(client):
    assert client.error("GET", client.jobs.replace("/jobs", "//jobs")) == NOT_FOUND


def test_both_spellings_of_unprocessedrecords_are_accepted(client):
    done = client.load("Name\nA\n", **INSERT)
    assert client.result(done, "unprocessedRecords") == client.result(done, "unprocessedrecords")


@pytest.mark.parametrize(
    ("version", "status"), [("20.0", 410), ("30.0", 410), ("99.0", 404), ("66.1", 404)]
)
def test_versions_that_are_retired_or_unknown_are_refused(client, version, status):
    assert client.send("GET", f"/services/data/v{version}/jobs/ingest").status == status


def test_the_version_of_the_path_is_that_of_the_job(client):
    job = client.send("POST", client.jobs.replace("66.0", "52.0"), INSERT).json()
    assert job["apiVersion"] == 52.0
    assert job["contentUrl"].startswith("services/data/v52.0/")


def test_another_method_is_refused_with_those_that_are_allowed(client):
    status, code, message = client.error("PUT", client.jobs)
    assert (status, code) == (405, "METHOD_NOT_ALLOWED")
    assert message == "HTTP Method 'PUT' not allowed. Allowed are GET,HEAD,POST"


def test_answers_count_the_api_requests(client):
    used = [
        int(
            client.send("GET", client.jobs).headers["Sforce-Limit-Info"].split("=")[1].split("/")[0]
        )
        for _ in range(2)
    ]
    assert used[1] == used[0] + 1


def test_pretty_print_changes_white_space_only(client):
    job = client.create(**INSERT)
    plain = client.send("GET", f"{client.jobs}/{job['id']}")
    pretty = client.send("GET", f"{client.jobs}/{job['id']}", headers={"X-PrettyPrint": "1"})
    assert b"\n" in pretty.data
    assert list(pretty.json().items()) == list(plain.json().items())


# Create.


@pytest.mark.parametrize(
    ("properties", "code", "message"),
    [
        (
            {"object": "Nope", "operation": "insert"},
            "INVALIDJOB",
            "InvalidJob : Unable to find object: Nope",
        ),
        (
            {"object": "", "operation": "insert"},
            "INVALIDJOB",
            "InvalidJob : Unable to find object: ",
        ),
        (
            {"object": "Account", "operation": "upsert"},
            "INVALIDJOB",
            (
                "InvalidJob : External ID was blank for Account. An External ID must be specified "
                "for upsert."
            ),
        ),
        (
            {"object": "Account", "operation": "upsert", "externalIdFieldName": "Phone"},
            "INVALIDJOB",
            "InvalidJob : Field name provided, Phone does not match an External ID for Account",
        ),
        (
            {"object": "Account", "operation": "upsert", "externalIdFieldName": ""},
            "INVALIDJOB",
            "InvalidJob : Field name provided,  does not match an External ID for Account",
        ),
        ({"object": "Account"}, "JSON_PARSER_ERROR", "A required property is missing: operation"),
        ({"operation": "insert"}, "JSON_PARSER_ERROR", "A required property is missing: object"),
        (
            {"object": "Account", "operation": "Insert"},
            "API_ERROR",
            "Invalid value: 'Insert' supplied for property: 'operation'",
        ),
        (
            {"object": "Account", "operation": ""},
            "API_ERROR",
            "Invalid value: '' supplied for property: 'operation'",
        ),
        (
            INSERT | {"lineEnding": "CR"},
            "API_ERROR",
            "Invalid value: 'CR' supplied for property: 'lineEnding'",
        ),
        (
            INSERT | {"columnDelimiter": ";"},
            "API_ERROR",
            "Invalid value: ';' supplied for property: 'columnDelimiter'",
        ),
        (
            INSERT | {"contentType": "XML"},
            "JSON_PARSER_ERROR",
            "Unsupported value for contentType: XML",
        ),
        (
            INSERT | {"assignmentRuleId": "01Q000000000001"},
            "INVALIDJOB",
            "Assignment rule 01Q000000000001 is not valid for Account",
        ),
    ],
)
def test_a_contradictory_create_is_refused(client, properties, code, message):
    assert client.error("POST", client.jobs, properties) == (400, code, message)


def test_a_create_that_is_no_json_is_refused(client):
    kind = {"Content-Type": "application/json"}
    status, code, _ = client.error("POST", client.jobs, "{", kind)
    assert (status, code) == (400, "JSON_PARSER_ERROR")
    status, code, _ = client.error("POST", client.jobs, "[]", kind)
    assert (status, code) == (400, "JSON_PARSER_ERROR")


def test_a_create_with_another_content_type_is_refused(client):
    status, code, _ = client.error("POST", client.jobs, "a=b", {"Content-Type": "text/plain"})
    assert (status, code) == (415, "UNSUPPORTED_MEDIA_TYPE")


def test_hard_delete_needs_the_permission(start):
    client = start()
    assert client.create(object="Account", operation="hardDelete")["operation"] == "hardDelete"
    client.server.api.change_schema({"permissions": {"hardDelete": False}})
    status, code, message = client.error(
        "POST", client.jobs, {"object": "Account", "operation": "hardDelete"}
    )
    assert (status, code) == (400, "FEATURENOTENABLED")
    assert message.startswith("hardDelete operation requires special user profile permission")


def test_unknown_properties_of_a_create_are_ignored(client):
    assert client.create(**INSERT, concurrencyMode="Serial")["concurrencyMode"] == "Parallel"


def test_an_assignment_rule_is_shown_after_the_key(client):
    job = client.create(object="Case", operation="insert", assignmentRuleId="01Q5g0000000001")
    assert list(job)[7] == "assignmentRuleId"
    assert job["assignmentRuleId"][:15] == "01Q5g0000000001"


# Multipart create.


@pytest.mark.parametrize("header", ["BOUNDARY", '"BOUNDARY"'])
@pytest.mark.parametrize("line", ["\r\n", "\n"])
def test_a_multipart_create_has_its_data_and_runs(client, header, line):
    body = multipart(INSERT, "Name\nA\nB\n", line=line)
    kind = {"Content-Type": f"multipart/form-data; boundary={header}"}
    answer = client.send("POST", client.jobs, body, kind)
    job = answer.json()
    assert answer.status == 200
    assert job["state"] == "UploadComplete"
    assert list(job)[-3:] == ["apiVersion", "lineEnding", "columnDelimiter"]
    assert client.server.api.settle()
    assert client.info(job)["numberRecordsProcessed"] == 2
    assert '"true","B"' in client.successes(job)


def test_a_multipart_create_takes_100_000_characters_and_no_more(client):
    kind = {"Content-Type": "multipart/form-data; boundary=BOUNDARY"}
    full = "Name\n" + "é" * 99_994 + "\n"
    assert client.send("POST", client.jobs, multipart(INSERT, full), kind).status == 200
    status, code, _ = client.error("POST", client.jobs, multipart(INSERT, full + "x"), kind)
    assert (status, code) == (400, "INVALIDJOB")


@pytest.mark.parametrize("body", [b"", b"--BOUNDARY", multipart(INSERT, "Name\nA")[:-20]])
def test_a_multipart_body_in_pieces_is_refused(client, body):
    kind = {"Content-Type": "multipart/form-data; boundary=BOUNDARY"}
    assert client.error("POST", client.jobs, body, kind)[:2] == (400, "INVALIDJOB")


# Upload.


def test_a_second_upload_is_taken_and_refuses_the_close(client):
    job = client.create(**INSERT)
    assert client.put(job, "Name\nA\n").status == 201
    assert client.put(job, "Name\nB\n").status == 201
    assert client.error("PATCH", f"{client.jobs}/{job['id']}", {"state": "UploadComplete"}) == (
        400,
        "INVALIDJOB",
        (
            f"Found multipe contents for job: <{job['id'][:15]}>, please 'Close' / 'Abort' / "
            "'Delete' the current Job then create a new Job and make sure you only do 'PUT' once "
            "on a given Job."
        ),
    )
    assert client.info(job)["state"] == "Open"
    assert client.patch(job, "Aborted").status == 200


def test_a_second_upload_can_be_refused_itself(start):
    client = start(choices=Choices(second_put=SecondPut.REFUSE))
    job = client.create(**INSERT)
    assert client.put(job, "Name\nA\n").status == 201
    path = f"{client.jobs}/{job['id']}/batches"
    assert client.error("PUT", path, "Name\nB\n")[:2] == (400, "INVALIDJOB")
    assert client.patch(job, "UploadComplete").status == 200


def test_an_upload_into_a_closed_job_is_refused(client):
    done = client.load("Name\nA\n", **INSERT)
    path = f"{client.jobs}/{done['id']}/batches"
    assert client.error("PUT", path, "Name\nB\n")[:2] == (400, "INVALIDJOBSTATE")


def test_a_packed_upload_is_unpacked(client):
    job = client.create(**INSERT)
    packed = gzip.compress(b"Name\n" + b"A\n" * 1000)
    assert client.put(job, packed, **{"Content-Encoding": "gzip"}).status == 201
    client.patch(job, "UploadComplete")
    assert client.server.api.settle()
    assert client.info(job)["numberRecordsProcessed"] == 1000


@pytest.mark.parametrize("damage", [lambda data: b"no gzip", lambda data: data[:-9]])
def test_a_packed_upload_that_is_damaged_is_refused_and_not_kept(client, damage):
    job = client.create(**INSERT)
    packed = damage(gzip.compress(b"Name\n" + bytes(range(32, 127)) * 50))
    assert client.put(job, packed, **{"Content-Encoding": "gzip"}).status == 400
    assert "numberRecordsProcessed" not in client.info(job)


def test_an_upload_past_the_limit_is_refused_and_not_kept(start):
    client = start(choices=Choices(upload_limit=100))
    job = client.create(**INSERT)
    assert client.put(job, b"x" * 101).status == 400
    assert client.put(job, b"Name\n" + b"A" * 95).status == 201


def test_only_the_creator_may_upload_or_close(start):
    client = start()
    client.server.api.change_schema({"permissions": {"manageDataIntegrations": False}})
    job = client.create(**INSERT)
    other = {"Authorization": f"Bearer {client.server.api.sessions.issue('0055g0000000ABC')}"}
    path = f"{client.jobs}/{job['id']}"
    for request in (("PUT", path + "/batches", "Name\n"), ("PATCH", path, {"state": "Aborted"})):
        status, code, message = client.error(*request, other)
        assert (status, code) == (400, "INVALIDUSER")
        assert message.startswith("InvalidUser : ")
    assert job["createdById"] == USER_ID


# Close, abort, delete.


def state(client, job, wanted):
    return client.error("PATCH", f"{client.jobs}/{job['id']}", {"state": wanted})


def test_a_finished_job_can_neither_be_aborted_nor_closed(client):
    done = client.load("Name\nA\n", **INSERT)
    assert state(client, done, "Aborted") == (
        400,
        "INVALIDJOBSTATE",
        "Aborting already Completed Job not allowed",
    )
    assert state(client, done, "UploadComplete") == (
        400,
        "INVALIDJOBSTATE",
        "Closing already Completed Job not allowed",
    )


def test_an_aborted_job_can_neither_be_closed_nor_aborted(client):
    job = client.create(**INSERT)
    answer = client.patch(job, "Aborted")
    assert (answer.status, answer.json()["state"]) == (200, "Aborted")
    assert state(client, job, "UploadComplete") == (
        400,
        "INVALIDJOBSTATE",
        "Closing already aborted Job not allowed",
    )
    assert state(client, job, "Aborted")[2] == "Aborting already Aborted Job not allowed"


@pytest.mark.parametrize("wanted", ["Open", "JobComplete", "InProgress", "rubbish", "", None, 5])
def test_no_other_state_can_be_asked_for(client, wanted):
    job = client.create(**INSERT)
    status, code, message = state(client, job, wanted)
    assert (status, code) == (400, "INVALIDJOB")
    assert message.endswith(f" {'null' if wanted is None else wanted}")
    assert client.info(job)["state"] == "Open"


def test_a_job_without_an_upload_can_be_closed_and_has_no_rows(client):
    job = client.create(**INSERT)
    assert client.patch(job, "UploadComplete").status == 200
    assert client.server.api.settle()
    done = client.info(job)
    assert (done["state"], done["numberRecordsProcessed"]) == ("JobComplete", 0)


def test_an_open_job_cannot_be_deleted(client):
    job = client.create(**INSERT)
    assert client.error("DELETE", f"{client.jobs}/{job['id']}") == (
        400,
        "API_ERROR",
        "Error encountered when deleting the job because the job is not terminated",
    )


@pytest.mark.parametrize("job_id", ["7505g00000000zz", "7505g00000000zzAAA", "nope", "7505g"])
def test_an_unknown_or_malformed_id_is_not_found(client, job_id):
    for method, part, body in (
        ("GET", "", None),
        ("DELETE", "", None),
        ("PATCH", "", {"state": "Aborted"}),
        ("PUT", "/batches", "Name\n"),
        ("GET", "/failedResults", None),
    ):
        assert client.error(method, f"{client.jobs}/{job_id}{part}", body) == NOT_FOUND


def test_results_of_an_unfinished_job_are_refused(client):
    job = client.create(**INSERT)
    status, code, _ = client.error("GET", f"{client.jobs}/{job['id']}/successfulResults")
    assert (status, code) == (400, "INVALIDJOBSTATE")


def test_results_of_an_unfinished_job_can_be_empty(start):
    client = start(choices=Choices(early_results=EarlyResults.EMPTY))
    job = client.create(**INSERT)
    assert client.send("GET", f"{client.jobs}/{job['id']}/failedResults").status == 204


# List.


def test_the_list_is_paged_and_every_job_is_on_one_page(start):
    client = start(choices=Choices(page_size=3))
    made = {client.create(**INSERT)["id"] for _ in range(7)}
    path, seen, pages = client.jobs, [], 0
    while path:
        page = client.send("GET", path).json()
        assert list(page) == ["done", "records", "nextRecordsUrl"]
        assert page["done"] is (page["nextRecordsUrl"] is None)
        seen += [job["id"] for job in page["records"]]
        path = page["nextRecordsUrl"]
        pages += 1
    assert pages == 3
    assert sorted(seen) == sorted(made)


def test_a_full_last_page_is_the_last(start):
    client = start(choices=Choices(page_size=2))
    for _ in range(2):
        client.create(**INSERT)
    assert client.send("GET", client.jobs).json()["nextRecordsUrl"] is None


def test_listed_jobs_have_a_type_but_neither_counters_nor_times(start):
    client = start()
    client.load("Name\nA\n", **INSERT)
    client.create(**INSERT)
    done, opened = client.send("GET", client.jobs).json()["records"]
    assert list(done)[-3:] == ["jobType", "lineEnding", "columnDelimiter"]
    assert list(opened)[-4:] == ["jobType", "contentUrl", "lineEnding", "columnDelimiter"]


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ("", 1),
        ("?jobType=V2Ingest", 1),
        ("?jobType=Classic", 0),
        ("?jobType=BigObjectIngest", 0),
        ("?isPkChunkingEnabled=true", 0),
        ("?isPkChunkingEnabled=false", 1),
    ],
)
def test_the_list_can_be_filtered(start, query, count):
    client = start()
    client.create(**INSERT)
    assert len(client.send("GET", client.jobs + query).json()["records"]) == count


def test_a_filter_holds_on_the_following_pages(start):
    client = start(choices=Choices(page_size=1), clock=ManualClock())
    for _ in range(2):
        client.create(**INSERT)
    page = client.send("GET", client.jobs + "?jobType=V2Ingest").json()
    assert "jobType=V2Ingest" in page["nextRecordsUrl"]
    assert len(client.send("GET", page["nextRecordsUrl"]).json()["records"]) == 1


def test_a_locator_that_nobody_gave_is_not_found(client):
    assert client.error("GET", client.jobs + "?queryLocator=nope") == NOT_FOUND


@pytest.mark.parametrize(("version", "status"), [("40.0", 404), ("41.0", 200)])
def test_ingest_jobs_begin_with_version_41(client, version, status):
    assert client.send("GET", client.jobs.replace("66.0", version)).status == status


@pytest.mark.parametrize("name", ["object", "operation", "lineEnding", "assignmentRuleId"])
def test_half_a_character_in_a_property_is_refused_like_any_other_text(client, name):
    job = {"object": "Case", "operation": "insert"} | {name: "\ud800"}
    assert client.send("POST", client.jobs, job).status == 400
