"""Details that clients check or assume, each found with a client that failed on it."""

from __future__ import annotations

import re

import pytest

from bulkflow_sandbox import Choices, Sandbox
from bulkflow_sandbox.org import USER_ID


def test_tokens_have_the_form_that_the_salesforce_cli_checks():
    form = re.compile(r"00D\w{12,15}![.\w]*")
    with Sandbox() as sandbox:
        assert form.fullmatch(sandbox.token)
        assert form.fullmatch(sandbox.sessions.issue(USER_ID))


@pytest.mark.parametrize("start", ["//", "///"])
def test_slashes_before_a_path_count_as_one(client, start):
    answer = client.send("GET", f"{start}services/data/v66.0/query?q=SELECT+COUNT()+FROM+Account")
    assert answer.status == 200
    assert "?q=SELECT" in client.server.api.requests.list_after()[-1].path
    denied = client.send(
        "GET", f"{start}services/data/v66.0/limits", headers={"Authorization": "Bearer x"}
    )
    assert denied.status == 401
    assert client.send("GET", "/services//data/v66.0/limits").status == 404
    assert client.send("GET", "/services/data/v66.0//limits").status == 404


def test_slashes_before_a_path_can_be_refused(start):
    client = start(choices=Choices(leading_slashes=False))
    assert client.send("GET", "//services/data/v66.0/limits").status == 404


def test_the_org_tells_of_itself_and_nobody_can_make_another(client):
    fields = "Name, InstanceName, IsSandbox, TrialExpirationDate, NamespacePrefix, OrganizationType"
    query = f"SELECT Id, {fields} FROM Organization".replace(" ", "+")
    answer = client.send("GET", f"/services/data/v66.0/query?q={query}").json()
    (organization,) = answer["records"]
    assert organization["Id"] == client.server.api.org.id
    assert organization["IsSandbox"] is True
    refused = client.send(
        "POST", "/services/data/v66.0/sobjects/Organization", {"Name": "another one"}
    )
    assert refused.status == 400


def test_the_columns_of_a_query_are_described_with_those_of_parents_inside(client):
    query = "SELECT Id, Account.Name, Account.Owner.Email, Birthdate FROM Contact"
    answer = client.send(
        "GET", f"/services/data/v66.0/query?q={query.replace(' ', '+')}&columns=true"
    ).json()
    assert (answer["entityName"], answer["keyPrefix"], answer["idSelected"]) == (
        "Contact",
        "003",
        True,
    )
    record_id, account, birthdate = answer["columnMetadata"]
    assert (record_id["columnName"], record_id["apexType"]) == ("Id", "Id")
    assert (birthdate["columnName"], birthdate["apexType"], birthdate["updatable"]) == (
        "Birthdate",
        "Date",
        True,
    )
    name, owner = account["joinColumns"]
    assert (account["columnName"], name["columnName"]) == ("Account", "Name")
    assert [column["columnName"] for column in owner["joinColumns"]] == ["Email"]
    wrong = client.error("GET", "/services/data/v66.0/query?q=SELECT+X+FROM+Contact&columns=true")
    assert wrong[:2] == (400, "INVALID_FIELD")
