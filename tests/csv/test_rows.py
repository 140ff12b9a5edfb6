"""Reading and writing rows as Python strings."""

from __future__ import annotations

import csv
import gzip
import io
import subprocess
import sys
from collections.abc import Callable
from itertools import islice
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bulkflow_csv import ByteSource, CsvError, Row, read_rows, scan, write_rows

Source = Callable[[bytes], ByteSource]


def read(where: ByteSource, **options: str) -> list[Row]:
    return list(read_rows(where.path, name=where.name, **options))


def test_rows_come_with_the_lines_that_they_start_on(source: Source) -> None:
    data = b'\xef\xbb\xbfa,b\n1,"x\ny"\n3,"\r\n"\n"",\n'
    assert read(source(data)) == [
        Row(1, ["a", "b"]),
        Row(2, ["1", "x\ny"]),
        Row(4, ["3", "\r\n"]),
        Row(6, ["", ""]),
    ]


def test_a_gz_file_is_decompressed(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv.gz"
    # Several members are one file.
    path.write_bytes(gzip.compress(b'\xef\xbb\xbfa,b\n1,"x') + gzip.compress(b'\ny"\n'))
    assert list(read_rows(path)) == [Row(1, ["a", "b"]), Row(2, ["1", "x\ny"])]


@pytest.mark.parametrize("cut", [1, 8, 30])
def test_truncated_gzip_is_reported(tmp_path: Path, cut: int) -> None:
    path = tmp_path / "rows.csv.gz"
    path.write_bytes(gzip.compress(b"a,b\n" + b"1,2\n" * 500)[:-cut])
    with pytest.raises(CsvError, match="the gzip file is truncated"):
        list(read_rows(path))


@pytest.mark.parametrize("damage", [b"a,b\n1,2\n", b"\x1f\x8b\x08\0\0\0\0\0\0\0" + b"\xff" * 40])
def test_a_gz_file_that_is_not_gzip_is_reported(tmp_path: Path, damage: bytes) -> None:
    path = tmp_path / "rows.csv.gz"
    path.write_bytes(damage)
    with pytest.raises(CsvError, match=r"the content is not gzip|the gzip file is corrupt"):
        list(read_rows(path))


def test_another_delimiter_is_taken(source: Source) -> None:
    assert read(source(b"a;b\r\n1,2;3\r\n"), delimiter=";") == [
        Row(1, ["a", "b"]),
        Row(2, ["1,2", "3"]),
    ]


def test_blank_lines_are_no_rows(source: Source) -> None:
    assert read(source(b"a,b\n\n1,2\n\n")) == [Row(1, ["a", "b"]), Row(3, ["1", "2"])]


def test_blank_lines_are_empty_values_where_there_is_one_column(source: Source) -> None:
    where = source(b"a\n\n1\n\n\n")
    rows = read(where)
    assert rows == [Row(1, ["a"]), Row(2, [""]), Row(3, ["1"])]
    assert scan(where).rows == len(rows) - 1


def test_values_longer_than_the_csv_module_takes_by_default_are_read(source: Source) -> None:
    assert read(source(b"a\n" + b"x" * 500_000))[1].values == ["x" * 500_000]


@pytest.mark.parametrize(
    "rest",
    [b"x" * 99, b"x," * 99, b'"' + b"x\n" * 99, b'"x\n",' * 99],
    ids=["value", "values", "open quote", "lines"],
)
def test_a_record_without_end_is_not_read_to_its_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rest: bytes
) -> None:
    longest = 99
    monkeypatch.setattr("bulkflow_csv.rows._LONGEST_RECORD", longest)
    path = tmp_path / "rows.csv.gz"
    taken = b"a,b\n" + b"1,2\n" * 99 + b'"' + b"y" * (longest - 5) + b'",\n'
    path.write_bytes(gzip.compress(taken))
    assert len(list(read_rows(path))) == 101
    path.write_bytes(gzip.compress(taken + rest + b"\n"))
    with pytest.raises(CsvError, match="a record has more than 99 bytes"):
        list(read_rows(path))


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="memory cannot be limited here")
@pytest.mark.parametrize(
    ("unit", "size", "most"),
    [(b"\0", 256, 200), (b",", 256, 400), (b"\n", 4, 80)],
    ids=["a line", "values", "blank lines"],
)
def test_what_unpacks_to_very_much_takes_little_memory(
    tmp_path: Path, unit: bytes, size: int, most: int
) -> None:
    path = tmp_path / "rows.csv.gz"
    with gzip.open(path, "wb", compresslevel=1) as file:
        file.write(b"a\n")
        for _ in range(size):
            file.write(unit * (1 << 20))
    code = f"""
import resource
from contextlib import suppress
from pathlib import Path
from bulkflow_csv import CsvError, read_rows
held = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (held + ({most} << 20),) * 2)
with suppress(CsvError):
    print(sum(1 for _ in read_rows(Path({str(path)!r}))))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")


def test_rows_are_read_one_by_one(source: Source) -> None:
    rows = read_rows(source(b"a\n" + b"1\n" * 100_000 + b'"').path)
    # The error in the last line is not reached.
    assert len(list(islice(rows, 50))) == 50


@pytest.mark.parametrize(
    ("data", "message", "line"),
    [
        (b'a\n1\n"x\ny', "not valid CSV", 3),
        (b'a\n"x"y\n', "not valid CSV", 2),
        (b'a\n1\n"x\n\xff\n', "byte 0xFF is not valid UTF-8", 4),
    ],
)
def test_what_is_not_csv_is_refused(source: Source, data: bytes, message: str, line: int) -> None:
    with pytest.raises(CsvError, match=message) as caught:
        read(source(data))
    assert caught.value.line == line
    assert caught.value.__cause__ is not None


def test_a_file_that_is_missing_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CsvError, match="cannot be read"):
        list(read_rows(tmp_path / "missing.csv"))


TEXT = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=10)


@given(rows=st.lists(st.lists(TEXT, min_size=2, max_size=2)))
def test_rows_that_are_written_are_read_again(
    tmp_path_factory: pytest.TempPathFactory, rows: list[list[str]]
) -> None:
    path = tmp_path_factory.getbasetemp() / "written.csv"
    assert write_rows(path, ["a", 'b "x"'], rows) == len(rows)
    plain = [[value.replace("\r\n", "\n").replace("\r", "\n") for value in row] for row in rows]
    assert [row.values for row in read_rows(path)] == [["a", 'b "x"'], *plain]
    with path.open(newline="", encoding="utf-8") as file:
        assert list(csv.reader(file)) == [["a", 'b "x"'], *plain]
    found = scan(ByteSource.of(path), delimiter=",")
    assert (found.rows, found.dialect.line_ending) == (len(rows), "LF")


def test_rows_are_written_as_the_api_takes_them() -> None:
    stream = io.BytesIO()
    rows = [['say "hi"', "a,b"], ["x\r\ny\rz", "é"], ["", " "]]
    assert write_rows(stream, ["a", "b"], rows) == 3
    assert stream.getvalue() == 'a,b\n"say ""hi""","a,b"\n"x\ny\nz",é\n, \n'.encode()
    assert not stream.closed


