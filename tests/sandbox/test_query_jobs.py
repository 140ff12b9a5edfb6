"""Query jobs over a real socket: their answers, their pages, and what they refuse."""

from __future__ import annotations

import csv
import gzip
import io
import shutil
from datetime import timedelta

import pytest

from bulkflow_sandbox import AfterPolls, AfterTime, Choices, RowsPerSecond, Sandbox
from bulkflow_sandbox.core.behavior import EarlyResults
from bulkflow_sandbox.org import USER_ID

JOBS = "/services/data/v66.0/jobs/query"
CREATED = [
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
    "lineEnding",
    "columnDelimiter",
]
COMPLETE = [
    *CREATED[:10],
    "jobType",
    "lineEnding",
    "columnDelimiter",
    "numberRecordsProcessed",
    "retries",
    "totalProcessingTime",
    "isPkChunkingSupported",
]


@pytest.fixture
def ask(start):
    """Starts a sandbox with accounts in it, and gives a client that asks queries."""

    def ask(rows=0, **options):
        client = start(**options)
        if rows:
            lines = "".join(f"Name {number:05},{number * 1e6}\n" for number in range(rows))
            client.load(f"Name,AnnualRevenue\n{lines}", object="Account", operation="insert")
        return client

    return ask


def create(client, query, version="66.0", **properties):
    body = {"operation": "query", "query": query} | properties
    return client.send("POST", f"/services/data/v{version}/jobs/query", body)


def run(client, query, **options):
    job = create(client, query, **options).json()
    assert client.server.api.settle()
    return job["id"]


def read(client, path):
    answer = client.send("GET", path)
    assert answer.status == 200, answer.data
    rows = list(csv.reader(io.StringIO(answer.data.decode(), newline="")))
    return rows, answer.headers["Sforce-Locator"], int(answer.headers["Sforce-NumberOfRecords"])


def read_all(client, job_id, most=None):
    """All pages, each with its header."""
    pages, locator = [], ""
    while locator != "null":
        query = "&".join(
            part
            for part in (f"locator={locator}" * bool(locator), f"maxRecords={most}" * bool(most))
            if part
        )
        rows, locator, count = read(client, f"{JOBS}/{job_id}/results?{query}")
        assert count == len(rows) - 1
        pages.append(rows)
    return pages


def test_a_job_is_created_with_the_recorded_properties_in_their_order(client):
    job = create(client, "SELECT Id FROM account").json()
    assert list(job) == CREATED
    assert job["object"] == "Account"
    assert (job["state"], job["operation"], job["apiVersion"]) == ("UploadComplete", "query", 66.0)
    assert (job["id"][:3], len(job["id"])) == ("750", 18)


def test_a_complete_job_has_the_documented_properties_in_their_order(ask):
    client = ask(rows=3)
    job_id = run(client, "SELECT Id FROM Account")
    info = client.send("GET", f"{JOBS}/{job_id}").json()
    assert list(info) == COMPLETE
    assert (info["state"], info["jobType"]) == ("JobComplete", "V2Query")
    assert (info["numberRecordsProcessed"], info["isPkChunkingSupported"]) == (3, True)


def test_order_and_limit_rule_out_chunks(client):
    job_id = run(client, "SELECT Id FROM Account ORDER BY Name")
    assert client.send("GET", f"{JOBS}/{job_id}").json()["isPkChunkingSupported"] is False


def test_results_are_quoted_csv_with_canonical_names(ask):
    client = ask(rows=2)
    query = "SELECT NAME, AnnualRevenue, isdeleted, Phone, Owner.Username, CreatedDate FROM Account"
    job_id = run(client, query, object="ignored")
    answer = client.send("GET", f"{JOBS}/{job_id}/results")
    assert answer.headers["Content-Type"].startswith("text/csv")
    header, first, second, end = answer.data.decode().split("\n")
    assert header == '"Name","AnnualRevenue","IsDeleted","Phone","Owner.Username","CreatedDate"'
    assert first.startswith('"Name 00000","0.0","false","","admin@sandbox.example","20')
    assert first.endswith('Z"')
    assert second.startswith('"Name 00001","1000000.0",')
    assert end == ""


