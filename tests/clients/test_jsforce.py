"""jsforce's bulk2, as it comes from npm, against the sandbox."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from attrs import define

from bulkflow_sandbox import AfterPolls, Immediately
from bulkflow_sandbox.login.apps import DEFAULT_APP
from bulkflow_sandbox.login.users import PASSWORD
from bulkflow_sandbox.org import USER_ID, USERNAME
from bulkflow_sandbox.testing import LocalOrg, local_org

DRIVER = Path(__file__).parent / "node" / "jsforce" / "driver.js"


@define(eq=False)
class Jsforce:
    """A Node.js process that has a connection to an org."""

    org: LocalOrg
    process: subprocess.Popen[str]

    def ask(self, **action: object) -> dict:
        """What an action came to: `value`, or `error` with name, errorCode and message."""
        self.process.stdin.write(json.dumps(action) + "\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())

    def do(self, **action: object):
        """The value of an action that succeeds."""
        answer = self.ask(**action)
        assert "error" not in answer, answer
        return answer["value"]

    def refused(self, **action: object) -> tuple[str | None, str]:
        """The code and message of an action that fails."""
        answer = self.ask(**action)
        assert "error" in answer, answer
        return answer["error"].get("errorCode"), answer["error"]["message"]

    def connect(self, token: str | None = None) -> None:
        self.do(
            connect={
                "instanceUrl": self.org.url,
                "accessToken": token or self.org.token,
                "version": "66.0",
            }
        )


@pytest.fixture(scope="module")
def process(node, jsforce_folder):
    with local_org() as org:
        command = [str(node), str(DRIVER)]
        with subprocess.Popen(
            command, cwd=jsforce_folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        ) as running:
            yield Jsforce(org, running)
            running.stdin.close()


@pytest.fixture
def jsforce(process):
    process.connect()
    return process


def load(jsforce, operation, records, **options):
    found = jsforce.do(
        load={"object": "Account", "operation": operation, "input": records, **options}
    )
    return found["successfulResults"], found["failedResults"], found["unprocessedRecords"]


def named(jsforce, name):
    return [one for one in jsforce.org.records("Account") if one["Name"].startswith(name)]


def test_records_are_inserted_and_all_results_come_back(jsforce):
    records = [
        {"Name": "js insert", "Industry": "Banking"},
        {"Name": "", "Industry": "x"},
        {"Name": 'js insert "2"\nof, two', "Industry": None},
    ]
    good, bad, left = load(jsforce, "insert", records)
    assert {one["Name"] for one in good} == {"js insert", 'js insert "2"\nof, two'}
    assert all(one["sf__Created"] == "true" for one in good)
    assert {one["sf__Id"] for one in good} == {one["Id"] for one in named(jsforce, "js insert")}
    (missing,) = bad
    assert missing["sf__Error"].startswith("REQUIRED_FIELD_MISSING:")
    assert left == []


def test_a_file_is_streamed(jsforce, tmp_path):
    path = tmp_path / "accounts.csv"
    path.write_text("Name\n" + "".join(f"js stream {number}\n" for number in range(20_000)))
    good, bad, left = load(jsforce, "insert", {"file": str(path)})
    assert (len(good), bad, left) == (20_000, [], [])


def test_records_are_updated_upserted_and_deleted(jsforce):
    ((made,), _, _) = load(jsforce, "insert", [{"Name": "js life", "External_Id__c": "js-1"}])
    change = {"Id": made["sf__Id"], "Industry": "Energy"}
    ((updated,), _, _) = load(jsforce, "update", [change])
    assert (updated["sf__Id"], updated["sf__Created"]) == (made["sf__Id"], "false")
    upserts = [{"External_Id__c": f"js-{n}", "Name": f"js life {n}"} for n in (1, 2)]
    good, _, _ = load(jsforce, "upsert", upserts, externalIdFieldName="External_Id__c")
    assert {one["External_Id__c"]: one["sf__Created"] for one in good} == {
        "js-1": "false",
        "js-2": "true",
    }
    for operation in ("delete", "hardDelete"):
        (found,) = load(jsforce, "insert", [{"Name": f"js {operation}"}])[0]
        good, bad, _ = load(jsforce, operation, [{"Id": found["sf__Id"]}])
        assert (len(good), bad) == (1, [])
        assert named(jsforce, f"js {operation}") == []


def test_a_row_without_an_id_is_inserted_by_an_upsert_on_id(jsforce):
    (made,) = load(jsforce, "insert", [{"Name": "js by id"}])[0]
    text = f"Id,Name\n{made['sf__Id']},js by id known\n,js by id new\n"
    good, bad, _ = load(jsforce, "upsert", text, externalIdFieldName="Id")
    assert bad == []
    assert {one["Name"]: one["sf__Created"] for one in good} == {
        "js by id known": "false",
        "js by id new": "true",
    }


@pytest.mark.parametrize("operation", ["insert", "delete"])
def test_an_empty_input_completes_with_empty_results(jsforce, operation):
    assert load(jsforce, operation, []) == ([], [], [])


def test_a_job_goes_through_its_steps_with_their_events(jsforce):
    done = jsforce.do(
        job={
            "create": {"object": "Account", "operation": "insert"},
            "steps": [
                ["open"],
                ["check"],
                ["uploadData", "Name\njs steps\n"],
                ["close"],
                ["poll", 10, 10_000],
                ["check"],
                ["getAllResults"],
                ["delete"],
            ],
        }
    )
    opened, before, _, _, _, after, results, _ = done["values"]
    assert opened["state"] == before["state"] == "Open"
    assert after["state"] == "JobComplete"
    assert after["numberRecordsProcessed"] == 1
    # It tells "inProgress" at each look until then, of which there may be none.
    told = [event for event in done["events"] if event != "inProgress"]
    assert told == ["open", "close", "jobComplete"]
    assert len(results["successfulResults"]) == 1
    assert jsforce.refused(job={"type": "ingest", "id": done["id"], "steps": [["check"]]}) == (
        "NOT_FOUND",
        "The requested resource does not exist",
    )


def test_an_aborted_job_takes_no_more(jsforce):
    done = jsforce.do(
        job={
            "create": {"object": "Account", "operation": "insert"},
            "steps": [["open"], ["abort"], ["check"]],
        }
    )
    assert done["values"][-1]["state"] == "Aborted"
    assert done["events"] == ["open", "aborted"]
    again = {"type": "ingest", "id": done["id"]}
    code, message = jsforce.refused(job={**again, "steps": [["close"]]})
    assert (code, message) == ("INVALIDJOBSTATE", "Closing already aborted Job not allowed")
    _, message = jsforce.refused(job={**again, "steps": [["poll", 10, 1000]]})
    assert message == "Job has been aborted"


def test_polling_an_open_job_is_refused_by_the_client(jsforce):
    _, message = jsforce.refused(
        job={
            "create": {"object": "Account", "operation": "insert"},
            "steps": [["open"], ["poll", 10, 1000]],
        }
    )
    assert message.startswith("Job is still open.")


def test_a_failed_job_says_why(jsforce):
    _, message = jsforce.refused(
        load={"object": "Account", "operation": "insert", "input": [{"Nmae": "js"}]}
    )
    assert message == (
        "Ingest job failed to complete due to: InvalidBatch : Field name not found : Nmae"
    )


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ({"object": "Nothing__c", "operation": "insert"}, "INVALIDJOB"),
        ({"object": "Account", "operation": "erase"}, "API_ERROR"),
        ({"object": "Account", "operation": "upsert"}, "INVALIDJOB"),
    ],
)
def test_a_job_that_cannot_be_is_refused_with_its_code(jsforce, options, code):
    found, message = jsforce.refused(job={"create": options, "steps": [["open"]]})
    assert found == code
    assert message


def test_a_token_that_is_not_valid_is_refused(jsforce):
    jsforce.connect(token="no token")
    code, message = jsforce.refused(
        load={"object": "Account", "operation": "insert", "input": [{"Name": "js"}]}
    )
    assert (code, message) == ("INVALID_SESSION_ID", "Session expired or invalid")


def test_a_job_lives_on_when_its_client_gives_up_and_tries_to_delete_it(jsforce):
    org = jsforce.org
    org.sandbox.worker.set_speed(AfterPolls(10_000))
    try:
        answer = jsforce.ask(
            load={
                "object": "Account",
                "operation": "insert",
                "input": [{"Name": "js late"}],
                "pollTimeout": 50,
            }
        )
        assert answer["error"]["message"].startswith("Polling timed out after 50ms.")
        job = org.jobs()[-1]
        # jsforce sends the request without waiting for its answer.
        while not any(entry.method == "DELETE" and job.id in entry.path for entry in org.requests):
            jsforce.do(job={"type": "ingest", "id": job.id, "steps": [["check"]]})
    finally:
        org.sandbox.worker.set_speed(Immediately())
    assert org.settle()
    assert org.jobs()[-1].state == "JobComplete"
    assert len(named(jsforce, "js late")) == 1


# Queries.


def test_a_bulk_query_comes_back_as_records(jsforce):
    load(jsforce, "insert", [{"Name": f"js query {n}", "Industry": "a,b"} for n in range(3)])
    soql = "SELECT Id, Name, Industry FROM Account WHERE Name LIKE 'js query%'"
    found = jsforce.do(query={"soql": soql})
    assert sorted(one["Name"] for one in found) == [f"js query {n}" for n in range(3)]
    assert {one["Industry"] for one in found} == {"a,b"}
    # It reads results as if they had commas, whatever delimiter it asked for.
    found = jsforce.do(query={"soql": soql, "options": {"lineEnding": "CRLF"}})
    assert len(found) == 3


def test_a_bulk_query_of_everything_finds_the_deleted(jsforce):
    ((made,), _, _) = load(jsforce, "insert", [{"Name": "js bin"}])
    load(jsforce, "delete", [{"Id": made["sf__Id"]}])
    soql = "SELECT Id, IsDeleted FROM Account WHERE Name = 'js bin'"
    assert jsforce.do(query={"soql": soql}) == []
    found = jsforce.do(query={"soql": soql, "options": {"scanAll": True}})
    assert found == [{"Id": made["sf__Id"], "IsDeleted": "true"}]


def test_a_wrong_bulk_query_is_refused_with_its_code(jsforce):
    code, message = jsforce.refused(query={"soql": "SELECT Id FROM Nothing__c"})
    assert code == "INVALID_TYPE"
    assert "Nothing__c" in message


def test_rest_queries_describes_and_records_work_too(jsforce):
    found = jsforce.do(call=["query", "SELECT COUNT() FROM Account WHERE Name = 'nobody'"])
    assert found["totalSize"] == 0
    described = jsforce.do(call=["describe", "Account"])
    assert "Name" in {field["name"] for field in described["fields"]}
    made = jsforce.do(call=["create", "Account", {"Name": "js one"}])
    assert made["success"] is True
    record = jsforce.do(call=["retrieve", "Account", made["id"]])
    assert record["Name"] == "js one"
    assert jsforce.do(call=["destroy", "Account", made["id"]])["success"] is True
    code, _ = jsforce.refused(call=["retrieve", "Account", made["id"]])
    assert code == "ENTITY_IS_DELETED"


def test_several_records_are_made_read_changed_and_deleted_at_once(jsforce):
    records = [{"Name": "js several 1"}, {"Phone": "1"}, {"Name": "js several 2"}]
    made = jsforce.do(call=["create", "Account", records])
    assert [one["success"] for one in made] == [True, False, True]
    assert made[1]["errors"][0]["statusCode"] == "REQUIRED_FIELD_MISSING"
    ids = [made[0]["id"], made[2]["id"]]
    changes = [{"Id": one, "Phone": "2"} for one in ids]
    assert all(one["success"] for one in jsforce.do(call=["update", "Account", changes]))
    found = jsforce.do(call=["retrieve", "Account", ids])
    assert [(one["Name"], one["Phone"]) for one in found] == [
        ("js several 1", "2"),
        ("js several 2", "2"),
    ]
    keyed = [{"External_Id__c": "js-several", "Name": name} for name in ("first", "second")]
    first = jsforce.do(call=["upsert", "Account", keyed[:1], "External_Id__c"])
    second = jsforce.do(call=["upsert", "Account", keyed[1:], "External_Id__c"])
    assert (first[0]["created"], second[0]["created"]) == (True, False)
    assert all(one["success"] for one in jsforce.do(call=["destroy", "Account", ids]))


# Logins.


def test_a_soap_login_leads_to_the_org(process):
    process.do(connect={"loginUrl": process.org.url, "version": "60.0"})
    user = process.do(call=["login", USERNAME, PASSWORD])
    assert user == {"id": USER_ID, "organizationId": process.org.org_id, "url": user["url"]}
    assert process.do(call=["query", "SELECT COUNT() FROM User"])["totalSize"] == 1
    _, message = process.refused(call=["login", USERNAME, "wrong"])
    assert message.startswith("INVALID_LOGIN: ")


def test_an_expired_token_is_refreshed_in_the_middle(process):
    logins = process.org.sandbox.logins
    app = {
        "loginUrl": process.org.url,
        "clientId": DEFAULT_APP.client_id,
        "clientSecret": DEFAULT_APP.client_secret,
        "redirectUri": DEFAULT_APP.redirect_uris[0],
    }
    parameters = {
        "response_type": "code",
        "client_id": app["clientId"],
        "redirect_uri": app["redirectUri"],
    }
    code = parse_qs(urlsplit(logins.authorize(parameters)).query)["code"][0]
    process.do(connect={"oauth2": app, "version": "66.0", "loginUrl": process.org.url})
    assert process.do(call=["authorize", code])["id"] == USER_ID
    process.org.sandbox.sessions.revoke_all()
    try:
        good, bad, _ = load(process, "insert", [{"Name": "js refreshed"}])
    finally:
        process.org.sandbox.sessions.admit(process.org.token, USER_ID)
    assert (len(good), bad) == (1, [])
