"""The helpers in `bulkflow_sandbox.testing` for other projects' tests."""

from __future__ import annotations

import subprocess
import sys

import pytest
import urllib3
from urllib3.exceptions import NewConnectionError

from bulkflow.errors import UsageError
from bulkflow_sandbox import AfterPolls, Immediately, ManualClock, RowsPerSecond
from bulkflow_sandbox.core.errors import ApiError, SchemaError
from bulkflow_sandbox.faults.fault import Endpoint, Fault, Respond
from bulkflow_sandbox.jobs.job import BulkJobState
from bulkflow_sandbox.jobs.processing_speed import AfterTime
from bulkflow_sandbox.jobs.speed_syntax import format_speed, read_speed
from bulkflow_sandbox.testing import LocalOrg, local_org

JOBS = "/services/data/v66.0/jobs/ingest"


def load(org: LocalOrg, object_name: str, data: str, expect: int = 200) -> str | None:
    """Create a job with its data in one request, and return its id if it was created."""
    body = (
        '--x\r\nContent-Disposition: form-data; name="job"\r\n\r\n'
        f'{{"object": "{object_name}", "operation": "insert"}}\r\n'
        '--x\r\nContent-Disposition: form-data; name="content"\r\n\r\n'
        f"{data}\r\n--x--\r\n"
    )
    headers = {
        "Authorization": f"Bearer {org.token}",
        "Content-Type": "multipart/form-data; boundary=x",
    }
    with urllib3.PoolManager(retries=False) as pool:
        answer = pool.request("POST", org.url + JOBS, body=body, headers=headers)
    assert answer.status == expect, answer.data
    return answer.json()["id"] if expect == 200 else None


def test_a_loaded_record_can_be_read_with_all_its_fields():
    with local_org() as org:
        job_id = load(org, "Campaign", "Name,IsActive,BudgetedCost\nMay,true,2.5\nJune,false,\n")
        assert org.settle()
        first, second = org.records("campaign")
        assert (first["Name"], first["IsActive"], first["BudgetedCost"]) == ("May", True, 2.5)
        assert (second["Name"], second["IsActive"], second["BudgetedCost"]) == ("June", False, None)
        assert str(first["Id"]).startswith("701")
        (job,) = org.jobs()
        assert (job.id, job.state, job.processed) == (job_id, BulkJobState.JOB_COMPLETE, 2)
        assert [(entry.method, entry.path) for entry in org.requests] == [("POST", JOBS)]


def test_records_are_there_before_a_test_begins():
    with local_org() as org:
        (acme,) = org.insert("Account", {"Name": "Acme", "External_Id__c": "A1"})
        people = org.insert(
            "Contact",
            {"LastName": "Muster", "AccountId": acme},
            {"LastName": "Muster", "Account": {"External_Id__c": "A1"}},
        )
        assert [one["Id"] for one in org.records("Contact")] == people
        assert [one["AccountId"] for one in org.records("Contact")] == [acme, acme]
        assert (org.jobs(), org.requests) == ([], ())
        with pytest.raises(ApiError, match="REQUIRED_FIELD_MISSING"):
            org.insert("Account", {"Industry": "Banking"})


def test_records_of_an_unknown_object_are_an_error():
    with local_org() as org, pytest.raises(UsageError, match="no object 'Acount'"):
        org.records("Acount")


def test_faults_are_taken_as_words_or_as_values():
    reset = Fault(Endpoint.CREATE, Respond(503), nth=2)
    with local_org(faults=["create=500", reset]) as org:
        for status in (500, 503, 200):
            assert load(org, "Account", "Name\nA\n", expect=status) is None or status == 200
        assert [entry.status for entry in org.requests] == [500, 503, 200]
    with pytest.raises(UsageError, match="invalid fault"), local_org(faults=["create"]):
        pass


def test_an_org_that_is_away_refuses_connections_and_comes_back_as_it_was():
    with local_org() as org:
        url = org.url
        for _ in range(2):
            load(org, "Account", "Name\nA\n")
            with org.away():
                with pytest.raises(NewConnectionError, match="refused"):
                    load(org, "Account", "Name\nA\n")
                assert org.settle()
        assert org.url == url
        assert len(org.records("Account")) == 2


