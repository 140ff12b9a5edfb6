"""Jobs that fail as a whole, with their messages."""

from __future__ import annotations

import csv

import pytest

from bulkflow_sandbox import Choices
from bulkflow_sandbox.faults.fault import SetLimit

LINE_END = "ClientInputError : LineEnding is invalid on user data. Current LineEnding setting is "
QUOTE = (
    "InvalidBatch : Failed to parse CSV. Found unescaped quote. "
    "A value with quote should be within a quote"
)
MISSING = "InvalidBatch : Field name not found : "
INSERT = {"object": "Account", "operation": "insert"}
UPSERT = {"object": "Account", "operation": "upsert", "externalIdFieldName": "External_Id__c"}


@pytest.mark.parametrize(
    ("job", "data", "message"),
    [
        (INSERT, "Name,Nope,Worse\nA,1,2\n", MISSING + "Nope"),
        (INSERT, "\ufeffName\nA\n", MISSING + "\ufeffName"),
        (INSERT, '\ufeff"Name"\nA\n', QUOTE),
        (INSERT, "Name;Phone\nA;1\n", MISSING + "Name;Phone"),
        (INSERT, "Name,\nA,\n", MISSING),
        (INSERT, "\nName\n", MISSING),
        (INSERT, "Name,BillingAddress\nA,x\n", MISSING + "BillingAddress"),
        (INSERT, "Name,Phone,name\nA,1,B\n", "InvalidBatch : Duplicate column name : name"),
        (INSERT | {"operation": "update"}, "Name\nA\n", MISSING + "Id"),
        (INSERT | {"operation": "delete"}, "Name\nA\n", MISSING + "Id"),
        (INSERT | {"operation": "delete"}, "Id,Nope\n1,2\n", MISSING + "Nope"),
        (UPSERT, "Name\nA\n", MISSING + "External_Id__c"),
        (INSERT, "Name\r\nA\r\n", LINE_END + "LF"),
        (INSERT, 'Name\n"A\r\nB"\n', LINE_END + "LF"),
        (INSERT, "Name\rA\r", LINE_END + "LF"),
        (INSERT | {"lineEnding": "CRLF"}, "Name\nA\n", LINE_END + "CRLF"),
        (INSERT | {"lineEnding": "CRLF"}, 'Name\r\n"A\nB"\r\n', LINE_END + "CRLF"),
        (INSERT | {"lineEnding": "CRLF"}, "Name\r\nA\r", LINE_END + "CRLF"),
        (INSERT, 'Name\na"b\n', QUOTE),
        (INSERT, 'Name\n"a"b\n', QUOTE),
        (INSERT, 'Name\n"a\n', QUOTE),
        (INSERT, 'Name,Phone\n"a" ,1\n', QUOTE),
        (INSERT, "Name,Nope.Ext__c\nA,1\n", "InvalidBatch : Unable to find relationship: Nope"),
        (INSERT, "Name,Parent.Phone\nA,1\n", MISSING + "Parent.Phone"),
        (
            INSERT,
            "Name,Account:Parent.External_Id__c\nA,1\n",
            "InvalidBatch : type is not needed for non polymorphic foreign key references: Parent",
        ),
        (
            INSERT | {"object": "Task"},
            "Subject,Who.Email\nA,1\n",
            "InvalidBatch : type is needed for polymorphic foreign key references: Who",
        ),
        (
            INSERT | {"object": "Task"},
            "Subject,Quote:What.Name\nA,1\n",
            "InvalidBatch : Unable to find object: Quote",
        ),
        (
            INSERT,
            "Name,Parent.External_Id__c,Parent.Id\nA,1,\n",
            "InvalidBatch : Duplicate column name : Parent.Id",
        ),
        (
            INSERT,
            "Name\n" + "x" * 131_073,
            "InvalidBatch : Field exceeds the limit of 131072 characters",
        ),
        (INSERT, "N" * 32_001, "InvalidBatch : The header row exceeds 32000 characters"),
        (
            INSERT,
            '"' + "N" * 131_073 + '"',
            "InvalidBatch : Field exceeds the limit of 131072 characters",
        ),
    ],
)
def test_the_job_fails_before_any_row_and_says_why(client, job, data, message):
    done = client.load(data.encode(), **job)
    assert (done["state"], done["errorMessage"]) == ("Failed", message)
    assert (done["numberRecordsProcessed"], done["numberRecordsFailed"]) == (0, 0)


