"""What goes wrong gets one clear message, the right exit code, and names what is in the org."""

from __future__ import annotations

import socket
import sys

import pytest

from support.proxy import Proxy, answering
from support.workshop import Workshop

LOAD = 'org env\njob people\n    insert Contact\n    from "people.csv"\nload job people\n'
JOB = "/jobs/ingest/[^/]+"


def refused(ran_err: str) -> None:
    assert "Traceback" not in ran_err
    assert "help:" in ran_err


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "empty"),
        (b"LastName,LastName\na,b\n", "LastName"),
        (b"LastName,FirstName\na,b,c\n", "line 2"),
        (b'LastName,FirstName\na,"b\nc,d\n', "line 2"),
        (b"LastName,FirstName\na,b\r\nc,d\n", "line 2"),
        (b"LastName\n\xff\xfe\n", "UTF-8"),
        (b"LastName\na\x00b\n", "NUL"),
    ],
)
def test_data_that_salesforce_would_refuse_is_refused_before_any_request(
    workshop: Workshop, proxy: Proxy, content: bytes, said: str
) -> None:
    workshop.write("people.csv", content)
    file = workshop.write("test.bulkflow", LOAD)
    ran = workshop.command("run", str(file), "--state-dir", str(workshop.folder / "state"))
    assert ran.code == 2
    assert said in ran.err
    assert "people.csv" in ran.err
    refused(ran.err)
    assert proxy.seen == []


def test_a_missing_source_is_named_before_any_request(workshop: Workshop, proxy: Proxy) -> None:
    file = workshop.write("test.bulkflow", LOAD)
    ran = workshop.command("run", str(file), "--state-dir", str(workshop.folder / "state"))
    assert ran.code == 2
    assert "people.csv" in ran.err
    refused(ran.err)
    assert proxy.seen == []


def test_files_of_one_job_with_other_columns_are_refused(workshop: Workshop, proxy: Proxy) -> None:
    workshop.write("people-1.csv", "LastName\na\n")
    workshop.write("people-2.csv", "LastName,FirstName\na,b\n")
    file = workshop.write("test.bulkflow", LOAD.replace("people.csv", "people-*.csv"))
    ran = workshop.command("run", str(file), "--state-dir", str(workshop.folder / "state"))
    assert ran.code == 2
    assert "people-2.csv" in ran.err
    assert "adds FirstName" in ran.err
    assert proxy.seen == []


def test_an_org_that_refuses_the_token_is_no_traceback(workshop: Workshop) -> None:
    workshop.write("people.csv", "LastName\na\n")
    workshop.environ["SF_ACCESS_TOKEN"] = "00Dwrong!token"
    file = workshop.write("test.bulkflow", LOAD)
    ran = workshop.command("run", str(file), "--state-dir", str(workshop.folder / "state"))
    assert ran.code == 2
    assert "Session expired or invalid" in ran.err
    assert "00Dwrong!token" not in ran.err
    refused(ran.err)


@pytest.mark.parametrize("missing", ["SF_ACCESS_TOKEN", "SF_ORG_INSTANCE_URL"])
def test_a_missing_variable_is_named_and_nothing_is_sent(
    workshop: Workshop, proxy: Proxy, missing: str
) -> None:
    workshop.write("people.csv", "LastName\na\n")
    del workshop.environ[missing]
    file = workshop.write("test.bulkflow", LOAD)
    ran = workshop.command("run", str(file), "--state-dir", str(workshop.folder / "state"))
    assert ran.code == 2
    assert missing in ran.err
    refused(ran.err)
    assert proxy.seen == []


def test_plain_http_is_for_this_machine_only(workshop: Workshop) -> None:
    workshop.write("people.csv", "LastName\na\n")
    workshop.environ["SF_ORG_INSTANCE_URL"] = "http://example.my.salesforce.com"
    file = workshop.write("test.bulkflow", LOAD)
    ran = workshop.command("run", str(file), "--state-dir", str(workshop.folder / "state"))
    assert ran.code == 2
    assert "https" in ran.err


