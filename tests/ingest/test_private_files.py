"""What runs leave behind, and what they keep meanwhile, is for the eyes of their user alone."""

from __future__ import annotations

import gzip
import io
import json
import os
import stat
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from support.proxy import Handler, Proxy
from support.workshop import Workshop

pytestmark = pytest.mark.skipif(os.name != "posix", reason="modes are POSIX's")

PIPELINE = """\
org env

job plain
    insert Account
    from "plain.csv"
    parts of 2 rows
    compressed
    keep results

job anew
    insert Contact
    from "anew.csv"
    rename Surname to LastName
    set Department to "x"

job packed
    insert Lead
    from "packed.csv.gz"

job piped
    insert Account
    from "-"

load job plain
load job anew
load job packed
load job piped
retry failed rows of job plain up to 1 times matching "REQUIRED"
save results of job plain to "out/parts"
save failed rows of job anew to "out/failed.csv"
save all rows of job packed to "out/all.csv"
"""


@pytest.fixture
def loose() -> Iterator[None]:
    """A umask that takes nothing away, so that only what is asked for counts."""
    before = os.umask(0)
    yield
    os.umask(before)


def open_to_others(folder: Path) -> set[str]:
    """What others than the owner may look into: no folder on the way to it keeps them out."""
    found = set()
    try:
        for path in folder.iterdir():
            mode = stat.S_IMODE(path.stat().st_mode)
            if mode & 0o077:
                found.add(f"{path} {mode:o}")
                found |= open_to_others(path) if path.is_dir() else set()
    except FileNotFoundError:
        # Gone meanwhile.
        pass
    return found


def test_nobody_else_can_read_what_a_run_keeps(
    workshop: Workshop, proxy: Proxy, loose: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    state = workshop.folder / "state"
    state.mkdir()
    seen: set[str] = set()
    kept: set[str] = set()

    def look(_: Handler, forward: Callable[[], None]) -> None:
        seen.update(open_to_others(state))
        kept.update(str(each.relative_to(state)) for each in state.rglob("*") if each.is_file())
        forward()

    for method in ("POST", "PUT", "PATCH", "GET", "DELETE"):
        for _ in range(60):
            proxy.on(method, "", look)
    workshop.write("plain.csv", "Name\n" + "".join(f"Plain {n}\n" for n in range(3)) + '""\n')
    workshop.write("anew.csv", 'Surname,Title\nMiller,\n"",x\n')
    workshop.write("packed.csv.gz", gzip.compress(b"LastName,Company\nLead,Acme\n"))
    file = workshop.write("test.bulkflow", PIPELINE)
    options = ("--state-dir", str(state))
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"Name\nPiped\n")))
    ran = workshop.command("run", str(file), *options)
    assert ran.code == 3, ran.err
    (run,) = json.loads(workshop.command("runs", "--json", *options).out)
    assert workshop.command("retry", run["id"], "--rows", "failed", *options).code in {0, 3}
    undone = workshop.command("undo", run["id"], "--yes", *options)
    assert undone.code == 0, undone.err
    seen |= open_to_others(state)
    assert not seen
    for part in (
        "/data/rows-",
        ".original",
        "/again/",
        "/packed/",
        "/results/",
        "/undo/",
        "journal.sqlite-wal",
    ):
        assert [each for each in kept if part in each], (part, sorted(kept))
    saved = [each for each in (workshop.folder / "out").rglob("*") if each.is_file()]
    assert len(saved) >= 4
    assert {stat.S_IMODE(each.stat().st_mode) for each in saved} == {0o600}
