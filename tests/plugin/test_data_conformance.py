"""The suites for sources, sinks and row clauses find what is wrong, and nothing in good ones."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import pytest

from bulkflow.errors import DataError, RunInterruptedError
from bulkflow.plugin import (
    ROW,
    Problem,
    RowFault,
    Sink,
    Source,
    SourceFile,
    SourceRequest,
    SourceRows,
    SourceTable,
    Stage,
    row_clause,
)
from bulkflow.testing import check_row_clause, check_sink, check_source


def check_open(opened, folder: Path, **given: object) -> list[str]:
    request = SourceRequest("x://there", folder, given.pop("environ", {}))
    return check_source(Source(("x",), "A source.", opened), request, **given)


def rows_of(*rows: tuple[object, ...], columns: tuple[str, ...] = ("a", "b"), name: str = "x"):
    return lambda request: [SourceRows(name, columns, rows)]


def test_a_good_source_has_no_faults(tmp_path: Path) -> None:
    def opened(request):
        if "gone" in request.location:
            raise DataError("gone")
        request.checkpoint()
        yield SourceRows("x", ("a", "b"), ((n, "v") for n in range(3)))
        yield SourceTable("y", lambda each: each.sql("SELECT 1 AS a, 2 AS b"))
        path = tmp_path / "f.csv"
        path.write_bytes(b"a,b\n")
        yield SourceFile("f.csv", path)

    assert check_open(opened, tmp_path, missing="x://gone") == []


def swallow(request):
    with suppress(RunInterruptedError):
        request.checkpoint()
    yield SourceRows("x", ("a",), [("1",)])


def leave_open(request):
    KEPT.append((request.folder / "open.txt").open("w"))
    yield SourceRows("x", ("a",), [("1",)])


KEPT: list[object] = []
COUNT = iter(range(100))


@pytest.mark.parametrize(
    ("opened", "fault"),
    [
        (lambda request: [], "it gives no data, and does not raise DataError"),
        (rows_of((1,)), "row 1 has 1 values for 2 columns"),
        (rows_of((1, 2), columns=("a", "A")), "two of its columns are called a"),
        (rows_of(columns=()), "it has no columns"),
        (rows_of(name=""), "it gives data without a name"),
        (rows_of(name="x://user:s3cret-s3cret@h"), "its name shows the value of TOKEN"),
        (
            lambda request: rows_of((next(COUNT), 2))(request),
            "it gives other data when it is opened again",
        ),
        (
            lambda request: rows_of(columns=("a", "c") if request.only_columns else ("a", "b"))(
                request
            ),
            "it has other columns when only the columns are asked for",
        ),
        (swallow, "it does not let RunInterruptedError pass"),
        (lambda request: ["rows"], "it cannot be opened: it gives a str, which is not SourceData"),
        (
            lambda request: [SourceFile("f", request.folder / "no.csv")],
            "there is no file at the path of f",
        ),
    ],
)
def test_a_fault_of_a_source_is_found(tmp_path: Path, opened, fault: str) -> None:
    assert fault in check_open(opened, tmp_path, environ={"TOKEN": "s3cret-s3cret"})


def test_a_file_that_stays_open_is_found(tmp_path: Path) -> None:
    if not Path("/proc/self/fd").is_dir():
        pytest.skip("the system does not show open files")
    found = check_open(leave_open, tmp_path)
    for each in KEPT:
        each.close()
    assert any(each.startswith("it leaves a file open: ") for each in found)


def test_an_empty_location_needs_the_right_error(tmp_path: Path) -> None:
    def opened(request):
        if "gone" in request.location:
            raise KeyError("gone")
        yield SourceRows("x", ("a",), [])

    found = check_open(opened, tmp_path, missing="x://gone")
    assert found == ["for x://gone it raises KeyError, and not DataError: 'gone'"]
    found = check_open(rows_of(), tmp_path, missing="x://gone")
    assert found == ["for x://gone, where nothing is, it does not raise DataError"]


def write_badly(request) -> None:
    try:
        rows = request.rows.fetchall()
    except Exception:  # noqa: BLE001 - the fault
        rows = []
    request.path.with_suffix(".tmp").write_text("left")
    request.path.write_text("".join(f"{row[0]}\n" for row in reversed(rows)))


def test_faults_of_a_sink_are_found(tmp_path: Path) -> None:
    def read(path: Path) -> list[list[str]]:
        from bulkflow.testing.sinks import COLUMNS

        return [list(COLUMNS), *([each, "", "", "", ""] for each in path.read_text().splitlines())]

    found = check_sink(Sink((".Bad",), "Bad.", write_badly), tmp_path, read=read)
    assert found[0].startswith("'.Bad' is not a suffix")
    assert any(each.startswith(("full.Bad has", "row 1 of")) for each in found)
    assert "it swallows an error of the rows of broken.Bad" in found
    assert "it leaves full.tmp" in found
    (tmp_path / "a").mkdir()
    nothing = check_sink(Sink((".no",), "No.", lambda request: None), tmp_path / "a")
    assert "it does not write full.no" in nothing


def test_a_sink_without_a_name_is_found(tmp_path: Path) -> None:
    (found,) = check_sink(Sink((), "Nothing.", write_badly), tmp_path)
    assert found == "it has neither suffixes nor schemes, so nothing finds it"


@row_clause("shout {column:text}", stage=Stage.READ)
def shout(rows, column: str):
    """Write a column in capitals."""
    return rows.replace(column, f'upper("{column}")')


@row_clause("count {column:text}", stage=Stage.MAKE)
def count(rows, column: str):
    """Make a field with the length of a column."""
    return rows.make("Length__c", f'length("{column}")')


ROWS = [("x", "1"), (None, "2")]


def check_clause(clause, **given: object) -> list[str]:
    return check_row_clause(clause, ["a", "b"], ROWS, slots={"column": "a"}, **given)


def test_good_row_clauses_have_no_faults() -> None:
    assert check_clause(shout, expected=[("X", "1"), (None, "2")]) == []
    assert check_clause(count, expected=[("x", "1", 1), (None, "2", None)]) == []
    (wrong,) = check_clause(shout, expected=[("x", "1"), (None, "2")])
    assert wrong.startswith("the rows are [('X', '1')")


def make_clause(apply, **given: object):
    def function(rows, column: str):
        """Do something."""
        return apply(rows)

    return row_clause("do {column:text}", stage=Stage.WHERE, **given)(function)


@pytest.mark.parametrize(
    ("apply", "fault"),
    [
        (lambda rows: rows.relation.project("a, b"), f"it drops the column {ROW!r}"),
        (lambda rows: rows.relation.project(f'a, "{ROW}"'), "it drops the columns b, which only"),
        (lambda rows: rows.relation.project("*, 1 AS c"), "it adds the column c without JobRows"),
        (lambda rows: rows.relation.union(rows.relation), "it gives a row twice"),
        (
            lambda rows: rows.relation.project(f'* REPLACE ("{ROW}" + 7 AS "{ROW}")'),
            "it makes rows that the source does not have",
        ),
        (
            lambda rows: rows.replace("a", "CAST(random() AS VARCHAR)"),
            "it gives other rows when the statement runs again",
        ),
    ],
)
def test_a_fault_of_a_row_clause_is_found(apply, fault: str) -> None:
    assert any(each.startswith(fault) for each in check_clause(make_clause(apply)))


def test_checks_and_faults_of_a_row_clause_are_tried() -> None:
    clause = make_clause(
        lambda rows: rows.relation,
        check=lambda columns, column: [Problem("no")] if columns else [],
        faults=lambda rows, column: [RowFault("a = 'x'", "z", "is x", "write y")],
    )
    assert check_clause(clause) == [
        "its check refuses the sample: no",
        "a fault is about z, which the source does not have",
    ]
