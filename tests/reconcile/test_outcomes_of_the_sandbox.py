"""The whole way over sockets: what a local server makes of parts, joined to the rows."""

from __future__ import annotations

import http.client
import json
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from attrs import evolve

from bulkflow_ingest.api.result_kind import ResultKind
from bulkflow_ingest.reconcile import ResultFile
from bulkflow_sandbox.core.behavior import Choices
from bulkflow_sandbox.testing import LocalOrg, local_org

JOBS = "/services/data/v66.0/jobs/ingest"
PATHS = {
    "successful": "successfulResults",
    "failed": "failedResults",
    "unprocessed": "unprocessedrecords",
}


def ask(org: LocalOrg, method: str, path: str, body: bytes = b"", kind: str = "json") -> bytes:
    place = urlsplit(org.url)
    assert place.hostname is not None
    connection = http.client.HTTPConnection(place.hostname, place.port, timeout=30)
    try:
        headers = {
            "Authorization": f"Bearer {org.token}",
            "Content-Type": "text/csv" if kind == "csv" else "application/json",
        }
        connection.request(method, JOBS + path, body or None, headers)
        answer = connection.getresponse()
        content = answer.read()
        assert answer.status < 300, content
        return content
    finally:
        connection.close()


def load(org: LocalOrg, job: Any, **spec: str) -> None:
    """Load every part with a job of its own, and fetch all three result files of each."""
    for each in job.slices:
        created = json.loads(
            ask(org, "POST", "", json.dumps({"object": "Account", **spec}).encode())
        )
        with each.path.open("rb") as file:
            file.seek(each.start)
            body = each.header + file.read(each.end - each.start)
        ask(org, "PUT", f"/{created['id']}/batches", body, kind="csv")
        ask(org, "PATCH", f"/{created['id']}", b'{"state":"UploadComplete"}')
        assert org.settle()
        for kind, path in PATHS.items():
            target: Path = job.folder / f"{created['id']}-{kind}.csv"
            target.write_bytes(ask(org, "GET", f"/{created['id']}/{path}"))
            job.results.append(ResultFile(each.part, ResultKind(kind), target, each.delimiter))


def test_every_row_finds_what_the_server_made_of_it(job: Any) -> None:
    """Key for key, against what the org holds."""
    rows = []
    for number in range(400):
        name = "" if number % 7 == 0 else f'Name "{number % 5}"\nsecond, line'
        revenue = ["", "100", "912260031", "1e2", "0.5"][number % 5]
        rows.append([name, f"K-{number}", revenue, str(number % 3)])
    # Two of the same key: only the first of each chunk is saved.
    rows += [["twice", "K-twice", "1", "1"]] * 2
    header = ["Name", "External_Id__c", "AnnualRevenue", "NumberOfEmployees"]
    job.source(job.text([header, *rows]), part_rows=150)
    with local_org(choices=evolve(Choices(), batch_rows=20)) as org:
        load(org, job, operation="upsert", externalIdFieldName="External_Id__c")
        held = {record["External_Id__c"]: record["Id"] for record in org.records("Account")}
    with job.outcomes() as outcomes:
        saved = job.saved(outcomes)
        total = outcomes.counts().total
        codes = {each.code for each in outcomes.errors()}
    assert [[row[name] for name in header] for row in saved] == rows
    for row in saved[:400]:
        if row["Name"]:
            assert (row["_outcome"], row["_id"]) == ("loaded", held[row["External_Id__c"]])
        else:
            assert (row["_outcome"], row["_error"][:22]) == ("failed", "REQUIRED_FIELD_MISSING")
        assert not row["_ambiguous"]
    assert total.rows == total.loaded + total.failed + total.unprocessed == 402
    assert total.strays == total.unprocessed == 0
    assert "REQUIRED_FIELD_MISSING" in codes
    assert total.created == len(held)


def test_rows_without_any_key_get_the_ids_of_records_like_them(job: Any) -> None:
    rows = [[f"N{number % 40}", f"{number % 40 + 0.25}E1", "x\ny"] for number in range(120)]
    header = ["Name", "AnnualRevenue", "Description"]
    job.source(job.text([header, *rows]), part_rows=50)
    with local_org(choices=evolve(Choices(), batch_rows=7)) as org:
        load(org, job, operation="insert")
        names = {record["Id"]: record["Name"] for record in org.records("Account")}
    with job.outcomes() as outcomes:
        saved = job.saved(outcomes, "successful")
        total = outcomes.counts().total
    assert len(saved) == len({row["_id"] for row in saved}) == 120
    assert all(names[row["_id"]] == row["Name"] for row in saved)
    assert (total.created, total.ambiguous) == (120, 0)


def test_a_job_that_failed_leaves_its_rows_unprocessed(job: Any) -> None:
    job.source("Nonsense__c\nA\nB\n")
    with local_org() as org:
        load(org, job, operation="insert")
    with job.outcomes() as outcomes:
        assert outcomes.counts().total.unprocessed == 2