def test_a_server_that_answers_html_is_described(workshop: Workshop, proxy: Proxy) -> None:
    workshop.write("people.csv", "LastName\na\n")
    page = "<html><head><title>Down for maintenance</title></head><body>soon</body></html>"
    proxy.on("POST", "/jobs/ingest", answering(200, page, "text/html"))
    for _ in range(2):
        proxy.on("POST", "/jobs/ingest", answering(404, page, "text/html"))
    file = workshop.write("test.bulkflow", LOAD)
    ran = workshop.command("run", str(file), "--state-dir", str(workshop.folder / "state"))
    assert ran.code == 1
    assert "Down for maintenance" in ran.err
    refused(ran.err)


def test_an_org_that_cannot_be_reached_is_named(workshop: Workshop) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    workshop.write("people.csv", "LastName\na\n")
    workshop.environ["SF_ORG_INSTANCE_URL"] = f"http://127.0.0.1:{port}"
    file = workshop.write("test.bulkflow", LOAD)
    ran = workshop.command("run", str(file), "--state-dir", str(workshop.folder / "state"))
    assert ran.code == 1
    assert f"127.0.0.1:{port}" in ran.err
    refused(ran.err)


def test_a_job_that_fails_as_a_whole_says_the_servers_words_and_its_id(workshop: Workshop) -> None:
    workshop.write("people.csv", "LastName,Nope__c\na,b\n")
    ran = workshop.run(LOAD)
    assert ran.code == 1
    (error,) = ran.event("run_finished")["errors"]
    assert "InvalidBatch : Field name not found : Nope__c" in str(error["notes"])
    assert "750" in str(error["notes"])
    assert "first unknown column" in str(error["help"])
    (job,) = ran.event("run_finished")["jobs"]
    assert (job["rows"], job["loaded"], job["failed"], job["unprocessed"]) == (1, 0, 0, 1)


def test_a_job_that_is_left_open_is_named(workshop: Workshop, proxy: Proxy) -> None:
    workshop.write("people.csv", "LastName\na\n")
    refusal = [{"errorCode": "NO_ACCESS", "message": "no"}]
    proxy.on("PATCH", JOB, answering(403, refusal))
    file = workshop.write(
        "test.bulkflow", LOAD.replace("load job people", "upload then close job people")
    )
    ran = workshop.command("run", str(file), "--state-dir", str(workshop.folder / "state"))
    assert ran.code == 1
    assert "(Open)" in ran.err
    assert "750" in ran.err


def test_standard_input_is_a_source(workshop: Workshop, monkeypatch: pytest.MonkeyPatch) -> None:
    import io

    given = io.TextIOWrapper(io.BytesIO(b"LastName\nfrom stdin\n"))
    monkeypatch.setattr(sys, "stdin", given)
    ran = workshop.run(LOAD.replace("people.csv", "-"))
    assert ran.code == 0, ran.err
    assert ran.event("job_prepared")["parts"][0]["source"] == "stdin"


def test_a_state_folder_that_cannot_be_written_is_named(workshop: Workshop) -> None:
    workshop.write("people.csv", "LastName\na\n")
    workshop.write("state", "a file where the folder should be")
    file = workshop.write("test.bulkflow", LOAD)
    ran = workshop.command("run", str(file), "--state-dir", str(workshop.folder / "state"))
    assert ran.code == 2
    assert "--state-dir" in ran.err


def test_no_token_is_written_anywhere(workshop: Workshop, proxy: Proxy) -> None:
    workshop.write("people.csv", "LastName\na\n")
    proxy.on("PATCH", JOB, answering(500, "it was Bearer " + workshop.environ["SF_ACCESS_TOKEN"]))
    ran = workshop.run(LOAD)
    token = workshop.environ["SF_ACCESS_TOKEN"]
    assert token not in ran.out + ran.err
    for path in (workshop.folder / "state").rglob("*"):
        if path.is_file():
            assert token.encode() not in path.read_bytes(), path


def test_a_file_that_is_called_gz_and_is_none_is_told_in_words_of_ours(workshop: Workshop) -> None:
    workshop.write("people.csv.gz", b"LastName\nA\n")
    file = workshop.write(
        "test.bulkflow",
        'org env\njob people\n    insert Contact\n    from "people.csv.gz"\nload job people\n',
    )
    for command in (["plan"], ["run", "--state-dir", str(workshop.folder / "state")]):
        told = workshop.command(command[0], str(file), *command[1:])
        assert "ends in .gz, but the content is not gzip" in told.err + told.out
        assert "b'" not in told.err + told.out