def test_large_numbers_are_as_java_writes_them(ask):
    client = ask(rows=40)
    job_id = run(client, "SELECT AnnualRevenue FROM Account WHERE Name = 'Name 00039'")
    assert client.send("GET", f"{JOBS}/{job_id}/results").data == b'"AnnualRevenue"\n"3.9E7"\n'


@pytest.mark.parametrize(
    ("properties", "expected"),
    [
        ({"lineEnding": "CRLF"}, b'"Name","Phone"\r\n"Name 00000",""\r\n'),
        ({"columnDelimiter": "PIPE"}, b'"Name"|"Phone"\n"Name 00000"|""\n'),
    ],
)
def test_results_have_the_form_of_the_job(ask, properties, expected):
    client = ask(rows=1)
    job_id = run(client, "SELECT Name, Phone FROM Account", **properties)
    assert client.send("GET", f"{JOBS}/{job_id}/results").data == expected


def test_text_comes_back_as_it_was_loaded(client):
    name = 'He said "no", twice\nthen; left | naïve 😀'
    properties = {"Name": name, "Phone": "only this"}
    client.server.api.records.create("Account", properties, USER_ID)
    job_id = run(client, "SELECT Name FROM Account WHERE Phone = 'only this'")
    rows, _, _ = read(client, f"{JOBS}/{job_id}/results")
    assert rows == [["Name"], [name]]


