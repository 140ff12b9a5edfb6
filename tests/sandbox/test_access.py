"""Access control: tokens, cookies, host names and the forms of paths."""

from __future__ import annotations

import socket
from contextlib import closing
from urllib.parse import unquote, urlsplit

import pytest
import urllib3
from hypothesis import given, settings
from hypothesis import strategies as st

from bulkflow.plugin import OrgRequest
from bulkflow_sandbox.server.embedded import connect
from bulkflow_sandbox.testing import local_org

NOBODY = {"Authorization": ""}
OWN = ["/", "/_sandbox", "/_sandbox/view", "/_sandbox/view/records/Account"]
OWN += ["/_sandbox/view/requests", "/_sandbox/page/page.js"]


def cookie_of(client) -> str:
    """Exchange the link of the page for a cookie."""
    answer = client.send("GET", link(client), headers=NOBODY, redirect=False)
    assert answer.status == 303
    return answer.headers["Set-Cookie"].partition(";")[0]


def link(client) -> str:
    parts = urlsplit(client.server.page)
    return f"{parts.path}?{parts.query}"


# Tokens.


@pytest.mark.parametrize("path", OWN)
@pytest.mark.parametrize("authorization", ["", "Bearer ", "Bearer wrong", "Basic OjA="])
def test_nobody_reads_the_page_or_its_rows_without_a_token(client, path, authorization):
    answer = client.send("GET", path, headers={"Authorization": authorization})
    assert answer.status == 401
    assert answer.json()[0]["errorCode"] == "INVALID_SESSION_ID"


@pytest.mark.parametrize("path", OWN)
def test_the_token_of_the_link_and_the_access_token_open_the_page_and_the_admin_resources(
    client, path
):
    for token in (client.server.api.access.token, client.server.token):
        headers = {"Authorization": f"Bearer {token}"}
        assert client.send("GET", path, headers=headers).status == 200


def test_the_token_of_the_link_is_none_of_the_api(client):
    headers = {"Authorization": f"Bearer {client.server.api.access.token}"}
    assert client.send("GET", client.jobs, headers=headers).status == 401


def test_the_link_is_exchanged_for_a_cookie_that_scripts_and_other_sites_do_not_get(client):
    answer = client.send("GET", link(client) + "&every=50", headers=NOBODY, redirect=False)
    assert (answer.status, answer.headers["Location"]) == (303, "/?every=50")
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    cookie, *attributes = answer.headers["Set-Cookie"].split("; ")
    assert {one.lower() for one in attributes} == {"httponly", "path=/", "samesite=strict"}
    assert client.server.api.access.token not in cookie
    for path in OWN:
        status = client.send("GET", path, headers=NOBODY | {"Cookie": cookie}).status
        # A browser sends the cookie to every port of this machine, so it must not allow changes.
        assert status == (401 if path == "/_sandbox" else 200)


def test_the_cookie_changes_nothing(client):
    headers = NOBODY | {"Cookie": cookie_of(client)}
    assert client.send("POST", "/_sandbox/refresh", headers=headers).status == 401
    assert client.send("GET", client.jobs, headers=headers).status == 401


@pytest.mark.parametrize("token", ["", "wrong", "%ff", "%ed%a0%80"])
def test_a_link_with_another_token_gets_no_cookie(client, token):
    answer = client.send("GET", f"/?token={token}", headers=NOBODY, redirect=False)
    assert answer.status == 401
    assert "Set-Cookie" not in answer.headers


def test_a_sandbox_with_a_token_of_its_users_choice_has_the_same_link_at_each_start(start):
    first, second, other = start(token="sesame"), start(token="sesame"), start(token="sesamum")
    assert link(first) == link(second) != link(other)
    assert first.server.api.access.cookie == second.server.api.access.cookie
    assert "sesame" not in link(first) + first.server.api.access.cookie


