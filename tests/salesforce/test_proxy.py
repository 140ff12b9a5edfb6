"""Proxies, client certificates, and when a proxy is used."""

from __future__ import annotations

import base64
import os
import socket
import ssl
import threading
from contextlib import ExitStack, suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bulkflow.errors import UsageError
from bulkflow_salesforce import (
    Network,
    OrgAddress,
    ProxyRefusedError,
    RetryPolicy,
    Session,
    StaticToken,
    TlsError,
    TransportError,
    UnreachableError,
    is_transient,
)
from bulkflow_salesforce.http.network import CLIENT_CERTIFICATE, CLIENT_KEY
from bulkflow_salesforce.http.origin import Origin
from bulkflow_sandbox import SandboxServer
from bulkflow_sandbox.server.tls import ensure_certificate
from support.tunnel import TunnelProxy

NAME = "acme.my.salesforce.example"
PASSWORD = "geheim-proxy-pass"


@pytest.fixture
def certificate(tmp_path):
    return ensure_certificate(tmp_path, (NAME,))


@pytest.fixture
def sandbox(certificate):
    with SandboxServer(certificate=certificate.pair, names=(NAME,)) as server:
        yield server


@pytest.fixture
def proxies(sandbox):
    with ExitStack() as stack:

        def make(answer: str | None = None) -> TunnelProxy:
            proxy = TunnelProxy(Origin(sandbox.url).port, answer)
            stack.callback(proxy.close)
            return proxy

        yield make


def reach(sandbox, certificate, environ) -> Session:
    network = Network.of(environ)
    address = OrgAddress(f"https://{NAME}")
    return Session(
        address,
        StaticToken(sandbox.token),
        network=network,
        ca_file=certificate.authority,
        sleep=lambda _: None,
    )


def test_an_org_behind_a_proxy_is_reached_by_its_name(sandbox, certificate, proxies):
    proxy = proxies()
    environ = {"https_proxy": f"http://me:{PASSWORD}@127.0.0.1:{proxy.port}"}
    with reach(sandbox, certificate, environ) as session:
        for _ in range(3):
            assert session.get(session.build_path("limits")).status == 200
    (asked,) = proxy.asked
    assert asked.startswith(f"CONNECT {NAME}:443 HTTP/1.")
    pair = base64.b64encode(f"me:{PASSWORD}".encode()).decode()
    assert f"proxy-authorization: basic {pair}".lower() in asked.lower()
    assert sandbox.token not in asked


def test_a_proxy_that_refuses_is_named_and_its_password_is_not(sandbox, certificate, proxies):
    proxy = proxies("407 Proxy Authentication Required")
    environ = {"HTTPS_PROXY": f"http://me:{PASSWORD}@127.0.0.1:{proxy.port}"}
    with (
        reach(sandbox, certificate, environ) as session,
        pytest.raises(UnreachableError) as caught,
    ):
        session.post_json("/services/data/v66.0/jobs/ingest", {})
    assert f"127.0.0.1:{proxy.port}" in str(caught.value)
    assert "407" in str(caught.value)
    assert PASSWORD not in str(caught.value) + repr(session) + repr(session.network)


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ("407 Proxy Authentication Required", "the password in HTTPS_PROXY"),
        ("403 Forbidden", "ask the administrator of the proxy"),
        ("405 Method Not Allowed", "HTTPS_PROXY"),
    ],
)
def test_a_proxy_that_refuses_is_asked_once_however_patient_the_session(
    sandbox, certificate, proxies, answer, said
):
    proxy = proxies(answer)
    environ = {"HTTPS_PROXY": f"http://me:{PASSWORD}@127.0.0.1:{proxy.port}"}
    with reach(sandbox, certificate, environ) as session:
        for view in (session, session.with_patience(900)):
            proxy.asked.clear()
            with pytest.raises(ProxyRefusedError) as caught:
                view.get("/services/data")
            assert len(proxy.asked) == 1
            assert said in caught.value.help
            assert not is_transient(caught.value)


@pytest.mark.parametrize("answer", ["502 Bad Gateway", "503 Busy", "504 Timeout", "429 Slower"])
def test_a_proxy_in_trouble_is_asked_again(sandbox, certificate, proxies, answer):
    proxy = proxies(answer)
    environ = {"HTTPS_PROXY": f"http://127.0.0.1:{proxy.port}"}
    with (
        reach(sandbox, certificate, environ) as session,
        pytest.raises(UnreachableError, match=answer[:3]) as caught,
    ):
        session.get("/services/data")
    assert len(proxy.asked) == 5
    assert is_transient(caught.value)


def test_a_proxy_that_is_not_there_is_named(sandbox, certificate):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound and not listening: nothing else can take it
        environ = {"HTTPS_PROXY": f"127.0.0.1:{taken.getsockname()[1]}"}
        with (
            reach(sandbox, certificate, environ) as session,
            pytest.raises(UnreachableError, match="the proxy 127"),
        ):
            session.get("/services/data")


def test_a_proxy_cannot_pretend_to_be_the_org(sandbox, certificate, proxies, tmp_path):
    proxy = proxies()
    other = ensure_certificate(tmp_path / "other", (NAME,))
    with (
        reach(sandbox, other, {"HTTPS_PROXY": f"http://127.0.0.1:{proxy.port}"}) as session,
        pytest.raises(TlsError),
    ):
        session.get("/services/data")


