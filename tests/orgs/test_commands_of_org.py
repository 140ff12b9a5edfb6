"""`bulkflow org`, as a user types it, against an org with TLS."""

from __future__ import annotations

import io
import json
import os
import socket
import stat
import threading
import urllib.request
import webbrowser
from pathlib import Path
from ssl import create_default_context
from urllib.parse import parse_qs, urlsplit

import click
import keyring
import pytest
from keyring.backends.fail import Keyring as NoKeyring
from keyring.backends.null import Keyring as NullKeyring

from bulkflow.cli import main
from bulkflow.cli.environment import Environment
from bulkflow_sandbox import Choices
from bulkflow_sandbox.faults.syntax import read_fault
from bulkflow_sandbox.testing import LocalOrg, local_org
from support.logins import CLIENT_ID, CLIENT_SECRET, MemoryKeyring, fake_cli
from support.workshop import Ran, Workshop

POSIX = pytest.mark.skipif(os.name != "posix", reason="modes of files are POSIX's")


def log_in(workshop: Workshop, org: LocalOrg, *more: str, stdin: bytes = b"") -> Ran:
    return workshop.command(
        *("org", "login", "prod", "--flow", "client-credentials", "--login-url", org.url),
        *("--client-id", CLIENT_ID, "--secret", "client-secret=stdin", *more),
        stdin=stdin or CLIENT_SECRET.encode() + b"\n",
    )


def config(workshop: Workshop) -> Path:
    return Path(workshop.environ["BULKFLOW_CONFIG_DIR"])


def test_a_secret_goes_to_the_keyring_and_not_to_the_profile(workshop, org, vault):
    ran = log_in(workshop, org)
    assert (ran.code, ran.out) == (0, ""), ran.err
    assert vault.kept == {("bulkflow", "prod/client-secret"): CLIENT_SECRET}
    text = (config(workshop) / "orgs" / "prod.toml").read_text()
    assert 'client-secret = "keyring"' in text
    assert CLIENT_SECRET not in text + ran.err


@POSIX
def test_profiles_are_the_users_alone(workshop, org):
    assert log_in(workshop, org).code == 0
    for path in config(workshop).rglob("*"):
        wanted = 0o700 if path.is_dir() else 0o600
        assert stat.S_IMODE(path.stat().st_mode) == wanted, path


def test_a_login_that_fails_keeps_nothing(workshop, org, vault):
    ran = log_in(workshop, org, stdin=b"wrong")
    assert ran.code == 2
    assert "consumer secret" in ran.err
    assert vault.kept == {}
    assert not config(workshop).exists()


def test_without_a_keyring_no_secret_is_written(workshop, org):
    keyring.set_keyring(NoKeyring())
    before = len(org.requests)
    ran = log_in(workshop, org)
    assert ran.code == 2
    assert "no keyring" in ran.err
    assert "env:NAME" in ran.err
    assert not config(workshop).exists()
    assert len(org.requests) == before


class Terminal(io.BytesIO):
    """A standard input with a terminal."""

    def isatty(self) -> bool:
        return True


def at_terminal(workshop: Workshop, monkeypatch, typed: list[str], *arguments: str) -> Ran:
    asked = []

    def prompt(text: str, *, hide_input: bool, err: bool) -> str:
        assert hide_input
        asked.append(text)
        return typed.pop(0)

    monkeypatch.setattr(click, "prompt", prompt)
    out, error = io.StringIO(), io.StringIO()
    code = main(arguments, Environment(out, error, workshop.environ, Terminal()))
    return Ran(code, " ".join(asked), error.getvalue())


