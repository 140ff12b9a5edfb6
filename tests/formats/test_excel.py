"""Sheets of workbooks: which one, which rows, and which values."""

from __future__ import annotations

import csv
import datetime as dt
import io
import zipfile
from pathlib import Path

import openpyxl
import pytest

from bulkflow.errors import DataError
from bulkflow.plugin import SourceRequest, SourceRows
from bulkflow_formats.excel import open_workbook
from bulkflow_rows.python_values import spell_rows


def read(path: Path, **settings: object) -> tuple[SourceRows, list[list[str]]]:
    (source,) = open_workbook(SourceRequest(path.name, path.parent, {}, settings=settings))
    return source, [list(row) for row in spell_rows(source)]


def write(path: Path, *rows: list[object], **sheets: list[list[object]]) -> Path:
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    for name, content in sheets.items():
        sheet = book.create_sheet(name)
        for row in content:
            sheet.append(row)
    book.save(path)
    return path


def replace(path: Path, part: str, before: str, after: str) -> None:
    """Change a part of a workbook, to have in it what openpyxl does not write."""
    old = zipfile.ZipFile(io.BytesIO(path.read_bytes()))
    with zipfile.ZipFile(path, "w") as new:
        for name in old.namelist():
            data = old.read(name)
            if name == part:
                assert before.encode() in data
                data = data.replace(before.encode(), after.encode())
            new.writestr(name, data)


def test_values_are_what_excel_shows(tmp_path: Path) -> None:
    path = write(
        tmp_path / "a.xlsx",
        ["Text", "Number", "Flag", "Time", "Hours", 2024],
        ["007", 42, True, dt.time(1, 2, 3), dt.timedelta(hours=30, minutes=5), "x"],
        ["1e5", 0.1 + 0.2, False, None, None, " kept "],
        ["2024-01-02", 12345678901234.5, None, None, None, "a\nb"],
        [7, -1e-7, None, None, None, "#N/A"],
    )
    source, rows = read(path)
    assert source.columns == ["Text", "Number", "Flag", "Time", "Hours", "2024"]
    assert rows == [
        ["007", "42", "true", "01:02:03.000Z", "30:05:00", "x"],
        ["1e5", "0.3", "false", "", "", " kept "],
        ["2024-01-02", "12345678901234.5", "", "", "", "a\nb"],
        ["7", "-0.0000001", "", "", "", ""],
    ]


def test_midnight_is_a_moment_in_a_column_of_moments(tmp_path: Path) -> None:
    path = write(
        tmp_path / "a.xlsx",
        ["Day", "Moment"],
        [dt.date(2024, 2, 29), dt.datetime(2024, 2, 29, 12, 30)],
        [dt.date(1900, 1, 1), dt.datetime(2024, 3, 1)],
    )
    assert read(path)[1] == [
        ["2024-02-29", "2024-02-29T12:30:00.000Z"],
        ["1900-01-01", "2024-03-01T00:00:00.000Z"],
    ]


def test_a_formula_has_the_value_that_was_calculated_last(tmp_path: Path) -> None:
    path = write(tmp_path / "a.xlsx", ["A", "B"], ["x", "=1+1"], ["y", "=1/0"])
    part = "xl/worksheets/sheet1.xml"
    replace(path, part, "<f>1+1</f><v></v>", "<f>1+1</f><v>2</v>")
    replace(path, part, "<f>1/0</f><v></v>", "<f>1/0</f><v>#DIV/0!</v>")
    replace(path, part, '<c r="B3">', '<c r="B3" t="e">')
    assert read(path)[1] == [["x", "2"], ["y", ""]]


def test_blank_rows_at_the_end_are_left_out_and_those_within_are_kept(tmp_path: Path) -> None:
    path = write(
        tmp_path / "a.xlsx", [], [], ["A", "B"], ["1"], [], [None, "2"], [""], [None, None], [""]
    )
    source, rows = read(path)
    assert rows == [["1", ""], ["", ""], ["", "2"]]
    assert (source.places.unit, source.places.first) == ("row", 4)


def test_a_merged_cell_has_its_value_once(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    for row in (["A", "B"], ["x", 1], [None, 2], ["y", 3]):
        book.active.append(row)
    book.active.merge_cells("A2:A3")
    book.save(tmp_path / "a.xlsx")
    assert read(tmp_path / "a.xlsx")[1] == [["x", "1"], ["", "2"], ["y", "3"]]


def test_a_table_may_begin_anywhere(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    for cell, value in {"C4": "A", "D4": "B", "C5": 1, "D5": 2, "E9": None}.items():
        book.active[cell] = value
    book.save(tmp_path / "a.xlsx")
    source, rows = read(tmp_path / "a.xlsx")
    assert (source.columns, rows, source.places.first) == (["A", "B"], [["1", "2"]], 5)


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([["A", None, "C"], [1, 2, 3]], "column B has no name in the header row"),
        ([["A"], [1, 2]], "column B has no name in the header row"),
        ([], "the sheet is empty"),
        ([[None], [""]], "the sheet is empty"),
    ],
)
def test_a_header_that_does_not_name_the_columns_is_refused(
    tmp_path: Path, rows: list[list[object]], message: str
) -> None:
    with pytest.raises(DataError, match=message):
        read(write(tmp_path / "a.xlsx", *rows))