@pytest.mark.parametrize("size", [1, 3, 7, 8, 100])
def test_pages_make_up_the_whole_result(ask, size):
    client = ask(rows=7)
    job_id = run(client, "SELECT Id, Name FROM Account")
    pages = read_all(client, job_id, size)
    assert all(page[0] == ["Id", "Name"] for page in pages)
    assert len(pages) == -(-7 // size)
    assert [row[1] for page in pages for row in page[1:]] == [f"Name {n:05}" for n in range(7)]


def test_a_locator_stays_good_and_knows_its_size(ask):
    client = ask(rows=7)
    job_id = run(client, "SELECT Name FROM Account")
    _, locator, _ = read(client, f"{JOBS}/{job_id}/results?maxRecords=3")
    path = f"{JOBS}/{job_id}/results?locator={locator}"
    again = [read(client, path) for _ in range(2)]
    assert again[0] == again[1]
    assert [row[0] for row in again[0][0]] == ["Name", "Name 00003", "Name 00004", "Name 00005"]


def test_the_sandbox_picks_a_page_size_of_its_own(ask):
    client = ask(rows=7, choices=Choices(query_page_rows=4))
    job_id = run(client, "SELECT Name FROM Account")
    assert [len(page) for page in read_all(client, job_id)] == [5, 4]


def test_result_pages_name_at_most_five_pages_at_a_time(ask):
    client = ask(rows=13, choices=Choices(query_page_rows=2))
    job_id = run(client, "SELECT Name FROM Account")
    names, url, sizes = [], f"{JOBS}/{job_id}/resultPages", []
    while url is not None:
        body = client.send("GET", url).json()
        assert list(body) == ["resultPages", "nextRecordsUrl", "done"]
        assert body["done"] is (body["nextRecordsUrl"] is None)
        sizes.append(len(body["resultPages"]))
        for page in body["resultPages"]:
            rows, _, _ = read(client, page["resultUrl"])
            names += [row[0] for row in rows[1:]]
        url = body["nextRecordsUrl"]
    assert sizes == [5, 2]
    assert names == [f"Name {number:05}" for number in range(13)]


def test_a_query_that_finds_nothing_has_a_header(client):
    job_id = run(client, "SELECT Id, Name FROM Account WHERE Name = 'nobody'")
    assert read(client, f"{JOBS}/{job_id}/results") == ([["Id", "Name"]], "null", 0)
    pages = client.send("GET", f"{JOBS}/{job_id}/resultPages").json()
    assert len(pages["resultPages"]) == 1
    assert read(client, pages["resultPages"][0]["resultUrl"])[2] == 0


def test_a_query_that_finds_nothing_can_have_an_empty_body(start):
    client = start(choices=Choices(query_header_without_rows=False))
    job_id = run(client, "SELECT Id FROM Account")
    answer = client.send("GET", f"{JOBS}/{job_id}/results")
    assert (answer.status, answer.data) == (200, b"")


def test_results_are_compressed_for_who_asks_for_it(ask):
    client = ask(rows=5)
    job_id = run(client, "SELECT Name FROM Account")
    path = f"{JOBS}/{job_id}/results"
    packed = client.send("GET", path, headers={"Accept-Encoding": "gzip"}, decode_content=False)
    assert packed.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(packed.data) == client.send("GET", path).data


def test_query_all_sees_deleted_records_and_query_does_not(ask):
    client = ask(rows=2)
    records = client.server.api.records
    query = "SELECT Name FROM Account"
    gone = client.server.api.queries.query(
        "SELECT Id FROM Account LIMIT 1", "66.0", page=None, deleted=False
    ).records[0]["Id"]
    records.delete("Account", gone, USER_ID)
    counts = [
        read(client, f"{JOBS}/{run(client, query, operation=operation)}/results")[2]
        for operation in ("query", "queryAll")
    ]
    assert counts == [1, 2]


def test_a_deleted_parent_is_seen_by_query_all_only(ask):
    client = ask()
    records = client.server.api.records
    parent = records.create("Account", {"Name": "Gone"}, USER_ID).id
    records.create("Contact", {"LastName": "Child", "AccountId": parent}, USER_ID)
    records.delete("Account", parent, USER_ID)
    names = [
        read(client, f"{JOBS}/{run(client, query, operation=operation)}/results")[0][1:]
        for operation in ("query", "queryAll")
        for query in ["SELECT Account.Name FROM Contact"]
    ]
    assert names == [[[""]], [["Gone"]]]


def test_columns_are_alphabetical_before_version_50(ask):
    client = ask(rows=1)
    query = "SELECT Name, Id, Account.Phone FROM Account"
    for version, header in {
        "49.0": ["Id", "Name", "Phone"],
        "50.0": ["Name", "Id", "Phone"],
    }.items():
        job_id = run(client, query, version=version)
        rows, _, _ = read(client, f"/services/data/v{version}/jobs/query/{job_id}/results")
        assert rows[0] == header


def test_a_job_goes_through_its_states_and_is_not_read_before_the_end(ask):
    client = ask(processing=AfterPolls(3))
    job_id = create(client, "SELECT Id FROM Account").json()["id"]
    states = []
    for _ in range(3):
        refusal = client.error("GET", f"{JOBS}/{job_id}/results")
        assert refusal[:2] == (400, "INVALIDJOBSTATE")
        states.append(client.send("GET", f"{JOBS}/{job_id}").json()["state"])
    assert states == ["InProgress", "InProgress", "JobComplete"]
    assert read(client, f"{JOBS}/{job_id}/results")[2] == 0


def test_early_results_can_be_empty(start):
    client = start(processing=AfterPolls(9), choices=Choices(early_results=EarlyResults.EMPTY))
    job_id = create(client, "SELECT Id FROM Account").json()["id"]
    for name in ("results", "resultPages"):
        assert client.send("GET", f"{JOBS}/{job_id}/{name}").status == 204


def test_the_processed_count_grows_while_rows_are_read(start, clock):
    client = start(clock=clock)
    lines = "".join(f"Name {number}\n" for number in range(1000))
    client.load(f"Name\n{lines}", object="Account", operation="insert")
    client.server.api.worker.set_speed(RowsPerSecond(rate=200))
    job_id = create(client, "SELECT Id FROM Account").json()["id"]
    counts = []
    for _ in range(6):
        assert client.server.api.settle()
        info = client.send("GET", f"{JOBS}/{job_id}").json()
        counts.append((info["state"], info["numberRecordsProcessed"]))
        clock.advance(1)
    assert counts[:3] == [("InProgress", 0), ("InProgress", 200), ("InProgress", 400)]
    clock.advance(1)
    assert client.server.api.settle()
    assert read(client, f"{JOBS}/{job_id}/results")[2] == 1000


def test_a_waiting_job_is_aborted_and_has_no_results(start):
    client = start(processing=AfterPolls(9))
    job_id = create(client, "SELECT Id FROM Account").json()["id"]
    answer = client.send("PATCH", f"{JOBS}/{job_id}", {"state": "Aborted"})
    assert answer.status == 200
    assert list(answer.json()) == CREATED[:10]
    assert answer.json()["state"] == "Aborted"
    assert client.error("GET", f"{JOBS}/{job_id}/results")[:2] == (400, "INVALIDJOBSTATE")
    again = client.error("PATCH", f"{JOBS}/{job_id}", {"state": "Aborted"})
    assert again == (400, "INVALIDJOBSTATE", "Aborting already Aborted Job not allowed")


def test_a_complete_job_cannot_be_aborted_nor_closed(client):
    job_id = run(client, "SELECT Id FROM Case")
    for state, refusal in {
        "Aborted": (400, "INVALIDJOBSTATE", "Aborting already Completed Job not allowed"),
        "UploadComplete": (
            400,
            "INVALIDJOB",
            "Unable to change the state of the job to UploadComplete",
        ),
    }.items():
        assert client.error("PATCH", f"{JOBS}/{job_id}", {"state": state}) == refusal


def test_only_final_jobs_are_deleted(start):
    client = start(processing=AfterPolls(1))
    job_id = create(client, "SELECT Id FROM Account").json()["id"]
    assert client.error("DELETE", f"{JOBS}/{job_id}") == (
        400,
        "API_ERROR",
        "Error encountered when deleting the job because the job is not terminated",
    )
    client.send("GET", f"{JOBS}/{job_id}")
    answer = client.send("DELETE", f"{JOBS}/{job_id}")
    assert (answer.status, answer.data) == (204, b"")
    for method, path in (("GET", ""), ("GET", "/results"), ("GET", "/resultPages"), ("DELETE", "")):
        assert client.error(method, f"{JOBS}/{job_id}{path}")[:2] == (404, "NOT_FOUND")


def test_another_version_than_the_jobs_cannot_read_its_results(client):
    job_id = run(client, "SELECT Id FROM Case", version="60.0")
    for name in ("results", "resultPages"):
        assert client.error("GET", f"{JOBS}/{job_id}/{name}")[0] == 409
    assert client.send("GET", f"{JOBS}/{job_id}").json()["apiVersion"] == 60.0


@pytest.mark.parametrize(
    ("locator", "refusal"),
    [
        ("locator=nonsense", (400, "INVALID_QUERY_LOCATOR")),
        ("locator=é", (400, "INVALID_QUERY_LOCATOR")),
        ("maxRecords=0", (400, "INVALID_QUERY_PARAMETER")),
        ("maxRecords=-1", (400, "INVALID_QUERY_PARAMETER")),
        ("maxRecords=ten", (400, "INVALID_QUERY_PARAMETER")),
        ("maxRecords=²", (400, "INVALID_QUERY_PARAMETER")),
    ],
)
def test_bad_pages_are_refused(client, locator, refusal):
    job_id = run(client, "SELECT Id FROM Case")
    assert client.error("GET", f"{JOBS}/{job_id}/results?{locator}")[:2] == refusal


def test_a_locator_of_another_job_is_refused(ask):
    client = ask(rows=3)
    first, second = (run(client, "SELECT Id FROM Account") for _ in range(2))
    _, locator, _ = read(client, f"{JOBS}/{first}/results?maxRecords=1")
    refusal = client.error("GET", f"{JOBS}/{second}/results?locator={locator}")
    assert refusal[:2] == (400, "INVALID_QUERY_LOCATOR")


@pytest.mark.parametrize(
    ("properties", "code"),
    [
        ({"operation": "insert", "query": "SELECT Id FROM Account"}, "JSON_PARSER_ERROR"),
        ({"query": "SELECT Id FROM Account"}, "JSON_PARSER_ERROR"),
        ({"operation": "query"}, "MALFORMED_QUERY"),
        ({"operation": "query", "query": ""}, "MALFORMED_QUERY"),
        ({"operation": "query", "query": "  "}, "MALFORMED_QUERY"),
        ({"operation": "query", "query": 5}, "JSON_PARSER_ERROR"),
        ({"operation": "query", "query": "SELECT Id FROM"}, "MALFORMED_QUERY"),
        ({"operation": "query", "query": "SELECT Nope FROM Account"}, "INVALID_FIELD"),
        ({"operation": "query", "query": "SELECT Id FROM Nope"}, "INVALID_TYPE"),
        ({"operation": "query", "query": "SELECT COUNT() FROM Account"}, "API_ERROR"),
        (
            {"operation": "query", "query": "SELECT Id FROM Case", "lineEnding": "CR"},
            "API_ERROR",
        ),
        (
            {"operation": "query", "query": "SELECT Id FROM Case", "contentType": "JSON"},
            "JSON_PARSER_ERROR",
        ),
    ],
)
def test_a_bad_job_is_refused_when_it_is_created(client, properties, code):
    assert client.error("POST", JOBS, properties)[:2] == (400, code)


def test_query_jobs_are_there_from_version_47_and_result_pages_from_58(client):
    refusal = create(client, "SELECT Id FROM Case", version="46.0")
    assert refusal.status == 404
    job_id = run(client, "SELECT Id FROM Case", version="57.0")
    old = f"/services/data/v57.0/jobs/query/{job_id}"
    assert client.send("GET", f"{old}/results").status == 200
    assert client.error("GET", f"{old}/resultPages")[:2] == (404, "NOT_FOUND")


def test_lists_tell_the_kinds_of_jobs_apart(ask):
    client = ask(rows=1)
    job_id = run(client, "SELECT Id FROM Account")
    queries = client.send("GET", f"{JOBS}?jobType=V2Query").json()["records"]
    assert [job["id"] for job in queries] == [job_id]
    assert "numberRecordsProcessed" not in queries[0]
    everything = client.send("GET", JOBS).json()["records"]
    assert {job["jobType"] for job in everything} == {"V2Ingest", "V2Query"}
    assert client.send("GET", f"{JOBS}?isPkChunkingEnabled=true").json()["records"] == []


def test_a_list_of_query_jobs_goes_on_at_its_own_address(start):
    client = start(choices=Choices(page_size=2))
    ids = [run(client, "SELECT Id FROM Account") for _ in range(3)]
    first = client.send("GET", JOBS).json()
    assert first["nextRecordsUrl"].startswith(f"{JOBS}?queryLocator=01g")
    second = client.send("GET", first["nextRecordsUrl"]).json()
    assert [job["id"] for job in first["records"] + second["records"]] == ids
    assert (second["done"], second["nextRecordsUrl"]) == (True, None)


def test_the_daily_number_of_query_jobs_is_limited(client, start):
    client = start()
    client.server.api.limits.set("DailyBulkV2QueryJobs", 1)
    assert create(client, "SELECT Id FROM Account").status == 200
    refusal = client.error("POST", JOBS, {"operation": "query", "query": "SELECT Id FROM Account"})
    assert refusal == (400, "LIMIT_EXCEEDED", "DailyBulkV2QueryJobs Limit exceeded.")


def test_a_result_that_is_deleted_meanwhile_is_not_found(client):
    job_id = run(client, "SELECT Id FROM Case")
    shutil.rmtree(client.server.api.database.get_job_folder(job_id))
    for name in ("results", "resultPages"):
        assert client.error("GET", f"{JOBS}/{job_id}/{name}")[:2] == (404, "NOT_FOUND")


def test_an_ingest_job_is_no_query_job_and_the_other_way_round(ask):
    client = ask(rows=1)
    ingest = client.create(object="Account", operation="insert")["id"]
    query = run(client, "SELECT Id FROM Account")
    assert client.error("GET", f"{JOBS}/{ingest}")[:2] == (404, "NOT_FOUND")
    assert client.error("GET", f"{client.jobs}/{query}")[:2] == (404, "NOT_FOUND")


def test_jobs_and_results_are_gone_after_seven_days(start, clock):
    client = start(clock=clock)
    job_id = run(client, "SELECT Id FROM Account")
    clock.advance(timedelta(days=7))
    assert client.send("GET", f"{JOBS}/{job_id}").status == 200
    folder = client.server.api.database.get_job_folder(job_id)
    assert folder.exists()
    clock.advance(timedelta(seconds=1))
    assert client.send("GET", JOBS).json()["records"] == []
    assert not folder.exists()
    assert client.error("GET", f"{JOBS}/{job_id}")[:2] == (404, "NOT_FOUND")


def test_a_job_shows_the_records_of_one_moment(start, clock):
    client = start(clock=clock)
    lines = "".join(f"Name {number}\n" for number in range(400))
    client.load(f"Name\n{lines}", object="Account", operation="insert")
    client.server.api.worker.set_speed(RowsPerSecond(rate=200))
    job_id = create(client, "SELECT Id, Name FROM Account").json()["id"]
    clock.advance(1)
    assert client.server.api.settle()
    client.server.api.records.create("Account", {"Name": "late"}, USER_ID)
    for _ in range(5):
        clock.advance(1)
        assert client.server.api.settle()
    assert read(client, f"{JOBS}/{job_id}/results")[2] == 400


def test_an_unfinished_job_begins_anew_when_the_sandbox_does(tmp_path, clock):
    with Sandbox(tmp_path, clock=clock, processing=AfterTime(processing=10)) as sandbox:
        sandbox.records.create("Account", {"Name": "Acme"}, USER_ID)
        properties = {"operation": "query", "query": "SELECT Name FROM Account"}
        job_id = sandbox.query.create(properties, "66.0", USER_ID).id
        assert sandbox.settle()
        assert sandbox.query.read_info(job_id).state == "InProgress"
    with Sandbox(tmp_path, clock=clock) as sandbox:
        assert sandbox.settle()
        job = sandbox.query.read_info(job_id)
        assert (job.state, job.processed) == ("JobComplete", 1)
        page = sandbox.query.read_results(job_id, "66.0", None, None)
        assert b"".join(page.blocks) == b'"Name"\n"Acme"\n'


def test_a_query_that_the_database_cannot_answer_fails_its_job(start, monkeypatch, caplog):
    client = start(processing=AfterPolls(1))
    job_id = create(client, "SELECT Id FROM Account").json()["id"]
    with client.server.api.database.writing() as connection:
        connection.execute('ALTER TABLE "Account" RENAME TO "Gone"')
    info = client.send("GET", f"{JOBS}/{job_id}").json()
    assert info["state"] == "Failed"
    assert "errorMessage" not in info
    assert "could not process job" in caplog.text
    assert client.error("GET", f"{JOBS}/{job_id}/results")[:2] == (400, "INVALIDJOBSTATE")