def test_a_secret_is_typed_once_and_again_when_it_is_lost(workshop, org, vault, monkeypatch):
    first = (
        *("org", "login", "prod", "--flow", "client-credentials", "--login-url", org.url),
        *("--client-id", CLIENT_ID),
    )
    ran = at_terminal(workshop, monkeypatch, [CLIENT_SECRET], *first)
    assert (ran.code, ran.out) == (0, "client-secret"), ran.err
    assert CLIENT_SECRET not in ran.err
    ran = at_terminal(workshop, monkeypatch, [], "org", "login", "prod")
    assert (ran.code, ran.out) == (0, ""), ran.err
    vault.kept.clear()
    ran = at_terminal(workshop, monkeypatch, [CLIENT_SECRET], "org", "login", "prod")
    assert (ran.code, ran.out) == (0, "client-secret"), ran.err
    again = ("org", "login", "prod", "--secret", "client-secret=keyring")
    ran = at_terminal(workshop, monkeypatch, ["wrong"], *again)
    assert (ran.code, ran.out) == (2, "client-secret")
    assert list(vault.kept.values()) == [CLIENT_SECRET]


def test_nothing_is_typed_in_vain(workshop, org, monkeypatch):
    keyring.set_keyring(NoKeyring())
    ran = at_terminal(
        *(workshop, monkeypatch, []),
        *("org", "login", "prod", "--flow", "client-credentials", "--login-url", org.url),
        *("--client-id", CLIENT_ID),
    )
    assert (ran.code, ran.out) == (2, "")
    assert "no keyring" in ran.err


class PlainKeyring(MemoryKeyring):
    """The backend of keyrings.alt: a file that anyone with access to the disk can read."""


PlainKeyring.__module__ = "keyrings.alt.file"


@pytest.mark.parametrize("backend", [NullKeyring, PlainKeyring])
def test_a_keyring_that_keeps_nothing_safe_is_none(workshop, org, backend):
    keyring.set_keyring(backend())
    ran = log_in(workshop, org)
    assert ran.code == 2
    assert "stores secrets safely" in ran.err


def test_where_nobody_can_type_the_place_is_asked_for(workshop, org):
    ran = workshop.command(
        *("org", "login", "ci", "--flow", "client-credentials", "--login-url", org.url),
        *("--client-id", CLIENT_ID),
    )
    assert ran.code == 2
    assert "--secret client-secret=env:NAME" in ran.err


@pytest.mark.parametrize(
    ("token", "version", "said"), [("not-valid", "66.0", "401"), (None, "99.0", "404")]
)
def test_a_token_that_the_org_does_not_take_is_not_kept(workshop, org, token, version, said):
    workshop.environ["GIVEN"] = token or org.token
    ran = workshop.command(
        *("org", "login", "ci", "--flow", "token", "--instance-url", org.url),
        *("--secret", "access-token=env:GIVEN", "--api-version", version),
    )
    assert ran.code != 0
    assert said in ran.err
    assert not config(workshop).exists()


def test_without_a_keyring_a_variable_will_do(workshop, org, monkeypatch):
    keyring.set_keyring(NoKeyring())
    workshop.environ["ACME_SECRET"] = CLIENT_SECRET
    ran = workshop.command(
        *("org", "login", "ci", "--flow", "client-credentials", "--login-url", org.url),
        *("--client-id", CLIENT_ID, "--secret", "client-secret=env:ACME_SECRET"),
    )
    assert ran.code == 0, ran.err
    shown = workshop.command("org", "show", "ci").out
    assert 'client-secret = "env:ACME_SECRET"' in shown
    assert CLIENT_SECRET not in shown


def test_a_secret_in_quotes_is_refused_before_it_is_sent(workshop, org):
    workshop.environ["ACME_SECRET"] = f'"{CLIENT_SECRET}"'
    before = len(org.requests)
    ran = workshop.command(
        *("org", "login", "ci", "--flow", "client-credentials", "--login-url", org.url),
        *("--client-id", CLIENT_ID, "--secret", "client-secret=env:ACME_SECRET"),
    )
    assert ran.code == 2
    assert "in quotes in the environment variable ACME_SECRET" in ran.err
    assert CLIENT_SECRET not in ran.err
    assert len(org.requests) == before


