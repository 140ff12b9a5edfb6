"""simple-salesforce, as it comes from PyPI, against the sandbox over https."""

from __future__ import annotations

import csv
import io
import os
from json import JSONDecodeError
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from bulkflow_sandbox.login.apps import DEFAULT_APP
from bulkflow_sandbox.login.users import PASSWORD
from bulkflow_sandbox.org import USERNAME

simple_salesforce = pytest.importorskip("simple_salesforce")

from simple_salesforce.bulk2 import (  # noqa: E402 - its absence skips this module
    ColumnDelimiter,
    LineEnding,
    SFBulk2Type,
)
from simple_salesforce.exceptions import (  # noqa: E402
    SalesforceExpiredSession,
    SalesforceMalformedRequest,
    SalesforceOperationError,
    SalesforceResourceNotFound,
)


@pytest.fixture
def salesforce(trusted):
    with simple_salesforce.api.requests.Session() as session:
        yield simple_salesforce.Salesforce(
            instance=trusted.instance, session_id=trusted.token, session=session, version="66.0"
        )


@pytest.fixture
def accounts(salesforce) -> SFBulk2Type:
    return salesforce.bulk2.Account


def rows(text: str, **form: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text, newline=""), **form))


def named(trusted, name):
    """The accounts whose names begin so."""
    return [one for one in trusted.records("Account") if one["Name"].startswith(name)]


def insert(accounts, *records):
    """Inserts accounts; their rows in the file of successes."""
    (result,) = accounts.insert(records=list(records), wait=0)
    assert result["numberRecordsFailed"] == 0
    return rows(accounts.get_successful_records(result["job_id"]))


def test_insert_counts_rows_and_hands_out_the_three_result_files(accounts, trusted):
    records = [
        {"Name": "ss insert 1", "NumberOfEmployees": "12"},
        {"Name": "", "NumberOfEmployees": "13"},
        {"Name": "ss insert 3", "NumberOfEmployees": "many"},
        {"Name": 'ss insert "4", Ltd\nand sons', "NumberOfEmployees": ""},
    ]
    (result,) = accounts.insert(records=records, wait=0)
    assert result == {
        "numberRecordsFailed": 2,
        "numberRecordsProcessed": 4,
        "numberRecordsTotal": 4,
        "job_id": result["job_id"],
    }
    good = rows(accounts.get_successful_records(result["job_id"]))
    bad = rows(accounts.get_failed_records(result["job_id"]))
    assert {row["Name"] for row in good} == {"ss insert 1", 'ss insert "4", Ltd\nand sons'}
    assert all(row["sf__Created"] == "true" for row in good)
    assert {row["sf__Id"] for row in good} == {one["Id"] for one in named(trusted, "ss insert")}
    assert {row["sf__Error"].partition(":")[0] for row in bad} == {
        "REQUIRED_FIELD_MISSING",
        "INVALID_FIELD",
    }
    assert all(row["sf__Id"] == "" for row in bad)
    assert rows(accounts.get_unprocessed_records(result["job_id"])) == []
    every = accounts.get_all_ingest_records(result["job_id"])
    assert {kind: len(found) for kind, found in every.items()} == {
        "successfulRecords": 2,
        "failedRecords": 2,
        "unprocessedRecords": 0,
    }


def test_a_file_is_split_over_jobs_that_run_at_the_same_time(accounts, trusted, tmp_path):
    path = tmp_path / "accounts.csv"
    path.write_text("Name\n" + "".join(f"ss split {number}\n" for number in range(50)))
    results = accounts.insert(csv_file=str(path), batch_size=10, concurrency=3, wait=0)
    assert len(results) == 5
    assert sum(result["numberRecordsProcessed"] for result in results) == 50
    assert len({result["job_id"] for result in results}) == 5
    assert len(named(trusted, "ss split")) == 50


def test_results_are_downloaded_to_files(accounts, tmp_path):
    (result,) = accounts.insert(records=[{"Name": "ss file"}, {"Name": ""}], wait=0)
    for name in ("successful", "failed", "unprocessed"):
        path = tmp_path / f"{name}.csv"
        getattr(accounts, f"get_{name}_records")(result["job_id"], file=str(path))
        count = 0 if name == "unprocessed" else 1
        assert len(rows(path.read_text())) == count


