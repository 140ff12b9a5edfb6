"""An org that gives the token back in every field of every answer: it is shown and kept nowhere."""

from __future__ import annotations

import base64
import gzip
import html
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import quote

import pytest

from bulkflow_sandbox import Sandbox, SandboxServer
from support.proxy import Fault, Handler, Proxy
from support.workshop import Ran, Workshop

# It does not look like a token, so that only who knows it can hide it.
TOKEN = "quixotry-&-<more>/than.that~enough"
MARK = "quixotr"
"""The beginning: a message that is cut must not show a part either."""

WAYS: dict[str, Callable[[str], str]] = {
    "as it is": str,
    "in a URL": lambda text: quote(text, safe=""),
    "in a URL, every character": lambda text: "".join(f"%{ord(each):02x}" for each in text),
    "as JSON escapes": lambda text: "".join(f"\\u{ord(each):04x}" for each in text),
    "in HTML": html.escape,
    "in HTML, every character": lambda text: "".join(f"&#{ord(each)};" for each in text),
    "in base64": lambda text: base64.b64encode(f"Bearer {text}".encode()).decode(),
}
METHODS = ("GET", "POST", "PATCH", "PUT", "DELETE")
HEADERS = (
    *("Warning", "Location", "Retry-After", "WWW-Authenticate", "Sforce-Locator", "Server", "Date"),
    *("Set-Cookie", "Sforce-Limit-Info", "Sforce-NumberOfRecords", "X-Request-Id", "ETag"),
)
NEEDED = {"id", "state", "operation", "object", "name", "type", "contentUrl", "url"}
"""Without which an answer is not understood, so that nothing more of it is used."""
PIPELINE = """\
org env
job accounts
    insert Account
    from "accounts.csv"
load job accounts
save results of job accounts to "out/"
save all rows of job accounts to "all.csv"
"""
ROWS = "Name,Industry\nAcme,\n,Banking\nEdge,\n"


def marks() -> list[bytes]:
    """What would be left of the token, in each way, also where a text is cut behind its start."""
    core = base64.b64encode(f"Bearer {TOKEN}".encode())[12:24]
    return [
        core,
        *sorted({way(MARK).encode() for name, way in WAYS.items() if name != "in base64"}),
    ]


def put_in(content: object, text: str, keep: frozenset[str] | set[str], name: str = "") -> object:
    """A JSON value with `text` in each of its texts, and in a property of its own."""
    if isinstance(content, dict):
        changed = {key: put_in(each, text, keep, key) for key, each in content.items()}
        return changed if not content else {**changed, "unknown": text, text: text}
    if isinstance(content, list):
        return [put_in(each, text, keep, name) for each in content]
    if name in keep or isinstance(content, bool | int | float):
        return content
    return text if content is None else f"{content} {text}"


def echo(way: Callable[[str], str], keep: frozenset[str] | set[str]) -> Fault:
    """Answers as the org does, with the token in all that the answer has."""
    text = way(TOKEN)

    def fault(handler: Handler, _forward: Callable[[], None]) -> None:
        status, headers, content = handler.exchange()
        kind = dict(headers).get("content-type", dict(headers).get("Content-Type", ""))
        if content and "json" in kind:
            # A way that writes JSON's escapes is not to be escaped itself.
            content = json.dumps(put_in(json.loads(content), "@@", keep)).encode()
            content = content.replace(b"@@", json_text(text).encode())
        elif content:
            content = content.replace(b"--", f"{text} --".encode())
        sends(handler, status, kind, content, text)

    return fault


def json_text(text: str) -> str:
    return text if text.startswith("\\u") else json.dumps(text)[1:-1]


def refuse(way: Callable[[str], str], status: int) -> Fault:
    """Refuses with the token in all that a refusal has."""
    text = json_text(way(TOKEN))
    fault_of = (
        f'{{"errorCode":"{text}","message":"no: {text}","fields":["{text}"],"{text}":"{text}"}}'
    )

    def fault(handler: Handler, _forward: Callable[[], None]) -> None:
        handler.body()
        sends(handler, status, "application/json", f"[{fault_of},{fault_of}]".encode(), way(TOKEN))

    return fault


def sends(handler: Handler, status: int, kind: str, content: bytes, text: str) -> None:
    handler.send_response(status, text)
    handler.send_header("Content-Type", f"{kind}; note={quote(text)}" if kind else "text/csv")
    for name in HEADERS:
        handler.send_header(name, text)
    if status != 204:
        handler.send_header("Content-Length", str(len(content)))
    handler.end_headers()
    if status != 204:
        handler.wfile.write(content)


@pytest.fixture(scope="module")
def server() -> Iterator[SandboxServer]:
    with SandboxServer(Sandbox(token=TOKEN), owned=True) as running:
        yield running


@pytest.fixture
def workshop(tmp_path: Path, proxy: Proxy, monkeypatch: pytest.MonkeyPatch) -> Workshop:
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(temporary))
    environ = {
        "SF_ACCESS_TOKEN": TOKEN,
        "SF_ORG_INSTANCE_URL": proxy.url,
        "BULKFLOW_PATIENCE": "0s",
        "BULKFLOW_DEBUG": "1",
    }
    made = Workshop(tmp_path, environ)
    made.write("accounts.csv", ROWS)
    return made


