"""`bulkflow sandbox serve`, as its users start and end it."""

from __future__ import annotations

import os
import re
import shlex
import signal
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest
import urllib3

from bulkflow_salesforce.http.org_address import OrgAddress
from bulkflow_sandbox.server.command import serve
from bulkflow_sandbox.testing import LocalOrg

if TYPE_CHECKING:
    from collections.abc import Mapping

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows sends no such signals")

COMMAND = [sys.executable, "-m", "bulkflow", "sandbox", "serve"]
JOBS = "/services/data/v66.0/jobs/ingest"


@contextmanager
def serving(
    *options: str, variables: int = 2, environ: Mapping[str, str] | None = None, warns: bool = False
):
    """What the command prints to be evaluated by a shell, while it serves; `PAGE` is the link."""
    with subprocess.Popen(
        [*COMMAND, *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, **(environ or {})},
    ) as process:
        try:
            warning = process.stderr.readline() if warns else ""
            assert warning.startswith("warning: other machines") == warns
            ready = process.stderr.readline()
            assert ready.startswith("ready; http"), ready + process.stderr.read()
            found = {"PAGE": ready.split()[1]}
            for _ in range(variables):
                word, setting = shlex.split(process.stdout.readline())
                assert word == "export"
                name, _, value = setting.partition("=")
                found[name] = value
            yield found
        finally:
            process.send_signal(signal.SIGINT)
            rest, errors = process.communicate(timeout=20)
        assert (process.returncode, rest, errors) == (0, "", "")


def create(found, **pool_options):
    with urllib3.PoolManager(retries=False, **pool_options) as pool:
        return pool.request(
            "POST",
            found["SF_ORG_INSTANCE_URL"] + JOBS,
            json={"object": "Invoice__c", "operation": "insert"},
            headers={"Authorization": f"Bearer {found['SF_ACCESS_TOKEN']}"},
        )


def test_it_prints_variables_by_which_it_is_reached_and_ends_quietly():
    with serving("--token", "it's a token") as found:
        assert found["SF_ACCESS_TOKEN"] == "it's a token"
        answer = create(found)
        # The standard objects have no such object.
        assert answer.status == 400


def test_a_schema_file_faults_and_a_folder_are_used_over_tls(tmp_path):
    (tmp_path / "schema.json").write_text('{"objects": {"Invoice__c": {}}}')
    data = tmp_path / "data"
    options = ["--schema", str(tmp_path / "schema.json"), "--data", str(data), "--tls"]
    options += ["--fault", "create=503", "--tls-name", "salesforce.test"]
    authorities = []
    for _ in range(2):
        with serving(*options, variables=6) as found:
            authority = found["SSL_CERT_FILE"]
            assert authority == found["NODE_EXTRA_CA_CERTS"] == str(data / "tls" / "ca.pem")
            authorities.append((data / "tls" / "ca.pem").read_bytes())
            assert create(found, ca_certs=authority).status == 503
            assert create(found, ca_certs=authority).status == 200
    # A client that trusts the authority need not be told again after a restart.
    assert authorities[0] == authorities[1]


def test_the_link_that_is_printed_opens_the_page_and_nothing_else_does():
    with serving() as found, urllib3.PoolManager(retries=False) as pool:
        assert found["SF_ACCESS_TOKEN"] not in found["PAGE"]
        opened = pool.request("GET", found["PAGE"], redirect=False)
        assert opened.status == 303
        cookie = opened.headers["Set-Cookie"].partition(";")[0]
        page = pool.request("GET", found["SF_ORG_INSTANCE_URL"] + "/", headers={"Cookie": cookie})
        assert b"<!doctype html>" in page.data
        assert pool.request("GET", found["SF_ORG_INSTANCE_URL"] + "/").status == 401


@pytest.mark.parametrize("place", ["file", "variable"])
def test_a_token_needs_no_command_line(tmp_path, place):
    options, environ = [], {}
    if place == "file":
        (tmp_path / "token").write_text("sesame\n")
        options = ["--token-file", str(tmp_path / "token")]
        environ = {"BULKFLOW_SANDBOX_TOKEN": "something else"}
    else:
        environ = {"BULKFLOW_SANDBOX_TOKEN": "sesame"}
    with serving(*options, environ=environ) as found:
        assert found["SF_ACCESS_TOKEN"] == "sesame"


