"""Rows that orgs accept, or refuse one by one, although their files look invalid."""

from __future__ import annotations

import csv
import io

import pytest

from bulkflow_sandbox import Choices
from bulkflow_sandbox.testing import local_org

INSERT = {"object": "Account", "operation": "insert"}
UPSERT = {"object": "Account", "operation": "upsert", "externalIdFieldName": "External_Id__c"}
BY_ID = UPSERT | {"externalIdFieldName": "id"}


@pytest.fixture
def client(start):
    return start()


def rows(text):
    return list(csv.DictReader(io.StringIO(text)))


def errors(client, job):
    return [row["sf__Error"] for row in rows(client.failures(job))]


def records(client, name="Account"):
    item = client.server.api.org.schema.find_object(name)
    with client.server.api.database.reading() as connection:
        cursor = connection.execute(f'SELECT * FROM "{item.name}"')
        names = [column[0] for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor]


# Columns that no user may write.


def test_a_read_only_column_may_be_there_and_a_row_that_fills_it_fails(client):
    data = "Name,CreatedDate,IsDeleted\nA,,\nB,2026-01-01T00:00:00Z,\nC, ,true\nD,x,true\n"
    done = client.load(data, **INSERT)
    assert (done["state"], done["numberRecordsFailed"]) == ("JobComplete", 3)
    assert [record["Name"] for record in records(client)] == ["A"]
    failed = [
        f"INVALID_FIELD_FOR_INSERT_UPDATE:Unable to create/update fields: {', '.join(names)}. "
        "Please check the security settings of this field and verify that it is read/write for "
        f"your profile or permission set.:{' '.join(names)} --"
        for names in (["CreatedDate"], ["IsDeleted"], ["CreatedDate", "IsDeleted"])
    ]
    assert errors(client, done) == failed
    assert "2026-01-01T00:00:00Z" in client.failures(done)


def test_an_update_leaves_a_read_only_column_as_it_is(client):
    client.load("Name,External_Id__c\nA,k\n", **INSERT)
    before = records(client)[0]["CreatedById"]
    done = client.load("Name,External_Id__c,CreatedById\nB,k,\n", **UPSERT)
    assert done["numberRecordsFailed"] == 0
    assert (records(client)[0]["Name"], records(client)[0]["CreatedById"]) == ("B", before)


# Upserts by Id.


def test_an_upsert_by_id_without_a_column_of_ids_inserts(client):
    done = client.load("Name\nA\nA\n", **BY_ID)
    assert (done["state"], done["numberRecordsProcessed"]) == ("JobComplete", 2)
    assert done["externalIdFieldName"] == "id"
    assert [row["sf__Created"] for row in rows(client.successes(done))] == ["true", "true"]


def test_it_may_be_refused_instead(start):
    client = start(choices=Choices(upsert_without_id_inserts=False))
    assert client.load("Name\nA\n", **BY_ID)["errorMessage"].endswith(" : id")


# Blanks around texts.


def test_blanks_around_a_text_are_taken_off(client):
    done = client.load('Name,Description\n"  A\t","\n  two\n lines \n"\n', **INSERT)
    (record,) = records(client)
    assert (record["Name"], record["Description"]) == ("A", "two\n lines")
    (shown,) = rows(client.successes(done))
    assert shown["Name"] == "  A\t"


def test_a_text_of_blanks_only_is_blank(client):
    client.load("Name,External_Id__c,Phone\nA,k,1\n", **INSERT)
    done = client.load('Name,External_Id__c,Phone\n" ",new,1\n"  ",k,"\t"\nB,"  ",1\n', **UPSERT)
    assert [error.partition(":")[0] for error in errors(client, done)] == [
        "REQUIRED_FIELD_MISSING",
        "MISSING_ARGUMENT",
    ]
    assert [(one["Name"], one["Phone"]) for one in records(client)] == [("A", "1")]


def test_a_text_that_is_too_long_with_its_blanks_only_is_not_too_long(client):
    name = "x" * 255
    done = client.load(f'Name\n"  {name} "\n', **INSERT)
    assert done["numberRecordsFailed"] == 0


def test_keys_match_without_the_blanks_around_them(client):
    client.load("Name,External_Id__c\nA,K1\n", **INSERT)
    done = client.load('Name,External_Id__c\nB," K1 "\nC," K1"\n', **UPSERT)
    assert [error.partition(":")[0] for error in errors(client, done)] == ["DUPLICATE_VALUE"]
    child = client.load('Name,Parent.External_Id__c\nC,"\tk1 "\nD,"  "\n', **INSERT)
    assert child["numberRecordsFailed"] == 0
    parent, first, second = records(client)
    assert (parent["Name"], parent["External_Id__c"]) == ("B", "K1")
    assert (first["ParentId"], second["ParentId"]) == (parent["Id"], None)


