"""The page at `/`: its files, and the data that it shows."""

from __future__ import annotations

import re

import pytest

from bulkflow_sandbox import AfterPolls
from bulkflow_sandbox.page.counts import SHARE, RecordCounts
from bulkflow_sandbox.page.data import MAX_FAILURES


def view(client, path=""):
    answer = client.send("GET", f"/_sandbox/view{path}")
    assert answer.status == 200, answer.data
    return answer.json()


def test_the_page_and_all_that_it_names_are_served_from_here(client):
    page = client.send("GET", "/")
    assert page.status == 200
    assert page.headers["Content-Type"] == "text/html; charset=utf-8"
    assert "default-src 'none'" in page.headers["Content-Security-Policy"]
    named = re.findall(r'(?:href|src)="([^"#][^"]*)"', page.data.decode())
    files = [name for name in named if not name.startswith("data:")]
    assert sorted(files) == ["/_sandbox/page/page.css", "/_sandbox/page/page.js"]
    kinds = [client.send("GET", file).headers["Content-Type"] for file in sorted(files)]
    assert kinds == ["text/css; charset=utf-8", "text/javascript; charset=utf-8"]


@pytest.mark.parametrize("path", ["/_sandbox/page/view.py", "/_sandbox/page/..%2fview.py"])
def test_no_other_file_is_served(client, path):
    assert client.send("GET", path).status == 404


@pytest.mark.parametrize("path", ["/", "/_sandbox/view", "/_sandbox/page/page.js"])
def test_a_foreign_name_that_leads_here_is_shown_nothing(client, path):
    answer = client.send("GET", path, headers={"Host": "rebound.example.com"})
    assert answer.status == 403
    for host in ("localhost", "127.0.0.1:80", "[::1]:80", "salesforce", "sandbox.localhost:1"):
        assert client.send("GET", path, headers={"Host": host}).status == 200


def test_the_overview_has_jobs_newest_first_and_counts_of_records(start, clock):
    client = start(clock=clock)
    client.load("Name,External_Id__c\nA,1\nB,1\nC,2\n", object="Account", operation="insert")
    client.create(object="Contact", operation="insert")
    shown = view(client)
    assert shown["now"] == "2026-01-01T00:00:00.000+00:00"
    assert shown["processing"] == "immediately"
    newest, oldest = shown["jobs"]
    assert (newest["object"], newest["state"], newest["final"]) == ("Contact", "Open", False)
    assert (oldest["object"], oldest["state"], oldest["final"]) == ("Account", "JobComplete", True)
    assert (oldest["processed"], oldest["failed"]) == (3, 1)
    counts = {item["name"]: item["records"] for item in shown["objects"]}
    assert (counts["Account"], counts["Contact"]) == (2, 0)


def test_looking_is_no_poll_and_no_request(start):
    client = start(processing=AfterPolls(1))
    job = client.create(object="Account", operation="insert")
    client.put(job, "Name\nA\n")
    client.patch(job, "UploadComplete")
    before = view(client)["requests"]
    for _ in range(3):
        assert view(client)["jobs"][0]["state"] == "UploadComplete"
        assert view(client, f"/jobs/{job['id']}")["state"] == "UploadComplete"
    assert view(client)["requests"] == before
    assert client.info(job)["state"] == "JobComplete"


def test_a_job_shows_the_first_of_its_failed_rows(start):
    client = start()
    data = "LastName,Email\n" + "ok,\n" * 3 + ",first@example.org\n" * (MAX_FAILURES + 1)
    job = client.load(data, object="Contact", operation="insert")
    failures = view(client, f"/jobs/{job['id']}")["failures"]
    assert failures["more"] is True
    assert len(failures["rows"]) == MAX_FAILURES
    record_id, error, row = failures["rows"][0]
    assert record_id == ""
    assert error.startswith("REQUIRED_FIELD_MISSING:")
    assert row == ", first@example.org"
    fine = client.load("LastName\nok\n", object="Contact", operation="insert")
    assert view(client, f"/jobs/{fine['id']}")["failures"] is None
    assert client.send("GET", "/_sandbox/view/jobs/750000000000000AAA").status == 404


def test_long_failed_rows_are_shown_only_whole(start):
    client = start()
    data = "Name,Description\n" + f',"{"x" * 30_000}"\n' * 5
    job = client.load(data, object="Account", operation="insert")
    failures = view(client, f"/jobs/{job['id']}")["failures"]
    assert [len(row) for _, _, row in failures["rows"]] == [30_002, 30_002]


def test_records_are_shown_page_by_page_with_the_fields_that_are_filled(start):
    client = start()
    rows = "".join(f"N{number},\n" for number in range(70))
    client.load("Name,Industry\n" + rows, object="Account", operation="insert")
    first = view(client, "/records/account")
    assert first["object"] == "Account"
    assert first["fields"][:2] == ["Id", "Name"]
    assert "Industry" not in first["fields"]
    assert len(first["rows"]) == 50
    second = view(client, f"/records/Account?after={first['next']}")
    names = [row[1] for row in first["rows"] + second["rows"]]
    assert sorted(names) == sorted(f"N{number}" for number in range(70))
    assert second["next"] is None
    assert view(client, "/records/Lead")["rows"] == []
    assert client.send("GET", "/_sandbox/view/records/Nothing__c").status == 404


def test_requests_are_shown_after_a_number(start):
    client = start()
    client.send("GET", client.jobs)
    client.send("GET", client.jobs + "/nothing")
    both = view(client, "/requests")
    assert both["total"] == 2
    assert [entry["status"] for entry in both["entries"]] == [200, 404]
    assert both["entries"][1]["error"].startswith("NOT_FOUND: ")
    assert [entry["number"] for entry in view(client, "/requests?after=1")["entries"]] == [2]
    assert view(client, "/requests?after=nonsense") == both
    assert view(client, f"/requests?after={'9' * 5000}") == both


def test_a_slow_count_is_not_repeated_at_once(start):
    client = start()
    client.load("Name\nA\n", object="Account", operation="insert")
    sandbox = client.server.api
    account = sandbox.org.schema.find_object("Account")
    moments = iter([0.0, 2.0, 2.0 + SHARE * 2 - 0.01, 2.0 + SHARE * 2, 100.0])
    counts = RecordCounts(sandbox.database, timer=lambda: next(moments))
    assert counts.count(account) == 1
    client.load("Name\nB\n", object="Account", operation="insert")
    assert counts.count(account) == 1
    assert counts.count(account) == 2
