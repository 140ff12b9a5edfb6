"""Saved rows of typed sources have the places that the user knows, and any format."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from bulkflow_sandbox.testing import LocalOrg, local_org
from support.workshop import Workshop


@pytest.fixture(scope="module")
def org() -> Iterator[LocalOrg]:
    with local_org() as running:
        yield running


@pytest.fixture
def desk(tmp_path: Path, org: LocalOrg) -> Workshop:
    made = Workshop(tmp_path, dict(org.environment))
    with duckdb.connect() as connection:
        connection.execute(
            "COPY (SELECT CASE WHEN i % 3 <> 0 THEN 'P' || chr(10) || i END AS LastName,"
            " i::DOUBLE / 4 AS Size FROM range(1, 10) t(i))"
            f" TO '{tmp_path / 'people.parquet'}' (FORMAT parquet)"
        )
    return made


def job(source: str, *clauses: str, to: str = "out.csv") -> str:
    lines = "".join(f"    {each}\n" for each in clauses)
    return (
        f'org env\n\njob people\n    insert Contact\n    from "{source}"\n{lines}\n'
        f'load job people\nsave failed rows of job people to "{to}"\n'
    )


def read(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize(
    ("clauses", "places"),
    [
        (("drop Size",), ["3", "6", "9"]),
        (('where "Size > 1"', "drop Size"), ["6", "9"]),
        (('compute FirstName as "CAST(Size AS VARCHAR)"', "drop Size"), ["3", "6", "9"]),
    ],
)
def test_the_place_of_a_row_is_its_number_in_the_source(
    desk: Workshop, clauses: tuple[str, ...], places: list[str]
) -> None:
    assert desk.run(job("people.parquet", *clauses)).code == 3
    saved = read(desk.folder / "out.csv")
    assert [row["_line"] for row in saved] == places
    assert {row["_file"] for row in saved} == {"people.parquet"}


def test_rows_of_a_workbook_have_the_numbers_that_the_workbook_shows(desk: Workshop) -> None:
    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.Workbook()
    for row in (("LastName", "FirstName"), ("A\nB", "x"), (None, "y"), ("C", "z")):
        book.active.append(row)
    book.save(desk.folder / "people.xlsx")
    assert desk.run(job("people.xlsx")).code == 3
    (saved,) = read(desk.folder / "out.csv")
    assert (saved["FirstName"], saved["_line"]) == ("y", "3")


@pytest.mark.parametrize("to", ["out.parquet", "out.jsonl", "out.csv.zst"])
def test_saved_rows_are_written_in_the_format_of_the_name(desk: Workshop, to: str) -> None:
    desk.write("people.csv", "LastName,FirstName\nA,a\n,b\n")
    assert desk.run(job("people.csv", to=to)).code == 3
    with duckdb.connect() as connection:
        reader = {"parquet": "read_parquet", "jsonl": "read_json", "zst": "read_csv"}[
            to.split(".")[-1]
        ]
        rows = connection.execute(
            f"SELECT FirstName, _line, _outcome FROM {reader}('{desk.folder / to}')"
        ).fetchall()
    assert [tuple(map(str, row)) for row in rows] == [("b", "3", "failed")]


def test_a_parquet_file_of_nothing_has_the_columns(desk: Workshop) -> None:
    desk.write("people.csv", "LastName,FirstName\nA,a\n")
    assert desk.run(job("people.csv", to="out.parquet")).code == 0
    with duckdb.connect() as connection:
        relation = connection.sql(f"SELECT * FROM read_parquet('{desk.folder / 'out.parquet'}')")
        assert relation.columns[:3] == ["LastName", "FirstName", "_file"]
        assert relation.fetchall() == []


def test_a_value_that_cannot_be_read_is_placed_by_its_row(desk: Workshop) -> None:
    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.Workbook()
    for row in (("LastName", "Born"), ("A\nB", "31.12.1999"), ("C", "soon")):
        book.active.append(row)
    book.save(desk.folder / "people.xlsx")
    text = job("people.xlsx", 'read Born as date "dd.MM.yyyy"', "rename Born to Birthdate")
    ran = desk.command("plan", "--format", "json", str(desk.write("t.bulkflow", text)))
    (found,) = json.loads(ran.out)["diagnostics"]
    assert "'soon' (row 3)" in found["message"]
