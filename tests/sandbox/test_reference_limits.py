"""The limits of rows, batches and versions that the guide states."""

from __future__ import annotations

import gzip
import json

import pytest

from bulkflow_sandbox import Choices
from bulkflow_sandbox.faults.fault import SetLimit

INSERT = {"object": "Account", "operation": "insert"}
SMALL = Choices(batch_rows=400, chunk_rows=200)


def test_a_row_of_more_than_400_000_characters_fails_the_job(client):
    columns = ["Name", "Description", "Website", "Site"]
    longest = "d" * 131_072
    # Three values of the maximum length, and one for the rest.
    for rest, state in ((400_000 - 3 * 131_072, "JobComplete"), (6_785, "Failed")):
        row = ",".join([*[longest] * 3, "x" * rest])
        done = client.load(f"{','.join(columns)}\n{row}\n", **INSERT)
        assert done["state"] == state, rest
    assert done["errorMessage"] == "InvalidBatch : Record exceeds the limit of 400000 characters"
    assert (done["numberRecordsProcessed"], done["numberRecordsFailed"]) == (0, 0)
    assert client.unprocessed(done).endswith("x\n")


def test_rows_before_one_that_is_too_long_stay_saved(start):
    client = start(choices=Choices(batch_rows=200, record_limit=20))
    rows = [f"row {number}" for number in range(200)] + ["short", "x" * 21]
    done = client.load("\n".join(["Name", *rows, ""]), **INSERT)
    assert (done["state"], done["numberRecordsProcessed"]) == ("Failed", 200)
    assert client.unprocessed(done) == f"Name\nshort\n{'x' * 21}\n"


def test_rows_beyond_the_days_batches_are_in_none_of_the_files(start):
    client = start(choices=SMALL, faults=[SetLimit("DailyBulkApiBatches", 2)])
    done = client.load("Name\n" + "A\n" * 1000, **INSERT)
    assert done["state"] == "Failed"
    assert done["errorMessage"].startswith("ExceededQuota : ")
    assert (done["numberRecordsProcessed"], done["numberRecordsFailed"]) == (800, 0)
    assert client.successes(done).count("\n") == 1 + 800
    assert client.failures(done) == '"sf__Id","sf__Error",Name\n'
    assert client.unprocessed(done) == "Name\n"


def test_a_job_that_uses_up_the_days_batches_with_its_last_row_completes(start):
    client = start(choices=SMALL, faults=[SetLimit("DailyBulkApiBatches", 2)])
    assert client.load("Name\n" + "A\n" * 800, **INSERT)["state"] == "JobComplete"


@pytest.mark.parametrize("version", [21, 30])
def test_a_retired_version_is_gone(client, version):
    status, code, _ = client.error("GET", f"/services/data/v{version}.0/jobs/ingest")
    assert (status, code) == (410, "UNSUPPORTED_API_VERSION")


def test_a_version_that_will_be_retired_says_so_with_every_answer(start):
    client = start(choices=Choices(newest_deprecated_version=45))
    job = {"object": "Account", "operation": "insert"}
    old = client.send("POST", "/services/data/v45.0/jobs/ingest", job)
    assert old.status == 200
    assert old.headers["Warning"].startswith('299 - "This API is deprecated')
    assert "Warning" in client.send("GET", "/services/data/v45.0/nothing").headers
    assert "Warning" not in client.send("GET", "/services/data/v46.0/jobs/ingest").headers
    assert "Warning" not in client.send("GET", "/services/data").headers


def test_a_json_body_may_come_compressed(client):
    given = {"Content-Type": "application/json", "Content-Encoding": "gzip"}
    packed = gzip.compress(json.dumps(INSERT).encode())
    answer = client.send("POST", client.jobs, packed, given)
    assert (answer.status, answer.json()["state"]) == (200, "Open")
    for bad in (packed[:-9], b"{}"):
        assert client.error("POST", client.jobs, bad, given)[:2] == (400, "JSON_PARSER_ERROR")
    bomb = gzip.compress(b" " * (1 << 21))
    assert client.send("POST", client.jobs, bomb, given).status == 413
    given["Content-Encoding"] = "br"
    assert client.send("POST", client.jobs, packed, given).status == 415
