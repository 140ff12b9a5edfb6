"""What must come of a case, slowly and obviously: plain Python, and nothing of bulkflow's."""

from __future__ import annotations

import csv
import io
import re

from attrs import frozen

from whole.case import SIX, Case, Cell, DataFile, Row

NULL = "#N/A"


@frozen
class SentFile:
    """A file as it is to be sent."""

    header: bytes
    rows: tuple[bytes, ...]
    values: tuple[dict[str, str], ...]
    """Of each row, by field."""


@frozen
class Told:
    """A row of the source as users are told of it."""

    file: str
    line: int
    values: list[str]


def readable(case: Case) -> tuple[DataFile, ...]:
    """The files with one kind of line end, where the case has them mended."""
    return tuple(_mended(each, case) for each in case.files)


def _mended(file: DataFile, case: Case) -> DataFile:
    if not case.mend:
        return file
    text = file.text(case.delimiter)
    kinds = set(re.findall(r"\r\n|\r|\n", text))
    inside = {
        found
        for row in (file.header, *file.rows)
        for cell in row.cells
        for found in re.findall(r"\r\n|\r|\n", cell.value)
    }
    told = {"LF": "\n", "CRLF": "\r\n", None: None}[case.told_line_ending]
    if len(kinds) <= 1 and "\r" not in kinds:
        end = told or next(iter(kinds), "\n")
    else:
        end = told or ("\r\n" if inside == {"\r\n"} else "\n")

    def mend(text: str) -> str:
        return re.sub(r"\r\n|\r|\n", end, text)

    def row(each: Row) -> Row:
        cells = (Cell(mend(cell.value), cell.quoted) for cell in each.cells)
        return Row(tuple(cells), mend(each.end))

    rows = tuple(row(each) for each in file.rows)
    return DataFile(file.name, row(file.header), rows, mend(file.blank), file.bom)


def rows_of(file: DataFile) -> tuple[Row, ...]:
    """The rows that a file has: blank lines at its end are none."""
    rows = list(file.rows)
    while rows and [(cell.value, cell.quoted) for cell in rows[-1].cells] == [("", False)]:
        rows.pop()
    return tuple(rows)


def told(case: Case) -> list[Told]:
    """Every row of the source, with its place."""
    found = []
    for file in readable(case):
        line = 1 + _breaks(file.header, case)
        for row in rows_of(file):
            found.append(Told(file.name, line, row.values))
            line += _breaks(row, case)
    return found


def _breaks(row: Row, case: Case) -> int:
    return row.spelled(case.delimiter).count("\n")


def sent(case: Case) -> list[SentFile]:
    """Every file as it is to be sent."""
    return [_sent(each, case) for each in readable(case)]


@frozen
class _Column:
    name: str
    place: int | None
    constant: str = ""


def columns(case: Case) -> list[_Column]:
    """The columns that are sent."""
    renames = {column.lower(): field for column, field in case.renames}
    kept = {each.lower() for each in case.kept}
    dropped = {each.lower() for each in case.dropped}
    made = []
    for place, cell in enumerate(case.files[0].header.cells):
        name = cell.value
        if name.lower() not in dropped and (not kept or name.lower() in kept):
            made.append(_Column(renames.get(name.lower(), name), place))
    for field, value in case.constants:
        same = [at for at, each in enumerate(made) if each.name.lower() == field.lower()]
        if same:
            made[same[0]] = _Column(made[same[0]].name, None, value)
        else:
            made.append(_Column(field, None, value))
    return made


def is_written_anew(case: Case) -> bool:
    """Whether rows cannot go as they are."""
    places = [each.place for each in columns(case)]
    same = places == list(range(len(case.files[0].header.cells)))
    return bool(case.nulls) or not same or case.delimiter not in SIX


def sent_delimiter(case: Case) -> str:
    return case.delimiter if case.delimiter in SIX else ","


def _sent(file: DataFile, case: Case) -> SentFile:
    made, rows = columns(case), rows_of(file)
    end = file.header.end or {"CRLF": "\r\n"}.get(case.told_line_ending or "", "\n")
    delimiter = sent_delimiter(case)
    names = [each.name for each in made]
    if is_written_anew(case):
        header = _written([Cell(name) for name in names], delimiter, end)
        records = [
            _written([_cell(row, each, case, end) for each in made], delimiter, end) for row in rows
        ]
    else:
        renamed = names != [cell.value for cell in file.header.cells]
        header = file.header.spelled(delimiter)
        if renamed:
            header = _written([Cell(name) for name in names], delimiter, end)
        records = [row.spelled(delimiter) for row in rows]
    values = []
    for record in records:
        # What Salesforce reads; the csv module takes a blank line for no row at all.
        text = io.StringIO(record, newline="")
        read = next(csv.reader(text, delimiter=delimiter, strict=True), [])
        values.append(dict(zip(names, read or [""], strict=True)))
    return SentFile(header.encode(), tuple(each.encode() for each in records), tuple(values))


def _written(cells: list[Cell], delimiter: str, end: str) -> str:
    if len(cells) == 1 and not cells[0].value:
        return f'""{end}'
    return delimiter.join(cell.spelled(delimiter) for cell in cells) + end


def _cell(row: Row, column: _Column, case: Case, end: str) -> Cell:
    if column.place is None:
        return Cell(re.sub(r"\r\n|\r|\n", end, column.constant))
    cell = row.cells[column.place]
    # Quotes that the value has in the file stay, needed or not.
    written = cell.spelled(case.delimiter)
    if cell.value in [each.replace("\n", end) for each in case.nulls]:
        return Cell(NULL)
    return Cell(cell.value, quoted=written.startswith('"'))