def test_another_delimiter_and_line_ending_come_back_in_the_results(accounts, tmp_path):
    path = tmp_path / "accounts.csv"
    path.write_bytes(b"Name|Industry\r\nss pipe|Banking\r\n")
    (result,) = accounts.insert(
        csv_file=str(path),
        column_delimiter=ColumnDelimiter.PIPE,
        line_ending=LineEnding.CRLF,
        wait=0,
    )
    (row,) = rows(accounts.get_successful_records(result["job_id"]), delimiter="|")
    assert (row["Name"], row["Industry"]) == ("ss pipe", "Banking")


def test_update_changes_records_and_refuses_unknown_ids(accounts, trusted):
    (made,) = insert(accounts, {"Name": "ss update"})
    changes = [
        {"Id": made["sf__Id"], "Industry": "Banking"},
        {"Id": "001000000000000AAA", "Industry": "Banking"},
    ]
    (result,) = accounts.update(records=changes, wait=0)
    assert (result["numberRecordsProcessed"], result["numberRecordsFailed"]) == (2, 1)
    (changed,) = rows(accounts.get_successful_records(result["job_id"]))
    assert (changed["sf__Id"], changed["sf__Created"]) == (made["sf__Id"], "false")
    assert [one["Industry"] for one in named(trusted, "ss update")] == ["Banking"]


def test_upsert_makes_what_is_new_and_changes_what_is_known(accounts, trusted):
    insert(accounts, {"Name": "ss upsert 1", "External_Id__c": "ss-1"})
    records = [
        {"External_Id__c": "ss-1", "Name": "ss upsert 1 changed"},
        {"External_Id__c": "ss-2", "Name": "ss upsert 2"},
    ]
    (result,) = accounts.upsert(records=records, external_id_field="External_Id__c", wait=0)
    made = {
        row["External_Id__c"]: row["sf__Created"]
        for row in rows(accounts.get_successful_records(result["job_id"]))
    }
    assert made == {"ss-1": "false", "ss-2": "true"}
    assert [one["Name"] for one in named(trusted, "ss upsert")] == [
        "ss upsert 1 changed",
        "ss upsert 2",
    ]


@pytest.mark.parametrize("how", ["delete", "hard_delete"])
def test_records_are_deleted(accounts, trusted, how):
    (made,) = insert(accounts, {"Name": f"ss {how}"})
    (result,) = getattr(accounts, how)(records=[{"Id": made["sf__Id"]}], wait=0)
    assert (result["numberRecordsProcessed"], result["numberRecordsFailed"]) == (1, 0)
    assert named(trusted, f"ss {how}") == []
    left = [one for one in trusted.records("Account", deleted=True) if one["Id"] == made["sf__Id"]]
    assert len(left) == (1 if how == "delete" else 0)


def test_a_failed_job_raises_the_servers_reason(accounts, trusted):
    with pytest.raises(SalesforceOperationError, match="Field name not found : Nmae"):
        accounts.insert(records=[{"Nmae": "ss"}], wait=0)
    assert trusted.jobs()[-1].state == "Failed"


def test_a_refused_job_raises_code_and_message(salesforce):
    with pytest.raises(SalesforceMalformedRequest) as caught:
        salesforce.bulk2.Nothing__c.insert(records=[{"Name": "ss"}], wait=0)
    (entry,) = caught.value.content
    assert set(entry) == {"errorCode", "message"}


def test_a_token_that_is_not_valid_raises_an_expired_session(trusted):
    with simple_salesforce.api.requests.Session() as session:
        other = simple_salesforce.Salesforce(
            instance=trusted.instance, session_id="no token", session=session
        )
        with pytest.raises(SalesforceExpiredSession) as caught:
            other.bulk2.Account.insert(records=[{"Name": "ss"}], wait=0)
    assert caught.value.content == [
        {"errorCode": "INVALID_SESSION_ID", "message": "Session expired or invalid"}
    ]


def test_a_deleted_job_is_gone_though_the_client_cannot_read_the_answer(accounts):
    (made,) = accounts.insert(records=[{"Name": "ss gone"}], wait=0)
    client = accounts._client
    # 204 has no body, and the client parses it all the same; a real org is met with the same.
    with pytest.raises(JSONDecodeError):
        client.delete_job(made["job_id"], is_query=False)
    with pytest.raises(SalesforceResourceNotFound):
        client.get_job(made["job_id"], is_query=False)


