"""The three result files: headers, quoting, values, order, and where each row is."""

from __future__ import annotations

import csv
import gzip
import io

import pytest

from bulkflow_sandbox import AfterPolls, Choices
from bulkflow_sandbox.faults.fault import FailJob

INSERT = {"object": "Account", "operation": "insert"}
DELIMITERS = {
    "BACKQUOTE": "`",
    "CARET": "^",
    "COMMA": ",",
    "PIPE": "|",
    "SEMICOLON": ";",
    "TAB": "\t",
}


def rows(text: str, delimiter: str = ",") -> list[list[str]]:
    return list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))


def test_the_uploaded_header_comes_back_as_it_was_written(client):
    done = client.load('naME,"Phone",EXTERNAL_id__c\nA,1,\n', **INSERT)
    assert client.successes(done).split("\n")[0] == (
        '"sf__Id","sf__Created",naME,"Phone",EXTERNAL_id__c'
    )
    assert client.failures(done) == '"sf__Id","sf__Error",naME,"Phone",EXTERNAL_id__c\n'
    assert client.unprocessed(done) == 'naME,"Phone",EXTERNAL_id__c\n'


def test_every_value_is_quoted_and_inner_quotes_are_doubled(client):
    done = client.load('Name,Phone\n"a ""b"", c",\n', **INSERT)
    (_, record) = client.successes(done).splitlines()
    assert record.endswith('"true","a ""b"", c",""')


def test_numbers_come_back_as_java_writes_them(client):
    done = client.load(
        "Name,AnnualRevenue,NumberOfEmployees,BillingLatitude\n"
        "A,912260031,2676,-0.0005\nB,71664061.0,+7,12.50\nC,1e3,0,0\nD,,,\n",
        **INSERT,
    )
    got = [row[3:] for row in rows(client.successes(done))[1:]]
    assert got == [
        ["9.12260031E8", "2676", "-5.0E-4"],
        ["7.1664061E7", "7", "12.5"],
        ["1000.0", "0", "0.0"],
        ["", "", ""],
    ]


def test_dates_and_booleans_come_back_in_their_normal_forms(client):
    done = client.load(
        "LastName,Birthdate,EmailBouncedDate\n"
        "A,1940-06-07Z,2026-01-02T03:04:05+02:00\nB,#N/A,2026-01-02T03:04:05.6Z\n",
        object="Contact",
        operation="insert",
    )
    got = [row[3:] for row in rows(client.successes(done))[1:]]
    assert got == [["1940-06-07", "2026-01-02T01:04:05.000Z"], ["", "2026-01-02T03:04:05.600Z"]]
    done = client.load("Subject,IsEscalated\na,TRUE\nb,0\nc,\n", object="Case", operation="insert")
    assert [row[3] for row in rows(client.successes(done))[1:]] == ["true", "false", ""]


def test_failed_rows_show_the_bad_input_itself(client):
    done = client.load("Name,AnnualRevenue\nA,12 EUR\n", **INSERT)
    assert rows(client.failures(done))[1][2:] == ["A", "12 EUR"]


@pytest.mark.parametrize("name", DELIMITERS)
def test_results_have_the_delimiter_of_the_job(client, name):
    mark = DELIMITERS[name]
    data = f'Name{mark}Phone\n"a{mark}b"{mark}1\n{mark}2\n'
    done = client.load(data, **INSERT, columnDelimiter=name)
    good, bad = client.successes(done), client.failures(done)
    assert good.startswith(f'"sf__Id"{mark}"sf__Created"{mark}Name{mark}Phone\n')
    assert rows(good, mark)[1][2:] == [f"a{mark}b", "1"]
    assert rows(bad, mark)[1][2:] == ["", "2"]


def test_results_have_the_line_ending_of_the_job(client):
    done = client.load('Name\r\n"a\r\nb"\r\n', **INSERT, lineEnding="CRLF")
    assert done["state"] == "JobComplete"
    text = client.successes(done)
    assert text.startswith('"sf__Id","sf__Created",Name\r\n')
    assert text.endswith('"a\r\nb"\r\n')
    assert text.count("\n") == text.count("\r\n") == 3


def test_the_last_line_needs_no_line_end(client):
    done = client.load("Name\nA\nB", **INSERT)
    assert done["numberRecordsProcessed"] == 2


def test_blank_lines_are_ignored_at_the_end_and_fail_between_rows(client):
    done = client.load("Name\nA\n\nB\n\n\n\n", **INSERT)
    assert (done["numberRecordsProcessed"], done["numberRecordsFailed"]) == (3, 1)
    assert [row[2] for row in rows(client.successes(done))[1:]] == ["A", "B"]


