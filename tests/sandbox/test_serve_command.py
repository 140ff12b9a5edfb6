"""`bulkflow sandbox serve`, as its users start and end it."""

from __future__ import annotations

import re
import shlex
import signal
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import pytest
import urllib3

from bulkflow_sandbox.command import serve
from bulkflow_sandbox.testing import LocalOrg

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows sends no such signals")

COMMAND = [sys.executable, "-m", "bulkflow", "sandbox", "serve"]
JOBS = "/services/data/v66.0/jobs/ingest"


@contextmanager
def serving(*options: str, variables: int = 2):
    """What the command prints to be evaluated by a shell, while it serves."""
    with subprocess.Popen(
        [*COMMAND, *options], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            ready = process.stderr.readline()
            assert ready.startswith("ready; http"), ready + process.stderr.read()
            found = {}
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


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        (["--processing", "sometimes"], "'sometimes' is no pace of processing"),
        (["--fault", "upload"], "'upload' describes no fault"),
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
    options = {option for parameter in serve.params for option in parameter.opts}
    options -= {"--help", "-h"}
    table = guide.partition("| option | |\n")[2].partition("\n\n")[0]
    assert set(re.findall(r"--[a-z][a-z-]+", table)) == options
    table = guide.partition("What it is asked for:\n\n")[2].partition("\n\n")[0]
    names = {name for name in dir(LocalOrg) if not name.startswith("_")} - {"certificate"}
    assert set(re.findall(r"`(?:with )?\.([a-z_]+)", table)) == names
