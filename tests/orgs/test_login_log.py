"""The log of logins has the source of an org and its flow, and never a secret."""

from __future__ import annotations

import logging
import os

import pytest

from bulkflow_salesforce.login.errors import LoginError
from bulkflow_salesforce.login.open_org import open_org, open_profile
from bulkflow_salesforce.login.token_flows import Login
from bulkflow_salesforce.profiles.flow import Flow
from bulkflow_salesforce.profiles.secret_stores import InKeyring
from bulkflow_salesforce.profiles.store import ProfileStore
from support.logins import FLOWS, DictKeyring, profile_of, secrets_of


def search(caplog, *secrets: str) -> None:
    """Search each record, with its arguments, for secrets."""
    assert caplog.records
    for record in caplog.records:
        shown = f"{record.getMessage()} {record.msg} {record.args!r} {record.exc_text}"
        assert not [each for each in secrets if each and each in shown]


@pytest.mark.parametrize("flow", FLOWS)
def test_a_login_logs_its_flow_and_no_secret(flow, org, key, tmp_path, network, caplog):
    caplog.set_level(logging.DEBUG)
    profile, environ = profile_of(flow, org, key, tmp_path)
    login = Login(profile, secrets_of(environ), network, sleep=lambda _: None)
    first = login.log_in()
    again = login.renew(first.access_token) if flow is not Flow.TOKEN else None
    assert f"logging in to org {profile.name} with flow {flow}" in caplog.text
    secrets = [
        secrets_of(environ).read(place, "it")
        for place in profile.secrets.values()
        if not isinstance(place, InKeyring)
    ]
    search(caplog, first.access_token, again or "", first.refresh_token or "", *secrets)


def test_a_refused_login_logs_no_secret(org, key, tmp_path, network, caplog):
    caplog.set_level(logging.DEBUG)
    profile, environ = profile_of(Flow.REFRESH_TOKEN, org, key, tmp_path)
    environ["TEST_REFRESH_TOKEN"] = "quixotry-4711"
    with pytest.raises(LoginError):
        Login(profile, secrets_of(environ), network, sleep=lambda _: None).log_in()
    assert "POST /services/oauth2/token: status 400" in caplog.text
    search(caplog, "quixotry-4711")


def test_the_source_of_an_org_is_logged(org, key, tmp_path, monkeypatch, caplog):
    caplog.set_level(logging.DEBUG)
    monkeypatch.setenv("SSL_CERT_FILE", str(org.certificate.authority))
    environ = {"SF_ACCESS_TOKEN": "00D!marked-4712", "SF_ORG_INSTANCE_URL": org.url}
    open_org("env", environ)
    assert f"org env resolved from environment variables: {org.url}" in caplog.text
    profile, variables = profile_of(Flow.TOKEN, org, key, tmp_path)
    folder = tmp_path / "config"
    store = ProfileStore(folder)
    store.write(profile)
    store.write_default(profile.name)
    variables |= {"BULKFLOW_CONFIG_DIR": str(folder), "PATH": os.environ["PATH"]}
    open_org("default", variables)
    assert f"org default resolved to org {profile.name}" in caplog.text
    assert f"org {profile.name} resolved from its profile in {folder}" in caplog.text
    token = open_profile(profile, variables, DictKeyring()).tokens.token()
    search(caplog, "marked-4712", token)
