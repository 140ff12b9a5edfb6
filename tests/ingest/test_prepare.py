"""Rows that a plugin makes are kept on disk until they are sent."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bulkflow.errors import PluginError
from bulkflow.plugin import Provider, Source, SourceRows
from bulkflow.testing import RecordingContext, make_job
from bulkflow_csv import ByteSource
from bulkflow_ingest.settings import IngestSettings
from bulkflow_ingest.source.open import open_location, to_byte_source


def test_rows_that_are_made_side_by_side_are_kept_apart(tmp_path: Path) -> None:
    inner: list[ByteSource] = []

    def rows() -> Iterator[tuple[str | None]]:
        yield ("a1",)
        inner.append(to_byte_source(SourceRows("b", ("Name",), iter([("b1",), (None,)])), tmp_path))
        yield ("a2",)

    outer = to_byte_source(SourceRows("a", ("Name",), rows()), tmp_path)
    assert outer.path.read_text("utf-8").split() == ["Name", "a1", "a2"]
    assert inner[0].path.read_text("utf-8").split()[:2] == ["Name", "b1"]
    assert outer.path != inner[0].path


def faulty(*values: object) -> Iterator[tuple[object, ...]]:
    yield ("Ada", None)
    yield values


def failing() -> Iterator[tuple[str, None]]:
    yield ("Ada", None)
    raise ZeroDivisionError


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (
            faulty("Bob", {}),
            "row 2, column Size: plugin ops (bulkflow-ops 1.0) gave {}, of type dict",
        ),
        (faulty("Bob", 1j), "gave 1j, of type complex, which cannot be written to CSV"),
        (faulty([{}], "7"), "row 2, column Name: plugin ops (bulkflow-ops 1.0) gave [{}]"),
        (failing(), "plugin ops (bulkflow-ops 1.0) failed while reading the rows of sqlite:x"),
    ],
)
def test_faulty_rows_are_a_fault_of_their_plugin(
    tmp_path: Path, rows: Iterator[Any], message: str
) -> None:
    made = SourceRows("sqlite:x", ("Name", "Size"), rows)
    source = Source(("sqlite",), "x", lambda _: [made], Provider("ops", "bulkflow-ops", "1.0"))
    context = RecordingContext(tmp_path, tmp_path, sources={"sqlite": source})
    settings = IngestSettings.of({"location": "sqlite://x"})
    (data,) = open_location(context, make_job("people"), settings)
    with pytest.raises(PluginError) as caught:
        to_byte_source(data, tmp_path)
    assert message in caught.value.message
