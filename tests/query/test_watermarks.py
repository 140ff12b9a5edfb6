"""Incremental extracts: what has changed since the last one, and nothing missed."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bulkflow.errors import DataError
from bulkflow_query.watermark import (
    OVERLAP,
    compute_watermark,
    format_moment,
    parse_moment,
    read_watermark,
)
from bulkflow_sandbox import Sandbox
from query.conftest import ROWS
from query.people import notices, pipeline, read_rows
from support.proxy import Proxy
from support.workshop import Workshop

QUERY = 'query "SELECT Id, SystemModstamp FROM Contact"\n    since watermark "state/people"'
STEPS = ('extract job people to "people.csv" then save watermark',)
Span = tuple[datetime, datetime]
START = datetime(2026, 1, 1, tzinfo=UTC)
LONGEST = timedelta(minutes=10)
"""The longest transaction."""


def at(minutes: float) -> datetime:
    return START + timedelta(minutes=minutes)


def find_missed(records: list[Span], extracts: list[Span], looks: list[float]) -> set[int]:
    """Return the records that no extract has seen, nor the next one would see.

    Args:
        records: When each was saved, and committed.
        extracts: When each began and ended, one after the other.
        looks: Where between begin and end each record is looked at, from 0 to 1; repeated.
    """
    mark, seen = None, set[int]()
    for began, ended in extracts:
        newest = None
        for number, (saved, committed) in enumerate(records):
            looked_at = began + (ended - began) * looks[number % len(looks)]
            if committed <= looked_at and (mark is None or saved >= mark):
                seen.add(number)
                newest = saved if newest is None else max(newest, saved)
        mark = compute_watermark(newest, began, mark)
    assert mark is not None
    return {n for n, (saved, _) in enumerate(records) if saved < mark} - seen


@st.composite
def histories(draw: st.DrawFn) -> tuple[list[Span], list[Span]]:
    """Draw records that are committed up to ten minutes late, and long extracts."""
    saved = st.integers(0, 60)
    records = [
        (at(minute), at(minute + late))
        for minute, late in draw(st.lists(st.tuples(saved, st.integers(0, 10)), min_size=1))
    ]
    begins = sorted(draw(st.lists(saved, min_size=1, max_size=4, unique=True)))
    return records, [(at(minute), at(minute + draw(st.integers(0, 60)))) for minute in begins]


LATE = [(at(0), at(10)), (at(9), at(9))]
"""A record that is committed ten minutes late, and one that is seen before."""
PIECES = [(at(30), at(30)), (at(59), at(59))]
"""A record in a piece of the query that is processed before, and one in the last piece."""


@settings(max_examples=500)
@given(histories(), st.lists(st.floats(0, 1), min_size=1, max_size=8))
@example((LATE, [(at(9), at(9)), (at(20), at(20))]), [0.0])
@example((PIECES, [(at(0), at(60)), (at(70), at(70))]), [0.0, 1.0])
def test_no_record_is_missed_however_late_it_is_committed(history, looks) -> None:
    assert find_missed(*history, looks) == set()


def test_a_shorter_overlap_would_miss_a_late_record(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bulkflow_query.watermark.OVERLAP", timedelta(minutes=5))
    assert find_missed(LATE, [(at(9), at(9))], [0.0]) == {0}


def test_a_watermark_without_the_begin_of_the_query_would_miss_a_record() -> None:
    # As if the query had begun when it ended.
    assert find_missed(PIECES, [(at(0), at(60))], [0.0, 1.0]) == set()
    assert compute_watermark(at(59), at(60), None) > at(30)


def test_the_overlap_is_longer_than_a_transaction() -> None:
    assert OVERLAP > LONGEST


def test_a_watermark_never_goes_back() -> None:
    previous = START + timedelta(hours=1)
    assert compute_watermark(START, START + timedelta(hours=2), previous) == previous
    assert (
        compute_watermark(None, START + timedelta(hours=2), None)
        == START + timedelta(hours=2) - OVERLAP
    )


@pytest.mark.parametrize("text", ["2026-01-31T12:00:00.000Z", "2026-01-31T13:00:00.000+0100"])
def test_times_are_read_and_written_in_utc(text: str) -> None:
    moment = parse_moment(text)
    assert moment is not None
    assert format_moment(moment) == "2026-01-31T12:00:00.000Z"


def test_a_file_that_is_no_watermark_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "mark"
    assert read_watermark(path) is None
    path.write_text("yesterday\n")
    with pytest.raises(DataError, match="not a watermark"):
        read_watermark(path)


def test_the_second_extract_fetches_only_what_has_changed(
    workshop: Workshop, sandbox: Sandbox, proxy: Proxy
) -> None:
    ran = workshop.run(pipeline(QUERY, *STEPS))
    assert ran.code == 0, ran.out + ran.err
    assert len(read_rows(workshop.folder / "people.csv")) == ROWS + 1
    mark = workshop.folder / "state" / "people"
    assert notices(ran)[-1] == f"the watermark of job people is {mark.read_text().strip()}"
    with sandbox.database.reading() as connection:
        (newest,) = connection.execute('SELECT max("SystemModstamp") FROM "Contact"').fetchone()
    saved = parse_moment(mark.read_text().strip())
    assert saved is not None
    assert abs(saved + OVERLAP - parse_moment(str(newest))) < timedelta(seconds=2)
    # As if the overlap were over.
    mark.write_text("2099-01-01T00:00:00.000Z\n")
    ran = workshop.run(pipeline(QUERY, *STEPS))
    assert ran.code == 0, ran.out + ran.err
    assert len(read_rows(workshop.folder / "people.csv")) == 1
    assert mark.read_text() == "2099-01-01T00:00:00.000Z\n"


def test_a_watermark_over_rest(workshop: Workshop) -> None:
    ran = workshop.run(pipeline(f"{QUERY}\n    over rest", *STEPS))
    assert ran.code == 0, ran.out + ran.err
    assert (workshop.folder / "state" / "people").exists()


@pytest.mark.parametrize(
    ("clause", "message"),
    [
        (QUERY.replace(", SystemModstamp", ""), "needs the field SystemModstamp"),
        (QUERY.replace("Contact", "Contact LIMIT 9"), "needs all rows"),
    ],
)
def test_a_query_without_a_watermark_to_find_is_refused(
    workshop: Workshop, clause: str, message: str
) -> None:
    file = workshop.write("c.bulkflow", pipeline(clause, *STEPS))
    ran = workshop.command("check", "--format", "json", str(file))
    assert any(message in each["message"] for each in json.loads(ran.out))


@pytest.mark.parametrize(
    ("step", "code"),
    [
        (f"require count of Contact is {ROWS}", 0),
        ("require count of Contact where \"Email = 'p7@example.org'\" is 1", 0),
        ("require count of Contact where \"Email LIKE 'p5%'\" is 2", 1),
    ],
)
def test_records_are_counted(workshop: Workshop, step: str, code: int) -> None:
    ran = workshop.run(f"org env\n{step}\n")
    assert ran.code == code, ran.out + ran.err
    if code:
        assert "the org has 11 records of Contact where Email LIKE 'p5%', not 2" in ran.out


@pytest.mark.parametrize(
    "condition", ["Email =", "Email = 'x' LIMIT 3", "", "Id = 'x' ORDER BY Id", "(Id = 'x'"]
)
def test_a_condition_that_is_none_is_refused(workshop: Workshop, condition: str) -> None:
    file = workshop.write(
        "c.bulkflow", f'org env\nrequire count of Contact where "{condition}" is 1\n'
    )
    ran = workshop.command("check", "--format", "json", str(file))
    assert [each["code"] for each in json.loads(ran.out)] == ["B307"]