def test_a_secret_may_not_stand_on_the_command_line(workshop, org):
    ran = workshop.command(
        *("org", "login", "ci", "--flow", "client-credentials", "--login-url", org.url),
        *("--client-id", CLIENT_ID, "--secret", f"client-secret={CLIENT_SECRET}"),
    )
    assert ran.code == 2
    assert CLIENT_SECRET not in ran.err


def test_orgs_are_listed_shown_chosen_and_forgotten(workshop, org, vault):
    assert workshop.command("org", "list").err == (
        "no orgs yet; add one with `bulkflow org login NAME`\n"
    )
    assert workshop.command("org", "default").code == 2
    log_in(workshop, org)
    assert workshop.command("org", "default", "prod").code == 0
    assert workshop.command("org", "default").out == "prod\n"
    (row,) = json.loads(workshop.command("org", "list", "--json").out)
    assert row["default"] is True
    assert row["instance-url"] == org.url
    assert workshop.command("org", "list").out.startswith("* prod")
    assert workshop.command("org", "logout", "prod").code == 0
    assert vault.kept == {}
    assert workshop.command("org", "show", "prod").code == 2
    assert workshop.command("org", "default").code == 2


def test_an_org_is_tested_with_its_user_versions_and_limits(workshop, org):
    log_in(workshop, org)
    workshop.command("org", "default", "prod")
    found = json.loads(workshop.command("org", "test", "--json").out)
    assert found["instance-url"] == org.url
    assert found["limits"]["DailyApiRequests"]["of"] == 5_000_000
    assert float(found["newest-version"]) >= 66
    people = workshop.command("org", "test", "prod").out
    assert "API requests left today" in people


def test_a_user_who_may_not_read_limits_can_log_in_and_is_told(workshop, org):
    org.sandbox.inject(read_fault("limitsx*=forbidden"))
    assert log_in(workshop, org).code == 0
    ran = workshop.command("org", "test", "prod")
    assert ran.code == 0, ran.err
    assert "note      this user cannot read the org's limits" in ran.out
    assert "API requests left" not in ran.out
    found = json.loads(workshop.command("org", "test", "prod", "--json").out)
    assert (found["limits"], len(found["remarks"])) == ({}, 1)


def test_a_login_asks_for_no_limits(workshop, org):
    before = len(org.requests)
    assert log_in(workshop, org).code == 0
    assert not [each for each in org.requests[before:] if each.path.endswith("limits")]


def test_a_device_login_wants_an_app_of_the_org(workshop, org):
    before = len(org.requests)
    ran = workshop.command("org", "login", "prod", "--flow", "device", "--login-url", org.url)
    assert ran.code == 2
    assert "--client-id" in ran.err
    assert len(org.requests) == before


def test_the_command_that_prints_auth_urls_today_is_named(workshop):
    workshop.environ["GIVEN"] = "PlatformCLI::token@acme"
    ran = workshop.command(
        "org", "login", "ci", "--flow", "auth-url", "--secret", "auth-url=env:GIVEN"
    )
    assert ran.code == 2
    assert "sf org auth show-sfdx-auth-url" in ran.err
    assert "display" not in workshop.command("org", "login", "--help").out


def test_logging_in_again_needs_only_what_changes(workshop, org):
    log_in(workshop, org)
    again = workshop.command("org", "login", "prod", "--api-version", "60.0")
    assert again.code == 0, again.err
    assert 'api-version = "60.0"' in workshop.command("org", "show", "prod").out


def test_compression_is_kept_with_the_org_and_taken_out_again(workshop, org):
    assert log_in(workshop, org, "--compress").code == 0
    assert "compression = true" in workshop.command("org", "show", "prod").out
    assert workshop.command("org", "login", "prod", "--api-version", "60.0").code == 0
    assert "compression = true" in workshop.command("org", "show", "prod").out
    assert workshop.command("org", "login", "prod", "--no-compress", "--unchecked").code == 0
    assert "compression" not in workshop.command("org", "show", "prod").out


