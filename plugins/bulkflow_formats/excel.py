"""Reads the sheets of Excel and OpenDocument workbooks with python-calamine."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, Final

from bulkflow.errors import DataError
from bulkflow.plugin import RowPlaces, SourceRows
from bulkflow_formats.content import check_content
from bulkflow_formats.extras import load_library

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import Any

    from bulkflow.plugin import SourceData, SourceRequest

_ZIP: Final = b"PK\x03\x04"
_DIGITS: Final = 15
"""The significant digits that Excel shows of a number; the others are noise of its arithmetic."""


def recognizes_workbook(start: bytes) -> bool:
    """Return whether a file begins as a workbook of Excel (since 2007) or OpenDocument does."""
    return start.startswith(_ZIP) and any(
        mark in start for mark in (b"[Content_Types].xml", b"xl/", b"opendocument.spreadsheet")
    )


def open_workbook(request: SourceRequest) -> Iterator[SourceData]:
    """Yield the rows of one sheet. Its first row that is not blank has the names of the columns.

    Raises:
        DataError: The workbook cannot be read, or it is not clear which sheet has the rows.
    """
    name = request.location
    sheet = _open_sheet(request)
    rows = enumerate(sheet.iter_rows(), 1)
    header, first = _read_header(rows, name)
    columns = _check_header(header, sheet, name)
    yield SourceRows(
        f"{name}, sheet {sheet.name}",
        columns,
        () if request.only_columns else _read_rows(rows, len(columns), _find_moments(sheet)),
        places=RowPlaces("row", first=first + 1),
    )


def _open_sheet(request: SourceRequest) -> Any:
    name = request.location
    check_content(
        request.path,
        name,
        "a workbook",
        lambda start: start.startswith((_ZIP, b"\xd0\xcf\x11\xe0")),
    )
    calamine = load_library(
        "python_calamine", extra="excel", reads="Excel workbooks", place=request.location
    )
    try:
        book = calamine.CalamineWorkbook.from_path(str(request.path))
        shown = [
            each.name
            for each in book.sheets_metadata
            if each.typ == calamine.SheetTypeEnum.WorkSheet
            and each.visible == calamine.SheetVisibleEnum.Visible
        ]
        wanted = request.settings.get("sheet")
        chosen = _choose_sheet(shown, book.sheet_names, wanted, name)
        return book.get_sheet_by_name(chosen)
    except calamine.PasswordError as error:
        raise DataError(
            "the workbook is protected by a password",
            place=name,
            help="save it without one: File, Info, Protect Workbook, Encrypt with Password",
        ) from error
    except (calamine.CalamineError, OSError, ValueError) as error:
        raise DataError(
            "the workbook cannot be read",
            place=name,
            help="check that it is complete; open it in Excel and save it again",
            notes=[str(error).splitlines()[0][:300]] if str(error) else [],
        ) from error


def _choose_sheet(shown: Sequence[str], every: Sequence[str], wanted: object, name: str) -> str:
    """Return the name of the sheet that has the rows; hidden ones only if they are named."""
    if wanted is None:
        if len(shown) == 1:
            return shown[0]
        raise DataError(
            f"the workbook has {len(shown)} sheets: {_join(shown)}"
            if shown
            else "the workbook has no sheet that can be seen",
            place=name,
            help=f'say which one has the rows: `sheet "{(shown or every or ["Sheet1"])[0]}"`',
        )
    by_name = {each.casefold(): each for each in every}
    text = str(wanted)
    if text.casefold() in by_name:
        return by_name[text.casefold()]
    if text.isdecimal() and 1 <= int(text) <= len(every):
        return every[int(text) - 1]
    raise DataError(
        f"the workbook has no sheet {text}; it has {_join(every)}",
        place=name,
        help=f'name one of them: `sheet "{(shown or every or ["Sheet1"])[0]}"`',
    )


def _read_header(rows: Iterator[tuple[int, list[Any]]], name: str) -> tuple[list[Any], int]:
    """Return the first row that is not blank, and its number."""
    for number, values in rows:
        if any(each != "" for each in values):
            return values, number
    raise DataError("the sheet is empty", place=name, help="the first row must name the columns")


def _check_header(header: Sequence[object], sheet: Any, name: str) -> list[str]:
    """Return the names of the columns, without blank ones at the end."""
    names = [_spell_name(each) for each in header]
    first = sheet.start[1] if sheet.start else 0
    while names and not names[-1] and not _has_values(sheet, len(names) - 1):
        names.pop()
    for place, each in enumerate(names):
        if not each:
            raise DataError(
                f"column {_spell_letter(first + place)} has no name in the header row",
                place=f"{name}, sheet {sheet.name}",
                help="give it a name, or delete the column",
            )
    return names


def _has_values(sheet: Any, column: int) -> bool:
    return any(row[column] != "" for row in sheet.iter_rows())


def _find_moments(sheet: Any) -> frozenset[int]:
    """Return the columns with times of a day: calamine gives those at midnight as dates."""
    return frozenset(
        place
        for values in sheet.iter_rows()
        for place, value in enumerate(values)
        if value.__class__ is datetime
    )


def _read_rows(
    rows: Iterator[tuple[int, list[Any]]], columns: int, moments: frozenset[int]
) -> Iterator[list[object]]:
    """Yield the values of each row. Blank rows at the end are left out."""
    blank = 0
    for _, values in rows:
        if not any(each != "" for each in values):
            blank += 1
            continue
        for _ in range(blank):
            yield [None] * columns
        blank = 0
        converted = [_convert(each) for each in values[:columns]]
        for place in moments:
            value = converted[place]
            if value.__class__ is date:
                converted[place] = datetime.combine(value, time())
        yield converted


def _convert(value: object) -> object:
    if isinstance(value, float):
        return float(f"{value:.{_DIGITS}g}")
    if isinstance(value, timedelta):
        minutes, seconds = divmod(round(value.total_seconds()), 60)
        return f"{minutes // 60}:{minutes % 60:02}:{seconds:02}"
    return None if value == "" else value


def _spell_name(value: object) -> str:
    from bulkflow_rows.python_values import spell_value

    return spell_value(_convert(value))


def _spell_letter(column: int) -> str:
    """Return the letters that Excel shows above a column, from 0."""
    letters = ""
    column += 1
    while column:
        column, place = divmod(column - 1, 26)
        letters = chr(ord("A") + place) + letters
    return letters


def _join(names: Sequence[str]) -> str:
    return ", ".join(names[:10]) + (", …" if len(names) > 10 else "")
