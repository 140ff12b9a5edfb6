"""Rewritten rows have the changes of the layout, and are byte-identical otherwise."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest
from attrs import evolve
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bulkflow_csv import (
    ByteSource,
    Column,
    CsvError,
    FormatLimits,
    Layout,
    find_alias,
    read_head,
    rename_columns,
    rewrite,
    scan,
    scan_rows,
    write_copy,
)

CELLS = st.one_of(
    st.sampled_from(
        ["", "NULL", "a,b", "007", "1e5", "#N/A", " x ", "~", '"', "2026-01-02", "é東"]
    ),
    st.text(st.sampled_from('aN~,;|"\n é'), max_size=6),
)
NAMES = [f"C{number}" for number in range(5)]


def spelled(cell: str, delimiter: str, line_end: str, *, quoted: bool) -> str:
    if quoted or any(sign in cell for sign in (delimiter, '"', "\n")):
        cell = '"' + cell.replace('"', '""') + '"'
    return cell.replace("\n", line_end)


@st.composite
def files(draw):
    """Draw the encoded cells, number of columns, delimiter and line end of a file."""
    delimiter = draw(st.sampled_from([",", ";", "~", "||"]))
    line_end = draw(st.sampled_from(["\n", "\r\n"]))
    width = draw(st.integers(1, 4))
    rows = draw(st.lists(st.lists(CELLS, min_size=width, max_size=width), max_size=6))
    made = []
    for row in rows:
        # Half a delimiter next to a delimiter would be parsed as a different pair.
        row = [cell.replace("|", "") if delimiter == "||" else cell for cell in row]
        # A record with one blank value is a blank line, which is ignored at the end of a file.
        blank = width == 1 and not row[0]
        quoted = [draw(st.booleans()) or blank for _ in row]
        made.append(
            [spelled(c, delimiter, line_end, quoted=q) for c, q in zip(row, quoted, strict=True)]
        )
    return made, width, delimiter, line_end, draw(st.booleans())


@st.composite
def layouts(draw, width: int):
    kept = sorted(draw(st.sets(st.integers(0, width - 1))))
    columns = [Column(NAMES[place], place) for place in kept]
    for number in range(draw(st.integers(0 if columns else 1, 2))):
        at = draw(st.integers(0, len(columns)))
        columns.insert(at, Column(f"New{number}", None, draw(CELLS)))
    nulls = draw(st.lists(st.sampled_from(["", "NULL", "a,b", "a\nb", '"', "~"]), max_size=2))
    return Layout(tuple(columns), tuple(nulls))


def expected(row: list[str], column: Column, layout: Layout, line_end: str) -> str:
    """Return the expected encoding of a cell."""
    sole = len(layout.columns) == 1
    if column.index is None:
        quoted = sole and not column.constant
        return spelled(column.constant, layout.delimiter, line_end, quoted=quoted)
    raw = row[column.index]
    value = raw[1:-1].replace('""', '"') if raw.startswith('"') else raw
    if value in [null.replace("\n", line_end) for null in layout.nulls]:
        return "#N/A"
    if not raw.startswith('"') and (layout.delimiter in raw or (sole and not raw)):
        return f'"{raw}"'
    return raw


@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow], deadline=None
)
@given(file=files(), data=st.data(), block=st.sampled_from([1, 7, 64, 1 << 20]))
def test_every_byte_is_as_expected(tmp_path: Path, file, data, block: int) -> None:
    rows, width, delimiter, line_end, ended = file
    layout = data.draw(layouts(width))
    if delimiter == ";":
        layout = evolve(layout, delimiter=";")
    text = line_end.join(delimiter.join(row) for row in [NAMES[:width], *rows])
    path = tmp_path / "a.csv"
    path.write_bytes((text + (line_end if ended else "")).encode())
    source, alias = ByteSource.of(path), None
    if len(delimiter) > 1:
        alias = find_alias(source, delimiter, "")
        source = write_copy(source, tmp_path, alias.read_blocks, prefix="alias-")
    scanned = scan(source, delimiter=alias.sign if alias else delimiter)
    if not ended and rows == []:
        line_end = "\n"
    made = rewrite(scanned.head, tmp_path, layout, alias=alias, block_size=block)
    wanted = [
        list(layout.names),
        *([expected(row, each, layout, line_end) for each in layout.columns] for row in rows),
    ]
    with made.path.open(encoding="utf-8", newline="") as stream:
        written = stream.read()
    assert written == "".join(layout.delimiter.join(row) + line_end for row in wanted)
    # The result is CSV with the same number of rows.
    again = list(csv.reader(io.StringIO(written, newline=""), delimiter=layout.delimiter))
    assert len(again) == len(rows) + 1
    assert scan(made, delimiter=layout.delimiter).rows == len(rows)
    for each in tmp_path.iterdir():
        each.unlink()


def rewritten(tmp_path: Path, data: bytes, *columns: Column, nulls: tuple[str, ...] = ()) -> bytes:
    path = tmp_path / "a.csv"
    path.write_bytes(data)
    head = scan(ByteSource.of(path)).head
    return rewrite(head, tmp_path, Layout(columns, nulls)).path.read_bytes()


def test_columns_are_dropped_and_inserted(tmp_path: Path) -> None:
    data = b'\xef\xbb\xbfA,B,C\n1,"x ""y""\n",\n2, b ,c\n'
    columns = (Column("B", 1), Column("D", None, "é,"))
    wanted = 'B,D\n"x ""y""\n","é,"\n b ,"é,"\n'
    assert rewritten(tmp_path, data, *columns) == wanted.encode()


def test_values_become_null_where_they_are_exactly_the_text(tmp_path: Path) -> None:
    data = b'A,B\nNULL,"NULL"\n NULL,NULLS\nnull,\n'
    columns = (Column("A", 0), Column("B", 1))
    assert rewritten(tmp_path, data, *columns, nulls=("NULL", "")) == (
        b"A,B\n#N/A,#N/A\n NULL,NULLS\nnull,#N/A\n"
    )


def test_a_file_of_a_header_alone_becomes_one(tmp_path: Path) -> None:
    assert rewritten(tmp_path, b"A,B", Column("B", 1)) == b"B\n"


def test_many_columns_and_long_values_are_no_trouble(tmp_path: Path) -> None:
    names = [f"C{number}" for number in range(5000)]
    cells = ["x" * 50] * 5000
    cells[7] = '"' + "é\n" * 40_000 + '"'
    data = (",".join(names) + "\n" + (",".join(cells) + "\n") * 3).encode()
    columns = [Column(name, place) for place, name in enumerate(names) if place % 2]
    wanted = ",".join(names[1::2]) + "\n" + (",".join(cells[1::2]) + "\n") * 3
    assert rewritten(tmp_path, data, *columns) == wanted.encode()


def test_a_file_that_changed_since_it_was_scanned_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(b"A,B\n1,2\n")
    head = read_head(ByteSource.of(path))
    path.write_bytes(b"A,B\n1,2\n3,4\n")
    with pytest.raises(CsvError, match="changed"):
        rewrite(head, tmp_path, Layout((Column("A", 0),)))
    assert list(tmp_path.iterdir()) == [path]


def test_names_of_columns_may_be_sent_in_place_of_those_of_the_file(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(b"First,Last\r\n1,2\r\n3,4\r\n")
    head = read_head(ByteSource.of(path))
    names = [f"{name}, new" for name in head.header.columns]
    made = scan_rows(rename_columns(head, names, FormatLimits()))
    assert made.header.columns == tuple(names)
    (part,) = made.parts
    wanted = b'"First, new","Last, new"\r\n1,2\r\n3,4\r\n'
    with part.open() as body:
        assert body.read() == wanted
    assert part.size == len(wanted)
    with pytest.raises(CsvError, match="twice"):
        rename_columns(head, ["a", "A"], FormatLimits())
