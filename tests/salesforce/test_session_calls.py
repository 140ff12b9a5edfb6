"""The requests and results of a session without failures."""

from __future__ import annotations

import gzip
import io
import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

from bulkflow_salesforce import (
    BytesBody,
    LimitInfo,
    LocalFileError,
    OrgAddress,
    Session,
    StaticToken,
)

ROWS = b"".join(b'"%d","caf\xc3\xa9"\n' % n for n in range(50_000))


def test_get_gives_status_headers_and_json(server, session):
    server.answers(200, {"id": "750", "state": "Open"}, {"X-Thing": "a"})
    response = session.get(session.build_path("jobs", "ingest", "750"))
    assert response.status == 200
    assert response.headers["x-THING"] == "a"
    assert response.parse_object() == {"id": "750", "state": "Open"}
    [seen] = server.seen
    assert (seen.method, seen.target) == ("GET", "/services/data/v66.0/jobs/ingest/750")


def test_every_request_says_who_asks_and_takes_gzip(server, session):
    server.answers(200, {})
    session.get("/x")
    headers = server.seen[0].headers
    assert headers["authorization"].startswith("Bearer 00D")
    assert headers["user-agent"].startswith("bulkflow/")
    assert headers["sforce-call-options"] == f"client={headers['user-agent']}"
    assert headers["accept-encoding"] == "gzip"
    assert headers["accept"] == "application/json"


def test_post_and_patch_send_json(server, session):
    server.answers(200, {"id": "1"})
    server.answers(200, {"id": "1"})
    session.post_json("/jobs", {"object": "Konto_ä"})
    session.patch_json("/jobs/1", {"state": "UploadComplete"})
    post, patch = server.seen
    assert json.loads(post.body) == {"object": "Konto_ä"}
    assert post.headers["content-type"] == "application/json; charset=UTF-8"
    assert (patch.method, json.loads(patch.body)) == ("PATCH", {"state": "UploadComplete"})


def test_put_sends_the_body_with_its_length_and_never_chunked(server, session):
    server.answers(201)
    response = session.put_body("/jobs/1/batches", BytesBody(ROWS), "text/csv; charset=UTF-8")
    [seen] = server.seen
    assert (response.status, response.body) == (201, b"")
    assert seen.body == ROWS
    assert seen.headers["content-length"] == str(len(ROWS))
    assert seen.headers["content-type"] == "text/csv; charset=UTF-8"
    assert "transfer-encoding" not in seen.headers


@pytest.mark.parametrize("media_type", ["text/csv", "application/json"])
def test_a_204_is_a_whole_and_empty_file(server, session, tmp_path, media_type):
    server.answers(204, headers={"Content-Type": media_type})
    target = tmp_path / "rows.csv"
    info = session.download("/x", target)
    assert (info.status, info.bytes) == (204, 0)
    assert target.read_bytes() == b""


def test_delete_takes_an_empty_204(server, session):
    server.answers(204)
    assert session.delete("/jobs/1").status == 204
    assert server.seen[0].method == "DELETE"


def test_one_connection_serves_one_thread(server, session):
    for _ in range(5):
        server.answers(200, {})
    for _ in range(5):
        session.get("/x")
    assert server.connections == 1


def test_an_org_may_have_an_ipv6_address(ipv6_server, connect):
    ipv6_server.answers(200, {})
    assert connect(ipv6_server).get("/x").status == 200
    assert ipv6_server.seen[0].headers["host"] == f"[::1]:{ipv6_server.port}"


def test_many_threads_share_few_connections(server, connect):
    session = connect(server, connections=3)
    for _ in range(40):
        server.answers(200, {"n": 1})
    with ThreadPoolExecutor(10) as pool:
        answers = list(pool.map(lambda _: session.get("/x").parse_json(), range(40)))
    assert answers == [{"n": 1}] * 40
    assert server.connections <= 3


def test_a_connection_that_lay_idle_too_long_is_not_used_again(server, session, surroundings):
    server.answers(200, {})
    server.answers(200, {})
    session.get("/x")
    surroundings.time += 51
    session.get("/x")
    assert server.connections == 2


def test_a_query_is_quoted_and_left_out_of_errors(server, session):
    server.refuses(400, "MALFORMED_QUERY", "no")
    with pytest.raises(Exception, match="MALFORMED_QUERY") as caught:
        session.get("/q", query={"q": "SELECT Id FROM A", "n": 5})
    assert server.seen[0].target == "/q?q=SELECT+Id+FROM+A&n=5"
    assert "SELECT" not in str(caught.value)


