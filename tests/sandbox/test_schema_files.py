"""Schema files: what they add, what they refuse, and the rules that they bring."""

from __future__ import annotations

import csv
import io
import json
import sys

import pytest

from bulkflow_sandbox import Sandbox
from bulkflow_sandbox.core.errors import SchemaError
from bulkflow_sandbox.schema.fields import FieldType
from bulkflow_sandbox.schema.file import load_schema, load_standard_schema, read_schema


@pytest.fixture(scope="module")
def standard():
    return load_standard_schema()


def field(standard, **properties):
    document = {"objects": {"Thing__c": {"fields": {"F__c": properties}}}}
    return read_schema(document, standard).objects["Thing__c"].fields["F__c"]


def faults(document, base) -> list[str]:
    with pytest.raises(SchemaError) as caught:
        read_schema(document, base)
    return list(caught.value.notes)


def test_the_standard_objects_have_the_recorded_facts(standard):
    account, contact, case = (standard.objects[name] for name in ("Account", "Contact", "Case"))
    assert (account.prefix, contact.prefix, case.prefix) == ("001", "003", "500")
    assert [one.name for one in account.required_fields] == ["Name"]
    assert [one.name for one in contact.required_fields] == ["LastName"]
    assert case.required_fields == ()
    assert account.fields["Name"].length == 255
    assert contact.fields["LastName"].length == 80
    assert contact.fields["Email"].id_lookup
    assert contact.find_relationship("reportsto") is contact.fields["ReportsToId"]
    assert case.fields["OwnerId"].reference_to == ("Group", "User")
    assert case.fields["OwnerId"].polymorphic


def test_every_standard_object_has_a_unique_external_id_and_the_system_fields(standard):
    for item in standard:
        key = item.fields["External_Id__c"]
        assert (key.unique, key.external_id, key.length) == (True, True, 255)
        assert {"Id", "IsDeleted", "CreatedDate", "LastModifiedById"} <= set(item.fields)
        assert standard.find_object_by_id(item.prefix + "5g00000000") is item


def test_a_custom_object_gets_a_name_a_prefix_and_system_fields(standard):
    schema = read_schema({"objects": {"Thing__c": {}}}, standard)
    thing = schema.objects["Thing__c"]
    assert thing.fields["Name"].length == 80
    assert len(thing.prefix) == 3
    assert thing.prefix not in {item.prefix for item in standard}
    assert read_schema({"objects": {"Thing__c": {}}}, standard).objects["Thing__c"].prefix == (
        thing.prefix
    )


def test_a_field_is_added_to_a_standard_object_and_the_others_stay(standard):
    document = {"objects": {"account": {"fields": {"Score__c": {"type": "int"}}}}}
    account = read_schema(document, standard).objects["Account"]
    assert account.fields["Score__c"].type is FieldType.INT
    assert list(account.fields)[:-1] == list(standard.objects["Account"].fields)
    assert "Score__c" not in standard.objects["Account"].fields


def test_a_reference_is_followed_by_a_name_made_from_the_fields(standard):
    made = field(standard, type="reference", referenceTo=["Account"])
    assert made.relationship == "F__r"
    assert not made.polymorphic
    assert field(standard, type="reference", referenceTo=["Account", "Contact"]).polymorphic


def test_required_is_the_opposite_of_nillable(standard):
    assert field(standard, type="string", required=True).required
    assert field(standard, type="string", nillable=False).required
    assert not field(standard, type="string", nillable=False, defaultValue="x").required
    assert not field(standard, type="boolean", required=True).required


def test_every_fault_of_a_document_is_told_at_once_with_its_place(standard):
    document = {
        "objekts": {},
        "objects": {
            "Thing__c": {
                "prefix": "toolong",
                "fields": {
                    "A__c": {"type": "strin"},
                    "B__c": {"type": "string", "length": "long"},
                    "C__c": {"type": "reference"},
                    "D__c": {"type": "picklist", "restrictedPicklist": True},
                    "E__c": {"unik": True},
                    "1F": {},
                },
                "validationRules": [{"message": "x"}],
                "duplicateRules": [{}],
            },
            "Other__c": [],
        },
        "permissions": {"objects": {"Account": ["fly"]}, "fields": {"Phone": "read"}},
    }
    told = "\n".join(faults(document, standard))
    for part in (
        "objekts: unknown; use one of objects, permissions",
        "objects.Thing__c.prefix: 'toolong' is not three letters or digits",
        "objects.Thing__c.fields.A__c.type: 'strin' is not one of address, boolean",
        "objects.Thing__c.fields.B__c.length: 'long' is not a whole number",
        "objects.Thing__c.fields.C__c: a reference needs 'referenceTo'",
        "objects.Thing__c.fields.D__c: a restricted picklist needs 'picklistValues'",
        "objects.Thing__c.fields.E__c.unik: unknown",
        "objects.Thing__c.fields.1F: '1F' is not a valid API name",
        "objects.Thing__c.validationRules[0]: a rule needs conditions in 'when'",
        "objects.Thing__c.duplicateRules[0]: a rule needs 'fields'",
        "objects.Other__c: must be an object, in braces",
        "permissions.objects.Account: 'fly' is not one of create, read, update, delete",
        "permissions.fields: 'Phone' is not 'Object.Field'",
    ):
        assert part in told


