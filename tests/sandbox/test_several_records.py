"""The resources for several records at once: `composite/sobjects`."""

from __future__ import annotations

from urllib.parse import quote

import pytest

from bulkflow_sandbox import Choices

BASE = "/services/data/v66.0"
SEVERAL = f"{BASE}/composite/sobjects"
MISSING = {
    "statusCode": "REQUIRED_FIELD_MISSING",
    "message": "Required fields are missing: [Name]",
    "fields": ["Name"],
}


def account(**properties: object) -> dict:
    return {"attributes": {"type": "Account"}, **properties}


def ask(client, method: str, path: str, body: dict | None = None) -> list:
    answer = client.send(method, path, body)
    assert answer.status == 200, answer.data
    return answer.json()


def create(client, *records: dict) -> list[str]:
    return [one["id"] for one in ask(client, "POST", SEVERAL, {"records": list(records)})]


def count(client, name: str) -> int:
    query = f"{BASE}/query?q=SELECT+COUNT()+FROM+Account+WHERE+Name='{quote(name)}'"
    return client.send("GET", query).json()["totalSize"]


def test_records_of_several_objects_are_created_each_for_itself(client):
    contact = {"attributes": {"type": "Contact"}, "LastName": "L"}
    unknown = {"attributes": {"type": "Nothing__c"}}
    body = {"records": [account(Name="A"), account(Phone="1"), contact, unknown, {"Name": "B"}]}
    first, second, third, fourth, fifth = ask(client, "POST", SEVERAL, body)
    assert list(first) == ["id", "success", "errors"]
    assert (first["id"][:3], first["success"], first["errors"]) == ("001", True, [])
    assert second == {"success": False, "errors": [MISSING]}
    assert (third["id"][:3], third["success"]) == ("003", True)
    assert fourth["errors"][0]["statusCode"] == "NOT_FOUND"
    assert fifth["errors"][0]["statusCode"] == "INVALID_TYPE"


def test_all_or_none_takes_back_what_was_saved(client):
    records = [account(Name="all-1"), account(Phone="1"), account(Name="all-1")]
    outcomes = ask(client, "POST", SEVERAL, {"allOrNone": True, "records": records})
    assert [one["success"] for one in outcomes] == [False, False, False]
    codes = [one["errors"][0]["statusCode"] for one in outcomes]
    rolled_back = "ALL_OR_NONE_OPERATION_ROLLED_BACK"
    assert codes == [rolled_back, "REQUIRED_FIELD_MISSING", rolled_back]
    assert not any("id" in one for one in outcomes)
    assert count(client, "all-1") == 0
    good = {"allOrNone": True, "records": [account(Name="all-2"), account(Name="all-2")]}
    assert all(one["success"] for one in ask(client, "POST", SEVERAL, good))
    assert count(client, "all-2") == 2


def test_records_are_changed_by_their_ids(client):
    (known,) = create(client, account(Name="A"))
    gone = "0015g00000zzzzz"
    records = [
        account(id=known, Name="changed"),
        account(Name="B"),
        account(Id=gone, Name="C"),
        account(id="nonsense", Name="D"),
        account(id=known, Nothing__c="E"),
    ]
    outcomes = ask(client, "PATCH", SEVERAL, {"records": records})
    assert outcomes[0] == {"id": known, "success": True, "errors": []}
    assert [one["errors"][0]["statusCode"] for one in outcomes[1:]] == [
        "MISSING_ARGUMENT",
        "INVALID_CROSS_REFERENCE_KEY",
        "MALFORMED_ID",
        "INVALID_FIELD",
    ]
    assert outcomes[1]["errors"][0]["message"] == "Id not specified in an update call"
    assert client.send("GET", f"{BASE}/sobjects/Account/{known}").json()["Name"] == "changed"