def test_the_cookie_of_another_sandbox_opens_nothing(start):
    first, second = start(), start()
    _, _, value = cookie_of(first).partition("=")
    name, _, _ = cookie_of(second).partition("=")
    headers = NOBODY | {"Cookie": f"{name}={value}"}
    assert second.send("GET", "/_sandbox/view", headers=headers).status == 401


def test_the_cookie_is_for_encrypted_connections_where_the_sandbox_has_them():
    with local_org(tls=True) as org:
        pool = urllib3.PoolManager(ca_certs=str(org.certificate.authority))
        answer = pool.request("GET", org.page, redirect=False)
        assert "; Secure" in answer.headers["Set-Cookie"]


def test_no_token_of_the_link_is_in_a_repr_or_the_log(start):
    client = start()
    client.send("GET", link(client), headers=NOBODY)
    client.send("GET", "/" + link(client), headers=NOBODY)
    shown = f"{client.server.api.access!r} {client.server.api.requests.list_after()!r}"
    assert client.server.api.access.token not in shown
    assert client.server.api.access.cookie not in shown


# Runs with an embedded sandbox.


def test_nobody_but_the_run_reads_the_rows_of_an_embedded_sandbox(tmp_path):
    access = connect(OrgRequest(name="sandbox", environ={}, state_directory=tmp_path))
    try:
        with urllib3.PoolManager(retries=False) as pool:

            def status(method: str, path: str, **options: object) -> int:
                return pool.request(method, access.instance_url + path, **options).status

            query = "/services/data/v66.0/query?q=SELECT+Id+FROM+User"
            app = {"client_id": "bulkflow-sandbox", "client_secret": "bulkflow-sandbox-secret"}
            user = {"username": "admin@sandbox.example", "password": "sandbox"}
            token = "/services/oauth2/token"
            for fields in (
                {"grant_type": "password", **app, **user},
                {"grant_type": "client_credentials", **app},
            ):
                assert status("POST", token, fields=fields, encode_multipart=False) == 400
            cli = "?response_type=code&client_id=PlatformCLI"
            cli += "&redirect_uri=http://localhost:1717/OauthRedirect"
            assert status("GET", "/services/oauth2/authorize" + cli, redirect=False) == 400
            for path in (*OWN, query):
                assert status("GET", path) == 401
            held = {"Authorization": f"Bearer {access.tokens.token()}"}
            assert status("GET", query, headers=held) == 200
    finally:
        access.close()


# Host names.


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/"),
        ("GET", "/_sandbox"),
        ("GET", "/services/data"),
        ("GET", "/services/data/v66.0/jobs/ingest"),
        ("POST", "/services/oauth2/token"),
        ("POST", "/services/Soap/u/59.0"),
        ("GET", "/nowhere"),
    ],
)
@pytest.mark.parametrize(
    "host", ["rebound.example.com", "127.0.0.1.example.com", "a@127.0.0.1", ""]
)
def test_a_foreign_host_name_gets_nothing_anywhere(client, method, path, host):
    answer = client.send(method, path, headers={"Host": host})
    assert (answer.status, answer.json()[0]["errorCode"]) == (403, "SANDBOX_ERROR")


def test_a_known_login_under_a_foreign_host_name_gives_no_token(client):
    fields = {"grant_type": "client_credentials", "client_id": "bulkflow-sandbox"}
    fields["client_secret"] = "bulkflow-sandbox-secret"
    url = client.server.url + "/services/oauth2/token"
    for host, status in (("localhost", 200), ("rebound.example.com", 403)):
        answer = client.pool.request(
            "POST", url, fields=fields, encode_multipart=False, headers={"Host": host}
        )
        assert answer.status == status
        assert ("access_token" in answer.data.decode()) == (status == 200)


def exchange(client, request: bytes) -> bytes:
    """Send the bytes of a request, and return the response."""
    parts = urlsplit(client.server.url)
    with closing(socket.create_connection((parts.hostname, parts.port), timeout=20)) as connection:
        connection.sendall(request)
        answer = b""
        while data := connection.recv(1 << 16):
            answer += data
    return answer


