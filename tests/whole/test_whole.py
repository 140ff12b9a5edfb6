"""Whole loads at random against a reference: a few of the cases of `python -m whole`.

Each case is drawn from its seed: files of any form, clauses in any combination, an org in which
some rows fail; what was sent, saved and told is held to what plain Python makes of the same case.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from unittest import mock

import pytest
from attrs import evolve

from support.workshop import Ran, Workshop
from whole import judging
from whole.case import Case, Cell, DataFile, Row
from whole.drawing import draw
from whole.judging import hold
from whole.spoiling import draw_spoilt
from whole.wrong import WrongError

CASES = (1, 2, 3, 4, 13, 18, 22, 23, 25, 28, 29, 30, 33, 34, 36, 38, 39, 44, 46, 48)
"""Seeds of small cases: every operation, clause and form of file is among them."""

SPOILT = range(16)


@pytest.mark.parametrize("seed", CASES)
def test_all_that_comes_of_a_load_is_what_the_reference_says(seed: int, tmp_path: Path) -> None:
    hold(draw(seed), tmp_path)


@pytest.mark.parametrize("seed", SPOILT)
def test_what_is_faulty_is_refused_with_its_place(seed: int, tmp_path: Path) -> None:
    hold(draw_spoilt(seed), tmp_path)


def case(rows: str, **changes: object) -> Case:
    """A case with a row for each character."""
    made = tuple(Row((Cell(value), Cell("x")), "\n") for value in rows)
    header = Row((Cell("Text0__c"), Cell("Text1__c")), "\n")
    return evolve(Case((DataFile("rows.csv", header, made),), ",", "Free__c"), **changes)


def test_a_process_of_its_own_comes_to_the_same(tmp_path: Path) -> None:
    def run(self: Workshop, pipeline: str) -> Ran:
        self.write("test.bulkflow", pipeline)
        command = [sys.executable, "-m", "bulkflow", "run", "test.bulkflow", "--json"]
        ended = subprocess.run(
            command, cwd=self.folder, env=self.environ, capture_output=True, check=False
        )
        return Ran(ended.returncode, ended.stdout.decode(), ended.stderr.decode())

    with mock.patch.object(Workshop, "run", run):
        hold(case("abcba", part_rows=2, locks=0.4, saved=("all",)), tmp_path)


def test_the_judge_notices_rows_that_are_told_of_others(tmp_path: Path) -> None:
    from bulkflow_ingest.reconcile.matcher import Matching

    def nothing(*_: object, **__: object) -> None:
        pass

    with mock.patch.object(Matching, "_round", nothing), pytest.raises(WrongError):
        hold(case("abc", saved=("all",)), tmp_path)


def test_the_judge_notices_rows_that_are_changed_on_the_way(tmp_path: Path) -> None:
    real = judging.run

    def run(made: Case, folder: Path, org: object) -> Ran:
        return real(evolve(made, files=case("abd").files), folder, org)

    with mock.patch.object(judging, "run", run), pytest.raises(WrongError, match="not what was"):
        hold(case("abc"), tmp_path)
