"""Rows that are sent again: which, in what form, and whose the new outcomes are."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bulkflow_ingest.reconcile import Outcome, ReconcileError

LOCK = "UNABLE_TO_LOCK_ROW:unable to obtain exclusive access to this record:--"
TRIGGER = "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY:T: caused by: UNABLE_TO_LOCK_ROW, x:--"
BAD = "REQUIRED_FIELD_MISSING:Required fields are missing: [Name]:Name --"


@pytest.fixture
def failed(job: Any) -> Any:
    job.source("Name\nA\nB\nC\nD\nE\n", part_rows=2)
    job.result(0, "failed", [["", LOCK, "A"], ["", BAD, "B"]])
    job.result(1, "failed", [["", TRIGGER, "D"]])
    job.result(1, "successful", [["3", "true", "C"]])
    job.unprocessed(2, "Name\nE\n")
    return job


def sent_rows(job: Any, folder: Path, **wanted: Any) -> list[str]:
    with job.outcomes() as outcomes:
        return [
            line
            for each in outcomes.rows_to_send(folder, **wanted)
            for line in each.path.read_text().splitlines()[1:]
        ]


@pytest.mark.parametrize(
    ("wanted", "rows"),
    [
        ({}, ["A", "D", "E"]),
        ({"unprocessed": False}, ["A", "D"]),
        ({"failed": False}, ["E"]),
        ({"codes": None}, ["A", "B", "D", "E"]),
        ({"codes": {"REQUIRED_FIELD_MISSING"}}, ["B", "E"]),
        ({"codes": set()}, ["E"]),
        ({"codes": None, "matching": r"\[Name\]"}, ["B", "E"]),
        ({"failed": False, "unprocessed": False}, []),
    ],
)
def test_the_rows_sent_are_those_asked_for(
    failed: Any, tmp_path: Path, wanted: dict[str, Any], rows: list[str]
) -> None:
    assert sent_rows(failed, tmp_path, **wanted) == rows


def test_a_pattern_that_is_none_is_refused(failed: Any, tmp_path: Path) -> None:
    with failed.outcomes() as outcomes, pytest.raises(ReconcileError):
        outcomes.rows_to_send(tmp_path, matching="(")


def test_the_file_has_the_form_of_its_source(new_job: Callable[..., Any], tmp_path: Path) -> None:
    job = new_job(";")
    job.source('"Name";City\r\n"A;\r\nB";" x"\r\nC;\r\n', line_ending="CRLF", name="data.csv")
    job.without_result(Outcome.UNPROCESSED, 0)
    with job.outcomes() as outcomes:
        (sent,) = outcomes.rows_to_send(tmp_path)
    assert sent.path.read_bytes() == b'"Name";City\r\n"A;\r\nB"; x\r\nC;\r\n'
    assert sent.mapping.read_text() == "part,row\n0,0\n0,1\n"
    assert (sent.rows, sent.withheld, sent.delimiter, sent.line_ending) == (2, 0, ";", "CRLF")


def test_new_outcomes_take_the_place_of_the_earlier_ones(failed: Any, tmp_path: Path) -> None:
    with failed.outcomes() as outcomes:
        (sent,) = outcomes.rows_to_send(tmp_path, codes=None)
    failed.scan(sent.path, "again", part_rows=2, origin=sent.mapping)
    assert [each.part for each in failed.slices] == [0, 1, 2, 3, 4]
    failed.result(3, "successful", [["1", "true", "A"]])
    failed.result(3, "failed", [["", LOCK, "B"]])
    # Part 4, rows D and E, was never handed over.
    failed.without_result(Outcome.UNPROCESSED, 4)
    with failed.outcomes() as outcomes:
        saved = failed.saved(outcomes)
        counts = outcomes.counts()
        (third,) = outcomes.rows_to_send(tmp_path / "third")
    assert [(row["Name"], row["_outcome"], row["_id"] or row["_error"]) for row in saved] == [
        ("A", "loaded", "1"),
        ("B", "failed", LOCK),
        ("C", "loaded", "3"),
        ("D", "failed", TRIGGER),
        ("E", "unprocessed", ""),
    ]
    assert (counts.total.rows, counts.total.loaded, counts.total.failed) == (5, 2, 2)
    assert set(counts.parts) == {0, 1, 2}
    assert third.path.read_text() == "Name\nB\nD\nE\n"
    assert third.mapping.read_text() == "part,row\n0,1\n1,1\n2,0\n"


def test_the_last_of_several_outcomes_counts(failed: Any, tmp_path: Path) -> None:
    for number, outcome in enumerate([LOCK, "", BAD]):
        with failed.outcomes() as outcomes:
            (sent,) = outcomes.rows_to_send(tmp_path / str(number), codes=None, unprocessed=False)
        failed.scan(sent.path, f"again-{number}", origin=sent.mapping)
        part = failed.slices[-1].part
        failed.without_result(Outcome.UNPROCESSED, part)
        if outcome:
            rows = [["", outcome, name] for name in sent.path.read_text().splitlines()[1:]]
            failed.result(part, "failed", rows)
    with failed.outcomes() as outcomes:
        saved = failed.saved(outcomes, "failed")
    assert [(row["Name"], row["_error"]) for row in saved] == [("A", BAD), ("B", BAD), ("D", BAD)]


def test_a_mapping_of_other_rows_is_refused(failed: Any, tmp_path: Path) -> None:
    with failed.outcomes() as outcomes:
        (sent,) = outcomes.rows_to_send(tmp_path)
    failed.scan(sent.path, "again", origin=sent.mapping)
    sent.mapping.write_text("part,row\n0,0\n")
    with pytest.raises(ReconcileError, match="does not map"):
        failed.outcomes()


def test_a_row_that_any_attempt_has_loaded_is_loaded(failed: Any, tmp_path: Path) -> None:
    with failed.outcomes() as outcomes:
        (sent,) = outcomes.rows_to_send(tmp_path, codes=None)
    failed.scan(sent.path, "again", origin=sent.mapping)
    failed.result(3, "successful", [["5", "true", "E"]])
    failed.result(3, "failed", [["", BAD, "A"], ["", BAD, "B"], ["", BAD, "D"]])
    # The first job of A and B committed A after it had failed.
    failed.results[:] = [each for each in failed.results if each.part]
    failed.result(0, "successful", [["1", "true", "A"]])
    failed.result(0, "failed", [["", LOCK, "B"]])
    with failed.outcomes() as outcomes:
        saved = failed.saved(outcomes)
        again = outcomes.rows_to_send(tmp_path / "again", codes=None)
    assert [(row["Name"], row["_outcome"]) for row in saved] == [
        ("A", "loaded"),
        ("B", "failed"),
        ("C", "loaded"),
        ("D", "failed"),
        ("E", "loaded"),
    ]
    assert [each.path.read_text() for each in again] == ["Name\nB\nD\n"]


def test_a_row_whose_second_attempt_is_unknown_is_unknown(failed: Any, tmp_path: Path) -> None:
    with failed.outcomes() as outcomes:
        (sent,) = outcomes.rows_to_send(tmp_path, codes=None)
    failed.scan(sent.path, "again", origin=sent.mapping)
    failed.result(3, "failed", [["", BAD, "A"]])
    failed.unprocessed(3, "Name\nE\n")
    with failed.outcomes() as outcomes:
        saved = failed.saved(outcomes)
        total = outcomes.counts().total
        (again,) = outcomes.rows_to_send(tmp_path / "again", codes=None)
    assert [(row["Name"], row["_outcome"], row["_error"]) for row in saved] == [
        ("A", "failed", BAD),
        ("B", "unknown", ""),
        ("C", "loaded", ""),
        ("D", "unknown", ""),
        ("E", "unprocessed", ""),
    ]
    assert (total.failed, total.unprocessed, total.unknown) == (1, 1, 2)
    assert again.path.read_text() == "Name\nA\nE\n"
