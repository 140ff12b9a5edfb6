"""Every flow with the token endpoint of an org, over TLS."""

from __future__ import annotations

from pathlib import Path

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from bulkflow.errors import UsageError
from bulkflow_salesforce import OrgAddress, Session, TlsError
from bulkflow_salesforce.http.call import Call
from bulkflow_salesforce.http.network import Network
from bulkflow_salesforce.http.origin import Origin
from bulkflow_salesforce.login.assertion import list_audiences
from bulkflow_salesforce.login.auth_url import AuthUrl
from bulkflow_salesforce.login.errors import LoginError, make_login_error
from bulkflow_salesforce.login.salesforce_cli import SalesforceCli
from bulkflow_salesforce.login.token_flows import Login
from bulkflow_salesforce.profiles.flow import Flow, Secret
from bulkflow_salesforce.profiles.secret_stores import InKeyring
from bulkflow_sandbox import Choices
from bulkflow_sandbox.login.apps import ConnectedApp
from bulkflow_sandbox.testing import LocalOrg, local_org
from support.logins import (
    CLIENT_ID,
    CLIENT_SECRET,
    FLOWS,
    DictKeyring,
    app,
    fake_cli,
    profile_of,
    secrets_of,
)


def login(
    flow: Flow, org: LocalOrg, key: str, tmp_path: Path, network: Network, **changes
) -> Login:
    profile, environ = profile_of(flow, org, key, tmp_path)
    return Login(evolve(profile, **changes), secrets_of(environ), network, sleep=lambda _: None)


@pytest.mark.parametrize("flow", FLOWS)
def test_a_flow_gives_a_token_that_the_org_takes(org, key, tmp_path, network, flow):
    tried = login(flow, org, key, tmp_path, network)
    answer = tried.log_in()
    assert answer.instance_url == org.url
    with Session(OrgAddress(org.url), tried, ca_file=network.ca_file) as session:
        assert session.get(session.build_path("limits")).status == 200
    assert answer.access_token not in repr(tried) + repr(answer)


def refusal(org, key, tmp_path, network, flow, **changes) -> LoginError:
    with pytest.raises(LoginError) as caught:
        login(flow, org, key, tmp_path, network, **changes).log_in()
    error = caught.value
    # Every error has the host and a remedy, and no secret.
    said = " ".join([str(error), error.help or "", *error.notes])
    assert org.instance in said
    assert error.help
    assert CLIENT_SECRET not in said
    return error


@pytest.mark.parametrize("flow", [Flow.CLIENT_CREDENTIALS, Flow.REFRESH_TOKEN, Flow.PASSWORD])
def test_an_unknown_app_is_told_from_a_wrong_secret(org, key, tmp_path, network, flow):
    assert "does not know an app with that consumer key" in str(
        refusal(org, key, tmp_path, network, flow, client_id="3MVG9.other")
    )
    org.sandbox.logins.register(ConnectedApp(CLIENT_ID, "another"))
    assert "consumer secret" in str(refusal(org, key, tmp_path, network, flow))


def test_an_app_that_nobody_allowed_is_named_so(org, key, public_key, tmp_path, network):
    org.sandbox.logins.register(evolve(app(public_key), approved=False))
    error = refusal(org, key, tmp_path, network, Flow.JWT)
    assert "not allowed to use the app" in str(error)
    assert "pre-authorized" in error.help


def test_a_key_that_is_not_the_apps_is_named_so(org, key, tmp_path, network):
    org.sandbox.logins.register(ConnectedApp(CLIENT_ID, certificate=None))
    error = refusal(org, key, tmp_path, network, Flow.JWT)
    assert "signature or time" in str(error)
    assert any("audiences:" in note for note in error.notes)


def test_audiences_are_tried_until_one_is_taken(org, key, tmp_path, network):
    wrong = ("https://elsewhere.example", "https://login.salesforce.com")
    assert login(Flow.JWT, org, key, tmp_path, network, audiences=wrong).log_in().access_token
    error = refusal(org, key, tmp_path, network, Flow.JWT, audiences=wrong[:1])
    assert "meant for another host" in str(error)


def test_the_audience_that_was_taken_is_used_again(org, key, tmp_path, network):
    wrong = ("https://elsewhere.example", "https://test.salesforce.com")
    tried = login(Flow.JWT, org, key, tmp_path, network, audiences=wrong)
    first = tried.token()
    before = len(org.requests)
    assert tried.renew(first) not in {None, first}
    assert len(org.requests) == before + 1


@pytest.mark.parametrize(
    ("url", "first"),
    [
        ("https://login.salesforce.com", "https://login.salesforce.com"),
        ("https://test.salesforce.com", "https://test.salesforce.com"),
        ("https://acme.my.salesforce.com", "https://login.salesforce.com"),
        ("https://acme--uat.sandbox.my.salesforce.com", "https://test.salesforce.com"),
    ],
)
def test_the_likeliest_audience_comes_first(url, first):
    assert list_audiences(Origin(url), ())[0] == first


def test_a_wrong_password_is_named_so(org, key, tmp_path, network):
    profile, environ = profile_of(Flow.PASSWORD, org, key, tmp_path)
    environ["TEST_PASSWORD"] = "not this"
    with pytest.raises(LoginError, match="password or the security token is wrong"):
        Login(profile, secrets_of(environ), network).log_in()