def every_command(workshop: Workshop) -> dict[tuple[str, ...], Ran]:
    """Each command that asks an org, or shows what one said."""
    ran: dict[tuple[str, ...], Ran] = {}

    def run(*arguments: str) -> Ran:
        ran[arguments] = workshop.command(*arguments)
        return ran[arguments]

    file = str(workshop.write("load.bulkflow", PIPELINE))
    state = ("--state-dir", str(workshop.folder / "state"))
    run("plan", "--check-org", file)
    run("run", file, *state, "--verbose")
    run("run", file, *state, "--fresh", "--json")
    # Of an org that lets nobody in there is none.
    for known in json.loads(run("runs", *state, "--json").out)[-1:]:
        for verb in (["retry"], ["resume"], ["undo", "--yes"], ["abort"]):
            run(*verb, known["id"], *state, "--verbose")
    run("runs", *state)
    for simple in (["list"], ["list", "--mine"], ["list", "--json"]):
        run("jobs", *simple, "--org", "env")
    run("jobs", "abort", "--state", "Open", "--yes", "--org", "env")
    run("org", "test", "env", "--json")
    run("org", "test", "env")
    return ran


def leaks(workshop: Workshop, ran: dict[tuple[str, ...], Ran]) -> list[str]:
    """Where the token is, or a part of it: in what was shown, in files, or in their names."""
    wanted = marks()
    found = [
        f"{' '.join(arguments[:2])}: {line}"
        for arguments, each in ran.items()
        for line in (each.out + each.err).splitlines()
        if any(mark in line.encode() for mark in wanted)
    ]
    for path in workshop.folder.rglob("*"):
        if any(mark in bytes(path) for mark in wanted):
            found.append(f"the name of {path}")
        if path.is_file():
            content = path.read_bytes()
            content += gzip.decompress(content) if content.startswith(b"\x1f\x8b") else b""
            found += [f"{path}: {mark!r}" for mark in wanted if mark in content]
    return found


@pytest.mark.parametrize("way", WAYS)
def test_a_token_in_each_field_of_good_answers_is_hidden(workshop, proxy, way):
    for method in METHODS:
        proxy.on(method, ".*", echo(WAYS[way], NEEDED), times=None)
    ran = every_command(workshop)
    assert not leaks(workshop, ran)
    # What the answers say else was used: rows were loaded, counted and saved.
    loads = {arguments: each for arguments, each in ran.items() if arguments[0] == "run"}
    assert {each.code for each in loads.values()} == {3}, [each.err for each in loads.values()]
    assert "REQUIRED_FIELD_MISSING" in (workshop.folder / "all.csv").read_text()
    assert any("[hidden]" in each.out + each.err for each in loads.values())


@pytest.mark.parametrize("kept", [set(), {"id", "state"}, NEEDED - {"id"}])
def test_a_token_that_spoils_an_answer_is_hidden(workshop, proxy, kept):
    for method in METHODS:
        proxy.on(method, ".*", echo(str, kept), times=None)
    assert not leaks(workshop, every_command(workshop))


@pytest.mark.parametrize("status", [201, 302, 400, 401, 403, 404, 429, 500, 503])
def test_a_token_in_each_field_of_refusals_is_hidden(workshop, proxy, status, monkeypatch):
    # Waits are tested elsewhere.
    monkeypatch.setattr(
        "bulkflow_salesforce.http.retry.RetryPolicy.compute_wait", lambda *_, **__: None
    )
    for method in METHODS:
        proxy.on(method, ".*", refuse(str, status), times=None)
    assert not leaks(workshop, every_command(workshop))


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "ingest"),
        ("PUT", "batches"),
        ("PATCH", "ingest/[0-9A-Za-z]+"),
        ("GET", "ingest/[0-9A-Za-z]+"),
        ("GET", "failedResults"),
    ],
)
def test_a_token_in_the_refusal_of_one_call_is_hidden(workshop, proxy, way, method, path):
    proxy.on(method, path, refuse(WAYS[way], 400), times=None)
    ran = {("run",): workshop.run(PIPELINE, "--verbose")}
    assert not leaks(workshop, ran)
    assert "[hidden]" in ran["run",].out


def test_a_state_of_a_job_is_shown_without_the_token(workshop, proxy):
    def strange(handler: Handler, _forward: Callable[[], None]) -> None:
        status, _, content = handler.exchange()
        info = json.loads(content) | {"state": f"On {TOKEN}"}
        handler.answer(status, [("Content-Type", "application/json")], json.dumps(info).encode())

    proxy.on("GET", "ingest/[0-9A-Za-z]+", strange)
    ran = {("run",): workshop.run(PIPELINE)}
    assert not leaks(workshop, ran)
    assert "is in the unknown state On [hidden]" in ran["run",].out


def test_why_a_job_failed_is_shown_without_the_token(workshop, proxy):
    def failed(handler: Handler, _forward: Callable[[], None]) -> None:
        status, _, content = handler.exchange()
        info = json.loads(content) | {"state": "Failed", "errorMessage": f"InvalidBatch : {TOKEN}"}
        handler.answer(status, [("Content-Type", "application/json")], json.dumps(info).encode())

    proxy.on("GET", "ingest/[0-9A-Za-z]+", failed, times=None)
    ran = {("run",): workshop.run(PIPELINE)}
    assert not leaks(workshop, ran)
    assert "InvalidBatch : [hidden]" in ran["run",].out
