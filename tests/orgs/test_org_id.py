"""The id and the patience of an org, from logins and profiles."""

from __future__ import annotations

import os

import pytest
from attrs import evolve

from bulkflow.errors import UsageError
from bulkflow_salesforce import OrgAddress, Session, StaticToken, fetch_organization, open_org
from bulkflow_salesforce.http.org_id import extract_organization
from bulkflow_salesforce.login.endpoint import TokenResponse
from bulkflow_salesforce.login.open_org import open_profile
from bulkflow_salesforce.login.token_flows import Login
from bulkflow_salesforce.profiles.flow import Flow
from bulkflow_salesforce.profiles.patience import format_patience, parse_patience
from support.logins import FLOWS, DictKeyring, profile_of, secrets_of
from support.proxy import answering, proxied

SHORT = "00D5e000003xAbC"
ENV = {"SF_ACCESS_TOKEN": f"{SHORT}!secret", "SF_ORG_INSTANCE_URL": "https://a.my.salesforce.com"}


@pytest.mark.parametrize(
    ("identity", "token", "found"),
    [
        ("https://login.salesforce.com/id/00D5e000003xAbCEAU/005x", "eyJ.x", "00D5e000003xAbC"),
        ("https://login.salesforce.com/id/00D5e000003xAbC/005x", "", "00D5e000003xAbC"),
        ("", "00D5e000003xAbC!AQ.secret", "00D5e000003xAbC"),
        ("", "00D5e000003xAbCEAU!AQ.secret", "00D5e000003xAbC"),
        ("https://x/id/../00D5e000003xAbC", "eyJ0.e30.x", None),
        ("https://x/elsewhere?/id/00D5e000003xAbC/", "opaque", None),
        ("", "00D5e000003xAbC", None),
        ("", "00D!short", None),
    ],
)
def test_the_id_is_in_the_login_or_in_the_token(identity, token, found):
    assert extract_organization(identity, token) == found


@pytest.mark.parametrize("flow", FLOWS)
def test_every_flow_tells_the_org_that_it_opens(org, key, tmp_path, monkeypatch, flow):
    monkeypatch.setenv("SSL_CERT_FILE", str(org.certificate.authority))
    profile, environ = profile_of(flow, org, key, tmp_path)
    environ["SSL_CERT_FILE"] = os.environ["SSL_CERT_FILE"]
    before = len(org.requests)
    access = open_profile(evolve(profile, patience=900.0), environ, DictKeyring())
    assert access.organization == org.org_id[:15]
    assert access.patience == 900
    assert not [each for each in org.requests[before:] if "userinfo" in each.path]


def test_the_environment_tells_it_by_its_token():
    access = open_org("env", ENV | {"BULKFLOW_PATIENCE": "20m"})
    assert (access.organization, access.patience) == (SHORT, 1200)
    other = open_org("env", ENV | {"SF_ACCESS_TOKEN": "eyJ0.e30.x", "BULKFLOW_PATIENCE": ""})
    assert (other.organization, other.patience) == (None, None)
    with pytest.raises(UsageError, match="BULKFLOW_PATIENCE is not a duration"):
        open_org("env", ENV | {"BULKFLOW_PATIENCE": "soon"})


def test_an_org_can_be_asked_for_its_id(org, network):
    with Session(OrgAddress(org.url), StaticToken(org.token), network=network) as session:
        assert fetch_organization(session) == org.org_id[:15]


@pytest.mark.parametrize(
    "answer",
    [
        (403, "Missing_OAuth_Token", "text/html"),
        (403, "<html><body>Bad_OAuth_Token", "text/html"),
        (401, [{"errorCode": "INVALID_SESSION_ID"}], "application/json"),
        (200, {"organization_id": "someone"}, "application/json"),
        (200, {}, "application/json"),
    ],
)
def test_a_token_that_may_not_ask_tells_nothing(answer):
    status, content, kind = answer
    with proxied("http://127.0.0.1:1") as proxy:
        proxy.on("GET", "userinfo", answering(status, content, kind))
        with Session(OrgAddress(proxy.url), StaticToken("t")) as session:
            assert fetch_organization(session) is None


def test_another_org_at_the_same_address_is_noticed_when_the_token_is_renewed(
    org, key, tmp_path, network, monkeypatch
):
    profile, environ = profile_of(Flow.CLIENT_CREDENTIALS, org, key, tmp_path)
    login = Login(profile, secrets_of(environ), network)
    first = login.log_in()
    refreshed = TokenResponse("00D000000000002!x", org.url)
    monkeypatch.setattr(Login, "_request_token", lambda _: refreshed)
    with pytest.raises(UsageError, match="another org now") as caught:
        login.renew(first.access_token)
    assert org.org_id[:15] in str(caught.value)


@pytest.mark.parametrize(
    ("text", "seconds"), [("30s", 30), ("15m", 900), ("2h", 7200), ("1d", 86400), ("0s", 0)]
)
def test_a_patience_is_a_duration(text, seconds):
    assert parse_patience(text, "it") == seconds
    assert parse_patience(format_patience(seconds), "it") == seconds


@pytest.mark.parametrize("text", ["", "15", "m", "15 m", "-1m", "1.5h", "15m30s", "٣m"])
def test_what_is_no_duration_is_refused(text):
    with pytest.raises(UsageError, match="it is not a duration"):
        parse_patience(text, "it")