def test_two_orgs_know_nothing_of_each_other():
    with local_org() as one, local_org() as other:
        load(one, "Account", "Name\nA\n")
        one.settle()
        assert len(one.records("Account")) == 1
        assert other.records("Account") == []
        assert one.token != other.token


def test_the_environment_names_the_org_and_hides_nothing_that_clients_need():
    with local_org(token="sesame") as org:
        assert dict(org.environment) == {
            "SF_ORG_INSTANCE_URL": org.url,
            "SF_ACCESS_TOKEN": "sesame",
            "BULKFLOW_PATIENCE": "3s",
        }
        assert org.url == f"http://{org.instance}"
        assert "sesame" not in repr(org)


@pytest.mark.parametrize("given", ["table", "file"])
def test_a_schema_is_taken_as_a_table_or_as_a_file(tmp_path, given):
    table = {"objects": {"Invoice__c": {"fields": {"Total__c": {"type": "currency"}}}}}
    schema: object = table
    if given == "file":
        schema = tmp_path / "schema.json"
        schema.write_text('{"objects": {"Invoice__c": {"fields": {"Total__c": {"type": "int"}}}}}')
    with local_org(schema=schema) as org:
        load(org, "Invoice__c", "Total__c\n12\n")
        org.settle()
        (record,) = org.records("Invoice__c")
        assert record["Total__c"] == 12


def test_a_wrong_schema_is_refused():
    with pytest.raises(SchemaError), local_org(schema={"objets": {}}):
        pass


def test_processing_takes_words_or_a_speed():
    clock = ManualClock()
    with local_org(processing="10s", clock=clock) as org:
        load(org, "Account", "Name\nA\n")
        clock.advance(9)
        org.settle()
        assert org.jobs()[0].state is BulkJobState.IN_PROGRESS
        clock.advance(1)
        org.settle()
        assert org.jobs()[0].state is BulkJobState.JOB_COMPLETE
    with local_org(processing=AfterPolls(1)) as org:
        load(org, "Account", "Name\nA\n")
        org.settle()
        assert org.jobs()[0].state is BulkJobState.UPLOAD_COMPLETE


@pytest.mark.parametrize(
    ("text", "speed"),
    [
        ("immediately", Immediately()),
        ("1 poll", AfterPolls(1)),
        ("3 polls", AfterPolls(3)),
        ("10s", AfterTime(10)),
        ("500 rows/s", RowsPerSecond(500)),
        ("0.5 rows/s", RowsPerSecond(0.5)),
    ],
)
def test_speeds_are_read_and_written_as_the_same_words(text, speed):
    assert read_speed(text) == speed
    assert format_speed(speed) == text


@pytest.mark.parametrize(
    ("text", "speed"),
    [
        ("  IMMEDIATELY ", Immediately()),
        ("250ms", AfterTime(0.25)),
        ("1.5 m", AfterTime(90)),
        ("2h", AfterTime(7200)),
        ("10 rows per second", RowsPerSecond(10)),
    ],
)
def test_speeds_may_be_written_in_other_ways(text, speed):
    assert read_speed(text) == speed


@pytest.mark.parametrize("text", ["", "sometimes", "10", "-3 polls", "0 rows/s", "1d", "3 polls 4"])
def test_other_words_are_not_a_speed(text):
    with pytest.raises(UsageError, match="unknown processing speed"):
        read_speed(text)


def test_importing_the_module_does_not_import_pytest():
    code = "import sys, bulkflow_sandbox.testing; sys.exit('pytest' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_the_fixture_and_its_marker_serve_the_tests_of_another_project(tmp_path):
    (tmp_path / "conftest.py").write_text('pytest_plugins = ["bulkflow_sandbox.testing"]\n')
    (tmp_path / "test_theirs.py").write_text(
        """
import urllib.request
import pytest

def test_plain(salesforce_sandbox):
    assert salesforce_sandbox.url.startswith("http://")
    assert salesforce_sandbox.records("Account") == []

@pytest.mark.salesforce_sandbox(token="sesame", processing="3 polls", tls=True)
def test_marked(salesforce_sandbox):
    assert salesforce_sandbox.token == "sesame"
    assert salesforce_sandbox.url.startswith("https://")

def test_without():
    pass
"""
    )
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist"]
    command += ["-W", "error", "--strict-markers", "--rootdir", str(tmp_path), str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "3 passed" in done.stdout
