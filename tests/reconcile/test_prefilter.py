"""A few results among many rows: what is saved is what looking at all rows would have saved."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any
from unittest import mock

import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from bulkflow_ingest.reconcile import ReconcileError, prefilter, source_rows
from bulkflow_sandbox.core.dates import format_java_double

BAD = "REQUIRED_FIELD_MISSING:Required fields are missing: [Name]:Name --"
LOCK = "UNABLE_TO_LOCK_ROW:unable to obtain:--"
HEADER = ["Key__c", "Amount__c", "Name"]

keys = st.sampled_from(["K-1", "k-1", "K-2", "5", "5.0", "5e0", "", "#N/A", "true", "x"])
amounts = st.sampled_from(["", "7", "7.0", "912260031", "9.12260031E8", "2024-01-01", "a"])
names = st.sampled_from(
    ["Ann", "ann", " Ann", 'say "so"', "a,b", "two\nlines", "001xx0000000001AAA"]
)


@st.composite
def loads(draw: st.DrawFn) -> dict[str, Any]:
    rows = draw(st.lists(st.tuples(keys, amounts, names), min_size=1, max_size=14))
    return {
        "rows": rows,
        "outcomes": draw(
            st.lists(
                st.sampled_from(["loaded", "loaded", "failed", "locked", "unprocessed"]),
                min_size=len(rows),
                max_size=len(rows),
            )
        ),
        "anew": draw(st.booleans()),
        "strays": draw(st.integers(0, 5)) == 5,
        "kinds": draw(
            st.sampled_from([("failed",), ("failed",), ("failed", "successful"), ("successful",)])
        ),
        "again": draw(st.booleans()),
        "part_rows": draw(st.integers(1, 6)),
        "delimiter": draw(st.sampled_from(",;\t")),
        "crlf": draw(st.booleans()),
        "seed": draw(st.integers(0, 2**16)),
    }


def prepare(job: Any, made: dict[str, Any], folder: Path) -> None:
    """Write source and results as the load says; some of the rows are sent again."""
    line_end = "\r\n" if made["crlf"] else "\n"
    rows = [tuple(value.replace("\n", line_end) for value in row) for row in made["rows"]]
    random = Random(made["seed"])
    job.source(
        job.text([HEADER, *rows], line_end),
        part_rows=made["part_rows"],
        line_ending="CRLF" if made["crlf"] else "LF",
    )
    answer(job, made, random, list(job.slices), rows, made["outcomes"])
    if made["again"]:
        with job.outcomes() as outcomes:
            sent = outcomes.rows_to_send(folder, codes=None, unprocessed=False)
        for each in sent:
            known = len(job.slices)
            line_ending = "CRLF" if made["crlf"] else "LF"
            job.scan(each.path, "again", made["part_rows"], each.mapping, line_ending)
            again = [
                row
                for row, outcome in zip(rows, made["outcomes"], strict=True)
                if outcome in {"failed", "locked"}
            ]
            if sum(part.rows for part in job.slices[known:]) == len(again):
                later_outcomes = [random.choice(["loaded", "failed"]) for _ in again]
                answer(job, made, random, job.slices[known:], again, later_outcomes)
    job.results = [each for each in job.results if each.kind in made["kinds"]]


def answer(
    job: Any, made: dict[str, Any], random: Random, slices: Any, rows: Any, outcomes: Any
) -> None:
    at = 0
    for each in slices:
        good, bad = [], []
        for row, outcome in zip(
            rows[at : at + each.rows], outcomes[at : at + each.rows], strict=True
        ):
            if outcome == "loaded":
                good.append([f"{random.random()}", "true", *(anew(row) if made["anew"] else row)])
            elif outcome != "unprocessed":
                bad.append(["", BAD if outcome == "failed" else LOCK, *row])
        at += each.rows
        if made["strays"] and each.part == 0:
            bad.append(["", BAD, "nobody", "7", "Ann"])
        random.shuffle(good)
        random.shuffle(bad)
        job.result(each.part, "successful", good)
        job.result(each.part, "failed", bad)


def anew(row: tuple[str, ...]) -> list[str]:
    key, amount, name = row
    return [key.upper(), format_java_double(float(amount)) if amount.isdigit() else amount, name]


@given(made=loads())
@settings(deadline=None, max_examples=12, suppress_health_check=[HealthCheck.too_slow])
def test_leaving_rows_out_changes_nothing(
    made: dict[str, Any], new_job: Callable[..., Any]
) -> None:
    job = new_job(made["delimiter"])
    prepare(job, made, job.folder / "again")
    told = []
    for rest in (True, False):
        with mock.patch.object(prefilter, "WORTH_IT", 0), job.outcomes(rest=rest) as outcomes:
            event(f"is_filtered: {outcomes._saving.source.is_filtered}")
            saved = [
                (job.saved(outcomes, each), (job.folder / "saved" / f"{each}.csv").read_bytes())
                for each in ("failed", "successful")
            ]
            told.append((saved, outcomes.errors()))
    assert told[0] == told[1]


@pytest.fixture
def few(job: Any) -> Any:
    job.source("Key__c,Name\n" + "".join(f'K-{i},"n\n{i}"\n' for i in range(40)), part_rows=15)
    job.result(0, "failed", [["", BAD, "K-3", "n\n3"]])
    job.result(2, "failed", [["", BAD, "K-39", "n\n39"], ["", BAD, "K-31", "n\n31"]])
    return job


def test_few_results_among_many_rows_are_found_without_looking_at_all_of_them(few: Any) -> None:
    nobody = mock.patch.object(source_rows.SourceRowTable, "read", side_effect=AssertionError)
    with nobody, few.outcomes(rest=False) as outcomes:
        saved = few.saved(outcomes, "failed")
    assert [(row["Key__c"], row["_line"]) for row in saved] == [
        ("K-3", "8"),
        ("K-31", "64"),
        ("K-39", "80"),
    ]


def test_many_results_are_joined_to_all_rows(few: Any) -> None:
    nobody = mock.patch.object(prefilter.Prefilter, "filter_rows", side_effect=AssertionError)
    with nobody, mock.patch.object(prefilter, "WORTH_IT", 14), few.outcomes(rest=False) as outcomes:
        assert len(few.saved(outcomes, "failed")) == 3


def test_without_results_no_row_is_looked_at(job: Any) -> None:
    job.source("Key__c,Name\nK-1,a\n")
    nobody = mock.patch.object(source_rows.SourceRowTable, "as_it_is", side_effect=AssertionError)
    with nobody, job.outcomes(rest=False) as outcomes:
        assert job.saved(outcomes, "failed") == []


def test_a_source_that_changed_is_refused(few: Any) -> None:
    found = few.slices[0].path
    inner = prefilter.Prefilter._kept

    def kept(self: Any, file: Any) -> Any:
        rows = inner(self, file)
        found.write_bytes(found.read_bytes() + b"K-40,x\n")
        return rows

    with (
        mock.patch.object(prefilter.Prefilter, "_kept", kept),
        pytest.raises(ReconcileError, match="can no longer be identified"),
    ):
        few.outcomes(rest=False)
