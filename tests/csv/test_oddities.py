"""Odd rows are found at the ends of a file in a run, and everywhere in a plan."""

from __future__ import annotations

from pathlib import Path

import pytest

from bulkflow_csv import ByteSource, find_oddities, read_head

EDGES = 1 << 20
ROW = b"some name,some city\n"


@pytest.mark.parametrize("edges", [None, EDGES])
@pytest.mark.parametrize("place", [0, 1, 1000, 60_000, 150_000, 269_000, 300_000])
def test_a_blank_row_is_found(tmp_path: Path, place: int, edges: int | None) -> None:
    rows = [ROW] * 300_000
    rows.insert(place, b",\n")
    path = tmp_path / "rows.csv"
    path.write_bytes(b"Name,City\n" + b"".join(rows))
    found = find_oddities(read_head(ByteSource.of(path, name="rows.csv")), edges=edges)
    hidden = edges is not None and EDGES < place * len(ROW) < 300_000 * len(ROW) - EDGES
    if hidden:
        assert found.blank is None
    else:
        assert found.blank is not None
        assert (found.blank.count, found.blank.line) == (1, place + 2)


def test_a_file_without_odd_rows_has_none(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    path.write_bytes(b"Name,City\n" + ROW * 1000 + b'"a\n,\n",x\n')
    found = find_oddities(read_head(ByteSource.of(path, name="rows.csv")))
    assert (found.blank, found.headers, found.marks) == (None, None, None)
