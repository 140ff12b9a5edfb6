"""The same file through bulkflow, simple-salesforce and jsforce: what of it arrives in the org.

"same": the org has the values that the file has. "changed": it has others, or lacks some, and the
client says nothing of it. "refused": the client fails, or tells of failed rows, and so its user
knows; bulkflow refuses before anything is sent, the others mostly pass on what the org says. Each
of them is used as its documentation shows; the line ending is said where the file has CRLF, as
they detect none.
"""

from __future__ import annotations

import io
import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from attrs import frozen

from bulkflow.cli import main
from bulkflow.cli.environment import Environment
from bulkflow_sandbox.testing import LocalOrg, local_org

DRIVER = Path(__file__).parent / "node" / "jsforce" / "driver.js"

simple_salesforce = pytest.importorskip("simple_salesforce")


@frozen
class Case:
    """A file, the values that it has, and what becomes of them by client."""

    data: bytes
    values: list[tuple[str, str]]
    bulkflow: str
    simple_salesforce: str
    jsforce: str


def _text(text: str) -> bytes:
    return text.encode()


CASES = {
    "plain": Case(b"Name,Description\nA,x\n", [("A", "x")], "same", "same", "same"),
    "umlauts": Case(
        _text("Name,Description\nZoë,東京\n"), [("Zoë", "東京")], "same", "same", "same"
    ),
    "CRLF in a value of a CRLF file": Case(
        b'Name,Description\r\nA,"x\r\ny"\r\n', [("A", "x\r\ny")], "same", "refused", "same"
    ),
    "byte order mark, header in quotes": Case(
        b'\xef\xbb\xbf"Name","Description"\nA,x\n', [("A", "x")], "same", "refused", "refused"
    ),
    "byte order mark": Case(
        b"\xef\xbb\xbfName,Description\nA,x\n", [("A", "x")], "same", "refused", "refused"
    ),
    "semicolons": Case(
        b'Name;Description\nA;"x;y"\n', [("A", "x;y")], "same", "refused", "refused"
    ),
    "Latin-1": Case(
        b"Name,Description\nJos\xe9,x\n", [("Jos\xe9", "x")], "refused", "refused", "changed"
    ),
    "quote inside a value, and a comma": Case(
        b'Name,Description\nA,5" pipe, end\n',
        [("A", '5" pipe, end')],
        "refused",
        "refused",
        "refused",
    ),
    "a record too short": Case(
        b"Name,Description\nA,x\nB\n", [("A", "x"), ("B", "")], "refused", "same", "same"
    ),
    "mixed line ends": Case(
        b"Name,Description\nA,x\r\nB,y\n", [("A", "x"), ("B", "y")], "refused", "same", "refused"
    ),
    "CRLF in a value of an LF file": Case(
        b'Name,Description\nA,"x\r\ny"\n', [("A", "x\r\ny")], "refused", "changed", "refused"
    ),
    "CR in a value of an LF file": Case(
        b'Name,Description\nA,"x\ry"\n', [("A", "x\ry")], "refused", "changed", "refused"
    ),
    "a record too long": Case(
        b"Name,Description\nA,x,y\n", [("A", "x,y")], "refused", "refused", "refused"
    ),
    "quote inside a value": Case(
        b'Name,Description\nA,5" pipe\n', [("A", '5" pipe')], "refused", "same", "refused"
    ),
    "quote that is never closed": Case(
        b'Name,Description\nA,"x\nB,y\n', [("A", "x"), ("B", "y")], "refused", "changed", "refused"
    ),
    "no line end at the end": Case(
        b"Name,Description\nA,x\nB,y", [("A", "x"), ("B", "y")], "same", "same", "same"
    ),
}


@pytest.fixture(scope="module")
def org():
    with local_org() as made:
        yield made


@pytest.fixture(scope="module")
def jsforce(node, jsforce_folder, org):
    with subprocess.Popen(
        [str(node), str(DRIVER)],
        cwd=jsforce_folder,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as running:

        def ask(**action: object) -> dict[str, dict[str, object]]:
            running.stdin.write(json.dumps(action) + "\n")
            running.stdin.flush()
            return json.loads(running.stdout.readline())

        ask(connect={"instanceUrl": org.url, "accessToken": org.token, "version": "66.0"})
        yield ask
        running.stdin.close()


def outcome(org: LocalOrg, case: Case, before: set[object], *, told: bool) -> str:
    if told:
        return "refused"
    new = [one for one in org.records("Account") if one["Id"] not in before]
    found = sorted((str(one["Name"]), str(one["Description"] or "")) for one in new)
    return "same" if found == sorted(case.values) else "changed"


def known(org: LocalOrg) -> set[object]:
    return {one["Id"] for one in org.records("Account")}


def crlf(case: Case) -> bool:
    return case.data.partition(b"\n")[0].endswith(b"\r")


@pytest.mark.parametrize("name", CASES)
def test_bulkflow(org: LocalOrg, tmp_path: Path, name: str) -> None:
    case, before = CASES[name], known(org)
    (tmp_path / "a.csv").write_bytes(case.data)
    pipeline = tmp_path / "a.bulkflow"
    pipeline.write_text('org env\njob a\n    insert Account\n    from "a.csv"\nload job a\n')
    state = ["--state-dir", str(tmp_path / "state")]
    environment = Environment(io.StringIO(), io.StringIO(), org.environment)
    code = main(["run", str(pipeline), *state], environment)
    assert outcome(org, case, before, told=code != 0) == case.bulkflow
    # What it refuses, it refuses before anything is sent.
    assert case.bulkflow != "refused" or (code, known(org)) == (2, before)


@pytest.mark.parametrize("name", CASES)
def test_simple_salesforce(org: LocalOrg, tmp_path: Path, name: str) -> None:
    case, before = CASES[name], known(org)
    path = tmp_path / "a.csv"
    path.write_bytes(case.data)
    with simple_salesforce.api.requests.Session() as session:
        client = simple_salesforce.Salesforce(
            instance=org.instance, session_id=org.token, session=session, version="66.0"
        )
        client.bulk2_url = f"{org.url}/services/data/v66.0/jobs/"
        ending = simple_salesforce.bulk2.LineEnding.CRLF if crlf(case) else None
        options = {"line_ending": ending} if ending else {}
        try:
            results = client.bulk2.Account.insert(csv_file=str(path), wait=0, **options)
        except Exception:  # noqa: BLE001 - whatever it raises, its user knows
            told = True
        else:
            told = any(one["numberRecordsFailed"] for one in results)
    assert outcome(org, case, before, told=told) == case.simple_salesforce


@pytest.mark.parametrize("name", CASES)
def test_jsforce(jsforce: Callable[..., dict], org: LocalOrg, tmp_path: Path, name: str) -> None:
    case, before = CASES[name], known(org)
    path = tmp_path / "a.csv"
    path.write_bytes(case.data)
    load = {"object": "Account", "operation": "insert", "input": {"file": str(path)}}
    if crlf(case):
        load["lineEnding"] = "CRLF"
    answer = jsforce(load=load)
    told = "error" in answer or bool(answer["value"]["failedResults"])
    assert outcome(org, case, before, told=told) == case.jsforce