def test_names_that_lead_nowhere_are_faults(standard):
    document = {
        "objects": {
            "Thing__c": {
                "fields": {"To__c": {"type": "reference", "referenceTo": ["Gone__c"]}},
                "validationRules": [
                    {"name": "r", "message": "m", "when": [{"field": "Nope", "is": "blank"}]}
                ],
                "duplicateRules": [{"name": "d", "fields": ["Nope2"]}],
            }
        }
    }
    assert faults(document, standard) == [
        "objects.Thing__c.fields.To__c: unknown object Gone__c",
        "objects.Thing__c, r: no field 'Nope'",
        "objects.Thing__c, d: no field 'Nope2'",
    ]


def test_two_objects_of_one_prefix_are_refused(standard):
    with pytest.raises(SchemaError, match="Account and Thing__c have the same key prefix 001"):
        read_schema({"objects": {"Thing__c": {"prefix": "001"}}}, standard)


def test_expressions_are_not_taken_from_files(standard):
    document = {"objects": {"Account": {"fields": {"X__c": {"formula": "1); DROP TABLE jobs"}}}}}
    assert "formula: unknown" in faults(document, standard)[0]


def test_a_file_that_is_missing_or_no_json_is_named(tmp_path, standard):
    with pytest.raises(SchemaError, match=r"cannot read the schema file .*nope\.json"):
        load_schema(tmp_path / "nope.json", standard)
    path = tmp_path / "bad.json"
    path.write_text('{"objects": {,}}')
    with pytest.raises(SchemaError, match=r"is not JSON: .* at line 1, column 14"):
        load_schema(path, standard)
    path.write_text(json.dumps({"objects": {"Thing__c": {}}}), encoding="utf-8-sig")
    assert "Thing__c" in load_schema(path, standard).objects


RULES = {
    "objects": {
        "Opportunity": {
            "validationRules": [
                {
                    "name": "won needs an amount",
                    "when": [
                        {"field": "StageName", "is": "equals", "value": "Closed Won"},
                        {"field": "Amount", "is": "blank"},
                    ],
                    "message": "A won deal: needs an amount",
                    "field": "Amount",
                },
                {
                    "name": "no small deals",
                    "when": [{"field": "Amount", "is": "less than", "value": 10}],
                    "message": "Too small",
                },
            ]
        },
        "Lead": {
            "fields": {
                "Level__c": {
                    "type": "picklist",
                    "picklistValues": ["A", "B"],
                    "restrictedPicklist": True,
                }
            },
            "duplicateRules": [{"name": "same person", "fields": ["LastName", "Company"]}],
        },
    }
}


def errors(client, data, **job):
    done = client.load(data, **job)
    text = client.failures(done)
    return [row[1] for row in csv.reader(io.StringIO(text))][1:]


@pytest.fixture
def ruled(start):
    client = start()
    client.server.api.change_schema(RULES)
    return client


def test_validation_rules_refuse_rows_with_the_administrators_words(ruled):
    told = errors(
        ruled,
        "Name,StageName,CloseDate,Amount\n"
        "a,closed won,2026-01-01,\nb,Closed Won,2026-01-01,5\nc,Prospecting,2026-01-01,\n",
        object="Opportunity",
        operation="insert",
    )
    assert told == [
        "FIELD_CUSTOM_VALIDATION_EXCEPTION:A won deal: needs an amount:Amount --",
        "FIELD_CUSTOM_VALIDATION_EXCEPTION:Too small:--",
    ]


def test_validation_rules_see_what_an_update_leaves_as_it_is(ruled):
    insert = {"object": "Opportunity", "operation": "insert"}
    upsert = {**insert, "operation": "upsert", "externalIdFieldName": "External_Id__c"}
    head = "Name,StageName,CloseDate,Amount,External_Id__c\n"
    data = head + "a,Prospecting,2026-01-01,,r1\nb,Prospecting,2026-01-01,50,r2\n"
    assert errors(ruled, data, **insert) == []
    data = "External_Id__c,StageName\nr1,Closed Won\nr2,Closed Won\n"
    assert [told[:33] for told in errors(ruled, data, **upsert)] == [
        "FIELD_CUSTOM_VALIDATION_EXCEPTION"
    ]
    assert errors(ruled, "External_Id__c,Amount\nr2,#N/A\n", **upsert) == [
        "FIELD_CUSTOM_VALIDATION_EXCEPTION:A won deal: needs an amount:Amount --"
    ]