def test_patience_is_kept_with_the_org(workshop, org):
    assert log_in(workshop, org, "--patience", "20m").code == 0
    assert 'patience = "20m"' in workshop.command("org", "show", "prod").out
    assert workshop.command("org", "login", "prod", "--api-version", "60.0").code == 0
    assert 'patience = "20m"' in workshop.command("org", "show", "prod").out
    ran = workshop.command("org", "login", "prod", "--patience", "soon")
    assert ran.code == 2
    assert "--patience is not a duration" in ran.err


@pytest.mark.parametrize("name", ["env", "sandbox", "../up", "a/b", "-x", "", "a" * 65, "C:x"])
def test_a_name_that_is_none_is_refused_before_anything_happens(workshop, org, name):
    before = len(org.requests)
    ran = workshop.command("org", "login", "--flow", "token", "--", name)
    assert ran.code == 2
    assert len(org.requests) == before
    assert not config(workshop).exists()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("flow = ", "cannot be read"),
        ('flow = "magic"', "`flow` is none of"),
        ('flow = "token"\npassword = "geheim"', "unknown setting"),
        ('flow = "token"\n[secrets]\naccess-token = "geheim"', "the location of a secret"),
        ('flow = "jwt"\nclient-id = "a"', "no username"),
        ('flow = "token"\ncompression = "geheim"', "neither true nor false"),
        ('flow = "token"\npatience = 15', "not a text"),
        ('flow = "token"\npatience = "soon"', "not a duration"),
        ('flow = "token"\ninstance-url = "http://example.com"', ""),
    ],
)
def test_a_profile_with_a_mistake_is_told_and_its_values_are_not(workshop, org, content, said):
    file = config(workshop) / "orgs" / "broken.toml"
    file.parent.mkdir(parents=True)
    file.write_text(content)
    ran = workshop.command("org", "test", "broken")
    assert ran.code == 2
    assert said in ran.err
    assert "geheim" not in ran.err
    assert workshop.command("org", "list").code == 0


# ---------------------------------------------------------------------- web and device


@pytest.fixture
def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Browser:
    """Follows the login page to the callback, like the browser of a user who agrees."""

    def __init__(self, org: LocalOrg) -> None:
        self.context = create_default_context(cafile=org.certificate.authority)
        self.pages: list[str] = []
        self.shown: list[str] = []
        self.threads: list[threading.Thread] = []

    def open(self, page: str) -> bool:
        self.pages.append(page)
        thread = threading.Thread(target=self._visit, args=(page,))
        self.threads.append(thread)
        thread.start()
        return True

    def _visit(self, page: str) -> None:
        try:
            with urllib.request.urlopen(page, context=self.context, timeout=30) as answer:
                self.shown.append(answer.read().decode())
        except urllib.request.HTTPError as error:
            self.shown.append(f"{error.code}")
            error.close()

    def close(self) -> None:
        for thread in self.threads:
            thread.join(30)


@pytest.fixture
def browser(org, monkeypatch):
    made = Browser(org)
    monkeypatch.setattr(webbrowser, "open", made.open)
    yield made
    made.close()


def web_login(workshop: Workshop, org: LocalOrg, port: int) -> Ran:
    return workshop.command(
        *("org", "login", "prod", "--login-url", org.url, "--port", str(port)),
        *("--client-id", "PlatformCLI"),
    )


def test_a_web_login_brings_a_refresh_token_with_pkce(workshop, org, vault, browser, free_port):
    ran = web_login(workshop, org, free_port)
    assert ran.code == 0, ran.err
    browser.close()
    (asked,) = browser.pages
    query = parse_qs(urlsplit(asked).query)
    assert query["code_challenge_method"] == ["S256"]
    assert len(query["state"][0]) >= 32
    assert "Close this page" in browser.shown[0]
    assert "RemoteAccessErrorPage" in ran.err
    assert "--client-id" in ran.err
    (token,) = vault.kept.values()
    assert token.startswith("5Aep")
    assert token not in ran.err
    assert workshop.command("org", "test", "prod").code == 0


