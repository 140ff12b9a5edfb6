"""The law: every source row has one outcome, and where no doubt is said, it is its own."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from random import Random
from typing import Any
from unittest import mock

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bulkflow_ingest.reconcile import batches, distinct_outcomes
from bulkflow_sandbox.core.dates import format_java_double, read_moment

CODES = ["UNABLE_TO_LOCK_ROW:unable to obtain:--", 'BAD:a, "b"\nc:Name Amount__c --']
UNPROCESSED = ("unprocessed", "", "", "")
UNKNOWN = ("unknown", "", "", "")
HEADER = ["Name", "Amount__c", "When__c", "Ok__c"]

texts = st.one_of(
    st.sampled_from(["", "a", "A", '"', 'x "y"', "a,b", " a", "00123", "123", "#N/A", "1e2"]),
    st.text(st.characters(codec="utf-8", exclude_characters="\0\r\n"), max_size=4),
    st.sampled_from(["line\nline", "\n", 'q"\n"']),
)
numbers = st.one_of(
    st.sampled_from(["", "100", "100.0", "1e2", "912260031", "9.12260031E8", "0.00001", "-0"]),
    st.integers(-(10**9), 10**9).map(str),
)
moments = st.one_of(
    st.just(""),
    st.integers(-(10**9), 2 * 10**9).map(
        lambda seconds: datetime.fromtimestamp(seconds, UTC).isoformat()
    ),
    st.sampled_from(["2024-01-01T10:00:00Z", "2024-01-01T12:00:00+02:00"]),
)
booleans = st.sampled_from(["true", "FALSE", "1", "0", ""])
rows_of_a_job = st.lists(st.tuples(texts, numbers, moments, booleans), max_size=12)


def rewritten(row: tuple[str, ...]) -> list[str]:
    """A saved row as Salesforce writes it."""
    name, amount, when, ok = row
    return [
        "" if name == "#N/A" else name,
        format_java_double(float(amount)) if amount else "",
        (read_moment(when) or "") if when else "",
        {"true": "true", "1": "true", "false": "false", "0": "false", "": ""}[ok.lower()],
    ]


def meaning(row: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(rewritten(row))


@st.composite
def jobs(draw: st.DrawFn) -> dict[str, Any]:
    rows = draw(rows_of_a_job)
    # Rows again, so that duplicates are not rare.
    rows += draw(st.lists(st.sampled_from(rows), max_size=6)) if rows else []
    # No fields that make a line blank, and so no row of which the formats disagree.
    kinds = ["created", "updated", "failed0", "failed1", "unprocessed"]
    # Rows that are committed after the unprocessed ones were asked for are in two files.
    late = draw(st.lists(st.booleans(), min_size=len(rows), max_size=len(rows)))
    if not any(late):
        kinds.append("unknown")
    outcomes = draw(
        st.lists(
            st.sampled_from(kinds),
            min_size=len(rows),
            max_size=len(rows),
        )
    )
    return {
        "rows": rows,
        "outcomes": outcomes,
        "late": late,
        "part_rows": draw(st.integers(1, 8)),
        "delimiter": draw(st.sampled_from(",;\t|^`")),
        "crlf": draw(st.booleans()),
        "seed": draw(st.integers(0, 2**16)),
        # How many rows are looked at in memory, and how many errors are kept once each.
        "batch": draw(st.sampled_from([3, batches.BATCH_ROWS])),
        "few": draw(st.sampled_from([0, distinct_outcomes.FEW])),
    }


@given(made=jobs())
@settings(deadline=None, max_examples=30, suppress_health_check=[HealthCheck.too_slow])
def test_every_row_has_one_outcome_and_without_doubt_its_own(
    made: dict[str, Any], new_job: Callable[..., Any]
) -> None:
    job = new_job(made["delimiter"])
    line_end = "\r\n" if made["crlf"] else "\n"
    rows = [tuple(value.replace("\n", line_end) for value in row) for row in made["rows"]]
    job.source(
        job.text([HEADER, *rows], line_end),
        part_rows=made["part_rows"],
        line_ending="CRLF" if made["crlf"] else "LF",
    )
    random = Random(made["seed"])
    number = 0
    truth = []
    for each in job.slices:
        good, bad, untried = [], [], []
        for row in rows[each.first_row - 1 : each.first_row - 1 + each.rows]:
            outcome = made["outcomes"][number]
            if outcome == "unprocessed" or made["late"][number]:
                untried.append(row)
            number += 1
            id_ = f"{number:015d}AAA"
            if outcome in {"created", "updated"}:
                created = "true" if outcome == "created" else "false"
                good.append([id_, created, *rewritten(row)])
                truth.append(("loaded", id_, created, ""))
            elif outcome in {"unprocessed", "unknown"}:
                truth.append((outcome, "", "", ""))
            else:
                error = CODES[int(outcome[-1])]
                bad.append(["", error, *row])
                truth.append(("failed", "", "", error))
        random.shuffle(good)
        random.shuffle(bad)
        random.shuffle(untried)
        job.result(each.part, "successful", good, counted=len(good))
        job.result(each.part, "failed", bad, counted=len(bad))
        job.unprocessed(each.part, job.text([HEADER, *untried], line_end))
    assert number == len(rows)

    with (
        mock.patch.object(batches, "BATCH_ROWS", made["batch"]),
        mock.patch.object(distinct_outcomes, "FEW", made["few"]),
        job.outcomes() as outcomes,
    ):
        saved = job.saved(outcomes)
        counts = outcomes.counts()
        to_send = outcomes.rows_to_send(job.folder / "again", codes=None)

    assert [tuple(row[name] for name in HEADER) for row in saved] == rows
    told = [tuple(row[name] for name in ("_outcome", "_id", "_created", "_error")) for row in saved]
    part_of = [each.part for each in job.slices for _ in range(each.rows)]
    like = Counter((part, meaning(row)) for part, row in zip(part_of, rows, strict=True))
    equal = Counter((part, row) for part, row in zip(part_of, rows, strict=True))
    # Of rows that mean the same and are spelled otherwise, one that is listed as unprocessed may
    # have been given the result of another: nobody knows then whether that was processed.
    for index, row in enumerate(rows):
        part = part_of[index]
        if told[index][0] == "unknown" and like[part, meaning(row)] > equal[part, row]:
            assert saved[index]["_ambiguous"] or truth[index][0] == "unknown"
    # Nothing is lost and nothing made up, part by part.
    for each in job.slices:
        part = slice(each.first_row - 1, each.first_row - 1 + each.rows)
        found, true = Counter(told[part]), Counter(truth[part])
        extra = found[UNKNOWN] - true[UNKNOWN]
        assert extra >= 0
        assert found == true - Counter({UNPROCESSED: extra}) + Counter({UNKNOWN: extra})
        if all(like[each.part, meaning(row)] == equal[each.part, row] for row in rows[part]):
            assert extra == 0
    # No row is sent again that is loaded, or may be.
    sent = Counter(
        (int(row["part"]), rows[job.slices[int(row["part"])].first_row - 1 + int(row["row"])])
        for each in to_send
        if each.rows
        for row in csv.DictReader(each.mapping.read_text().splitlines())
    )
    not_loaded = Counter(
        (part, row)
        for part, row, (kind, *_) in zip(part_of, rows, truth, strict=True)
        if kind in {"failed", "unprocessed"}
    )
    assert sent <= not_loaded
    total = counts.total
    kinds = Counter(kind for kind, *_ in told)
    assert (total.loaded, total.failed, total.unprocessed, total.unknown) == (
        kinds["loaded"],
        kinds["failed"],
        kinds["unprocessed"],
        kinds["unknown"],
    )
    assert total.created + total.updated == total.loaded
    assert total.rows == len(rows)
    assert total.strays == 0

    for index, row in enumerate(rows):
        part = part_of[index]
        if like[part, meaning(row)] == 1:
            # It stands alone, so it has its own outcome and there is no doubt about it.
            assert told[index] == truth[index]
            assert not saved[index]["_ambiguous"]
        elif not saved[index]["_ambiguous"]:
            # Equals that came to the same may have each other's ids.
            assert told[index][::3] == truth[index][::3]
            if equal[part, row] == 1:
                assert told[index] == truth[index]
    for group in like:
        members = [
            index for index, row in enumerate(rows) if (part_of[index], meaning(row)) == group
        ]
        if len({rows[index] for index in members}) == 1:
            # Equal to the letter: their outcomes are told, and which is whose is unknown.
            assert Counter(told[index] for index in members) == Counter(
                truth[index] for index in members
            )
            mixed = len({truth[index][::3] for index in members}) > 1
            assert all(bool(saved[index]["_ambiguous"]) is mixed for index in members)
    assert total.ambiguous == sum(bool(row["_ambiguous"]) for row in saved)
