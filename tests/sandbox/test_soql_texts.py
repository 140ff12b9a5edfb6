"""No text is too odd: each is refused with an error of the API, or is a query that can be asked."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import quote

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bulkflow_sandbox import Sandbox
from bulkflow_sandbox.core.errors import ApiError
from bulkflow_sandbox.org import USER_ID

WORDS = [
    "SELECT", "FROM", "WHERE", "AND", "OR", "NOT", "IN", "LIKE", "ORDER", "BY", "LIMIT", "OFFSET",
    "GROUP", "HAVING", "TYPEOF", "WHEN", "THEN", "ELSE", "END", "ASC", "DESC", "NULLS", "FIRST",
    "LAST", "INCLUDES", "EXCLUDES", "COUNT()", "COUNT(Id)", "MAX(Name) m",
    "SUM(AnnualRevenue)", "FIELDS(ALL)", "FIELDS(STANDARD)",
    "(", ")", ",", "=", "!=", "<", ">=", "Id", "Name", "Account", "Contact", "Task", "Account.Name",
    "Owner.Name", "Who.Type", "Parent.Parent.Name", "BillingAddress", "CreatedDate", "IsDeleted",
    "'a'", "'%'", "'001000000000001'", "1", "-2.5e3", "true", "null", "TODAY", "LAST_N_DAYS:3",
    "2026-01-01", "2026-01-01T00:00:00Z", ".", "'", "\\", ";", "\n", "_", "é",
]  # fmt: skip
"""What queries are made of, and what they are not."""


@pytest.fixture(scope="module")
def sandbox():
    with Sandbox() as made:
        made.records.create("Account", {"Name": "Acme"}, USER_ID)
        yield made


def ask(sandbox, text):
    """Asks a query at both places; whether REST took it."""
    properties = {"operation": "queryAll", "query": text}
    try:
        job = sandbox.query.create(properties, "66.0", USER_ID)
    except ApiError as refusal:
        if refusal.status != 400:
            raise
    else:
        assert sandbox.settle()
        assert sandbox.query.read_info(job.id).state == "JobComplete", text
        sandbox.query.delete(job.id)
    try:
        sandbox.queries.query(text, "66.0", page=None, deleted=False)
    except ApiError as refusal:
        if refusal.status != 400:
            raise
        return False
    return True


@settings(deadline=None)
@given(words=st.lists(st.sampled_from(WORDS), max_size=12))
@example(words=["SELECT", "Id", "FROM", "Account", "WHERE", "Name", "=", "'a'", "LIMIT", "1"])
def test_any_words_are_refused_or_can_be_asked(sandbox, words):
    ask(sandbox, " ".join(words))


@settings(deadline=None)
@given(words=st.lists(st.sampled_from(WORDS), max_size=8))
def test_any_end_of_a_query_is_refused_or_can_be_asked(sandbox, words):
    ask(sandbox, " ".join(["SELECT Id FROM Account WHERE Name", *words]))


@settings(deadline=None)
@given(text=st.text(max_size=60))
def test_any_text_is_refused_or_can_be_asked(sandbox, text):
    ask(sandbox, text)


@settings(deadline=None)
@given(text=st.text(max_size=30))
def test_any_characters_in_a_literal_are_refused_or_can_be_asked(sandbox, text):
    for operator in ("=", "LIKE"):
        ask(sandbox, f"SELECT Id FROM Account WHERE Name {operator} '{text}'")


@pytest.mark.parametrize(
    "text",
    [
        "SELECT Id FROM Account WHERE Name = '\\ud800'",
        "SELECT Id FROM Account WHERE Name LIKE '\\udfff%'",
        "SELECT Id FROM Account WHERE Name = '\\u0000'",
        "SELECT Id FROM Account WHERE NumberOfEmployees = 1e999",
        "SELECT Id FROM Account WHERE NumberOfEmployees = " + "9" * 400,
        "SELECT Id FROM Account LIMIT " + "9" * 400,
        "SELECT Id FROM Account WHERE Name LIKE '" + "%a" * 40_000 + "'",
        "SELECT Id FROM Account WHERE Name IN (" + ",".join(["'a'"] * 20_000) + ")",
        "SELECT Id FROM Account WHERE " + "NOT " * 3000 + "Name = 'a'",
        "SELECT Id FROM Account WHERE Id IN "
        + "(SELECT Id FROM Account WHERE Id IN " * 200
        + "('001000000000001')"
        + ")" * 200,
        "SELECT " + ",".join(f"Owner{'.Manager' * depth}.Name" for depth in range(5))
        + " FROM Account",
        "SELECT Id FROM Account WHERE Name = 'a' " + " " * 200_000,
    ],
    ids=lambda text: text[:60] + str(len(text)),
)  # fmt: skip
def test_extreme_queries_are_refused_or_can_be_asked(sandbox, text):
    ask(sandbox, text)


def test_a_query_of_more_than_100000_characters_is_refused(sandbox):
    start = "SELECT Id FROM Account WHERE Name = '"
    assert ask(sandbox, start + "a" * (100_000 - len(start) - 1) + "'")
    assert not ask(sandbox, start + "a" * (100_000 - len(start)) + "'")


def test_many_can_ask_at_once(sandbox):
    def count(number):
        query = f"SELECT COUNT() FROM Account WHERE Name = 'Acme' AND Phone != '{number}'"
        return sandbox.queries.query(query, "66.0", page=None, deleted=False).total

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(count, range(80))) == [1] * 80


@pytest.mark.parametrize("name", ["Name", "Nope", "Account"])
def test_a_lone_surrogate_in_json_is_refused(client, name):
    body = json.dumps({name: "\ud800"})
    sent = {"Content-Type": "application/json"}
    path = "/services/data/v66.0/sobjects/Account"
    assert client.send("POST", path, body, sent).status == 400


def test_a_nul_in_an_address_does_no_harm(client):
    for path in ("sobjects/Account/%00", "sobjects/Account/External_Id__c/%00", "query/%00"):
        assert client.send("GET", f"/services/data/v66.0/{path}").status in {400, 404}
    text = quote("SELECT Id FROM Account WHERE Name = '\0'")
    assert client.send("GET", f"/services/data/v66.0/query?q={text}").status in {200, 400}
