"""Runs every command with marked secrets, and searches all output for them."""

from __future__ import annotations

import io
import json
import os
import stat
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import NoReturn
from urllib.parse import parse_qs

import click
import pytest

from bulkflow.cli import plugin_commands as additions
from bulkflow.cli.entry import bulkflow
from bulkflow.cli.environment import Environment
from bulkflow_salesforce import redact
from bulkflow_sandbox.login.apps import LOOPBACK, ConnectedApp
from bulkflow_sandbox.org import USERNAME
from bulkflow_sandbox.testing import LocalOrg, local_org
from support.logins import fake_cli
from support.workshop import Ran, Workshop

# None looks like a secret: they are hidden because they are known.
MARKS = {
    "MARK_TOKEN": "marked-token-4711",
    "MARK_SECRET": "marked-consumer-4712",
    "MARK_PASSWORD": 'marked quixotry4713 &"ü/',
    "MARK_REFRESH": "marked-refresh-4714",
    "MARK_KEY": "",
    "MARK_URL": "force://PlatformCLI:marked-part-4715:marked-part-4716@127.0.0.1:1",
}
PIPELINE = """\
org {org}
job a
    insert Account
    from "a.csv"
load job a
save results of job a to "out/"
"""
BOTH = """\
org source = env
org target = by-jwt
job a
    in source
    insert Account
    from "a.csv"
job b
    in target
    insert Account
    from "a.csv"
parallel
    load job a
    load job b
"""
LOG = "bulkflow.log"
NOT_RUN = {
    "lsp": "speaks on the real standard input until it ends, and knows no org",
    "sandbox serve": "prints its own token, which is what it is asked for",
}


@pytest.fixture
def org(public_key) -> Iterator[LocalOrg]:
    with local_org(tls=True, token=MARKS["MARK_TOKEN"]) as org:
        org.sandbox.logins.register(
            ConnectedApp("marked-app", MARKS["MARK_SECRET"], public_key, redirect_uris=(LOOPBACK,))
        )
        org.sandbox.logins.users.set_password(USERNAME, MARKS["MARK_PASSWORD"])
        yield org


@pytest.fixture
def marked(
    workshop: Workshop, org: LocalOrg, key: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Workshop]:
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(temporary))
    workshop.environ.update(org.environment)
    workshop.environ.update(MARKS | {"MARK_KEY": key, "BULKFLOW_DEBUG": "1"})
    workshop.environ["BULKFLOW_LOG"] = f"debug,{workshop.folder / LOG}"
    workshop.environ["HTTPS_PROXY"] = "http://me:marked-proxy-4717@127.0.0.1:9"
    workshop.environ["PATH"] = f"{fake_cli(tmp_path, org)}{os.pathsep}{os.environ['PATH']}"
    workshop.write("a.csv", "Name,Industry\nAcme,\n,Banking\n")
    additions._host.cache_clear()
    yield workshop
    additions._host.cache_clear()


def login(name: str, flow: str, url: str, *more: str) -> tuple[str, ...]:
    return (
        *("org", "login", name, "--flow", flow, "--login-url", url, "--instance-url", url),
        *("--client-id", "marked-app", "--username", USERNAME, "--target-org", "prod", *more),
    )


SECRETS = {
    "token": ("access-token=env:MARK_TOKEN",),
    "client-credentials": ("client-secret=env:MARK_SECRET",),
    "jwt": ("private-key=env:MARK_KEY",),
    "refresh-token": ("refresh-token=env:MARK_REFRESH", "client-secret=env:MARK_SECRET"),
    "auth-url": ("auth-url=env:MARK_URL",),
    "password": ("password=env:MARK_PASSWORD", "client-secret=env:MARK_SECRET"),
    "sf": (),
}


def logins(url: str) -> list[tuple[str, ...]]:
    """A login with each flow; some work and some are refused."""
    return [
        login(f"by-{flow}", flow, url, *(f"--secret={each}" for each in places))
        for flow, places in SECRETS.items()
    ]


def crash(*arguments: object, **_: object) -> NoReturn:
    """A bug in code that has access to the org."""
    raise ZeroDivisionError(f"crashed with {arguments}")


def commands_of(workshop: Workshop) -> set[tuple[str, ...]]:
    """Every command, including those of plugins."""

    def below(
        group: click.Group, context: click.Context, path: tuple[str, ...]
    ) -> Iterator[tuple[str, ...]]:
        for name in group.list_commands(context):
            command = group.get_command(context, name)
            if isinstance(command, click.Group):
                inner = click.Context(command, parent=context)
                yield from below(command, inner, (*path, name))
            else:
                yield (*path, name)

    environment = Environment(io.StringIO(), io.StringIO(), workshop.environ, io.BytesIO())
    return set(below(bulkflow, click.Context(bulkflow, obj=environment), ()))