@pytest.mark.parametrize(
    "hosts", ["", "Host: localhost\r\nHost: example.com\r\n", "Host: example.com\r\nHost: a\r\n"]
)
def test_a_request_must_name_one_host(client, hosts):
    head = f"GET /services/data HTTP/1.1\r\n{hosts}Connection: close\r\n\r\n"
    assert exchange(client, head.encode()).split()[1] == b"403"


@pytest.mark.parametrize("host", ["acme.example", "ACME.example.:1", "LOCALHOST.:1"])
def test_a_name_that_the_sandbox_was_given_is_its_own(host):
    with local_org(names=("Acme.Example",)) as org, urllib3.PoolManager(retries=False) as pool:
        answer = pool.request("GET", org.url + "/services/data", headers={"Host": host})
        assert answer.status == 200


# Forms of paths.

SPELLINGS = [
    "/services/data/v66",
    "/services/data/v66/",
    "/services/data/v66/jobs/ingest",
    "/services/data/v66/query/0r8000000000001AAA-1",
    "/services/data/v66.00/",
    "/services/data/v66.00/sobjects",
    "/services/data/v066.0/limits",
    "/services/data/v66.1/limits",
    "/services/data/v66.0.0/limits",
    "/services/data/V66.0/limits",
    "/services/data/v/limits",
    "/services/data/v%EF%BC%96%EF%BC%96.0/limits",
    f"/services/data/v{'6' * 5000}.0/limits",
    "/services/data/v-1.0/limits",
    "/services/data/v1e1.0/limits",
    "/services/data//v66.0/limits",
    "/services//data/v66.0/limits",
    "/services/data/./v66.0/limits",
    "/services/data/../data/v66.0/limits",
    "/services/data/v66.0%0A/limits",
    "/services/data/%0Av66.0/limits",
    "/services/data/v66%2E0/limits",
    "/services/data%2Fv66.0/limits",
    "/services/data/v66.0/query/0r8%0A",
    "/services/data/v66.0/sobjects/Account%0A",
    "/services/data/v66.0/sobjects/Account/%00",
    "//services/data/v66/limits",
    "//services/data/v66.0/limits",
    "/%2e/services/data/v66.0/limits",
    "/services/data/v66.0/%2e%2e/limits",
    "/services/data;x/v66.0/limits",
    "/_sandbox%2Fview",
    "//_sandbox/view",
    "/_sandbox//view",
    "/_sandbox/./view",
    "/_sandbox/view/../view",
    "/_SANDBOX/view",
]


@pytest.mark.parametrize("path", SPELLINGS)
@pytest.mark.parametrize("method", ["GET", "POST", "HEAD"])
def test_no_spelling_of_a_path_passes_the_gate_without_a_token(client, path, method):
    request = f"{method} {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
    assert exchange(client, request.encode()).split()[1] in {b"401", b"404", b"405"}


PIECES = ["/", "//", ".", "..", "%2e", "%2f", "%00", "%0a", "%ff", "services", "data", "v66", "66"]
PIECES += [
    "v66.0",
    "v66.00",
    "query",
    "queryAll",
    "sobjects",
    "Account",
    "jobs",
    "ingest",
    "limits",
]
PIECES += ["_sandbox", "view", "composite", "?", ";", "%25", "v", "0r8000000000001AAA", "\u00ff"]


@settings(max_examples=300, deadline=None)
@given(st.lists(st.sampled_from(PIECES), max_size=9), st.booleans())
def test_paths_put_together_at_random_are_refused_or_not_found(shared, pieces, versioned):
    path = ("/services/data/" if versioned else "/") + "".join(pieces)
    head = f"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
    status = exchange(shared, head.encode("latin-1")).split()[1]
    if status == b"200":
        # The list of versions is public.
        decoded = "/" + unquote(path.partition("?")[0]).lstrip("/")
        assert decoded in {"/services/data", "/services/data/"}
    else:
        assert status in {b"400", b"401", b"403", b"404", b"405"}
