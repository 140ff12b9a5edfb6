"""Queries over known records: what they find, and how the others are refused."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bulkflow_sandbox import Choices, ManualClock, Sandbox
from bulkflow_sandbox.core.errors import ApiError
from bulkflow_sandbox.org import USER_ID
from bulkflow_sandbox.soql.compile import compile_query
from bulkflow_sandbox.soql.parse import parse
from bulkflow_sandbox.soql.sql_query import Surface
from bulkflow_soql import grammar
from bulkflow_soql.errors import GrammarError

DATA = Path(__file__).parent / "soql"
FINDS = json.loads((DATA / "finds.json").read_text(encoding="utf-8"))
REFUSALS = json.loads((DATA / "refusals.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def org():
    """A sandbox with the records of records.json, and their ids by their labels."""
    with Sandbox(clock=ManualClock()) as sandbox:
        ids = {}
        for name, records in json.loads((DATA / "records.json").read_text("utf-8")).items():
            for record in records:
                label = record.pop("label")
                given = {
                    key: ids[value[1:]] if str(value).startswith("@") else value
                    for key, value in record.items()
                }
                ids[label] = sandbox.records.create(name, given, USER_ID).id
        yield sandbox, ids


def found(org, query):
    sandbox, ids = org
    text = re.sub(r"(?<=')@(\w+)", lambda match: ids[match[1]], query)
    records = sandbox.queries.query(text, "66.0", page=None, deleted=False).records
    labels = {record_id: label for label, record_id in ids.items()}
    return [labels[record["Id"]] for record in records]


@pytest.mark.parametrize(("query", "labels"), FINDS, ids=[query for query, _ in FINDS])
def test_a_query_finds_what_it_asks_for(org, query, labels):
    assert found(org, query) == labels


GROUPS = json.loads((DATA / "groups.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize(("query", "groups"), GROUPS, ids=[query for query, _ in GROUPS])
def test_a_grouped_query_answers_with_groups(org, query, groups):
    sandbox, _ = org
    page = sandbox.queries.query(query, "66.0", page=None, deleted=False)
    assert [dict(record) for record in page.records] == [
        {"attributes": {"type": "AggregateResult"}} | group for group in groups
    ]


def refused(query, surface, choices=None):
    choices = choices or Choices()
    with Sandbox(choices=choices) as sandbox, pytest.raises(ApiError) as caught:
        compile_query(
            parse(query, choices),
            schema=sandbox.org.schema,
            choices=choices,
            now=datetime(2026, 1, 1, tzinfo=UTC),
            surface=surface,
        )
    return caught.value


@pytest.mark.parametrize(
    "case", [one for one in REFUSALS if "code" in one], ids=lambda case: case["query"]
)
def test_rest_refuses_a_query_with_code_and_place(case):
    error = refused(case["query"], Surface.REST)
    assert (error.status, error.code) == (400, case["code"])
    if "message" in case:
        assert error.message == case["message"]
    else:
        assert case["contains"] in error.message


@pytest.mark.parametrize(
    "case", [one for one in REFUSALS if "bulk" in one], ids=lambda case: case["query"]
)
def test_a_query_job_refuses_forms_that_it_does_not_take(case):
    error = refused(case["query"], Surface.BULK)
    assert [error.code, error.message] == case["bulk"]


def test_the_caret_points_at_the_column_that_the_message_names():
    message = refused("SELECT Id,\n  Nope FROM Account", Surface.REST).message
    _, line, caret, place, _ = message.split("\n", 4)
    assert line == "  Nope FROM Account"
    assert caret == "  ^"
    assert place == "ERROR at Row:2:Column:3"


def test_records_have_their_parents_in_them(org):
    sandbox, ids = org
    query = "SELECT name, account.parent.NAME, Account.AnnualRevenue, Owner.Email FROM Contact"
    first, second, third = sandbox.queries.query(query, "65.0", page=None, deleted=False).records
    assert first == {
        "attributes": {
            "type": "Contact",
            "url": f"/services/data/v65.0/sobjects/Contact/{ids['c1']}",
        },
        "Name": "Ada Alder",
        "Account": {
            "attributes": {
                "type": "Account",
                "url": f"/services/data/v65.0/sobjects/Account/{ids['acme']}",
            },
            "Parent": None,
            "AnnualRevenue": 912260031.0,
        },
        "Owner": {
            "attributes": {"type": "User", "url": f"/services/data/v65.0/sobjects/User/{USER_ID}"},
            "Email": "admin@sandbox.example",
        },
    }
    assert list(first) == ["attributes", "Name", "Account", "Owner"]
    assert second["Account"]["Parent"]["Name"] == "Acme"
    assert third["Account"] is None


def test_a_parent_of_several_possible_objects_is_a_name(org):
    sandbox, ids = org
    query = "SELECT Who.Name, Who.Type FROM Task ORDER BY Subject"
    call, mail = sandbox.queries.query(query, "66.0", page=None, deleted=False).records
    assert call["Who"] == {
        "attributes": {
            "type": "Name",
            "url": f"/services/data/v66.0/sobjects/Contact/{ids['c1']}",
        },
        "Name": "Ada Alder",
        "Type": "Contact",
    }
    assert mail["Who"] is None


def test_a_compound_field_is_an_object_of_its_parts(org):
    sandbox, _ = org
    query = "SELECT ShippingAddress FROM Account WHERE Name IN ('Acme', 'DELTA')"
    acme, delta = sandbox.queries.query(query, "66.0", page=None, deleted=False).records
    assert acme["ShippingAddress"] == {
        "city": "Oslo",
        "country": None,
        "geocodeAccuracy": None,
        "latitude": None,
        "longitude": None,
        "postalCode": None,
        "state": None,
        "street": None,
    }
    assert delta["ShippingAddress"] is None


def test_count_is_the_total_without_records_and_knows_its_limit(org):
    sandbox, _ = org
    for query, total in {
        "SELECT COUNT() FROM Account": 4,
        "SELECT count() FROM Account WHERE Type = null": 1,
        "SELECT COUNT() FROM Account LIMIT 3": 3,
    }.items():
        page = sandbox.queries.query(query, "66.0", page=None, deleted=False)
        assert (page.total, list(page.records), page.next) == (total, [], None)


@pytest.mark.parametrize(
    ("group", "has", "lacks"),
    [
        ("ALL", {"Id", "External_Id__c", "BillingAddress"}, set()),
        ("STANDARD", {"Id", "Name", "BillingAddress"}, {"External_Id__c"}),
        ("custom", {"External_Id__c"}, {"Id", "Name"}),
    ],
)
def test_fields_stands_for_a_group_of_fields(org, group, has, lacks):
    sandbox, _ = org
    query = f"SELECT FIELDS({group}) FROM Account LIMIT 1"
    (record,) = sandbox.queries.query(query, "66.0", page=None, deleted=False).records
    assert has <= record.keys()
    assert not lacks & record.keys()


def test_thousands_of_alternatives_are_no_deeper_than_a_few(org):
    alternatives = " OR ".join(f"Name = 'n{number}'" for number in range(3000))
    assert found(org, f"SELECT Id FROM Account WHERE {alternatives} OR Name = 'beta'") == ["beta"]


def test_conditions_nested_without_end_are_refused():
    nested = "(" * 5000 + "Name = 'a'" + ")" * 5000
    error = refused(f"SELECT Id FROM Account WHERE {nested}", Surface.REST)
    assert error.code == "QUERY_TOO_COMPLICATED"


def test_a_value_is_never_part_of_the_sql():
    choices = Choices()
    poison = 'x\'; DROP TABLE "Account"; --'
    query = "SELECT Id FROM Account WHERE Name = '" + poison.replace("'", "\\'") + "'"
    with Sandbox() as sandbox:
        statement = compile_query(
            parse(query, choices),
            schema=sandbox.org.schema,
            choices=choices,
            now=datetime(2026, 1, 1, tzinfo=UTC),
            surface=Surface.BULK,
        )
    assert "DROP" not in statement.sql
    assert statement.values == (poison,)


def test_a_not_in_a_chain_can_be_refused():
    query = "SELECT Id FROM Account WHERE Name = 'a' AND NOT Phone = 'b'"
    error = refused(query, Surface.REST, Choices(query_not_in_chain=False))
    assert error.code == "MALFORMED_QUERY"
    assert error.message.endswith("Column:45\nunexpected token: 'NOT'")


def test_a_field_without_a_value_can_be_out_of_negations():
    with Sandbox(choices=Choices(nulls_meet_not=False)) as sandbox:
        sandbox.records.create("Account", {"Name": "Acme"}, USER_ID)
        for condition, total in {"NOT Type = 'Other'": 0, "Type != 'Other'": 1}.items():
            query = f"SELECT COUNT() FROM Account WHERE {condition}"
            assert sandbox.queries.query(query, "66.0", page=None, deleted=False).total == total


def test_hidden_fields_and_unreadable_objects_do_not_exist():
    with Sandbox() as sandbox:
        sandbox.change_schema(
            {
                "permissions": {
                    "fields": {"Account.Phone": "hidden"},
                    "objects": {"Case": ["create"]},
                }
            }
        )
        for query, code in {
            "SELECT Phone FROM Account": "INVALID_FIELD",
            "SELECT Id FROM Account WHERE Phone = '1'": "INVALID_FIELD",
            "SELECT Account.Phone FROM Contact": "INVALID_FIELD",
            "SELECT Id FROM Case": "INVALID_TYPE",
        }.items():
            with pytest.raises(ApiError) as caught:
                sandbox.queries.query(query, "66.0", page=None, deleted=False)
            assert caught.value.code == code


def test_multipicklists_include_values_and_sets_of_values():
    schema = {"objects": {"Account": {"fields": {"Tags__c": {"type": "multipicklist"}}}}}
    with Sandbox() as sandbox:
        sandbox.change_schema(schema)
        for name, tags in {"one": "red;blue", "two": "green", "three": None}.items():
            sandbox.records.create("Account", {"Name": name, "Tags__c": tags}, USER_ID)
        for condition, names in {
            "INCLUDES ('Red')": ["one"],
            "INCLUDES ('red;blue', 'green')": ["one", "two"],
            "INCLUDES ('re')": [],
            "INCLUDES ('red;green')": [],
            "EXCLUDES ('red')": ["two", "three"],
        }.items():
            query = f"SELECT Name FROM Account WHERE Tags__c {condition}"
            records = sandbox.queries.query(query, "66.0", page=None, deleted=False).records
            assert [record["Name"] for record in records] == names, condition


def test_the_grammar_has_no_conflict():
    grammar.build_parser(grammar.load_grammar(), strict=True)


def test_a_missing_grammar_is_named(monkeypatch):
    monkeypatch.setattr(grammar, "_FILE", "no-such.lark")
    with pytest.raises(GrammarError, match="missing") as caught:
        grammar.load_grammar()
    assert len(caught.value.notes) == 2


def test_a_damaged_grammar_is_named():
    with pytest.raises(GrammarError, match="damaged"):
        grammar.build_parser("query: (")
