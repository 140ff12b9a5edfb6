"""The Salesforce CLI, as it comes from npm, against the sandbox over https.

Not part of the suite, because the CLI is 700 packages and takes seconds for each command:

    pytest tests/clients/peers.py
"""

from __future__ import annotations

import csv
import json
import os
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from attrs import define

from bulkflow_sandbox import AfterPolls, Immediately
from support.foreign import AbsentError, npm_packages, skip

if TYPE_CHECKING:
    from bulkflow_sandbox.testing import LocalOrg

NODE = Path(__file__).parent / "node"


@define(eq=False)
class Cli:
    """The command `sf`, logged in to an org, in a home and a folder of its own."""

    command: list[str]
    org: LocalOrg
    folder: Path

    def run(self, *arguments: str, code: int = 0) -> dict:
        """The JSON that a command prints; it has to exit with `code`."""
        mine = {
            **{name: value for name, value in os.environ.items() if not name.startswith("SF")},
            **self.org.environment,
            "HOME": str(self.folder / "home"),
            "USERPROFILE": str(self.folder / "home"),
            "NO_PROXY": "*",
            "SF_DISABLE_TELEMETRY": "true",
            "SF_AUTOUPDATE_DISABLE": "true",
            "SF_USE_GENERIC_UNIX_KEYCHAIN": "true",
        }
        done = subprocess.run(
            [*self.command, *arguments, "--json"],
            cwd=self.folder,
            env=mine,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        assert done.returncode == code, done.stdout + done.stderr
        return json.loads(done.stdout)

    def result(self, *arguments: str, code: int = 0) -> dict:
        return self.run(*arguments, code=code)["result"]

    def file(self, name: str, text: str) -> str:
        (self.folder / name).write_bytes(text.encode())
        return name

    def rows(self, name: str) -> list[dict[str, str]]:
        with (self.folder / name).open(newline="", encoding="utf-8") as file:
            return list(csv.DictReader(file))

    def named(self, name: str) -> list[dict]:
        return [one for one in self.org.records("Account") if one["Name"].startswith(name)]


@pytest.fixture(scope="module")
def cli(node, secure_org, tmp_path_factory) -> Cli:
    try:
        packages = npm_packages(NODE / "cli", "--ignore-scripts")
    except AbsentError as error:
        skip(str(error))
    run = packages / "node_modules" / "@salesforce" / "cli" / "bin" / "run.js"
    folder = tmp_path_factory.mktemp("cli")
    (folder / "home").mkdir()
    made = Cli([str(node), str(run)], secure_org, folder)
    made.run(
        *("org", "login", "access-token", "--no-prompt", "--set-default"),
        *("--alias", "local", "--instance-url", secure_org.url),
    )
    return made


@pytest.fixture
def slowly(secure_org):
    """Jobs that are still in the queue when they are looked at once."""
    secure_org.sandbox.worker.set_speed(AfterPolls(3))
    yield
    secure_org.sandbox.worker.set_speed(Immediately())


def test_the_org_is_shown_as_connected(cli):
    shown = cli.result("org", "display")
    assert shown["username"] == "admin@sandbox.example"
    assert shown["instanceUrl"].rstrip("/") == cli.org.url
    assert shown["connectedStatus"] in {"Connected", "Unknown"}
    assert cli.result("org", "auth", "show-access-token")["accessToken"] == cli.org.token


def test_import_bulk_loads_a_file(cli):
    file = cli.file("in.csv", "Name\n" + "".join(f"sf import {n}\n" for n in range(300)))
    done = cli.result("data", "import", "bulk", "-s", "Account", "-f", file, "-w", "1")
    assert (done["processedRecords"], done["successfulRecords"], done["failedRecords"]) == (
        300,
        300,
        0,
    )
    assert len(cli.named("sf import")) == 300


def test_import_bulk_exits_with_1_when_rows_failed_and_bulk_results_fetches_them(cli):
    file = cli.file("bad.csv", 'Name,NumberOfEmployees\n"sf ""good"", one",5\n,6\n"sf bad",many\n')
    told = cli.run("data", "import", "bulk", "-s", "Account", "-f", file, "-w", "1", code=1)
    assert told["name"] == "FailedRecordDetailsError"
    job_id = told["data"]["jobId"]
    fetched = cli.result("data", "bulk", "results", "-i", job_id)
    assert (fetched["processedRecords"], fetched["failedRecords"]) == (3, 2)
    (good,) = cli.rows(fetched["successFilePath"])
    assert (good["Name"], good["sf__Created"]) == ('sf "good", one', "true")
    errors = {row["sf__Error"].partition(":")[0] for row in cli.rows(fetched["failedFilePath"])}
    assert errors == {"REQUIRED_FIELD_MISSING", "INVALID_FIELD"}


def test_import_bulk_tells_the_servers_reason_when_the_job_failed(cli):
    file = cli.file("nmae.csv", "Nmae\nA\n")
    told = cli.run("data", "import", "bulk", "-s", "Account", "-f", file, "-w", "1", code=1)
    assert "Field name not found : Nmae" in told["message"]


def test_a_file_from_windows_with_a_byte_order_mark_fails_as_in_an_org(cli):
    """The CLI takes the line ending from the machine, not from the file."""
    file = cli.file("windows.csv", "\ufeffName\r\nsf windows\r\n")
    told = cli.run(
        *("data", "import", "bulk", "-s", "Account", "-f", file, "-w", "1"),
        *("--line-ending", "LF"),
        code=1,
    )
    assert "LineEnding is invalid on user data" in told["message"]
    assert cli.named("sf windows") == []


@pytest.mark.usefixtures("slowly")
def test_import_resume_takes_up_a_job_that_was_started_without_waiting(cli):
    file = cli.file("later.csv", "Name\nsf later\n")
    started = cli.result("data", "import", "bulk", "-s", "Account", "-f", file)
    done = cli.result("data", "import", "resume", "-i", started["jobId"], "-w", "1")
    assert (done["jobId"], done["successfulRecords"]) == (started["jobId"], 1)


def test_update_upsert_and_delete_bulk_change_what_is_there(cli):
    made = cli.org.insert("Account", {"Name": "sf life", "External_Id__c": "sf-1"})
    file = cli.file("update.csv", f"Id,Industry\n{made[0]},Energy\n")
    done = cli.result("data", "update", "bulk", "-s", "Account", "-f", file, "-w", "1")
    assert done["successfulRecords"] == 1
    assert cli.named("sf life")[0]["Industry"] == "Energy"
    file = cli.file("upsert.csv", "External_Id__c,Name\nsf-1,sf life 1\nsf-2,sf life 2\n")
    done = cli.result(
        *("data", "upsert", "bulk", "-s", "Account", "-f", file, "-w", "1"),
        *("-i", "External_Id__c"),
    )
    found = {
        row["External_Id__c"]: row["sf__Created"] for row in done["records"]["successfulResults"]
    }
    assert found == {"sf-1": "false", "sf-2": "true"}
    ids = "".join(f"{one['Id']}\n" for one in cli.named("sf life"))
    file = cli.file("delete.csv", f"Id\n{ids}")
    done = cli.result("data", "delete", "bulk", "-s", "Account", "-f", file, "-w", "1")
    assert done["jobInfo"]["numberRecordsProcessed"] == 2
    assert cli.named("sf life") == []


def test_delete_bulk_for_good_leaves_nothing_in_the_bin(cli):
    (made,) = cli.org.insert("Account", {"Name": "sf hard"})
    file = cli.file("hard.csv", f"Id\n{made}\n")
    cli.result("data", "delete", "bulk", "-s", "Account", "-f", file, "-w", "1", "--hard-delete")
    assert made not in [one["Id"] for one in cli.org.records("Account", deleted=True)]


@pytest.mark.usefixtures("slowly")
@pytest.mark.parametrize("command", ["upsert", "delete"])
def test_upsert_and_delete_resume_take_up_their_jobs(cli, command):
    (made,) = cli.org.insert("Account", {"Name": f"sf {command} later"})
    file = cli.file(f"{command}.csv", f"Id\n{made}\n")
    key = ["-i", "Id"] if command == "upsert" else []
    started = cli.result("data", command, "bulk", "-s", "Account", "-f", file, *key)
    job_id = started["jobInfo"]["id"]
    done = cli.result("data", command, "resume", "-i", job_id, "--wait", "1")
    assert done["jobInfo"]["state"] == "JobComplete"
    assert done["jobInfo"]["numberRecordsProcessed"] == 1


def test_export_bulk_writes_csv_and_json(cli):
    cli.org.insert("Account", {"Name": 'sf "export"', "Industry": "a,b"}, {"Name": "sf export 2"})
    soql = "SELECT Name, Industry FROM Account WHERE Name LIKE 'sf%export%' ORDER BY Name"
    for form in ("csv", "json"):
        done = cli.result(
            *("data", "export", "bulk", "-q", soql, "-w", "1"),
            *("--output-file", f"export.{form}", "-r", form),
        )
        assert done["totalSize"] == 2
    assert cli.rows("export.csv") == [
        {"Name": 'sf "export"', "Industry": "a,b"},
        {"Name": "sf export 2", "Industry": ""},
    ]
    assert len(json.loads((cli.folder / "export.json").read_text())) == 2


@pytest.mark.usefixtures("slowly")
def test_export_resume_takes_up_a_job_that_was_started_without_waiting(cli):
    cli.org.insert("Account", {"Name": "sf exported later"})
    soql = "SELECT Name FROM Account WHERE Name = 'sf exported later'"
    started = cli.result(
        *("data", "export", "bulk", "-q", soql),
        *("--output-file", "later.csv", "-r", "csv"),
    )
    done = cli.result("data", "export", "resume", "-i", started["jobId"])
    assert done["totalSize"] == 1
    assert cli.rows("later.csv") == [{"Name": "sf exported later"}]


def test_export_bulk_tells_what_is_wrong_with_a_query(cli):
    told = cli.run(
        *("data", "export", "bulk", "-q", "SELECT Nmae FROM Account", "-w", "1"),
        *("--output-file", "wrong.csv"),
        code=1,
    )
    assert "Nmae" in told["message"]


def test_single_records_are_made_read_queried_and_deleted(cli):
    made = cli.result("data", "create", "record", "-s", "Account", "-v", "Name='sf record'")
    record_id = made["id"]
    read = cli.result("data", "get", "record", "-s", "Account", "-i", record_id)
    assert read["Name"] == "sf record"
    cli.result("data", "update", "record", "-s", "Account", "-i", record_id, "-v", "Industry=Other")
    found = cli.result("data", "query", "-q", "SELECT Industry FROM Account WHERE Name='sf record'")
    assert [one["Industry"] for one in found["records"]] == ["Other"]
    cli.result("data", "delete", "record", "-s", "Account", "-i", record_id)
    assert cli.named("sf record") == []