def test_an_empty_upload_completes_with_empty_files(client):
    done = client.load("", **INSERT)
    assert (done["state"], done["numberRecordsProcessed"]) == ("JobComplete", 0)
    assert client.successes(done) == client.failures(done) == client.unprocessed(done) == ""


def test_a_header_alone_completes_with_headers_alone(client):
    done = client.load("Name,Phone\n", **INSERT)
    assert (done["state"], done["numberRecordsProcessed"]) == ("JobComplete", 0)
    assert client.successes(done) == '"sf__Id","sf__Created",Name,Phone\n'
    assert client.unprocessed(done) == "Name,Phone\n"


def test_a_job_that_could_not_be_read_gives_its_upload_back_byte_for_byte(client):
    for data in (b"Nme,Phone\nA,\xff\n", b'Name\na"b\n', b"Name\r\nA\n", b"\xef\xbb\xbfName\nA"):
        done = client.load(data, **INSERT)
        assert done["state"] == "Failed", data
        answer = client.send("GET", f"{client.jobs}/{done['id']}/unprocessedrecords")
        assert answer.data == data


def test_sf_created_is_true_for_new_records_only(client):
    def created(data, **job):
        return [row[1] for row in rows(client.successes(client.load(data, **job)))[1:]]

    upsert = {"object": "Lead", "operation": "upsert", "externalIdFieldName": "External_Id__c"}
    assert created("LastName,Company,External_Id__c\nA,x,crt-1\n", **upsert) == ["true"]
    both = "LastName,Company,External_Id__c\nA,x,CRT-1\nB,x,crt-2\n"
    assert created(both, **upsert) == ["false", "true"]


def test_the_order_of_results_is_not_that_of_the_upload(start):
    client = start(choices=Choices(batch_rows=400, chunk_rows=200))
    names = [f"n{number}" for number in range(2001)]
    done = client.load("Name\n" + "\n".join(names), **INSERT)
    got = [row[2] for row in rows(client.successes(done))[1:]]
    assert got != names
    assert sorted(got) == sorted(names)
    assert client.successes(done) == client.successes(done)


def test_two_batches_are_never_in_the_order_of_the_upload(start):
    client = start(choices=Choices(batch_rows=200))
    for _ in range(4):
        done = client.load("Name\n" + "\n".join(f"n{n}" for n in range(300)), **INSERT)
        assert rows(client.successes(done))[1][2] == "n200"


def test_results_come_packed_only_when_asked(client):
    done = client.load("Name\n" + "A\n" * 500, **INSERT)
    path = f"{client.jobs}/{done['id']}/successfulResults"
    plain = client.send("GET", path)
    assert "Content-Encoding" not in plain.headers
    packed = client.send("GET", path, headers={"Accept-Encoding": "gzip"}, decode_content=False)
    assert packed.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(packed.data) == plain.data
    assert plain.headers["Content-Type"].startswith("text/csv")


def test_an_aborted_job_that_never_started_is_all_unprocessed(start):
    client = start(processing=AfterPolls(2))
    job = client.create(**INSERT)
    client.put(job, "Name,Phone\nA,1\nB,2\n")
    client.patch(job, "UploadComplete")
    client.patch(job, "Aborted")
    assert client.unprocessed(job) == "Name,Phone\nA,1\nB,2\n"
    assert rows(client.successes(job)) == [["sf__Id", "sf__Created", "Name", "Phone"]]


def test_each_row_of_a_job_that_fails_midway_is_in_exactly_one_file(start):
    client = start(faults=[FailJob(500, "InternalServerError : Retried more than 20 times")])
    lines = [f'n{n},"x\ny"' if n % 3 else f',"{n}"' for n in range(1300)]
    done = client.load("Name,Phone\n" + "\n".join(lines) + "\n", **INSERT)
    assert done["state"] == "Failed"
    assert done["errorMessage"] == "InternalServerError : Retried more than 20 times"
    assert done["numberRecordsProcessed"] == 500
    good = [row[2:] for row in rows(client.successes(done))[1:]]
    bad = [row[2:] for row in rows(client.failures(done))[1:]]
    rest = rows(client.unprocessed(done))[1:]
    assert len(good) + len(bad) == 500
    assert len(bad) == done["numberRecordsFailed"]
    assert sorted(good + bad + rest) == sorted(rows("\n".join(lines)))
    assert client.unprocessed(done) == "Name,Phone\n" + "\n".join(lines[500:]) + "\n"
