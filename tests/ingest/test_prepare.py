"""Rows that a plugin makes are kept on disk until they are sent."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from bulkflow.plugin import SourceRows
from bulkflow_csv import ByteSource
from bulkflow_ingest.source.open import on_disk


def test_rows_that_are_made_side_by_side_are_kept_apart(tmp_path: Path) -> None:
    inner: list[ByteSource] = []

    def rows() -> Iterator[tuple[str | None]]:
        yield ("a1",)
        inner.append(on_disk(SourceRows("b", ("Name",), iter([("b1",), (None,)])), tmp_path))
        yield ("a2",)

    outer = on_disk(SourceRows("a", ("Name",), rows()), tmp_path)
    assert outer.path.read_text("utf-8").split() == ["Name", "a1", "a2"]
    assert inner[0].path.read_text("utf-8").split()[:2] == ["Name", "b1"]
    assert outer.path != inner[0].path
