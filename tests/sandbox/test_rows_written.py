"""The contents of the store after rows were saved."""

from __future__ import annotations

import csv
import io

import pytest

from bulkflow_sandbox import Choices
from bulkflow_sandbox.org import USER_ID


def stored(client, query: str, *values: object) -> list[tuple]:
    with client.server.api.database.reading() as connection:
        return connection.execute(query, values).fetchall()


def ids(client, job) -> list[str]:
    return [row[0] for row in csv.reader(io.StringIO(client.successes(job)))][1:]


@pytest.fixture
def org(start):
    return start()


def load(client, operation, data, name="Account", **more):
    done = client.load(data, object=name, operation=operation, **more)
    assert (done["state"], done["numberRecordsFailed"]) == ("JobComplete", 0), client.failures(done)
    return done


def test_values_are_stored_in_the_form_of_their_type(org):
    load(
        org,
        "insert",
        "LastName,FirstName,Birthdate,EmailBouncedDate,MailingLatitude\n"
        'Müller,"Zoë ""Z""",1990-01-02,2026-01-02T03:04:05.678+01:00,1.5\n',
        "Contact",
    )
    assert stored(
        org, "SELECT LastName, Birthdate, EmailBouncedDate, MailingLatitude, Name FROM Contact"
    ) == [("Müller", "1990-01-02", "2026-01-02T02:04:05.678Z", 1.5, 'Zoë "Z" Müller')]


def test_new_records_get_defaults_numbers_owner_and_audit_fields(org):
    load(org, "insert", "Subject,Priority,Status\na,High,\n", "Case")
    load(org, "insert", "Subject\nb\n", "Case")
    rows = stored(
        org, 'SELECT Status, Priority, OwnerId, CreatedById, IsDeleted FROM "Case" ORDER BY Id'
    )
    assert rows == [("New", "High", USER_ID, USER_ID, 0), ("New", "Medium", USER_ID, USER_ID, 0)]
    numbers = [row[0] for row in stored(org, 'SELECT CaseNumber FROM "Case"')]
    assert numbers == ["00001000", "00001001"]


def test_an_assignment_rule_decides_who_owns_new_records(org):
    owner = "00G5g0000000042"
    org.server.api.change_schema(
        {"objects": {"Case": {"assignmentRules": {"01Q5g0000000001": owner}}}}
    )
    load(org, "insert", "Subject\na\n", "Case", assignmentRuleId="01Q5g0000000001")
    assert stored(org, 'SELECT substr(OwnerId, 1, 15) FROM "Case"') == [(owner,)]


@pytest.mark.parametrize("operation", ["update", "upsert"])
def test_a_blank_leaves_a_value_and_the_null_word_removes_it(org, operation):
    load(org, "insert", "Name,Phone,Fax,External_Id__c\nA,1,2,a\nB,3,4,b\nC,5,6,c\n")
    known = [row[0] for row in stored(org, "SELECT Id FROM Account ORDER BY Name")]
    more = {"externalIdFieldName": "External_Id__c"} if operation == "upsert" else {}
    key = ["a", "b", "c"] if more else known
    name = "External_Id__c" if more else "Id"
    data = f"{name},Phone,Fax\n{key[0]},,#N/A\n{key[1]},#N/A,\n{key[2]},7,8\n"
    load(org, operation, data, **more)
    assert stored(org, "SELECT Phone, Fax FROM Account ORDER BY Name") == [
        ("1", None),
        (None, "4"),
        ("7", "8"),
    ]


def test_only_the_given_columns_change_on_update(org):
    load(org, "insert", "Name,Phone\nA,1\n")
    ((record_id, created),) = stored(org, "SELECT Id, CreatedDate FROM Account")
    load(org, "update", f"Phone,Id\n2,{record_id[:15]}\n")
    assert stored(org, "SELECT Name, Phone, CreatedDate FROM Account") == [("A", "2", created)]


def test_the_null_word_leaves_a_boolean_as_it_is(org):
    load(org, "insert", "Subject,IsEscalated\nA,true\n", "Case")
    ((record_id,),) = stored(org, 'SELECT Id FROM "Case"')
    load(org, "update", f"Id,IsEscalated\n{record_id},#N/A\n", "Case")
    assert stored(org, 'SELECT IsEscalated FROM "Case"') == [(1,)]


def test_the_same_key_in_two_chunks_is_inserted_and_then_updated(start):
    org = start(choices=Choices(chunk_rows=2))
    upsert = {"externalIdFieldName": "External_Id__c"}
    done = load(org, "upsert", "Name,External_Id__c\nA,1\nB,2\nC,1\nD,3\n", **upsert)
    created = [row[1] for row in csv.reader(io.StringIO(org.successes(done)))][1:]
    assert created == ["true", "true", "false", "true"]
    assert [row[0] for row in stored(org, "SELECT Name FROM Account ORDER BY Id")] == [
        "C",
        "B",
        "D",
    ]


def test_a_failed_row_is_not_saved_even_when_a_later_one_has_its_key(start):
    org = start(choices=Choices(chunk_rows=2))
    done = org.load(
        "Name,External_Id__c\n,k\nB,x\nC,k\nD,y\n",
        object="Account",
        operation="upsert",
        externalIdFieldName="External_Id__c",
    )
    assert done["numberRecordsFailed"] == 1
    assert sorted(stored(org, "SELECT Name, External_Id__c FROM Account")) == [
        ("B", "x"),
        ("C", "k"),
        ("D", "y"),
    ]


def test_a_lookup_column_writes_the_parents_id(org):
    parent = load(org, "insert", "Name,External_Id__c\nP,p\n")
    load(org, "insert", "LastName,Account.External_Id__c\nA,p\nB,\n", "Contact")
    (parent_id,) = ids(org, parent)
    assert stored(org, "SELECT AccountId FROM Contact ORDER BY LastName") == [
        (parent_id,),
        (None,),
    ]


def test_a_delete_marks_and_a_hard_delete_removes(org):
    done = load(org, "insert", "Name\nA\nB\nC\n")
    first, second, _ = ids(org, done)
    load(org, "delete", f"Id\n{first}\n")
    load(org, "hardDelete", f"Id\n{second}\n")
    assert stored(org, "SELECT Name, IsDeleted FROM Account ORDER BY Name") == [("A", 1), ("C", 0)]


def test_bytes_that_are_no_utf8_become_the_replacement_character(org):
    load(org, "insert", b"Name\nM\xfcller\n")
    assert stored(org, "SELECT Name FROM Account") == [("M\ufffdller",)]
