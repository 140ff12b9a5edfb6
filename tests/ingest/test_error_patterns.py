"""Which errors say the same thing: one rule, for Python and for DuckDB."""

from __future__ import annotations

from collections.abc import Iterator

import duckdb
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bulkflow.model.part import ErrorCount
from bulkflow_ingest.execution.top_error import find_top_error
from bulkflow_ingest.reconcile.error_patterns import without_values, without_values_sql

RULE = "FIELD_CUSTOM_VALIDATION_EXCEPTION"

ids = st.from_regex(r"[0-9a-z]{3}[A-Za-z0-9]{2}0{4}[0-9A-Za-z]{6}([A-Z0-5]{3})?", fullmatch=True)
numbers = st.one_of(
    st.integers(-(10**9), 10**9).map(str),
    st.decimals(-1000, 1000, places=2).map(str),
    st.just("1.0E9"),
)
moments = st.datetimes().map(lambda at: f"{at.isoformat()}Z")
words = st.text("abcdefghijklmnopqrstuvwxyzäß_ .,!?()[]", max_size=30)
free = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=12)
double = free.filter(lambda text: '"' not in text).map(lambda text: f'"{text}"')
single = free.filter(lambda text: "'" not in text).map(lambda text: f"'{text}'")
values = st.one_of(ids, numbers, moments, double, single)

TEMPLATES = [
    "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST:X: bad value for restricted picklist field: {}:X --",
    "STRING_TOO_LONG:Name: data value too large: {} (max length=255):Name --",
    "INVALID_EMAIL_ADDRESS:Email: invalid email address: {}:Email --",
    "DUPLICATE_VALUE:Duplicate external id specified: {}:Ext__c --",
    "INVALID_FIELD:Foreign key external ID: {} not found for field Ext__c in entity Account:--",
    "MALFORMED_ID:malformed id {}:--",
]
"""Salesforce's own, with a value that may be anything."""

QUOTED = [
    "INVALID_FIELD:Failed to deserialize field at col 3. Due to, '{}' is not valid:X --",
    f'{RULE}:the name "{{}}" is taken:Name --',
]


@pytest.fixture(scope="module")
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    made = duckdb.connect()
    yield made
    made.close()


@given(
    text=st.one_of(
        free,
        st.tuples(words, values, words, values, words).map("".join),
        st.builds(str.format, st.sampled_from(TEMPLATES + QUOTED), free),
        st.text("aZ09'\"-.: \n\\_…é", max_size=40),
    )
)
@example(text="don't, can't, 'x' 'y'")
@example(text="at 2024-01-01T10:00:00+02:00, 1,000.5 and -7 of a1B000000000001AAA")
def test_duckdb_takes_the_same_values_out(connection: duckdb.DuckDBPyConnection, text: str) -> None:
    found = connection.execute(f"SELECT {without_values_sql('?')}", [text]).fetchone()
    assert found == (without_values(text),)


@given(st.sampled_from(TEMPLATES), free, free)
def test_salesforces_own_texts_are_one_whatever_the_value(
    template: str, one: str, other: str
) -> None:
    assert without_values(template.format(one)) == without_values(template.format(other))


@given(words, st.one_of(ids, numbers, moments, double, single), st.data())
def test_texts_that_differ_by_a_value_are_one(text: str, value: str, data: st.DataObject) -> None:
    kind = next(kind for kind in (ids, numbers, moments, double, single) if _is(kind, value))
    other = data.draw(kind)
    error = f"{RULE}:{text} {{}} is wrong:Name --"
    assert without_values(error.replace("{}", value)) == without_values(error.replace("{}", other))


def _is(kind: st.SearchStrategy[str], value: str) -> bool:
    if value[0] in "\"'":
        return kind is (double if value[0] == '"' else single)
    if "T" in value and value.endswith("Z"):
        return kind is moments
    return kind is (ids if len(value) in {15, 18} and value.isalnum() else numbers)


@given(words, words)
def test_texts_of_other_words_are_never_one(one: str, other: str) -> None:
    errors = [f"{RULE}:{text}:Name --" for text in (one, other)]
    assert (without_values(errors[0]) == without_values(errors[1])) == (one == other)


@given(words, st.lists(values, max_size=3))
def test_nothing_but_values_is_taken_out(text: str, found: list[str]) -> None:
    error = f"{RULE}:" + "".join(f"{text} {each} " for each in found) + f"{text}:Name --"
    pieces = [f"{text} ", *(f" {text} " for _ in found[1:]), f" {text}:Name --"]
    left = without_values(error)
    for piece in pieces if found else []:
        assert piece in left


def test_rules_of_a_field_are_told_apart() -> None:
    one = f"{RULE}:Phone one is not allowed:Phone --"
    two = f"{RULE}:Phone two needs a fax:Phone --"
    three = f"{RULE}:Phone three is retired:Phone --"
    assert find_top_error([one, two, two, three]) == ErrorCount(two, 2)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Address1__c is needed", "Address2__c is needed"),
        ("don't do this, it can't be", "don't do that, it can't be"),
        ("these are recommendations", "these are representations"),
        ("invalid email address: work mail only", "invalid email address: ASCII only"),
    ],
)
def test_what_only_looks_like_a_value_is_none(one: str, other: str) -> None:
    errors = [f"{RULE}:{text}:Name --" for text in (one, other)]
    assert without_values(errors[0]) != without_values(errors[1])


def test_the_first_of_errors_with_values_is_an_example() -> None:
    errors = [f"MALFORMED_ID:malformed id {each}:--" for each in "abc"]
    assert find_top_error(errors) == ErrorCount(errors[0], 3, varies=True)
    assert find_top_error(errors[:1]) == ErrorCount(errors[0], 1)
    assert find_top_error([]) is None
