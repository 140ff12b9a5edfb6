"""The known form of result files and lists, and the differences between API versions."""

from __future__ import annotations

import csv
import io

import pytest

from bulkflow_sandbox import Choices
from bulkflow_sandbox.faults.syntax import read_fault

KINDS = ("successfulResults", "failedResults", "unprocessedrecords")


def load_in(client, version: str, data: str, **properties: str) -> dict[str, str]:
    """Load data with another API version, and return the three files of the job by name."""
    jobs = f"/services/data/v{version}/jobs/ingest"
    job = client.send("POST", jobs, properties).json()
    client.send("PUT", f"{jobs}/{job['id']}/batches", data)
    client.send("PATCH", f"{jobs}/{job['id']}", {"state": "UploadComplete"})
    assert client.server.api.settle()
    return {name: client.send("GET", f"{jobs}/{job['id']}/{name}").data.decode() for name in KINDS}


def rows_of(text: str, delimiter: str = ",") -> list[list[str]]:
    return list(csv.reader(io.StringIO(text), delimiter=delimiter))


@pytest.mark.parametrize("name", KINDS)
def test_a_result_file_is_plain_text_csv(client, name):
    job = client.load("Name\nA\n", object="Account", operation="insert")
    answer = client.send("GET", f"{client.jobs}/{job['id']}/{name}")
    assert answer.headers["Content-Type"] == "text/csv"


def test_a_file_keeps_every_form_of_value_that_the_upload_may_have(client):
    data = (
        "FirstName;LastName;Title;Birthdate;Description\n"
        'Ada;Lang;Senior Editor;1961-02-03Z;"Known as ""the pen"""\n'
        'Bo;Berg;Chief; 1962-03-04;"Paper; ink\nand glue."\n'
    )
    job = client.load(data, object="Contact", operation="insert", columnDelimiter="SEMICOLON")
    good = rows_of(client.successes(job), ";")
    bad = rows_of(client.failures(job), ";")
    assert good[0] == ["sf__Id", "sf__Created", *data.partition("\n")[0].split(";")]
    assert good[1][1:] == [
        "true", "Ada", "Lang", "Senior Editor", "1961-02-03", 'Known as "the pen"'
    ]  # fmt: skip
    assert bad[1][:2] == [
        "",
        (
            "INVALID_FIELD:Failed to deserialize field at col 3. Due to, ' 1962-03-04' is not a "
            "valid value for the type xsd:date:Birthdate --"
        ),
    ]
    assert bad[1][-1] == "Paper; ink\nand glue."


def test_before_version_50_the_columns_of_results_stand_alphabetically(client):
    data = '"Subject",Priority,"Description"\nA,High,"x,y"\nB,Low,"' + "z" * 32_001 + '"\n'
    properties = {"object": "Case", "operation": "insert"}
    old = load_in(client, "49.0", data, **properties)
    assert old["successfulResults"].startswith(
        '"sf__Id","sf__Created","Description",Priority,"Subject"\n'
    )
    assert rows_of(old["successfulResults"])[1][2:] == ["x,y", "High", "A"]
    assert old["failedResults"].startswith(
        '"sf__Id","sf__Error","Description",Priority,"Subject"\n'
    )
    assert rows_of(old["failedResults"])[1][2:] == ["z" * 32_001, "Low", "B"]
    assert old["unprocessedrecords"] == '"Subject",Priority,"Description"\n'
    new = load_in(client, "50.0", data, **properties)
    assert rows_of(new["successfulResults"])[1][2:] == ["A", "High", "x,y"]
    assert rows_of(new["failedResults"])[1][2:] == ["B", "Low", "z" * 32_001]


def test_before_version_50_a_delimiter_within_a_name_parts_no_columns(client):
    files = load_in(client, "49.0", 'Subject,"Pri,ority"\nA,B\n', object="Case", operation="insert")
    assert files["failedResults"] == '"sf__Id","sf__Error","Pri,ority",Subject\n'


def test_failed_rows_of_changes_name_their_record_from_version_53_on(client):
    job = client.load("Name\nA\n", object="Account", operation="insert")
    known = rows_of(client.successes(job))[1][0]
    data = f"Id,Phone\n{known},{'9' * 41}\n"
    for version, named in (("52.0", ""), ("53.0", known), ("66.0", known)):
        files = load_in(client, version, data, object="Account", operation="update")
        (row,) = rows_of(files["failedResults"])[1:]
        assert row[0] == named, version
        assert row[1].startswith("STRING_TOO_LONG:")


def test_failed_rows_of_an_upsert_name_the_record_that_has_their_key(client):
    client.load("Name,External_Id__c\nA,named-1\n", object="Account", operation="insert")
    upsert = {"object": "Account", "operation": "upsert", "externalIdFieldName": "External_Id__c"}
    long = "9" * 41
    job = client.load(f"External_Id__c,Name,Phone\nnamed-1,A,{long}\nnamed-2,B,{long}\n", **upsert)
    ids = {row[2]: row[0] for row in rows_of(client.failures(job))[1:]}
    assert ids["named-1"].startswith("001")
    assert ids["named-2"] == ""


def test_a_locked_row_names_the_record_that_another_process_holds(start):
    client = start()
    job = client.load("Name\nA\n", object="Account", operation="insert")
    known = rows_of(client.successes(job))[1][0]
    client.server.api.inject(read_fault("rows=lock:1"))
    changed = client.load(f"Id,Name\n{known},B\n", object="Account", operation="update")
    assert rows_of(client.failures(changed))[1][:2] == [
        known,
        (
            "UNABLE_TO_LOCK_ROW:unable to obtain exclusive access to this record or 1 records: "
            f"{known}:--"
        ),
    ]
    new = client.load("Name\nC\n", object="Account", operation="insert")
    assert rows_of(client.failures(new))[1][1] == (
        "UNABLE_TO_LOCK_ROW:unable to obtain exclusive access to this record:--"
    )


def test_the_address_of_a_further_page_ends_with_the_number_of_jobs_before_it(start):
    client = start(choices=Choices(page_size=2))
    for _ in range(5):
        client.create(object="Account", operation="insert")
    ends, path = [], client.jobs
    while path:
        page = client.send("GET", path).json()
        path = page["nextRecordsUrl"]
        ends.append(path and path.rpartition("-")[2])
    assert ends == ["2", "4", None]


def test_jobs_of_another_concurrency_are_not_there_to_be_listed(client):
    client.create(object="Account", operation="insert")
    for jobs in (client.jobs, client.jobs.replace("ingest", "query")):
        page = client.send("GET", f"{jobs}?concurrencyMode=serial").json()
        assert page == {"done": True, "records": [], "nextRecordsUrl": None}
        assert client.send("GET", f"{jobs}?concurrencyMode=parallel").json()["records"]


def test_a_single_record_without_properties_misses_those_that_are_required(client):
    answer = client.send("POST", "/services/data/v66.0/sobjects/Account", {})
    assert answer.status == 400
    assert answer.json() == [
        {
            "errorCode": "REQUIRED_FIELD_MISSING",
            "message": "Required fields are missing: [Name]",
            "fields": ["Name"],
        }
    ]


def test_columns_in_another_case_can_be_blank_in_failed_rows(start):
    data = f'name,"Phone"\nA,{"9" * 41}\n'
    for blanks, shown in ((False, "A"), (True, "")):
        client = start(choices=Choices(wrong_case_blanks=blanks))
        job = client.load(data, object="Account", operation="insert")
        head, row = rows_of(client.failures(job))
        assert head[2:] == ["name", "Phone"]
        assert row[2:] == [shown, "9" * 41]
