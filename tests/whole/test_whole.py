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

from bulkflow_ingest.reconcile import Outcome
from bulkflow_ingest.results.trusted_files import TrustedFiles
from support.workshop import Ran, Workshop
from whole import judging
from whole.case import Case, Cell, DataFile, Hidden, Row
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
    from bulkflow_ingest.reconcile.matcher import Matcher

    def nothing(*_: object, **__: object) -> None:
        pass

    with mock.patch.object(Matcher, "_round", nothing), pytest.raises(WrongError):
        hold(case("abc", saved=("all",)), tmp_path)


def test_the_judge_notices_rows_that_are_changed_on_the_way(tmp_path: Path) -> None:
    real = judging.write

    def write(made: Case, folder: Path) -> None:
        real(evolve(made, files=case("abd").files), folder)

    with (
        mock.patch.object(judging, "write", write),
        pytest.raises(WrongError, match="not what was"),
    ):
        hold(case("abc"), tmp_path)


TWICE = case("abcba", part_rows=2, ways=("inside", "from above"))
LOST = case("abcba", part_rows=3, faults=("jobx*=lose:2",), hidden=Hidden("lost", 2))
SHORT = case("abc", saved=("all",), faults=("successesx*=rows:1",), hidden=Hidden("successes", 1))
LATE = case("abcdefg", failing=(2, 1), faults=("job=late:3:2 polls",), saved=("all",))


@pytest.mark.parametrize(
    "made",
    [
        TWICE,
        evolve(TWICE, faults=("createx2=cut-after", "listx*=repeat", "upload#2=400-after")),
        evolve(TWICE, streamed=True),
        LOST,
        evolve(LOST, again=("all", 2)),
        case("abc", faults=("job=more:2:2",), hidden=Hidden("more", 2), saved=("all",)),
        SHORT,
        evolve(SHORT, again=("failed", 1), locks=0.34),
        LATE,
        evolve(LATE, again=("failed", 1), pace="2 polls"),
        case("abc", faults=("successesx2=204", "infox3=old", "anyx8=503"), saved=("all",)),
    ],
)
def test_the_judge_knows_what_comes_of_a_case_in_trouble(made: Case, tmp_path: Path) -> None:
    hold(made, tmp_path)


@pytest.mark.parametrize("outcome", [Outcome.LOADED, Outcome.FAILED, Outcome.UNPROCESSED])
def test_the_judge_notices_unknown_rows_that_are_told_as_others(
    outcome: Outcome, tmp_path: Path
) -> None:
    guess = mock.patch("bulkflow_ingest.results.reader._without_result", return_value=outcome)
    with guess, pytest.raises(WrongError):
        hold(evolve(LOST, saved=("all",)), tmp_path)


def test_the_judge_notices_results_that_are_taken_short(tmp_path: Path) -> None:
    with mock.patch.object(TrustedFiles, "_fault", return_value=None), pytest.raises(WrongError):
        hold(case("abc", saved=("all",), faults=("successes=rows:1",)), tmp_path)


def test_the_judge_notices_rows_that_are_committed_late(tmp_path: Path) -> None:
    wait_not = mock.patch.object(TrustedFiles, "_stand_still")
    with wait_not, pytest.raises(WrongError):
        hold(evolve(LATE, again=("failed", 1)), tmp_path)


def test_the_judge_notices_an_insert_that_is_run_twice(tmp_path: Path) -> None:
    ask_nothing = mock.patch("bulkflow.journal.recorder.find_hand_overs", return_value=[])
    with ask_nothing, pytest.raises(WrongError, match="an insert is run again with 0"):
        hold(TWICE, tmp_path)


def test_the_judge_notices_state_that_is_kept_where_a_file_is_run_from(tmp_path: Path) -> None:
    here = mock.patch("bulkflow.cli.options.find_state_directory", return_value=Path(".bulkflow"))
    with here, pytest.raises(WrongError, match="an insert is run again with 0"):
        hold(TWICE, tmp_path)