def test_the_latest_limit_info_is_kept(server, session):
    assert session.limit_info is None
    header = "api-usage=18/5000; per-app-api-usage=17/250(appName=sample-app)"
    server.answers(200, {}, {"Sforce-Limit-Info": header})
    server.answers(200, {})
    server.refuses(404, "NOT_FOUND", "gone", Sforce_Limit_Info="api-usage=20/5000")
    session.get("/x")
    assert session.limit_info == LimitInfo(18, 5000)
    session.get("/x")
    assert session.limit_info == LimitInfo(18, 5000)
    with pytest.raises(Exception, match="gone"):
        session.get("/x")
    assert session.limit_info == LimitInfo(20, 5000)


@pytest.mark.parametrize("path", ["jobs", "//evil.example/x", "/a b", "/a\r\nX: y", "/é", ""])
def test_a_path_that_is_none_is_refused_before_anything_is_sent(server, session, path):
    with pytest.raises(ValueError, match="not the path"):
        session.get(path)
    assert server.seen == []


@pytest.mark.parametrize("pack", [False, True])
@pytest.mark.parametrize("chunked", [False, True])
def test_a_download_is_decoded_whatever_its_coding(server, session, tmp_path, pack, chunked):
    headers = {"Content-Type": "text/csv", "Sforce-Locator": "null"}
    server.answers(200, ROWS, headers, pack=pack, chunked=chunked)
    info = session.download("/results", tmp_path / "rows.csv")
    assert (tmp_path / "rows.csv").read_bytes() == ROWS
    assert (info.bytes, info.status, info.headers["Sforce-Locator"]) == (len(ROWS), 200, "null")
    assert server.seen[0].headers["accept"] == "text/csv"


def test_a_download_of_several_gzip_members_is_whole(server, session):
    packed = gzip.compress(ROWS[:1000]) + gzip.compress(ROWS[1000:])
    server.answers(200, packed, {"Content-Type": "text/csv", "Content-Encoding": "gzip"})
    stream = io.BytesIO()
    session.download("/results", stream)
    assert stream.getvalue() == ROWS


@pytest.mark.parametrize("pack", [False, True])
def test_a_download_may_be_kept_as_it_comes(server, session, pack):
    server.answers(200, ROWS, {"Content-Type": "text/csv"}, pack=pack, chunked=True)
    stream = io.BytesIO()
    info = session.download("/results", stream, keep_gzip=True)
    assert (info.bytes, info.coding) == (len(ROWS), "gzip" if pack else "identity")
    came = stream.getvalue()
    assert len(came) < len(ROWS) if pack else came == ROWS
    assert (gzip.decompress(came) if pack else came) == ROWS


def test_a_download_appends_to_a_stream_and_leaves_it_open(server, session):
    stream = io.BytesIO()
    stream.write(b"before;")
    server.answers(200, b"a,b\n", {"Content-Type": "text/csv"})
    session.download("/results", stream)
    assert stream.getvalue() == b"before;a,b\n"


def test_a_downloaded_file_replaces_an_older_one_and_is_private(server, session, tmp_path):
    target = tmp_path / "rows.csv"
    target.write_bytes(b"old")
    server.answers(200, b"new", {"Content-Type": "text/csv"})
    session.download("/results", target)
    assert target.read_bytes() == b"new"
    assert list(tmp_path.iterdir()) == [target]
    if sys.platform != "win32":
        assert target.stat().st_mode & 0o777 == 0o600


def test_a_file_that_cannot_be_made_is_told_before_anything_is_asked(server, session, tmp_path):
    with pytest.raises(LocalFileError, match="cannot be written"):
        session.download("/results", tmp_path / "missing" / "rows.csv")
    assert server.seen == []


def test_importing_the_package_loads_no_http_library():
    code = "import sys, bulkflow_salesforce.http.session; print(*sys.modules)"
    run = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    loaded = set(run.stdout.split())
    assert "bulkflow_salesforce.http.session" in loaded
    assert not loaded & {"urllib3", "ssl", "http.client", "socket"}


def test_the_token_is_in_no_repr():
    provider = StaticToken("00Dsecret!secret")
    session = Session(OrgAddress("https://x.my.salesforce.com"), provider)
    assert "secret" not in repr(provider) + repr(session)
    session.close()