@pytest.mark.parametrize("wanted", ["People", "people", "2", 2])
def test_a_sheet_is_named_or_numbered(tmp_path: Path, wanted: object) -> None:
    path = write(tmp_path / "a.xlsx", ["A"], [1], People=[["B"], [2]])
    source, rows = read(path, sheet=wanted)
    assert (source.columns, rows) == (["B"], [["2"]])
    assert source.name == "a.xlsx, sheet People"


def test_a_sheet_has_to_be_named_if_there_are_several(tmp_path: Path) -> None:
    path = write(tmp_path / "a.xlsx", ["A"], [1], People=[["B"], [2]])
    with pytest.raises(DataError, match="the workbook has 2 sheets: Sheet, People") as raised:
        read(path)
    assert raised.value.help == 'say which one has the rows: `sheet "Sheet"`'
    with pytest.raises(DataError, match="no sheet Persons; it has Sheet, People"):
        read(path, sheet="Persons")


def test_hidden_sheets_do_not_count(tmp_path: Path) -> None:
    path = write(tmp_path / "a.xlsx", ["A"], [1], Hidden=[["B"], [2]])
    book = openpyxl.load_workbook(path)
    book["Hidden"].sheet_state = "hidden"
    book.create_chartsheet("Chart")
    book.save(path)
    assert read(path)[0].columns == ["A"]
    assert read(path, sheet="Hidden")[0].columns == ["B"]


def test_the_old_format_is_read(tmp_path: Path) -> None:
    import xlwt

    book = xlwt.Workbook()
    sheet = book.add_sheet("Old")
    for place, value in enumerate(["Id", "Number", "Day"]):
        sheet.write(0, place, value)
    sheet.write(1, 0, "007")
    sheet.write(1, 1, 42)
    sheet.write(1, 2, dt.date(2024, 2, 29), xlwt.easyxf(num_format_str="dd.mm.yyyy"))
    book.save(str(tmp_path / "a.xls"))
    source, rows = read(tmp_path / "a.xls")
    assert source.columns == ["Id", "Number", "Day"]
    assert rows == [["007", "42", "2024-02-29"]]


def test_the_sheet_is_a_clause_of_the_job(loading) -> None:
    write(loading.folder / "a.xlsx", ["A"], [1], People=[["Key__c"], ["007"], ["8"]])
    (first, second) = loading.load('from "a.xlsx"', 'sheet "People"')
    assert (first["Key__c"], second["Key__c"]) == ("007", "8")
    plan = loading.command("plan", str(loading.folder / "test.bulkflow"), "--json")
    assert "a.xlsx, sheet People" in plan.out
    checked = loading.command("check", "--sources", str(loading.folder / "test.bulkflow"))
    assert checked.code == 0


def test_several_workbooks_are_one_job(loading) -> None:
    for name in ("1", "2"):
        write(loading.folder / f"{name}.xlsx", ["Key__c"], [f"k{name}"])
    assert [each["Key__c"] for each in loading.load('from "*.xlsx"')] == ["k1", "k2"]


def test_several_workbooks_have_the_same_columns(loading) -> None:
    write(loading.folder / "1.xlsx", ["Key__c"], ["k"])
    write(loading.folder / "3.xlsx", ["Key__c", "Other"], ["k"])
    assert "its columns are not those of" in loading.refuse('from "*.xlsx"')["message"]


def test_saved_rows_load_again(loading) -> None:
    write(loading.folder / "a.xlsx", ["Key__c", "Day__c"], ["1", "not a date"], ["2", "2024-01-02"])
    ran = loading.run(
        'org env\njob a\n    insert Thing__c\n    from "a.xlsx"\nload\n'
        'save failed rows of job a to "failed.csv"\nrequire failed rows under 2\n'
    )
    assert ran.code == 0, ran.out
    with (loading.folder / "failed.csv").open(encoding="utf-8", newline="") as file:
        (row,) = csv.DictReader(file)
    assert (row["Key__c"], row["Day__c"]) == ("1", "not a date")


def test_a_workbook_needs_a_library(loading, monkeypatch) -> None:
    import bulkflow_formats.extras as extras

    write(loading.folder / "a.xlsx", ["Key__c"], ["1"])
    monkeypatch.setattr(extras, "find_spec", lambda name: None)
    error = loading.refuse('from "a.xlsx"')
    assert error["message"].startswith("Excel workbooks are read with python-calamine, which is")
    assert error["help"] == "install it: pip install 'bulkflow-sf[excel]'"


@pytest.mark.parametrize("line", ["streamed", 'delimiter ";"', "mend line endings"])
def test_what_only_csv_has_is_refused(loading, line: str) -> None:
    write(loading.folder / "a.xlsx", ["Key__c"], ["1"])
    error = loading.refuse('from "a.xlsx"', line)
    assert "remove this line" in str(error)


def test_a_sheet_of_a_csv_file_is_refused(loading) -> None:
    loading.write("a.csv", "Key__c\n1\n")
    error = loading.refuse('from "a.csv"', 'sheet "People"')
    assert "a sheet is part of an Excel workbook" in str(error)
