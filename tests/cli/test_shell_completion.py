"""What a shell is told when somebody presses Tab."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from support.workshop import Workshop


def completed(folder: Path, *words: str) -> list[str]:
    """What the script for bash hears: a kind and a value for each way to go on."""
    environ = {
        **os.environ,
        "_BULKFLOW_COMPLETE": "bash_complete",
        "COMP_WORDS": " ".join(["bulkflow", *words]),
        "COMP_CWORD": str(len(words)),
    }
    program = "import sys; from bulkflow.cli import main; sys.exit(main([]))"
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=folder, env=environ, capture_output=True, text=True
    )
    assert done.stderr == ""
    return done.stdout.split()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "jobs").mkdir()
    for name in ("nightly.bulkflow", "notes.txt", "jobs/one.bulkflow", "jobs/two.bulkflow"):
        (tmp_path / name).write_text("", "utf-8")
    return tmp_path


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("exp",), ["plain,explain"]),
        (("check", "n"), ["plain,nightly.bulkflow"]),
        (("run", "jobs/"), ["plain,jobs/one.bulkflow", "plain,jobs/two.bulkflow"]),
        (("fmt", "jobs/t"), ["plain,jobs/two.bulkflow"]),
        (("plan", "j"), ["file,j"]),
        (("graph", "nowhere/x"), ["file,nowhere/x"]),
        (("graph", "--format", "d"), ["plain,dot"]),
        (("explain", "b10"), [f"plain,B{number}" for number in range(101, 110)]),
        (("run", "--org", "sand"), ["plain,sandbox"]),
        (("words", "ups"), ["plain,upsert"]),
    ],
)
def test_what_the_shell_is_told(folder: Path, words: tuple[str, ...], expected: list[str]) -> None:
    assert completed(folder, *words) == expected


def test_the_shell_is_told_of_the_runs(folder: Path) -> None:
    workshop = Workshop(folder, {})
    state = folder / ".bulkflow"
    file = str(workshop.write("one.bulkflow", 'log "1"\n'))
    for _ in range(2):
        assert workshop.command("run", file, "--state-dir", str(state)).code == 0
    newest, oldest = (run["id"] for run in told(workshop, state))
    with closing(sqlite3.connect(state / "journal.sqlite")) as connection, connection:
        connection.execute("UPDATE run SET finished = NULL WHERE id = ?", (oldest,))
    assert completed(folder, "runs", "") == [f"plain,{newest}", f"plain,{oldest}"]
    assert completed(folder, "resume", "") == [f"plain,{oldest}"]
    assert completed(folder, "undo", newest) == [f"plain,{newest}"]
    assert completed(folder, "retry", "--state-dir", "nowhere", "") == []


def told(workshop: Workshop, state: Path) -> list[dict[str, str]]:
    shown = workshop.command("runs", "--state-dir", str(state), "--json")
    found: list[dict[str, str]] = json.loads(shown.out)
    return found