def test_an_open_job_is_aborted(accounts):
    client = accounts._client
    job = client.create_job("insert")
    assert client.abort_job(job["id"], is_query=False)["state"] == "Aborted"


# Queries.


@pytest.fixture
def cities(accounts):
    """Five accounts, made again for each test with a name that no other test has."""

    def make(name):
        records = [{"Name": f"{name} {n}", "NumberOfEmployees": str(n)} for n in range(5)]
        return insert(accounts, *records)

    return make


def test_a_bulk_query_comes_in_pages(accounts, cities):
    cities("ss pages")
    soql = "SELECT Id, Name FROM Account WHERE Name LIKE 'ss pages%'"
    pages = list(accounts.query(soql, max_records=2, wait=0))
    assert [len(rows(page)) for page in pages] == [2, 2, 1]
    names = [row["Name"] for page in pages for row in rows(page)]
    assert sorted(names) == [f"ss pages {n}" for n in range(5)]


def test_a_bulk_query_with_another_form_is_downloaded_to_files(accounts, cities, tmp_path):
    cities("ss files")
    pages = accounts.download(
        "SELECT Name, NumberOfEmployees FROM Account WHERE Name LIKE 'ss files%'",
        path=str(tmp_path),
        max_records=3,
        column_delimiter=ColumnDelimiter.SEMICOLON,
        line_ending=LineEnding.CRLF,
        wait=0,
    )
    assert [page["number_of_records"] for page in pages] == [3, 2]
    first = Path(pages[0]["file"]).read_bytes()
    assert first.startswith(b'"Name";"NumberOfEmployees"\r\n')
    assert first.count(b"\r\n") == 4


def test_a_bulk_query_of_everything_finds_the_deleted(accounts, cities):
    made = cities("ss bin")
    accounts.delete(records=[{"Id": made[0]["sf__Id"]}], wait=0)
    soql = "SELECT Id, IsDeleted FROM Account WHERE Name LIKE 'ss bin%'"
    (living,) = accounts.query(soql, wait=0)
    (everything,) = accounts.query_all(soql, wait=0)
    assert len(rows(living)) == 4
    assert [row["Id"] for row in rows(everything) if row["IsDeleted"] == "true"] == [
        made[0]["sf__Id"]
    ]


def test_an_empty_bulk_query_has_a_header_only(accounts):
    (page,) = accounts.query("SELECT Id, Name FROM Account WHERE Name = 'nobody'", wait=0)
    assert page == '"Id","Name"\n'


def test_a_wrong_bulk_query_raises_code_and_message(accounts):
    with pytest.raises(SalesforceMalformedRequest) as caught:
        list(accounts.query("SELECT Id FROM Nothing__c", wait=0))
    (entry,) = caught.value.content
    assert set(entry) == {"errorCode", "message"}


def test_rest_queries_are_followed_over_their_pages(salesforce, cities):
    cities("ss rest")
    soql = "SELECT Id, Name FROM Account WHERE Name LIKE 'ss rest%' ORDER BY Name"
    found = salesforce.query_all(soql, headers={"Sforce-Query-Options": "batchSize=200"})
    assert (found["totalSize"], found["done"]) == (5, True)
    assert [record["Name"] for record in found["records"]] == [f"ss rest {n}" for n in range(5)]
    record = found["records"][0]
    assert record["attributes"]["type"] == "Account"
    assert record["attributes"]["url"].endswith(f"/sobjects/Account/{record['Id']}")
    assert salesforce.query("SELECT COUNT() FROM Account WHERE Name LIKE 'ss rest%'") == {
        "totalSize": 5,
        "done": True,
        "records": [],
    }


def test_more_records_than_a_page_holds_are_iterated(salesforce, accounts, tmp_path):
    path = tmp_path / "many.csv"
    path.write_text("Name\n" + "".join(f"ss many {n}\n" for n in range(2500)))
    accounts.insert(csv_file=str(path), wait=0)
    found = salesforce.query_all_iter("SELECT Name FROM Account WHERE Name LIKE 'ss many%'")
    assert len({record["Name"] for record in found}) == 2500


