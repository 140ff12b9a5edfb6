"""What is kept of runs goes when it is over and old; what keeps rows from loading twice stays."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest

from bulkflow_sandbox import Sandbox
from support.proxy import Proxy, answering
from support.workshop import Ran, Workshop

PIPELINE = """\
org env
job people
    insert Contact
    from "people.csv"
    compressed
load job people
"""


@pytest.fixture
def file(workshop: Workshop, tmp_path: Path) -> Path:
    workshop.write("people.csv", f"LastName\n{tmp_path.name}\n")
    return workshop.write("load.bulkflow", PIPELINE)


def prune(workshop: Workshop, file: Path, *options: str) -> list[str]:
    ran = workshop.command("prune", str(file), "--older-than", "0h", "--json", *options)
    assert ran.code == 0, ran.err
    return list(json.loads(ran.out)["runs"])


def listed(workshop: Workshop, file: Path) -> list[dict[str, object]]:
    return list(json.loads(workshop.command("runs", str(file), "--json").out))


def loaded(sandbox: Sandbox, name: str) -> int:
    with sandbox.database.reading() as connection:
        query = 'SELECT count(*) FROM "Contact" WHERE "LastName" = ?'
        (found,) = connection.execute(query, (name,)).fetchone()
        return int(found)


def test_rows_of_a_pruned_run_are_not_loaded_again(
    workshop: Workshop, file: Path, sandbox: Sandbox, tmp_path: Path
) -> None:
    assert workshop.command("run", str(file)).code == 0
    (run,) = listed(workshop, file)
    assert run["kept_bytes"]
    assert prune(workshop, file, "--dry-run") == [run["id"]]
    assert prune(workshop, file) == [run["id"]]
    assert listed(workshop, file) == []
    assert list((workshop.folder / ".bulkflow" / "runs").iterdir()) == []
    again = workshop.command("run", str(file))
    assert again.code == 2, again.err
    assert str(run["id"]) in again.err
    assert (
        workshop.command(
            "undo", str(run["id"]), "--yes", "--state-dir", str(workshop.folder / ".bulkflow")
        ).code
        == 2
    )
    assert loaded(sandbox, tmp_path.name) == 1
    # Numbers of what was recorded are given again, and mean other rows.
    workshop.write("people.csv", f"LastName\n{tmp_path.name} later\n")
    assert workshop.command("run", str(file)).code == 0
    workshop.write("people.csv", f"LastName\n{tmp_path.name}\n")
    assert workshop.command("run", str(file)).code == 2
    assert loaded(sandbox, tmp_path.name) == 1


def test_what_is_not_over_or_not_old_is_kept(workshop: Workshop, file: Path, proxy: Proxy) -> None:
    proxy.on("PATCH", "/jobs/ingest/[^/]+", answering(403, [{"errorCode": "X", "message": "no"}]))
    assert workshop.command("run", str(file)).code == 1
    assert prune(workshop, file) == []
    assert workshop.command("resume", str(file)).code == 0
    assert workshop.command("prune", str(file), "--json").out.startswith('{"runs": []')
    assert len(prune(workshop, file)) == 1


def test_an_age_that_is_none_is_refused(workshop: Workshop, file: Path) -> None:
    ran: Ran = workshop.command("prune", str(file), "--older-than", "soon")
    assert ran.code == 2
    assert "30d" in ran.err


def test_runs_tell_what_they_keep(workshop: Workshop, file: Path) -> None:
    assert workshop.command("run", str(file)).code == 0
    assert "bytes kept" in workshop.command("runs", str(file)).out


def copies(workshop: Workshop) -> list[Path]:
    return list((workshop.folder / ".bulkflow" / "runs").glob("*/data/**/*"))


def pipe(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(text.encode())))


def test_copies_of_sources_go_once_all_rows_are_loaded(
    workshop: Workshop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    piped = workshop.write("piped.bulkflow", PIPELINE.replace('"people.csv"', '"-"'))
    pipe(monkeypatch, f"LastName\n{tmp_path.name}\n")
    ran = workshop.command("run", str(piped))
    assert ran.code == 0, ran.err
    assert copies(workshop) == []
    # There is nothing to send again, and undoing needs the results alone.
    (run,) = listed(workshop, piped)
    state = str(workshop.folder / ".bulkflow")
    retried = workshop.command("retry", str(run["id"]), "--state-dir", state)
    assert retried.code == 0, retried.err
    undone = workshop.command("undo", str(run["id"]), "--yes", "--state-dir", state)
    assert undone.code == 0, undone.err


def test_copies_stay_while_rows_may_be_sent_again(
    workshop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    piped = workshop.write("piped.bulkflow", PIPELINE.replace('"people.csv"', '"-"'))
    pipe(monkeypatch, 'LastName,Title\n"",x\n')
    ran = workshop.command("run", str(piped))
    assert ran.code == 3, ran.err
    assert copies(workshop)
