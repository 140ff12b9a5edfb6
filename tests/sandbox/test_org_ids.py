"""The id of an org: stored with its data, and changed by a refresh."""

from __future__ import annotations

import pytest

from bulkflow.errors import UsageError
from bulkflow.plugin import OrgRequest
from bulkflow_sandbox import AfterTime, Sandbox
from bulkflow_sandbox.core.errors import SandboxError
from bulkflow_sandbox.core.ids import is_well_formed
from bulkflow_sandbox.login.apps import DEFAULT_APP
from bulkflow_sandbox.login.users import PASSWORD
from bulkflow_sandbox.org import USER_ID, USERNAME
from bulkflow_sandbox.server.embedded import connect
from bulkflow_sandbox.testing import local_org

MINE = "00D5g000000abcd"
INSERT = {"object": "Account", "operation": "insert"}


def organizations(client):
    path = "/services/data/v66.0/query?q=SELECT+Id+FROM+Organization"
    return [record["Id"] for record in client.send("GET", path).json()["records"]]


def test_every_org_has_an_id_of_its_own_and_its_tokens_begin_with_it():
    with Sandbox() as one, Sandbox() as other:
        assert one.org.id != other.org.id
        for sandbox in (one, other):
            assert is_well_formed(sandbox.org.id)
            for token in (sandbox.token, sandbox.sessions.issue(USER_ID)):
                assert token.partition("!")[0] == sandbox.org.id[:15]


def test_the_folder_keeps_the_id(tmp_path):
    with Sandbox(tmp_path / "one") as sandbox:
        first = sandbox.org.id
    with Sandbox(tmp_path / "one") as sandbox:
        assert sandbox.org.id == first
        assert sandbox.token.startswith(first[:15] + "!")
    with Sandbox(tmp_path / "other") as sandbox:
        assert sandbox.org.id != first


@pytest.mark.parametrize("form", [slice(15), slice(18)])
def test_the_id_can_be_chosen_for_a_new_org_and_confirmed_for_an_old_one(tmp_path, form):
    with local_org(org_id=MINE) as org:
        whole = org.org_id
        assert whole[:15] == MINE
        assert org.token.startswith(f"{MINE}!")
    for _ in range(2):
        with Sandbox(tmp_path, org_id=whole[form]) as sandbox:
            assert sandbox.org.id == whole
    with pytest.raises(SandboxError, match=f"has the id {whole}, not 00D"):
        Sandbox(tmp_path, org_id="00D5g000000zzzz")
    with Sandbox(tmp_path) as sandbox:
        assert sandbox.org.id == whole


@pytest.mark.parametrize("text", ["", "00D", "0015g000000abcd", "00D5g000000abcdAAB"])
def test_what_cannot_be_the_id_of_an_org_is_refused(text):
    with pytest.raises(UsageError, match="is not the id of an org"):
        Sandbox(org_id=text)


def test_everything_that_names_the_org_names_the_same(start):
    client = start(org_id=MINE)
    whole = client.server.api.org.id
    form = {"grant_type": "password", "username": USERNAME, "password": PASSWORD}
    form |= {"client_id": DEFAULT_APP.client_id, "client_secret": DEFAULT_APP.client_secret or ""}
    answer = client.pool.request(
        "POST", client.server.url + "/services/oauth2/token", fields=form, encode_multipart=False
    ).json()
    assert answer["access_token"].startswith(f"{MINE}!")
    identity = f"{client.server.url}/id/{whole}/{USER_ID}"
    assert answer["id"] == identity
    assert client.send("GET", "/services/data/v66.0").json()["identity"] == identity
    assert client.send("GET", identity.removeprefix(client.server.url)).json()["id"] == identity
    userinfo = client.send("GET", "/services/oauth2/userinfo").json()
    assert (userinfo["organization_id"], userinfo["sub"]) == (whole, identity)
    assert organizations(client) == [whole]
    assert client.send("GET", "/_sandbox").json()["orgId"] == whole


def test_a_refresh_empties_the_org_and_gives_it_another_id(start, clock, tmp_path):
    client = start(data=tmp_path, clock=clock, processing=AfterTime(10))
    before, token = client.server.api.org.id, client.server.token
    query = {"operation": "query", "query": "SELECT Id FROM Account"}
    client.send("POST", "/services/data/v66.0/jobs/query", query)
    client.load("Name\nA\n", **INSERT)
    client.create(**INSERT)
    schema = {"objects": {"Thing__c": {}}}
    client.send("POST", "/_sandbox/schema", schema)
    refreshed = client.send("POST", "/_sandbox/refresh").json()
    assert refreshed["orgId"] == client.server.api.org.id != before
    assert refreshed["token"] == client.server.token != token
    assert refreshed["token"].startswith(refreshed["orgId"][:15] + "!")
    old = {"Authorization": f"Bearer {token}"}
    assert client.send("GET", client.jobs, headers=old).status == 401
    assert client.send("GET", client.jobs).json()["records"] == []
    with client.server.api.database.reading() as connection:
        assert connection.execute("SELECT count(*) FROM Account").fetchone() == (0,)
    assert organizations(client) == [refreshed["orgId"]]
    clock.advance(10)
    assert client.server.api.settle()
    assert list((tmp_path / "jobs").iterdir()) == []
    done = client.load("Name\nA\n", object="Thing__c", operation="insert")
    clock.advance(10)
    assert client.server.api.settle()
    assert client.info(done)["numberRecordsProcessed"] == 1


def test_a_token_that_was_given_stays_good_after_a_refresh():
    with local_org(token="sesame") as org:
        before = org.org_id
        org.sandbox.refresh()
        assert (org.token, org.org_id == before) == ("sesame", False)
        assert org.sandbox.sessions.find_user_id("sesame") == USER_ID


def test_a_folder_of_a_version_without_ids_has_one_organization(tmp_path):
    with Sandbox(tmp_path) as sandbox, sandbox.database.writing() as connection:
        connection.execute("DELETE FROM facts WHERE name = 'org'")
    with Sandbox(tmp_path) as sandbox, sandbox.database.reading() as connection:
        rows = connection.execute("SELECT Id FROM Organization").fetchall()
        assert rows == [(sandbox.org.id,)]


def test_the_embedded_org_of_a_run_says_which_it_is(tmp_path):
    found = []
    for _ in range(2):
        access = connect(OrgRequest("sandbox", {}, tmp_path))
        found.append(access.organization)
        assert access.tokens.token().startswith(f"{access.organization}!")
        access.close()
    assert found[0] != found[1]