def login(found, **options) -> int:
    app = {"client_id": "bulkflow-sandbox", "client_secret": "bulkflow-sandbox-secret"}
    with urllib3.PoolManager(retries=False, **options) as pool:
        return pool.request(
            "POST",
            found["SF_ORG_INSTANCE_URL"] + "/services/oauth2/token",
            fields={"grant_type": "client_credentials", **app},
            encode_multipart=False,
        ).status


@pytest.mark.parametrize("host", ["0.0.0.0", ""])
def test_a_sandbox_for_other_machines_warns_and_prints_an_address_that_works(host):
    with serving("--host", host, "--allow-remote", warns=True) as found:
        url = found["SF_ORG_INSTANCE_URL"]
        assert urlsplit(url).hostname == "127.0.0.1"
        # bulkflow itself takes plain http for loopback addresses only.
        assert OrgAddress(url).instance_url == url
        assert create(found).status == 400
        assert login(found) == 400


def test_known_logins_are_there_where_they_are_asked_for():
    with serving("--host", "0.0.0.0", "--allow-remote", "--logins", warns=True) as found:
        assert login(found) == 200
    with serving("--no-logins") as found:
        assert login(found) == 400


def test_tls_serves_other_machines_at_an_address_that_works():
    options = ("--host", "0.0.0.0", "--allow-remote", "--tls")
    with serving(*options, variables=6, warns=True) as found:
        assert create(found, ca_certs=found["SSL_CERT_FILE"]).status == 400


def test_the_data_of_a_sandbox_is_its_users_alone(tmp_path):
    data = tmp_path / "data"
    mask = os.umask(0)
    try:
        with serving("--data", str(data)) as found:
            create(found)
            found = {path.name: path.stat().st_mode & 0o077 for path in data.rglob("*")}
    finally:
        os.umask(mask)
    assert data.stat().st_mode & 0o777 == 0o700
    assert {"sandbox.db", "sandbox.db-wal", "jobs"} <= found.keys()
    assert set(found.values()) == {0}


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        (["--host", "0.0.0.0"], "other machines could reach the sandbox at 0.0.0.0"),
        (["--host", "0"], "other machines could reach the sandbox at 0.0.0.0"),
        (["--host", ""], "other machines could reach the sandbox at 0.0.0.0"),
        (["--host", "::"], "other machines could reach the sandbox at ::"),
        (["--host", "192.0.2.1"], "other machines could reach the sandbox at 192.0.2.1"),
        (["--host", "192.0.2.1", "--allow-remote"], "would expose tokens and rows to the network"),
        (["--host", "a..b"], "unknown host 'a..b'"),
        (["--token", "a\nb"], "--token has no token that fits in a header"),
        (["--token", "a", "--token-file", "b"], "--token and --token-file both set the token"),
        (["--token-file", "missing"], "cannot read the token file missing: No such file"),
        (["--token-file", "/dev/zero"], "/dev/zero has no token that fits in a header"),
        (["--processing", "sometimes"], "unknown processing speed 'sometimes'"),
        (["--fault", "upload"], "invalid fault 'upload'"),
        (["--schema", "missing.json"], "cannot read the schema file missing.json"),
    ],
)
def test_wrong_options_are_named_and_nothing_is_served(tmp_path, options, problem):
    done = subprocess.run(
        [*COMMAND, *options], capture_output=True, text=True, check=False, cwd=tmp_path
    )
    assert done.returncode == 2
    assert done.stdout == ""
    assert problem in done.stderr
    assert "help:" in done.stderr


def test_the_guide_names_every_option_and_every_name_for_tests():
    guide = (Path(__file__).parents[2] / "docs" / "sandbox-guide.md").read_text(encoding="utf-8")
    options = {
        option
        for parameter in serve.params
        for option in (*parameter.opts, *parameter.secondary_opts)
    }
    options -= {"--help", "-h"}
    table = guide.partition("| option | effect |\n")[2].partition("\n\n")[0]
    assert set(re.findall(r"--[a-z][a-z-]+", table)) == options
    table = guide.partition("The fixture has these\nmembers:\n\n")[2].partition("\n\n")[0]
    names = {name for name in dir(LocalOrg) if not name.startswith("_")} - {"certificate"}
    assert set(re.findall(r"`(?:with )?\.([a-z_]+)", table)) == names