def test_an_upsert_tells_which_records_are_new(client):
    create(client, account(Name="A", External_Id__c="several-1"))
    records = [
        account(Name="several B", External_Id__c="several-1"),
        account(Name="C", External_Id__c="several-2"),
        account(External_Id__c="several-3"),
    ]
    changed, new, failed = ask(
        client, "PATCH", f"{SEVERAL}/Account/external_id__c", {"records": records}
    )
    assert list(changed) == ["id", "success", "errors", "created"]
    assert (changed["created"], new["created"]) == (False, True)
    assert failed == {"success": False, "errors": [MISSING], "created": False}
    assert count(client, "several B") == 1


def test_an_upsert_by_id_adds_the_records_that_have_none(client):
    (known,) = create(client, account(Name="A"))
    records = [account(Id=known, Name="several by id"), account(Name="several by id")]
    outcomes = ask(client, "PATCH", f"{SEVERAL}/Account/Id", {"records": records})
    assert [one["created"] for one in outcomes] == [False, True]
    assert outcomes[0]["id"] == known
    assert count(client, "several by id") == 2


def test_records_of_any_object_are_deleted_by_their_ids(client):
    ids = create(client, account(Name="A"), {"attributes": {"type": "Contact"}, "LastName": "L"})
    query = ",".join([*ids, ids[0], "nonsense", "zzz5g0000000001"])
    outcomes = ask(client, "DELETE", f"{SEVERAL}?ids={query}")
    assert outcomes[:2] == [{"id": one, "success": True, "errors": []} for one in ids]
    assert [one["errors"][0]["statusCode"] for one in outcomes[2:]] == [
        "ENTITY_IS_DELETED",
        "MALFORMED_ID",
        "INVALID_CROSS_REFERENCE_KEY",
    ]


def test_a_delete_can_be_all_or_none(client):
    (known,) = create(client, account(Name="A"))
    outcomes = ask(client, "DELETE", f"{SEVERAL}?ids={known},nonsense&allOrNone=true")
    assert [one["success"] for one in outcomes] == [False, False]
    assert client.send("GET", f"{BASE}/sobjects/Account/{known}").status == 200


@pytest.mark.parametrize("by_body", [False, True])
def test_records_are_read_with_null_for_those_that_are_not_there(client, by_body):
    (known,) = create(client, account(Name="A", Phone="1"))
    ids, fields = [known, "0015g00000zzzzz"], ["Name", "Phone"]
    path = f"{SEVERAL}/Account"
    if by_body:
        found = ask(client, "POST", path, {"ids": ids, "fields": fields})
    else:
        found = ask(client, "GET", f"{path}?ids={','.join(ids)}&fields={','.join(fields)}")
    address = {"type": "Account", "url": f"{BASE}/sobjects/Account/{known}"}
    assert found == [{"attributes": address, "Name": "A", "Phone": "1"}, None]


def test_more_than_200_records_are_refused(start):
    client = start(choices=Choices(collection_records=2))
    records = [account(Name="A")] * 3
    refusal = client.error("POST", SEVERAL, {"records": records})
    assert refusal[:2] == (400, "EXCEEDED_ID_LIMIT")
    assert client.error("DELETE", f"{SEVERAL}?ids=1,2,3") == refusal
    assert len(ask(client, "POST", SEVERAL, {"records": records[:2]})) == 2


@pytest.mark.parametrize("body", [{}, {"records": {}}, {"records": ["A"]}])
def test_a_request_without_records_is_refused(client, body):
    assert client.error("POST", SEVERAL, body)[:2] == (400, "JSON_PARSER_ERROR")


def test_they_are_there_from_version_42_and_the_upsert_from_46(client):
    body = {"records": []}
    assert client.send("POST", SEVERAL.replace("66", "41"), body).status == 404
    assert client.send("POST", SEVERAL.replace("66", "42"), body).status == 200
    upsert = f"{SEVERAL}/Account/External_Id__c"
    assert client.send("PATCH", upsert.replace("66", "45"), body).status == 404
    assert client.send("PATCH", upsert.replace("66", "46"), body).status == 200