@pytest.mark.parametrize(
    ("exceptions", "host", "used"),
    [
        ("", "a.example.com", True),
        ("example.com", "a.example.com", False),
        (".example.com", "a.example.com", False),
        ("*.example.com", "a.example.com", False),
        ("example.com", "badexample.com", True),
        ("example.com:8443", "a.example.com", True),
        ("example.com:443", "a.example.com", False),
        ("other.com, example.com", "example.com", False),
        ("*", "a.example.com", False),
        ("10.0.0.0/8", "10.1.2.3", False),
        ("10.0.0.0/8", "11.1.2.3", True),
        ("[2001:db8::1]", "[2001:db8::1]", False),
    ],
)
def test_no_proxy_names_hosts_domains_and_networks(exceptions, host, used):
    network = Network.of({"HTTPS_PROXY": "http://p.example:1", "NO_PROXY": exceptions})
    assert (network.find_proxy(Origin(f"https://{host}")) is not None) == used


def test_this_machine_is_never_reached_through_a_proxy():
    network = Network.of({"ALL_PROXY": "http://p.example:1"})
    for host in ("localhost", "127.0.0.1", "[::1]"):
        assert network.find_proxy(Origin(f"https://{host}:8443")) is None


@pytest.mark.parametrize(
    "url", [f"socks5://me:{PASSWORD}@p.example", f"http://me:{PASSWORD}@", "http://p:x", "http://["]
)
def test_a_proxy_that_cannot_be_used_is_told_without_its_password(url):
    with pytest.raises(UsageError) as caught:
        Network.of({"https_proxy": url})
    assert PASSWORD not in str(caught.value)


@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=40))
def test_any_text_at_all_is_a_proxy_or_refused(text):
    with suppress(UsageError):
        network = Network.of({"https_proxy": text, "no_proxy": text})
        network.find_proxy(Origin("https://a.example.com"))


# -------------------------------------------------------------------- authorities to trust


def test_authorities_that_are_not_there_are_named(monkeypatch, tmp_path):
    missing = str(tmp_path / "missing.pem")
    monkeypatch.setenv("SSL_CERT_FILE", missing)
    with pytest.raises(UsageError, match="SSL_CERT_FILE: the certificate authorities") as caught:
        Session(OrgAddress(f"https://{NAME}"), StaticToken("t"))
    assert missing in str(caught.value)
    monkeypatch.delenv("SSL_CERT_FILE")
    monkeypatch.setenv("SSL_CERT_DIR", missing)
    with pytest.raises(UsageError, match="SSL_CERT_DIR") as caught:
        Session(OrgAddress(f"https://{NAME}"), StaticToken("t"))
    assert missing in str(caught.value)


def test_a_file_without_certificates_is_told(monkeypatch, tmp_path):
    empty = tmp_path / "empty.pem"
    empty.write_text("nothing here")
    monkeypatch.setenv("SSL_CERT_FILE", str(empty))
    with pytest.raises(UsageError, match="no certificates in it"):
        Session(OrgAddress(f"https://{NAME}"), StaticToken("t"))


def test_authorities_are_looked_at_where_they_are_used(monkeypatch, tmp_path, certificate):
    # This machine is spoken to without TLS, and a file that is named in the code comes first.
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "missing.pem"))
    Session(OrgAddress("http://127.0.0.1:1"), StaticToken("t"))
    Session(OrgAddress(f"https://{NAME}"), StaticToken("t"), ca_file=certificate.authority)
    monkeypatch.delenv("SSL_CERT_FILE")
    monkeypatch.setenv("SSL_CERT_DIR", f"{tmp_path / 'missing'}{os.pathsep}{tmp_path}")
    Session(OrgAddress(f"https://{NAME}"), StaticToken("t"))


# ----------------------------------------------------------------- certificates of the client


@pytest.fixture
def demanding(tmp_path):
    """A server that requires a client certificate, and an accepted one."""
    server, client = ensure_certificate(tmp_path / "s"), ensure_certificate(tmp_path / "c")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*server.pair)
    context.load_verify_locations(client.authority)
    context.verify_mode = ssl.CERT_REQUIRED
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        for _ in range(2):
            with suppress(OSError):
                plain, _ = listener.accept()
                with plain, context.wrap_socket(plain, server_side=True) as connection:
                    while b"\r\n\r\n" not in connection.recv(65536):
                        pass
                    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")

    thread = threading.Thread(target=serve)
    thread.start()
    yield f"https://127.0.0.1:{listener.getsockname()[1]}", server, client
    listener.shutdown(socket.SHUT_RDWR)
    listener.close()
    thread.join(10)


def ask(url, server, environ):
    with Session(
        OrgAddress(url),
        StaticToken("00D!x"),
        network=Network.of(environ),
        ca_file=server.authority,
        policy=RetryPolicy(attempts=1),
    ) as session:
        return session.get("/services/data").parse_json()


def test_a_client_certificate_is_shown_to_who_asks_for_one(demanding):
    url, server, client = demanding
    environ = {CLIENT_CERTIFICATE: str(client.chain), CLIENT_KEY: str(client.key)}
    assert ask(url, server, environ) == {}


def test_without_a_client_certificate_the_server_ends_it(demanding):
    url, server, _ = demanding
    with pytest.raises(TransportError):
        ask(url, server, {})


@pytest.mark.parametrize("which", [CLIENT_CERTIFICATE, CLIENT_KEY])
def test_a_client_certificate_that_cannot_be_used_is_told(certificate, tmp_path, which):
    environ = {CLIENT_CERTIFICATE: str(certificate.chain), CLIENT_KEY: str(certificate.key)}
    environ[which] = str(tmp_path / "missing.pem")
    with pytest.raises(UsageError, match="client certificate"):
        ask("https://127.0.0.1:1", certificate, environ)
    with pytest.raises(UsageError, match="is set without"):
        Network.of({CLIENT_KEY: "x"})
