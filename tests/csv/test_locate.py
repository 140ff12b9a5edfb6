"""Rows located by number have the bytes and the line that a CSV reader finds."""

from __future__ import annotations

import csv
import io
from unittest import mock

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bulkflow_csv import locate
from bulkflow_csv.scanning import locate as locating

values = st.sampled_from(["", "a", "x,y", 'say "so"', "two\nlines", "é", "\n\n", '"'])


@given(
    rows=st.lists(st.tuples(values, values), max_size=20),
    wanted=st.sets(st.integers(0, 22)),
    crlf=st.booleans(),
    open_end=st.booleans(),
    block=st.sampled_from([1, 7, 64, 1 << 20]),
)
@settings(deadline=None, max_examples=60)
def test_each_row_is_located(
    tmp_path_factory: pytest.TempPathFactory,
    rows: list[tuple[str, str]],
    wanted: set[int],
    *,
    crlf: bool,
    open_end: bool,
    block: int,
) -> None:
    line_end = "\r\n" if crlf else "\n"
    records = []
    for row in rows:
        text = io.StringIO()
        csv.writer(text, lineterminator=line_end).writerow(row)
        records.append(text.getvalue().encode())
    if records and open_end:
        records[-1] = records[-1].removesuffix(line_end.encode())
    before = b"A,B\n"
    data = b"".join([before, *records])
    path = tmp_path_factory.mktemp("csv") / "rows.csv"
    path.write_bytes(data)
    with path.open("rb", buffering=0) as file, mock.patch.object(locating, "_BLOCK", block):
        found = list(locate(file, sorted(wanted), start=len(before), end=len(data), line=2))
    assert [place.row for place in found] == sorted(each for each in wanted if each < len(rows))
    for place in found:
        assert data[place.start : place.end] == records[place.row]
        assert place.line == 1 + data[: place.start].count(b"\n")
