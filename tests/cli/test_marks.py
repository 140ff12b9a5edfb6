"""The mark of a step says whether rows of its job are not loaded."""

from __future__ import annotations

from pathlib import Path

import pytest

from support.workshop import Ran, Workshop

PIPELINE = """\
org sandbox

job people
    insert Contact
    from "people.csv"

load job people
save failed rows of job people to "failed.csv"
when any failed rows of job people
    log "some"
"""


def run(folder: Path, rows: str, *options: str) -> Ran:
    bench = Workshop(folder, {})
    bench.write("people.csv", f"LastName,FirstName\n{rows}")
    file = bench.write("test.bulkflow", PIPELINE)
    return bench.command("run", str(file), "--state-dir", str(folder / "state"), *options)


@pytest.mark.parametrize(("rows", "said"), [(",A\n,B\n", "2 failed"), ("X,A\n,B\n", "1 failed")])
def test_a_load_whose_rows_failed_is_not_ticked(tmp_path: Path, rows: str, said: str) -> None:
    told = run(tmp_path, rows).err.splitlines()
    (load,) = [line for line in told if "load job people " in line and " s" in line]
    assert load.startswith("  ! ")
    assert load.endswith(said)
    assert "  ✓ save failed rows" in "\n".join(told)


def test_a_load_whose_rows_are_loaded_is_ticked(tmp_path: Path) -> None:
    told = run(tmp_path, "X,A\nY,B\n").err
    assert "  ✓ load job people" in told
    assert "  ! " not in told


def test_programs_read_the_counts_of_a_step_that_ends_its_job(tmp_path: Path) -> None:
    events = run(tmp_path, "X,A\n,B\n", "--json").events
    counts = {
        each["text"].split()[0]: each["counts"]
        for each in events
        if each["event"] == "step_finished"
    }
    zeros = {"unprocessed": 0, "withheld": 0, "unknown": 0, "fetched": 0}
    assert counts == {
        "load": {"rows": 2, "loaded": 1, "failed": 1, **zeros},
        "save": None,
        "log": None,
    }