def test_fields_that_are_hidden_or_read_only_are_not_found(start):
    client = start()
    client.server.api.change_schema(
        {"permissions": {"fields": {"Account.Phone": "hidden", "Account.Fax": "read"}}}
    )
    for name in ("Phone", "Fax"):
        done = client.load(f"Name,{name}\nA,1\n", **INSERT)
        assert done["errorMessage"] == MISSING + name


def test_a_job_that_meets_the_daily_limit_of_records_fails_and_keeps_what_it_saved(start):
    client = start(choices=Choices(records_per_day=250))
    first = client.load("Name\n" + "A\n" * 200, **INSERT)
    assert first["state"] == "JobComplete"
    second = client.load("Name\n" + "B\n" * 200, **INSERT)
    assert second["state"] == "Failed"
    assert second["errorMessage"].startswith("ExceededQuota : ")
    assert second["numberRecordsProcessed"] == 50
    assert client.unprocessed(second).count("\n") == 1 + 150


def test_a_job_that_uses_up_the_daily_limit_with_its_last_row_completes(start):
    client = start(choices=Choices(records_per_day=200))
    assert client.load("Name\n" + "A\n" * 200, **INSERT)["state"] == "JobComplete"
    assert client.load("Name\n", **INSERT)["state"] == "JobComplete"
    assert client.load("Name\nA\n", **INSERT)["state"] == "Failed"


def test_a_daily_limit_of_requests_is_a_403(start):
    client = start(faults=[SetLimit("DailyApiRequests", 2)])
    for _ in range(2):
        assert client.send("GET", client.jobs).status == 200
    assert client.error("GET", client.jobs) == (
        403,
        "REQUEST_LIMIT_EXCEEDED",
        "TotalRequests Limit exceeded.",
    )


def test_all_rows_may_fail_in_a_job_that_completes(client):
    done = client.load("Name\n#N/A\n" * 1 + "#N/A\n" * 9, **INSERT)
    assert done["state"] == "JobComplete"
    assert (done["numberRecordsProcessed"], done["numberRecordsFailed"]) == (10, 10)


def test_other_columns_of_a_delete_can_be_refused(start):
    client = start(choices=Choices(ignored_columns_on_delete=False))
    done = client.load("Id,Name\n1,A\n", object="Account", operation="delete")
    assert done["errorMessage"] == MISSING + "Name"


def test_a_job_is_refused_when_the_days_batches_are_used_up(start):
    client = start(faults=[SetLimit("DailyBulkApiBatches", 1)])
    client.load("Name\nA\n", **INSERT)
    assert client.error("POST", client.jobs, INSERT) == (
        400,
        "EXCEEDEDQUOTA",
        "ApiBatchItems Limit exceeded.",
    )


def test_an_upload_of_too_many_columns_fails_the_job(client):
    done = client.load(",".join(f"F{n}" for n in range(5001)), **INSERT)
    assert done["errorMessage"] == "InvalidBatch : The number of columns exceeds 5000"


def test_the_limit_of_a_value_holds_though_somebody_raised_that_of_the_process(
    client,
) -> None:
    before = csv.field_size_limit(1 << 24)
    try:
        done = client.load(
            "Name,Description\nA," + "x" * 131_073 + "\n", object="Account", operation="insert"
        )
        assert done["state"] == "Failed"
        assert "131072" in done["errorMessage"]
    finally:
        csv.field_size_limit(before)
