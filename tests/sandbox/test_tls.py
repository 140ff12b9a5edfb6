"""The certificate: for which names, trusted by whom, kept how long."""

from __future__ import annotations

import contextlib
import http.client
import os
import ssl
import stat
import sys
import time
from datetime import UTC, datetime, timedelta

import pytest
import urllib3
from urllib3.exceptions import SSLError

from bulkflow_sandbox.core.errors import SandboxError
from bulkflow_sandbox.server.tls import ensure_certificate
from bulkflow_sandbox.testing import local_org

NOW = datetime.now(UTC)


def files(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_a_client_that_trusts_the_authority_is_served_over_https():
    with local_org(tls=True) as org:
        assert org.url.startswith("https://127.0.0.1:")
        with urllib3.PoolManager(ca_certs=org.environment["SSL_CERT_FILE"], retries=False) as pool:
            for host in ("127.0.0.1", "localhost"):
                url = org.url.replace("127.0.0.1", host)
                answer = pool.request(
                    "GET",
                    f"{url}/services/data/v66.0/jobs/ingest",
                    headers={"Authorization": f"Bearer {org.token}"},
                )
                assert answer.status == 200


def test_a_client_that_does_not_trust_the_authority_refuses():
    with local_org(tls=True) as org:
        with urllib3.PoolManager(retries=False) as pool, pytest.raises(SSLError):
            pool.request("GET", org.url)
        # The server has seen the end of the first connection when it has answered on a second.
        with urllib3.PoolManager(ca_certs=org.environment["SSL_CERT_FILE"], retries=False) as pool:
            assert pool.request("GET", f"{org.url}/nowhere").status == 404


def test_the_server_ends_at_once_though_a_client_keeps_its_connection(monkeypatch):
    monkeypatch.setattr("bulkflow_sandbox.server.http_server._SHUTDOWN_SECONDS", 120)
    with contextlib.ExitStack() as stack:
        with local_org(tls=True) as org:
            trust = ssl.create_default_context(cafile=org.environment["SSL_CERT_FILE"])
            connection = http.client.HTTPSConnection(org.instance, context=trust, timeout=30)
            stack.callback(connection.close)
            connection.request("GET", "/nowhere")
            assert connection.getresponse().read()
            started = time.monotonic()
        # Without the server's own end of the connection it would take as long as that.
        assert time.monotonic() - started < 60


def test_the_variables_of_all_tls_libraries_name_the_authority(tmp_path):
    made = ensure_certificate(tmp_path)
    assert set(made.environment) == {
        "SSL_CERT_FILE",
        "REQUESTS_CA_BUNDLE",
        "CURL_CA_BUNDLE",
        "NODE_EXTRA_CA_CERTS",
    }
    assert set(made.environment.values()) == {str(made.authority)}
    ssl.create_default_context(cafile=made.authority)


def test_a_certificate_is_kept_while_it_serves(tmp_path):
    ensure_certificate(tmp_path / "new" / "folder")
    before = files(tmp_path / "new" / "folder")
    ensure_certificate(tmp_path / "new" / "folder", ("localhost",))
    assert files(tmp_path / "new" / "folder") == before


@pytest.mark.parametrize(
    "change",
    [
        {"now": NOW + timedelta(days=396, hours=1)},
        {"names": ("salesforce.test",)},
        {"names": ("10.1.2.3",)},
    ],
    ids=["old", "another name", "another address"],
)
def test_a_certificate_that_does_not_serve_is_replaced(tmp_path, change):
    ensure_certificate(tmp_path)
    before = files(tmp_path)
    ensure_certificate(tmp_path, **change)
    after = files(tmp_path)
    assert all(after[name] != before[name] for name in before)
    ensure_certificate(tmp_path, **change)
    assert files(tmp_path) == after


@pytest.mark.parametrize("name", ["server.pem", "server.key", "ca.pem"])
def test_a_missing_file_is_made_good(tmp_path, name):
    made = ensure_certificate(tmp_path)
    (tmp_path / name).unlink()
    ensure_certificate(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*made.pair)
    assert set(files(tmp_path)) == {"server.pem", "server.key", "ca.pem"}


def test_a_damaged_certificate_is_made_good(tmp_path):
    made = ensure_certificate(tmp_path)
    made.chain.write_bytes(b"no certificate")
    ensure_certificate(tmp_path)
    ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(*made.pair)


def test_the_authority_has_no_key_on_disk(tmp_path):
    ensure_certificate(tmp_path)
    with_keys = [name for name, data in files(tmp_path).items() if b"PRIVATE KEY" in data]
    assert with_keys == ["server.key"]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such modes")
def test_the_key_is_for_its_owner_only(tmp_path):
    before = os.umask(0)
    try:
        made = ensure_certificate(tmp_path)
    finally:
        os.umask(before)
    assert stat.S_IMODE(made.key.stat().st_mode) == 0o600


def test_a_folder_that_cannot_be_used_is_an_error(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(SandboxError, match="cannot keep a certificate in"):
        ensure_certificate(tmp_path / "file")


def test_without_the_library_the_error_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "trustme", None)
    with pytest.raises(SandboxError) as caught:
        ensure_certificate(tmp_path)
    assert caught.value.help is not None
    assert "bulkflow-sf[sandbox]" in caught.value.help
