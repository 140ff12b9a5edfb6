"""A stream read in windows gives the same rows and errors as the whole file."""

from __future__ import annotations

import gzip
import io
from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from bulkflow_csv import (
    ByteSource,
    CsvError,
    FormatLimits,
    PartLimit,
    PartRange,
    read_windows,
    rename_columns,
    scan,
)
from bulkflow_csv.compression import GZIP

LAW = settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
CELLS = st.sampled_from(
    [b"", b"a", b"bc" * 9, b'"x,y"', b'"a\nb"', b'"say ""hi"""', "é東".encode(), b'"\n\n"', b'""']
)
ROWS = st.lists(st.tuples(CELLS, CELLS).filter(any), max_size=40)
ENDS = st.sampled_from([b"", b"\n", b"\n\n\n"])
SCRAPS = st.lists(
    st.sampled_from([b'"', b'""', b",", b"\n", b"\r\n", b"a", b"b,c\n" * 5, b"\xff", b"\n\n"]),
    max_size=30,
).map(b"".join)

Read: TypeAlias = tuple[bytes, bytes, list[tuple[int, int]], int]


def rows_of(part: PartRange) -> bytes:
    with part.open() as body:
        return body.read()[part.header.size :]


def whole(data: bytes, folder: Path) -> Read:
    path = folder / "whole.csv"
    path.write_bytes(data)
    scanned = scan(ByteSource("data.csv", path))
    return (
        scanned.header.raw,
        b"".join(rows_of(part) for part in scanned.parts),
        [(part.first_row, part.first_line) for part in scanned.parts][:1],
        scanned.rows,
    )


def read_in_windows(data: bytes, folder: Path, size: int) -> Read:
    header, rows, places, count = b"", b"", [], 0
    stream = io.BytesIO(data)
    for each in read_windows(
        stream, folder, name="data.csv", limit=PartLimit(max(size, 64)), least=size
    ):
        assert header in (b"", each.header.raw)
        header = each.header.raw
        for part in each.parts:
            # The part is at the position that it reports.
            before = data[: data.index(header) + len(header)] + rows
            assert part.first_line == before.count(b"\n") + 1
            assert part.first_row == count + 1
            rows += rows_of(part)
            places.append((part.first_row, part.first_line))
            count += part.rows
        each.source.path.unlink()
    return header, rows, places[:1], count


@LAW
@given(ROWS, ENDS, st.integers(32, 300), st.sampled_from([b"\n", b"\r\n"]), st.booleans())
@example([(b"a", b"b")], b"\n", 32, b"\n", True)
def test_windows_hold_the_rows_of_the_file(
    tmp_path: Path,
    rows: list[tuple[bytes, bytes]],
    end: bytes,
    size: int,
    feed: bytes,
    bom: bool,
) -> None:
    lines = [b"Name,Phone", *(b",".join(row) for row in rows)]
    data = (b"\xef\xbb\xbf" if bom else b"") + b"\n".join(lines) + end
    data = data.replace(b"\n", feed)
    assert read_in_windows(data, tmp_path, size) == whole(data, tmp_path)
    assert [each.name for each in tmp_path.iterdir()] == ["whole.csv"]


@LAW
@given(SCRAPS, st.integers(32, 200))
@example(b"a,b\n" * 20 + b'5" pipe,x\n' + b"c,d\n" * 20, 64)
@example(b"a,b\n" * 20 + b'"never closed,x\n' + b"c,d\n" * 20, 64)
@example(b"a,b\n" * 20 + b"\n" + b"c,d\n" * 20, 84)
def test_windows_find_the_first_fault_where_it_is(tmp_path: Path, body: bytes, size: int) -> None:
    data = b"Name,Phone\n" + body
    expected = outcome(lambda: whole(data, tmp_path))
    found = outcome(lambda: read_in_windows(data, tmp_path, size))
    if isinstance(expected, CsvError) and isinstance(found, CsvError):
        # The error in a record longer than a window is found before the record ends.
        assert found.record == expected.record
        assert (found.line or 0) <= (expected.line or 0)
    else:
        assert found == expected
    assert [each.name for each in tmp_path.iterdir()] == ["whole.csv"]


def outcome(read: Callable[[], Read]) -> Read | CsvError:
    try:
        return read()
    except CsvError as error:
        return error


@pytest.mark.parametrize(
    "fault", [b'5" pipe,x\n', b"\n", b"a\n", b"a,\xff\n", b"a,b\r\n", b'"a"b,c\n', b"a,\0\n"]
)
@pytest.mark.parametrize("before", [0, 1, 19, 20, 21, 300])
def test_positions_of_errors_count_from_the_start_of_the_stream(
    tmp_path: Path, fault: bytes, before: int
) -> None:
    data = b"Name,Phone\n" + b'a,"b\nb"\n' * before + fault + b"c,d\n" * 40
    with pytest.raises(CsvError) as expected:
        whole(data, tmp_path)
    with pytest.raises(CsvError) as caught:
        read_in_windows(data, tmp_path, 160)
    assert str(caught.value) == str(expected.value)
    assert caught.value.place == expected.value.place


@pytest.mark.parametrize("names", [("N", "P"), ("First_and_last_name__c", "Telephone__c")])
def test_positions_of_errors_do_not_depend_on_column_names(
    tmp_path: Path, names: tuple[str, str]
) -> None:
    data = b"Name,Phone\n" + b"a,b\n" * 300 + b"a,\0\n" + b"c,d\n" * 40
    with pytest.raises(CsvError) as expected:
        whole(data, tmp_path)
    with pytest.raises(CsvError) as caught:
        for _ in read_windows(
            io.BytesIO(data),
            tmp_path,
            name="data.csv",
            limit=PartLimit(160),
            least=160,
            rename=lambda head: rename_columns(head, names, FormatLimits()),
        ):
            pass
    assert str(caught.value) == str(expected.value)
    assert caught.value.place == expected.value.place


def test_a_window_is_removed_before_the_next_is_written(tmp_path: Path) -> None:
    data = b"Name,Phone\n" + b"a,b\n" * 1000
    most = 0
    for each in read_windows(
        io.BytesIO(data), tmp_path, name="stdin", limit=PartLimit(400), least=400
    ):
        assert len(list(tmp_path.iterdir())) == 1
        most = max(most, each.source.path.stat().st_size)
        each.source.path.unlink()
    assert most <= 400


def test_a_stream_of_gzip_is_unpacked(tmp_path: Path) -> None:
    data = b"Name,Phone\n" + b"a,b\n" * 1000
    found = read_windows(
        io.BytesIO(gzip.compress(data)), tmp_path, name="a.gz", compression=GZIP, least=1000
    )
    assert sum(each.rows for each in found) == 1000


def test_truncated_gzip_leaves_no_window(tmp_path: Path) -> None:
    packed = gzip.compress(b"Name,Phone\n" + bytes(range(97, 120)) * 1000)[:-40]
    with pytest.raises(CsvError, match="the gzip file is truncated"):
        list(read_windows(io.BytesIO(packed), tmp_path, name="a.gz", compression=GZIP, least=1000))
    assert not list(tmp_path.iterdir())
