"""DuckDB reads every file as the rest of the program does: same rows, same order, same values."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any
from unittest import mock

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bulkflow_csv import read_rows
from bulkflow_ingest.reconcile import Outcome, Reconciler
from bulkflow_rows import csv_relation

cells = st.one_of(
    st.sampled_from(["", " ", '"', '""', ",", ";", "\n", "a\n\nb", "#", "NULL", "null", "\\", "'"]),
    st.text(st.characters(codec="utf-8", exclude_characters="\0\r"), max_size=5),
)


@given(
    data=st.integers(1, 3).flatmap(
        lambda width: st.lists(
            st.lists(cells, min_size=width, max_size=width), min_size=1, max_size=12
        )
    ),
    bom=st.booleans(),
    ended=st.booleans(),
    crlf=st.booleans(),
    delimiter=st.sampled_from(",;\t|^`"),
    part_rows=st.integers(1, 5),
)
@settings(deadline=None, max_examples=25, suppress_health_check=[HealthCheck.too_slow])
def test_all_rows_are_saved_as_they_were(
    data: list[list[str]],
    bom: bool,
    ended: bool,
    crlf: bool,
    delimiter: str,
    part_rows: int,
    new_job: Callable[..., Any],
) -> None:
    job = new_job(delimiter)
    line_end = "\r\n" if crlf else "\n"
    header = [f"C{index}__c" for index in range(len(data[0]))]
    rows = [[value.replace("\n", line_end) for value in row] for row in data]
    text = job.text([header, *rows], line_end)
    if not ended:
        text = text.removesuffix(line_end)
    job.source("\ufeff" * bom + text, part_rows=part_rows, line_ending="CRLF" if crlf else "LF")
    path = job.folder / "data.csv"
    expected = list(read_rows(path, delimiter=delimiter))[1:]
    expected = expected[: sum(each.rows for each in job.slices)]
    if not expected:
        return
    job.without_result(Outcome.UNPROCESSED, *range(len(job.slices)))
    with job.outcomes() as outcomes:
        saved = job.saved(outcomes, "unprocessed")
        sent = outcomes.rows_to_send(job.folder / "again")
    assert [[row[name] for name in header] for row in saved] == [row.values for row in expected]
    assert [int(row["_line"]) for row in saved] == [row.line for row in expected]
    (again,) = sent
    assert again.path.read_bytes().startswith(job.slices[0].header.rstrip(b"\r\n"))
    assert [row.values for row in read_rows(again.path, delimiter=delimiter)][1:] == [
        row.values for row in expected
    ]


@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_a_file_of_several_buffers_is_read_in_order_by_several_threads(
    job: Any, line_end: str
) -> None:
    random = Random(5)
    words = ["plain", "with, comma", f"two{line_end}lines", 'say "x"', "", "ü" * 40]
    rows = [
        [str(number), *(random.choice(words) * random.randrange(4) for _ in range(5))]
        for number in range(80_000)
    ]
    header = ["Number__c", "A__c", "B__c", "C__c", "D__c", "E__c"]
    job.source(
        job.text([header, *rows], line_end),
        part_rows=50_000,
        line_ending="CRLF" if line_end == "\r\n" else "LF",
    )
    chosen = random.sample(range(len(rows)), 40_000)
    for each in job.slices:
        end = each.first_row - 1 + each.rows
        bad = [index for index in chosen if each.first_row - 1 <= index < end]
        job.result(
            each.part,
            "failed",
            [["", f"E{index}:{line_end}:--", *rows[index]] for index in bad],
            counted=len(bad),
        )
    with Reconciler.of(job.slices, job.results, job.folder / "join", threads=2) as outcomes:
        saved = job.saved(outcomes, "failed")
        total = outcomes.counts().total
    assert [[row[name] for name in header] for row in saved] == [
        rows[index] for index in sorted(chosen)
    ]
    # The line breaks of errors become those of the saved file.
    assert [row["_error"] for row in saved] == [f"E{index}:\n:--" for index in sorted(chosen)]
    assert (total.failed, total.unknown, total.ambiguous) == (40_000, 40_000, 0)


@pytest.mark.parametrize("rest", [True, False])
def test_values_that_look_like_records_are_values_wherever_a_thread_begins(
    job: Any, rest: bool
) -> None:
    rows = [[str(number), "1,2,3\n4,5,6\n" * 300, "end"] for number in range(150)]
    job.source(job.text([["A__c", "B__c", "C__c"], *rows]))
    job.result(0, "failed", [["", f"E{number}", *rows[number]] for number in range(149, 120, -1)])
    with (
        mock.patch.object(csv_relation, "_LONGEST_LINE", 1 << 14),
        mock.patch.object(csv_relation, "_BUFFER", 1 << 16),
        Reconciler.of(
            job.slices, job.results, job.folder / "join", rest=rest, threads=4
        ) as outcomes,
    ):
        saved = job.saved(outcomes, "failed")
    assert [row["_error"] for row in saved] == [f"E{number}" for number in range(121, 150)]
    assert [row["B__c"] for row in saved] == [row[1] for row in rows[121:]]