def test_logging_out_ends_the_refresh_token(workshop, org, vault, browser, free_port):
    web_login(workshop, org, free_port)
    (token,) = vault.kept.values()
    assert workshop.command("org", "logout", "prod").code == 0
    assert org.sandbox.logins.grants.revoke_refresh(token) is None


def test_a_callback_with_another_state_is_turned_away(
    workshop, org, vault, browser, free_port, monkeypatch
):
    statuses = []

    def attack_then_open(page: str) -> bool:
        for path in ("/OauthRedirect?code=stolen&state=guess", "/OauthRedirect?code=x", "/x"):
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{free_port}{path}", timeout=30)
            except urllib.request.HTTPError as error:
                statuses.append(error.code)
                error.close()
        return browser.open(page)

    monkeypatch.setattr(webbrowser, "open", attack_then_open)
    assert web_login(workshop, org, free_port).code == 0
    assert statuses == [400, 400, 404]


def test_a_denied_web_login_says_so(public_key_free_org, workshop_of, free_port, monkeypatch):
    org = public_key_free_org
    workshop = workshop_of(org)
    browser = Browser(org)
    monkeypatch.setattr(webbrowser, "open", browser.open)
    ran = web_login(workshop, org, free_port)
    browser.close()
    assert ran.code == 2
    assert "denied in the browser" in ran.err


@pytest.fixture
def public_key_free_org():
    with local_org(tls=True, choices=Choices(authorize_at_once=False)) as org:
        yield org


@pytest.fixture
def workshop_of(tmp_path, vault, monkeypatch):
    def make(org: LocalOrg) -> Workshop:
        monkeypatch.setenv("SSL_CERT_FILE", str(org.certificate.authority))
        return Workshop(tmp_path, {"BULKFLOW_CONFIG_DIR": str(tmp_path / "config")})

    return make


def test_a_port_that_is_taken_is_named(workshop, org, vault):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        ran = web_login(workshop, org, taken.getsockname()[1])
    assert ran.code == 2
    assert "--port" in ran.err


def test_a_salesforce_cli_login_is_taken_over(workshop, org, tmp_path):
    workshop.environ["PATH"] = f"{fake_cli(tmp_path, org)}{os.pathsep}{os.environ['PATH']}"
    ran = workshop.command("org", "login", "prod", "--flow", "sf", "--target-org", "prod")
    assert ran.code == 0, ran.err
    assert workshop.command("org", "test", "prod").code == 0


def test_a_pipeline_runs_in_a_named_org(workshop, org, monkeypatch):
    from bulkflow.cli import plugin_commands as additions

    log_in(workshop, org)
    additions._host.cache_clear()
    workshop.write("a.csv", "Name\nAcme\n")
    ran = workshop.run('org prod\njob a\n    insert Account\n    from "a.csv"\nload job a\n')
    additions._host.cache_clear()
    assert ran.code == 0, ran.err
    assert [one["Name"] for one in org.records("Account")] == ["Acme"]


@pytest.mark.parametrize(("clause", "packed"), [("", True), ("    uncompressed\n", False)])
def test_rows_go_compressed_to_an_org_that_is_kept_so(workshop, org, clause, packed):
    from bulkflow.cli import plugin_commands as additions

    log_in(workshop, org, "--compress")
    additions._host.cache_clear()
    rows = "Name\n" + "Acme\n" * 1000
    workshop.write("a.csv", rows)
    job = f'job a\n    insert Account\n    from "a.csv"\n{clause}'
    ran = workshop.run(f"org prod\n{job}load job a\n")
    additions._host.cache_clear()
    assert ran.code == 0, ran.err
    (upload,) = [one for one in org.requests if one.method == "PUT"]
    assert (upload.received < len(rows) / 10) == packed
    assert len(org.records("Account")) == 1000