def test_a_wrong_rest_query_raises_salesforces_error(salesforce):
    with pytest.raises(SalesforceMalformedRequest) as caught:
        salesforce.query("SELECT Nmae FROM Account")
    (entry,) = caught.value.content
    assert entry["errorCode"] == "INVALID_FIELD"
    assert "No such column 'Nmae'" in entry["message"]


# Records, one at a time, and what is asked beside them.


def test_a_record_is_made_read_changed_and_deleted(salesforce):
    made = salesforce.Account.create({"Name": "ss one", "External_Id__c": "ss-one"})
    assert (made["success"], made["errors"]) == (True, [])
    record_id = made["id"]
    assert salesforce.Account.get(record_id)["Name"] == "ss one"
    assert salesforce.Account.get_by_custom_id("External_Id__c", "ss-one")["Id"] == record_id
    assert salesforce.Account.update(record_id, {"Name": "ss two"}) == 204
    assert salesforce.Account.upsert("External_Id__c/ss-one", {"Name": "ss three"}) in {200, 204}
    assert salesforce.Account.get(record_id)["Name"] == "ss three"
    assert salesforce.Account.delete(record_id) == 204
    with pytest.raises(SalesforceResourceNotFound):
        salesforce.Account.get(record_id)


def test_objects_are_described(salesforce):
    described = salesforce.Account.describe()
    names = {field["name"]: field for field in described["fields"]}
    assert names["External_Id__c"]["externalId"] is True
    assert names["Name"]["nillable"] is False
    listed = salesforce.describe()
    assert "Account" in {item["name"] for item in listed["sobjects"]}


def test_limits_and_the_use_of_the_api_are_told(salesforce):
    limits = salesforce.limits()
    assert limits["DailyApiRequests"]["Max"] > limits["DailyApiRequests"]["Remaining"]
    usage = salesforce.api_usage["api-usage"]
    assert usage.used > 0
    assert usage.total == limits["DailyApiRequests"]["Max"]


# Logins.


class ToOrg(simple_salesforce.api.requests.adapters.HTTPAdapter):
    """Sends what is meant for Salesforce's login hosts, whose names are built in, to an org."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self._url = url

    def send(self, request, **options):
        request.url = self._url + urlsplit(request.url).path
        # requests looks for the authorities of the machine by the name that it was asked for.
        return super().send(request, **options | {"verify": os.environ["REQUESTS_CA_BUNDLE"]})


@pytest.fixture
def login_session(trusted):
    with simple_salesforce.api.requests.Session() as session:
        for host in ("login", "local.my"):
            session.mount(f"https://{host}.salesforce.com", ToOrg(trusted.url))
        yield session


@pytest.mark.parametrize(
    "options",
    [
        {"username": USERNAME, "password": PASSWORD, "security_token": ""},
        {
            "username": USERNAME,
            "password": PASSWORD,
            "consumer_key": DEFAULT_APP.client_id,
            "consumer_secret": DEFAULT_APP.client_secret,
        },
        {
            "consumer_key": DEFAULT_APP.client_id,
            "consumer_secret": DEFAULT_APP.client_secret,
            "domain": "local.my",
        },
    ],
    ids=["SOAP", "password", "client credentials"],
)
def test_a_login_leads_to_the_org_and_its_token_works(login_session, trusted, options):
    salesforce = simple_salesforce.Salesforce(**options, session=login_session)
    assert salesforce.sf_instance == trusted.instance
    assert salesforce.session_id != trusted.token
    assert salesforce.query("SELECT COUNT() FROM User WHERE IsActive = true")["totalSize"] == 1


@pytest.mark.parametrize("options", [{"security_token": ""}, {"organizationId": "00D"}])
def test_a_wrong_password_is_refused_with_salesforces_words(login_session, options):
    with pytest.raises(simple_salesforce.SalesforceAuthenticationFailed) as caught:
        simple_salesforce.Salesforce(
            username=USERNAME, password="wrong", session=login_session, **options
        )
    assert "INVALID_LOGIN" in str(caught.value)


def test_an_expired_session_is_renewed_by_a_new_login(login_session, trusted):
    salesforce = simple_salesforce.Salesforce(
        username=USERNAME, password=PASSWORD, security_token="", session=login_session
    )
    first = salesforce.session_id
    assert trusted.sandbox.sessions.revoke(first)
    assert salesforce.query("SELECT COUNT() FROM User")["totalSize"] >= 1
    assert salesforce.session_id != first