def test_single_records_are_trimmed_alike():
    with local_org() as org:
        org.insert("Account", {"Name": "  A ", "Phone": "  "})
        (record,) = org.records("Account")
        assert (record["Name"], record["Phone"]) == ("A", None)


# A parent by its id, or by a key.


@pytest.mark.parametrize("order", [("ParentId", "Parent.External_Id__c"), None])
def test_a_row_may_name_its_parent_by_id_or_by_a_key_but_not_by_both(client, order):
    client.load("Name,External_Id__c\nP,p\nQ,q\n", **INSERT)
    by_id, by_key = (record["Id"] for record in records(client))
    names = order or ("Parent.External_Id__c", "ParentId")
    given = {
        "A": {"ParentId": by_id},
        "B": {"Parent.External_Id__c": "q"},
        "C": {"ParentId": by_id, "Parent.External_Id__c": "q"},
        "D": {},
        "E": {"Parent.External_Id__c": "nobody"},
        "F": {"ParentId": "nonsense"},
    }
    text = io.StringIO()
    writer = csv.DictWriter(text, ["Name", *names], lineterminator="\n", restval="")
    writer.writeheader()
    writer.writerows({"Name": name} | parents for name, parents in given.items())
    done = client.load(text.getvalue(), **INSERT)
    assert {row["Name"]: row["sf__Error"] for row in rows(client.failures(done))} == {
        "C": (
            "INVALID_FIELD:Cannot specify both an external ID reference Parent and a salesforce "
            "id, ParentId:--"
        ),
        "E": (
            "INVALID_FIELD:Foreign key external ID: nobody not found for field External_Id__c in "
            "entity Account:--"
        ),
        "F": "MALFORMED_ID:malformed id nonsense:--",
    }
    parents = {one["Name"]: one["ParentId"] for one in records(client)}
    assert {name: parents[name] for name in "ABD"} == {"A": by_id, "B": by_key, "D": None}


def test_an_update_leaves_sets_and_removes_a_parent_that_has_two_columns(client):
    client.load("Name,External_Id__c\nP,p\n", **INSERT)
    (parent,) = records(client)
    data = "Name,External_Id__c,ParentId\n" + "".join(
        f"{one},{one},{parent['Id']}\n" for one in "abc"
    )
    client.load(data, **INSERT)
    client.load(
        "External_Id__c,ParentId,Parent.External_Id__c\na,,\nb,,#N/A\nc,#N/A,\np,,\nd,,p\n",
        **UPSERT,
    )
    parents = {one["Name"]: one["ParentId"] for one in records(client)}
    assert parents == {"P": None, "a": parent["Id"], "b": None, "c": None}


# Objects of a schema.


def test_custom_objects_have_owners_and_may_have_auto_numbers(client):
    fields = {
        "Name": {"autoNumber": "INV-{0000}", "nameField": True},
        "Serial__c": {"autoNumber": "{0}"},
    }
    schema = {"objects": {"Invoice__c": {"fields": fields}, "Line__c": {}}}
    assert client.send("POST", "/_sandbox/schema", schema).status == 204
    user = records(client, "User")[0]["Id"]
    done = client.load(f'OwnerId\n{user}\n""\n', object="Invoice__c", operation="insert")
    assert done["numberRecordsFailed"] == 0
    found = records(client, "Invoice__c")
    assert [one["Name"] for one in found] == ["INV-1000", "INV-1001"]
    assert [one["Serial__c"] for one in found] == ["1000", "1001"]
    assert {one["OwnerId"] for one in found} == {user}
    described = client.send("GET", "/services/data/v66.0/sobjects/Invoice__c/describe").json()
    by_name = {field["name"]: field for field in described["fields"]}
    assert by_name["Name"]["autoNumber"] is True
    assert by_name["Name"]["createable"] is False
    assert by_name["OwnerId"]["referenceTo"] == ["Group", "User"]


@pytest.mark.parametrize("form", ["A", "{}", "{:04d}", "{00}{00}"])
def test_what_is_no_form_of_an_auto_number_is_refused(client, form):
    fields = {"Name": {"autoNumber": form}}
    status, code, message = client.error(
        "POST", "/_sandbox/schema", {"objects": {"Invoice__c": {"fields": fields}}}
    )
    assert (status, code) == (400, "SANDBOX_ERROR")
    assert f"{form!r} is not a format such as A-{{0000}}" in message