def test_an_empty_row_of_one_column_is_no_blank_line() -> None:
    stream = io.BytesIO()
    write_rows(stream, ["a"], [[""], ["1"], [""]])
    assert stream.getvalue() == b'a\n""\n1\n""\n'


@pytest.mark.parametrize(
    ("header", "row", "message", "record"),
    [
        (["a", "b"], ["1"], "the row has 1 values", 2),
        (["a", "b"], ["1", "2", "3"], "the row has 3 values", 2),
        (["a", "b"], ["1", "\0"], "the row contains a NUL", 2),
        (["a", "b"], ["1", "\ud800"], "half of a surrogate pair", 2),
        (["a", "\ud800"], ["1", "2"], "half of a surrogate pair", 0),
        (["a", "A"], ["1", "2"], "appears twice in the header", 0),
        (["a", ""], ["1", "2"], "has no name", 0),
    ],
)
def test_rows_that_cannot_be_loaded_are_not_written(
    header: list[str], row: list[str], message: str, record: int
) -> None:
    with pytest.raises(CsvError, match=message) as caught:
        write_rows(io.BytesIO(), header, [["x", "y"], row], name="contacts")
    assert caught.value.record == record
    assert caught.value.name == "contacts"


def test_a_folder_that_cannot_be_written_to_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(CsvError, match="cannot be written"):
        write_rows(tmp_path / "missing" / "x.csv", ["a"], [])
