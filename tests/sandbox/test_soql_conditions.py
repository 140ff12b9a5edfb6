"""Any condition finds what an evaluation of it in Python finds, record by record."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bulkflow_sandbox import ManualClock, Sandbox
from bulkflow_sandbox.org import USER_ID
from bulkflow_sandbox.soql.periods import resolve_period

TODAY = date(2026, 3, 11)
TEXTS = [None, "red", "Red ", "blue", "it's", "100%", "a_b", "back\\slash", "line\nend", "naïve"]
NUMBERS = [None, -1.5, 0.0, 2.0, 10.0, 1e12]
WHOLE = [None, -3, 0, 7]
DAYS = [None, *(TODAY + timedelta(days=shift) for shift in (-40, -1, 0, 1, 20, 300))]
FLAGS = [True, False]
SCHEMA = {
    "objects": {
        "Probe__c": {
            "fields": {
                "Text__c": {"type": "string", "length": 80},
                "Number__c": {"type": "double", "precision": 18, "scale": 2},
                "Whole__c": {"type": "int"},
                "Day__c": {"type": "date"},
                "Flag__c": {"type": "boolean"},
                "Parent__c": {
                    "type": "reference",
                    "referenceTo": ["Probe__c"],
                    "relationshipName": "Parent__r",
                },
            }
        }
    }
}
POOLS = {
    "Text__c": TEXTS,
    "Number__c": NUMBERS,
    "Whole__c": WHOLE,
    "Day__c": DAYS,
    "Flag__c": FLAGS,
}


@pytest.fixture(scope="module")
def probes():
    """Records with all sorts of values; every second one has a parent, the one before it."""
    clock = ManualClock(datetime(2026, 3, 11, 12, tzinfo=UTC))
    with Sandbox(clock=clock) as sandbox:
        sandbox.change_schema(SCHEMA)
        records = []
        for number in range(60):
            # Steps that have no common divisor bring about most combinations.
            record = {
                name: pool[(number * step + number // 7) % len(pool)]
                for step, (name, pool) in zip((1, 3, 5, 2, 1), POOLS.items(), strict=True)
            }
            sent = {
                name: value.isoformat() if isinstance(value, date) else value
                for name, value in record.items()
            }
            parent = records[-1] if number % 2 else None
            if parent is not None:
                sent["Parent__c"] = parent["Id"]
            # Texts are kept without the blanks around them.
            record["Text__c"] = (record["Text__c"] or "").strip() or None
            record["Id"] = sandbox.records.create("Probe__c", sent, USER_ID).id
            record["parent"] = parent
            records.append(record)
        yield sandbox, records


def quoted(text):
    for plain, escaped in {"\\": "\\\\", "'": "\\'", "\n": "\\n"}.items():
        text = text.replace(plain, escaped)
    return f"'{text}'"


def literal(value):
    match value:
        case None:
            return "null"
        case bool():
            return str(value).lower()
        case str():
            return quoted(value)
        case date():
            return value.isoformat()
        case _:
            return repr(value)


def value_of(record, path):
    if not path.startswith("Parent__r."):
        return record[path]
    return record["parent"][path.removeprefix("Parent__r.")] if record["parent"] else None


def same(left, right):
    if isinstance(left, str) and isinstance(right, str):
        return ascii_lower(left) == ascii_lower(right)
    return left == right


def ascii_lower(text):
    return re.sub("[A-Z]+", lambda match: match[0].lower(), text)


COMPARISONS = {
    "<": lambda left, right: left < right,
    "<=": lambda left, right: left <= right,
    ">": lambda left, right: left > right,
    ">=": lambda left, right: left >= right,
}


def ordered(operator, left, right):
    if left is None or right is None:
        return False
    if isinstance(left, str):
        left, right = ascii_lower(left), ascii_lower(right)
    return COMPARISONS[operator](left, right)


def like(value, pieces):
    if value is None:
        return False
    pattern = "".join({"%": ".*", "_": "."}.get(one, re.escape(one[-1])) for one in pieces)
    return re.fullmatch(pattern, value, re.DOTALL | re.IGNORECASE | re.ASCII) is not None


@st.composite
def comparisons(draw):
    """A single test: its SOQL, and a function that decides it for a record."""
    name = draw(st.sampled_from(list(POOLS)))
    path = draw(st.sampled_from(["", "Parent__r."])) + name
    pool = POOLS[name]
    kind = draw(st.sampled_from(["equal", "order", "in", "like", "period"]))
    if kind == "order" and name != "Flag__c":
        operator = draw(st.sampled_from(list(COMPARISONS)))
        value = draw(st.sampled_from(pool))
        return (
            f"{path} {operator} {literal(value)}",
            lambda record: ordered(operator, value_of(record, path), value),
        )
    if kind == "in":
        values = draw(st.lists(st.sampled_from(pool), min_size=1, max_size=4))
        without = draw(st.booleans())
        return (
            f"{path} {'NOT ' if without else ''}IN ({', '.join(map(literal, values))})",
            lambda record: (
                any(same(value_of(record, path), value) for value in values) is not without
            ),
        )
    if kind == "like" and name == "Text__c":
        pieces = draw(st.lists(st.sampled_from(["%", "_", r"\%", r"\_", *"rRedba10%"]), max_size=5))
        return (
            f"{path} LIKE '{''.join(pieces)}'",
            lambda record: like(value_of(record, path), pieces),
        )
    if kind == "period" and name == "Day__c":
        period = draw(st.sampled_from(["TODAY", "LAST_N_DAYS:2", "THIS_MONTH", "NEXT_YEAR"]))
        operator = draw(st.sampled_from(["=", "!=", *COMPARISONS]))
        return f"{path} {operator} {period}", lambda record: in_period(
            value_of(record, path), operator, resolve_period(period, TODAY, week_starts=6)
        )
    value = draw(st.sampled_from(pool))
    equal = draw(st.booleans())
    return (
        f"{path} {'=' if equal else '!='} {literal(value)}",
        lambda record: same(value_of(record, path), value) is equal,
    )


def in_period(value, operator, days):
    start, end = days
    if operator == "!=":
        return not in_period(value, "=", days)
    if value is None:
        return False
    return {
        "=": start <= value < end,
        "<": value < start,
        "<=": value < end,
        ">": value >= end,
        ">=": value >= start,
    }[operator]


def joined(parts, word, decide):
    texts, deciders = zip(*parts, strict=True)
    return f"({f' {word} '.join(texts)})", lambda record: decide(one(record) for one in deciders)


conditions = st.recursive(
    comparisons(),
    lambda inner: st.one_of(
        st.lists(inner, min_size=2, max_size=3).map(lambda parts: joined(parts, "AND", all)),
        st.lists(inner, min_size=2, max_size=3).map(lambda parts: joined(parts, "OR", any)),
        inner.map(lambda part: (f"(NOT {part[0]})", lambda record: not part[1](record))),
    ),
    max_leaves=8,
)


@settings(deadline=None)
@given(condition=conditions)
def test_a_condition_finds_the_records_that_meet_it(probes, condition):
    sandbox, records = probes
    text, meets = condition
    query = f"SELECT Id FROM Probe__c WHERE {text} ORDER BY Id"
    found = sandbox.queries.query(query, "66.0", page=None, deleted=False).records
    assert [one["Id"] for one in found] == [one["Id"] for one in records if meets(one)]


@settings(deadline=None)
@given(condition=conditions)
def test_a_condition_and_its_negation_part_the_records(probes, condition):
    sandbox, records = probes

    def count(text):
        query = f"SELECT COUNT() FROM Probe__c WHERE {text}"
        return sandbox.queries.query(query, "66.0", page=None, deleted=False).total

    assert count(condition[0]) + count(f"NOT {condition[0]}") == len(records)


@settings(deadline=None)
@given(value=st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=40))
def test_any_text_can_be_written_as_a_literal(probes, value):
    sandbox, _ = probes
    query = f"SELECT COUNT() FROM Probe__c WHERE Text__c = {quoted(value)}"
    expected = sum(same(one["Text__c"], value or None) for one in probes[1])
    assert sandbox.queries.query(query, "66.0", page=None, deleted=False).total == expected


@pytest.mark.parametrize(
    ("name", "start", "end"),
    [
        ("TODAY", "2026-03-11", "2026-03-12"),
        ("Tomorrow", "2026-03-12", "2026-03-13"),
        ("LAST_WEEK", "2026-03-01", "2026-03-08"),
        ("THIS_WEEK", "2026-03-08", "2026-03-15"),
        ("NEXT_WEEK", "2026-03-15", "2026-03-22"),
        ("LAST_MONTH", "2026-02-01", "2026-03-01"),
        ("NEXT_MONTH", "2026-04-01", "2026-05-01"),
        ("LAST_90_DAYS", "2025-12-11", "2026-03-12"),
        ("NEXT_90_DAYS", "2026-03-12", "2026-06-10"),
        ("LAST_N_DAYS:0", "2026-03-11", "2026-03-12"),
        ("LAST_N_DAYS:7", "2026-03-04", "2026-03-12"),
        ("NEXT_N_DAYS:7", "2026-03-12", "2026-03-19"),
        ("N_DAYS_AGO:1", "2026-03-10", "2026-03-11"),
        ("LAST_N_WEEKS:2", "2026-02-22", "2026-03-08"),
        ("NEXT_N_WEEKS:2", "2026-03-15", "2026-03-29"),
        ("LAST_N_MONTHS:3", "2025-12-01", "2026-03-01"),
        ("N_MONTHS_AGO:15", "2024-12-01", "2025-01-01"),
        ("THIS_QUARTER", "2026-01-01", "2026-04-01"),
        ("LAST_QUARTER", "2025-10-01", "2026-01-01"),
        ("NEXT_N_QUARTERS:2", "2026-04-01", "2026-10-01"),
        ("THIS_YEAR", "2026-01-01", "2027-01-01"),
        ("LAST_N_YEARS:2", "2024-01-01", "2026-01-01"),
        ("THIS_FISCAL_QUARTER", "2026-01-01", "2026-04-01"),
        ("N_FISCAL_YEARS_AGO:1", "2025-01-01", "2026-01-01"),
    ],
)
def test_a_named_span_of_time_is_these_days(name, start, end):
    days = (date.fromisoformat(start), date.fromisoformat(end))
    assert resolve_period(name, TODAY, week_starts=6) == days


@pytest.mark.parametrize("name", ["SOON", "LAST_N_DAYS", "THIS_DAY", "N_YEARS_AGO:9999"])
def test_other_names_are_no_spans(name):
    assert resolve_period(name, TODAY, week_starts=6) is None


@settings(deadline=None)
@given(today=st.dates(date(1990, 1, 1), date(2100, 1, 1)), starts=st.integers(0, 6))
def test_units_of_time_follow_each_other_without_gap(today, starts):
    for unit in ("WEEK", "MONTH", "QUARTER", "YEAR"):
        last, this, following = (
            resolve_period(f"{word}_{unit}", today, week_starts=starts)
            for word in ("LAST", "THIS", "NEXT")
        )
        assert last[1] == this[0] <= today < this[1] == following[0]