@pytest.mark.parametrize("flow", [Flow.REFRESH_TOKEN, Flow.AUTH_URL])
def test_a_revoked_refresh_token_is_named_so(org, key, tmp_path, network, flow):
    profile, environ = profile_of(flow, org, key, tmp_path)
    token = (
        environ.get("TEST_REFRESH_TOKEN") or AuthUrl.parse(environ["TEST_AUTH_URL"]).refresh_token
    )
    org.sandbox.logins.revoke(token)
    with pytest.raises(LoginError, match="revoked, replaced, or has expired") as caught:
        Login(profile, secrets_of(environ), network).log_in()
    assert token not in " ".join([str(caught.value), *caught.value.notes])


def test_a_rotated_refresh_token_is_kept_in_the_keyring(public_key, key, tmp_path):
    with local_org(tls=True, choices=Choices(rotate_refresh_tokens=True)) as org:
        org.sandbox.logins.register(app(public_key))
        network = Network(ca_file=org.certificate.authority)
        for flow, secret in (
            (Flow.REFRESH_TOKEN, Secret.REFRESH_TOKEN),
            (Flow.AUTH_URL, Secret.AUTH_URL),
        ):
            profile, environ = profile_of(flow, org, key, tmp_path)
            name = profile.format_secret_name(secret)
            first = environ[f"TEST_{secret.name}"]
            vault = DictKeyring({name: first})
            profile = evolve(profile, secrets={**profile.secrets, secret: InKeyring()})
            for _ in range(3):
                assert Login(profile, secrets_of(environ, vault), network).log_in().access_token
            assert vault.kept[name] != first


LOGIN = Call("POST", "/services/oauth2/token", "login.salesforce.com")


def test_the_other_login_host_is_named():
    error = make_login_error(LOGIN, "invalid_grant", "authentication failure")
    assert any("https://test.salesforce.com" in note for note in error.notes)
    assert error.exit_code == 2


@pytest.mark.parametrize(
    ("error", "description", "cause", "cure"),
    [
        ("invalid_client", "app must be installed into org", "not installed", "--login-url"),
        ("OAUTH_APPROVAL_ERROR_GENERIC", "An unexpected error", "not installed", "--client-id"),
        (
            "app_not_found",
            "External client app is not installed in this org",
            "its own org only",
            "My Domain",
        ),
        (
            "invalid_request",
            "refresh_token scope is required and the app should be preauthorized",
            "the scope `refresh_token`",
            "pre-authorized",
        ),
        ("OAUTH_APP_BLOCKED", "this app is blocked by admin", "has blocked", "of the org's own"),
        (
            "invalid_app_access",
            "user is not admin approved to access this app",
            "API access control",
            "Use Any API Client",
        ),
        ("invalid_client", "invalid client credentials", "consumer secret", "copy"),
    ],
)
def test_a_refusal_of_these_days_has_its_cause_and_a_cure(error, description, cause, cure):
    found = make_login_error(LOGIN, error, description)
    assert cause in str(found)
    assert cure in found.help
    assert "device" not in found.help
    assert "connected app" not in found.help.lower().replace("connected apps oauth usage", "")


@given(st.text(max_size=30), st.text(max_size=60))
def test_any_oauth_error_becomes_one_with_a_cure(error, description):
    assert make_login_error(LOGIN, error, description).help


# --------------------------------------------------------------------- the Salesforce CLI


def test_an_older_cli_that_shows_the_token_is_asked_once(org, tmp_path):
    home = fake_cli(tmp_path, org, redacts=False)
    answer = SalesforceCli({"PATH": f"{home}:/usr/bin:/bin"}).fetch_token("prod")
    assert answer.access_token == org.token
    assert (home / "asked").read_text().count("\n") == 1


def test_an_org_that_the_cli_does_not_know_is_told_in_its_words(org, tmp_path):
    home = fake_cli(tmp_path, org)
    with pytest.raises(LoginError, match="No authorization information") as caught:
        SalesforceCli({"PATH": f"{home}:/usr/bin:/bin"}).fetch_token("other")
    assert "sf org login web" in caught.value.help


def test_a_missing_cli_is_told(tmp_path):
    with pytest.raises(UsageError, match="not on the PATH"):
        SalesforceCli({"PATH": str(tmp_path)}).fetch_token("prod")


@pytest.mark.parametrize("name", ["--json", "a b", ""])
def test_what_is_no_alias_never_reaches_the_cli(org, tmp_path, name):
    home = fake_cli(tmp_path, org)
    with pytest.raises(UsageError):
        SalesforceCli({"PATH": str(home)}).fetch_token(name)
    assert not (home / "asked").exists()


# ------------------------------------------------------------------------------ auth URLs


WORD = st.text("abcXYZ019._", min_size=1, max_size=40)


@given(WORD, st.one_of(st.just(""), WORD), WORD)
def test_an_auth_url_is_read_as_it_is_written(client, secret, refresh):
    text = f"force://{client}:{secret}:{refresh}@acme.my.salesforce.com"
    url = AuthUrl.parse(text)
    assert (url.client_id, url.client_secret, url.refresh_token) == (client, secret, refresh)
    assert url.origin.url == "https://acme.my.salesforce.com"
    assert url.with_refresh_token(refresh) == text


@pytest.mark.parametrize(
    "text", ["", "force://", "force://a:b:c", "force://a:b:@h.example", "https://a:b:c@h.example"]
)
def test_what_is_no_auth_url_is_refused_and_not_shown(text):
    with pytest.raises(UsageError) as caught:
        AuthUrl.parse(text or "secret")
    assert "a:b" not in str(caught.value)


# -------------------------------------------------------------------------------- hostile


def test_an_untrusted_login_host_gets_no_secret(org, key, tmp_path):
    before = len(org.requests)
    with pytest.raises(TlsError):
        login(Flow.CLIENT_CREDENTIALS, org, key, tmp_path, Network()).log_in()
    assert len(org.requests) == before
