"""Counting records without validating them."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bulkflow_csv import ByteSource, CsvError, count_records
from support.alike import Alike

Source = Callable[[bytes], ByteSource]
VALUES = st.lists(st.sampled_from([*'a,"\n é東', "\r\n", "x" * 61]), max_size=12).map("".join)


@settings(
    max_examples=200,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    rows=st.lists(st.tuples(VALUES, VALUES), max_size=12),
    newline=st.sampled_from(["\n", "\r\n"]),
    quoting=st.sampled_from([csv.QUOTE_ALL, csv.QUOTE_MINIMAL]),
    ended=st.booleans(),
    block=st.sampled_from([64, 128, 1024]),
)
def test_there_are_as_many_as_were_written(
    alike: Alike,
    tmp_path: Path,
    rows: list[tuple[str, str]],
    newline: str,
    quoting: int,
    ended: bool,
    block: int,
) -> None:
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator=newline, quoting=quoting).writerows([("a", "b"), *rows])
    data = text.getvalue().encode()
    path = tmp_path / "data.csv"
    path.write_bytes(data if ended else data.removesuffix(newline.encode()))
    where = ByteSource("data.csv", path)
    found = alike(lambda each: count_records(where, block_size=block, backend=each))
    assert found == 1 + len(rows)


@pytest.mark.parametrize(
    ("data", "records"),
    [(b"", 0), (b"a", 1), (b"a\n", 1), (b"a\n\n", 2), (b'a\n"\n', 2), (b"\xef\xbb\xbfa\n1", 2)],
)
def test_nothing_is_checked(alike: Alike, source: Source, data: bytes, records: int) -> None:
    where = source(data)
    assert alike(lambda each: count_records(where, backend=each)) == records


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CsvError, match="does not exist"):
        count_records(ByteSource.of(tmp_path / "missing.csv"))


@pytest.mark.parametrize("size", [0, 63, 100])
def test_blocks_are_whole_words(alike: Alike, source: Source, size: int) -> None:
    for each in alike.backends:
        with pytest.raises(ValueError, match="multiple of 64"):
            count_records(source(b"a\n"), block_size=size, backend=each)