def test_duplicate_rules_find_records_with_the_same_values_in_any_case(ruled):
    insert = {"object": "Lead", "operation": "insert"}
    assert errors(ruled, "LastName,Company\nDoe,Acme\nDoe,Other\n", **insert) == []
    told = errors(ruled, "LastName,Company\ndoe,ACME\nDoe,Third\n", **insert)
    assert told == ["DUPLICATES_DETECTED:Use one of these records?:--"]


def test_a_duplicate_rule_does_not_find_the_record_itself(ruled):
    upsert = {"object": "Lead", "operation": "upsert", "externalIdFieldName": "External_Id__c"}
    for name in ("One", "Two"):
        data = f"LastName,Company,FirstName,External_Id__c\nDoe,Self,{name},self\n"
        assert errors(ruled, data, **upsert) == []


def test_restricted_picklists_of_a_schema_hold(ruled):
    told = errors(
        ruled, "LastName,Company,Level__c\na,x,C\nb,y,b\n", object="Lead", operation="insert"
    )
    assert told == [
        (
            "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST:Level: bad value for restricted picklist "
            "field: C:Level__c --"
        )
    ]


def test_an_object_that_the_user_may_not_change_refuses_the_job(start):
    client = start()
    client.server.api.change_schema({"permissions": {"objects": {"Account": ["read", "create"]}}})
    assert client.create(object="Account", operation="insert")["state"] == "Open"
    for operation in ("update", "delete"):
        answer = client.send("POST", client.jobs, {"object": "Account", "operation": operation})
        assert (answer.status, answer.json()[0]["errorCode"]) == (400, "INVALIDENTITY")


def test_keys_of_custom_objects_work_like_those_of_standard_ones(start):
    client = start()
    client.server.api.change_schema(
        {
            "objects": {
                "Parent__c": {"fields": {"Code__c": {"type": "double", "externalId": True}}},
                "Child__c": {
                    "fields": {
                        "Parent__c": {"type": "reference", "referenceTo": ["Parent__c"]},
                        "Code__c": {
                            "type": "string",
                            "externalId": True,
                            "caseSensitive": True,
                            "unique": True,
                        },
                    }
                },
            }
        }
    )
    parent = {"object": "Parent__c", "operation": "upsert", "externalIdFieldName": "Code__c"}
    child = {"object": "Child__c", "operation": "upsert", "externalIdFieldName": "Code__c"}
    assert errors(client, "Code__c,Name\n7,a\n8,b\n8,c\n", **parent) == [
        "DUPLICATE_VALUE:Duplicate external id specified: 8:Code__c --"
    ]
    data = "Code__c,Parent__r.Code__c\nk,7.0\nK,8\nx,9\n"
    assert errors(client, data, **child) == [
        (
            "INVALID_FIELD:Foreign key external ID: 9 not found for field Code__c in entity "
            "Parent__c:--"
        )
    ]


def test_a_schema_that_was_added_is_kept_with_the_data(tmp_path):
    with Sandbox(tmp_path) as first:
        first.change_schema({"objects": {"Thing__c": {"fields": {"A__c": {}}}}})
        first.change_schema({"objects": {"Thing__c": {"fields": {"B__c": {}}}}})
    with Sandbox(tmp_path) as second:
        assert {"A__c", "B__c"} <= set(second.org.schema.objects["Thing__c"].fields)


def test_many_new_objects_get_prefixes_of_their_own(standard):
    schema = read_schema({"objects": {f"T{n}__c": {} for n in range(60)}}, standard)
    assert len({item.prefix for item in schema}) == len(schema.objects)


def test_a_key_that_stands_twice_is_not_passed_over(tmp_path, standard):
    path = tmp_path / "twice.json"
    path.write_text('{"objects": {"A__c": {}, "B__c": {}, "A__c": {}}}')
    with pytest.raises(SchemaError, match="has the key 'A__c' twice in one object"):
        load_schema(path, standard)


def test_a_schema_can_be_written_as_yaml(tmp_path, standard):
    pytest.importorskip("yaml")
    path = tmp_path / "schema.yaml"
    path.write_text("objects:\n  Thing__c:\n    fields:\n      Size__c: {type: int}\n")
    assert load_schema(path, standard).objects["Thing__c"].fields["Size__c"].type == "int"
    path.write_text("objects: [")
    with pytest.raises(SchemaError, match=r"is not YAML: .* line 1, column 11"):
        load_schema(path, standard)


def test_yaml_without_its_library_is_refused_with_what_to_do(tmp_path, standard, monkeypatch):
    monkeypatch.setitem(sys.modules, "yaml", None)
    path = tmp_path / "schema.yml"
    path.write_text("objects: {}")
    with pytest.raises(SchemaError, match="PyYAML is not installed") as caught:
        load_schema(path, standard)
    assert "bulkflow-sf[sandbox]" in (caught.value.help or "")