def every_command(workshop: Workshop, org: LocalOrg) -> Iterator[tuple[tuple[str, ...], Ran]]:
    """Each command, with an org that works and with one that refuses."""

    def run(*arguments: str, stdin: bytes = b"") -> tuple[tuple[str, ...], Ran]:
        return arguments, workshop.command(*arguments, stdin=stdin)

    for arguments in logins(org.url):
        yield run(*arguments)
    yield run(*login("kept", "password", org.url, "--secret=password=stdin", "--unchecked"),
              stdin=MARKS["MARK_PASSWORD"].encode())  # fmt: skip
    for name in ("env", "by-jwt"):
        state = ("--state-dir", str(workshop.folder / f"state-{name}"))
        additions._host.cache_clear()
        file = str(workshop.write(f"{name}.bulkflow", PIPELINE.format(org=name)))
        yield run("check", file)
        yield run("plan", file)
        yield run("graph", file)
        yield run("fmt", "--check", file)
        yield run("run", file, *state)
        yield run("run", file, *state, "--json")
        _, listed = run("runs", *state, "--json")
        yield ("runs", *state), listed
        first = json.loads(listed.out)[-1]["id"]
        for verb in (("resume",), ("retry",), ("undo", "--yes"), ("abort",)):
            yield run(*verb, first, *state)
        yield run("save", first, "--to", str(workshop.folder / f"saved-{name}.csv"), *state)
        yield run("prune", "--older-than", "0h", *state)
        job = next(iter(org.jobs())).id
        yield run("jobs", "list", "--org", name)
        yield run("jobs", "show", job, "--org", name)
        yield run("jobs", "abort", job, "--yes", "--org", name)
        yield run("jobs", "delete", job, "--yes", "--org", name)
        yield run("org", "test", name)
    yield run("org", "default", "by-jwt")
    yield run("org", "show", "by-password")
    yield run("org", "list", "--json")
    file = str(workshop.write("both.bulkflow", BOTH))
    state = ("--state-dir", str(workshop.folder / "state-both"))
    yield run("plan", "--check-org", file)
    yield run("run", file, *state, "--verbose")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("bulkflow_ingest.api.client.IngestApi.create", crash)
        yield run("run", file, *state, "--fresh", "--json")
    yield run("resume", *state, "--verbose")
    org.sandbox.sessions.revoke_all()
    state = ("--state-dir", str(workshop.folder / "state-ended"))
    yield run("run", str(workshop.folder / "env.bulkflow"), *state)
    yield run("org", "logout", "kept")
    for simple in ("words", "plugins", "--version"):
        yield run(simple)
    yield run("explain", "B203")


def parts_of_secrets(key: str) -> set[str]:
    """The texts that no output may contain."""
    body = key.strip().splitlines()[1:-1]
    found = {
        *MARKS.values(),
        "quixotry4713",
        "marked-part-4715",
        "marked-part-4716",
        "marked-proxy-4717",
    }
    return {each for each in {*found, *body[:3]} if each}


def test_no_command_shows_or_keeps_a_secret(marked, org, key):
    issued = []
    issue = org.sandbox.sessions.issue
    org.sandbox.sessions.issue = lambda user: issued.append(issue(user)) or issued[-1]
    ran = [(arguments, ran) for arguments, ran in every_command(marked, org)]
    assert issued
    secrets = {*parts_of_secrets(key), *issued}
    for arguments, each in ran:
        said = each.out + each.err
        assert not [one for one in secrets if one in said], arguments
        assert "internal error" not in said, (arguments, said)
    log = (marked.folder / LOG).read_text("utf-8")
    assert log.count("bulkflow_salesforce.http.transport") > 100
    assert log.count("bulkflow_salesforce.login") > 10
    fake = marked.folder / "fake-cli"
    for path in marked.folder.rglob("*"):
        if path.is_file() and path != fake / "tokens":
            content = path.read_bytes()
            found = [one for one in secrets if one.encode() in content]
            assert not found, path
    # A command that is added has to be run here too.
    commands = commands_of(marked)
    assert len(commands) > 20
    done = {each for each in commands for arguments, _ in ran if arguments[: len(each)] == each}
    assert {" ".join(each) for each in commands - done} == set(NOT_RUN)
    assert [each for _, each in ran if "ZeroDivisionError" in each.out + each.err]


@pytest.mark.skipif(os.name != "posix", reason="modes of files are POSIX's")
def test_what_holds_rows_or_profiles_is_the_users_alone(marked, org):
    list(every_command(marked, org))
    named = [*marked.folder.rglob("*.toml"), *marked.folder.rglob("journal.sqlite")]
    named += [each for each in marked.folder.rglob("out/*") if each.is_file()]
    assert len(named) > 8
    for path in named:
        assert stat.S_IMODE(path.stat().st_mode) == 0o600, path


# ------------------------------------------------------------------- a host that gives it back


@contextmanager
def echo() -> Iterator[str]:
    """A host that refuses every login, and echoes everything it was sent."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            form = self.rfile.read(int(self.headers["Content-Length"])).decode()
            values = " ".join(value for each in parse_qs(form).values() for value in each)
            body = {"error": "invalid_grant", "error_description": f"{form} {values}"}
            content = json.dumps(body).encode()
            self.send_response(400)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join()


def test_a_host_that_repeats_the_secret_does_not_get_it_shown(marked, key):
    with echo() as url:
        marked.environ["MARK_URL"] = MARKS["MARK_URL"].replace("127.0.0.1:1", url)
        for arguments in logins(url):
            if "sf" in arguments or "token" in arguments:
                continue
            ran = marked.command(*arguments)
            assert ran.code == 2, arguments
            said = ran.out + ran.err
            assert not [one for one in parts_of_secrets(key) if one in said], arguments
            assert "eyJ" not in said


@pytest.mark.parametrize("secret", ['a "quoted" one', "with/slash+plus", "ü&=%"])
def test_a_known_secret_is_hidden_in_every_form_of_writing(secret):
    from urllib.parse import quote_plus, urlencode

    for form in (secret, json.dumps({"x": secret}), urlencode({"x": secret}), quote_plus(secret)):
        hidden = redact(form, secret)
        assert secret not in hidden
        assert quote_plus(secret) not in hidden
        assert "[hidden]" in hidden
