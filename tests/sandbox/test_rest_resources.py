"""Versions, limits, describes, single records and REST queries over a real socket."""

from __future__ import annotations

import re
import socket
from urllib.parse import quote

import pytest

from bulkflow_sandbox import Choices
from bulkflow_sandbox.org import USER_ID

_NAMES = ("composite", "jobs", "limits", "query", "queryAll", "sobjects")
BASE = "/services/data/v66.0"
SOBJECTS = f"{BASE}/sobjects"


def query(client, text, *, resource="query", **headers):
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    answer = client.send("GET", f"{BASE}/{resource}?q={quote(text)}", headers=sent)
    assert answer.status == 200, answer.data
    return answer.json()


def add(client, name, **properties):
    answer = client.send("POST", f"{SOBJECTS}/{name}", properties)
    assert answer.status == 201, answer.data
    return answer.json()["id"]


def test_versions_need_no_token_and_ascend(client):
    answer = client.send("GET", "/services/data", headers={"Authorization": ""})
    assert answer.status == 200
    versions = answer.json()
    assert versions[0]["version"] == "31.0"
    assert versions[-3:] == [
        {"label": "Spring '26", "url": "/services/data/v66.0", "version": "66.0"},
        {"label": "Summer '26", "url": "/services/data/v67.0", "version": "67.0"},
        {"label": "Winter '27", "url": "/services/data/v68.0", "version": "68.0"},
    ]
    labels = {entry["version"]: entry["label"] for entry in versions}
    assert (labels["41.0"], labels["47.0"], labels["49.0"]) == (
        "Winter '18",
        "Winter '20",
        "Summer '20",
    )


def test_the_resources_of_a_version_need_a_token(client):
    body = client.send("GET", BASE).json()
    identity = f"{client.server.url}/id/{client.server.api.org.id}/{USER_ID}"
    assert body.pop("identity") == identity
    assert body == {name: f"{BASE}/{name}" for name in _NAMES}
    assert client.send("GET", BASE, headers={"Authorization": "Bearer no"}).status == 401


def test_every_resource_of_a_version_that_is_no_mere_folder_answers(client):
    for name, path in client.send("GET", BASE).json().items():
        if name not in {"composite", "jobs"}:
            path = path.removeprefix(client.server.url)
            assert client.send("GET", path).status in {200, 400}, name


def test_limits_say_what_is_left(start):
    client = start()
    before = client.send("GET", f"{BASE}/limits").json()
    assert before["DailyBulkV2QueryJobs"] == {"Max": 10000, "Remaining": 10000}
    body = {"operation": "query", "query": "SELECT Id FROM Account"}
    client.send("POST", f"{BASE}/jobs/query", body)
    after = client.send("GET", f"{BASE}/limits").json()
    assert after["DailyBulkV2QueryJobs"]["Remaining"] == 9999
    used = before["DailyApiRequests"]["Remaining"] - after["DailyApiRequests"]["Remaining"]
    assert used == 2


def test_the_daily_batches_had_another_name_before_version_49(client):
    old = client.send("GET", "/services/data/v48.0/limits").json()
    new = client.send("GET", "/services/data/v49.0/limits").json()
    assert ("DailyBulkApiRequests" in old, "DailyBulkApiBatches" in old) == (True, False)
    assert ("DailyBulkApiRequests" in new, "DailyBulkApiBatches" in new) == (False, True)


def test_the_list_of_objects_and_an_object_in_short_agree(client):
    everything = client.send("GET", SOBJECTS).json()
    assert (everything["encoding"], everything["maxBatchSize"]) == ("UTF-8", 200)
    names = [item["name"] for item in everything["sobjects"]]
    assert names == sorted(names)
    account = everything["sobjects"][names.index("Account")]
    one = client.send("GET", f"{SOBJECTS}/account").json()
    assert one == {"objectDescribe": account, "recentItems": []}
    assert client.send("GET", account["urls"]["describe"]).json()["name"] == "Account"


def test_a_describe_tells_what_a_client_checks_a_header_with(client):
    body = client.send("GET", f"{SOBJECTS}/Contact/describe").json()
    assert list(body) == sorted(body)
    assert (body["keyPrefix"], body["custom"], body["queryable"]) == ("003", False, True)
    fields = {field["name"]: field for field in body["fields"]}
    assert all(list(field) == sorted(field) for field in fields.values())
    assert fields["Id"]["type"] == "id"
    assert fields["Id"]["idLookup"] is True
    assert (fields["LastName"]["nillable"], fields["LastName"]["length"]) == (False, 80)
    assert fields["LastName"]["byteLength"] == 240
    assert fields["AccountId"]["referenceTo"] == ["Account"]
    assert fields["AccountId"]["relationshipName"] == "Account"
    assert fields["Name"]["createable"] is False
    assert fields["MailingCity"]["compoundFieldName"] == "MailingAddress"
    assert fields["Description"]["filterable"] is False
    assert fields["Birthdate"]["soapType"] == "xsd:date"
    assert fields["LeadSource"]["picklistValues"][0] == {
        "active": True,
        "defaultValue": False,
        "label": "Web",
        "validFor": None,
        "value": "Web",
    }
    assert fields["External_Id__c"]["externalId"] is True
    assert fields["External_Id__c"]["unique"] is True
    assert {"childSObject": "Case", "field": "ContactId"}.items() <= next(
        child.items() for child in body["childRelationships"] if child["childSObject"] == "Case"
    )


def test_a_describe_shows_what_the_user_may_do(start):
    client = start()
    client.server.api.change_schema(
        {
            "permissions": {
                "fields": {"Account.Phone": "hidden", "Account.Fax": "read"},
                "objects": {"Account": ["read"]},
            }
        }
    )
    body = client.send("GET", f"{SOBJECTS}/Account/describe").json()
    fields = {field["name"]: field for field in body["fields"]}
    assert (body["createable"], body["updateable"], body["deletable"]) == (False, False, False)
    assert "Phone" not in fields
    assert (fields["Fax"]["createable"], fields["Fax"]["updateable"]) == (False, False)
    refusal = client.error("POST", f"{SOBJECTS}/Account", {"Name": "x"})
    assert refusal[:2] == (403, "INSUFFICIENT_ACCESS")


@pytest.mark.parametrize("path", ["/Nope", "/Nope/describe", "/Nope/001000000000001"])
def test_unknown_objects_are_not_found(client, path):
    assert client.error("GET", SOBJECTS + path)[:2] == (404, "NOT_FOUND")


def test_a_record_is_created_read_changed_and_deleted(client):
    record_id = add(client, "Contact", LastName="Doe", FirstName="Jo", Birthdate="2000-02-29")
    path = f"{SOBJECTS}/Contact/{record_id}"
    record = client.send("GET", path).json()
    assert record["attributes"] == {"type": "Contact", "url": path}
    assert (record["Name"], record["Birthdate"], record["IsDeleted"]) == (
        "Jo Doe",
        "2000-02-29",
        False,
    )
    assert record["CreatedById"] == record["OwnerId"] == USER_ID
    assert record["CreatedDate"].endswith("+0000")
    changed = client.send("PATCH", path, {"firstname": None, "Email": "jo@example.com"})
    assert (changed.status, changed.data) == (204, b"")
    read = client.send("GET", f"{path[:-3]}?fields=Name,email,Owner.Username").json()
    assert read == {
        "attributes": {"type": "Contact", "url": path},
        "Name": "Doe",
        "Email": "jo@example.com",
        "Owner": {
            "attributes": {"type": "User", "url": f"{SOBJECTS}/User/{USER_ID}"},
            "Username": "admin@sandbox.example",
        },
    }
    gone = client.send("DELETE", path)
    assert (gone.status, gone.data) == (204, b"")
    for method, body in (("GET", None), ("PATCH", {"FirstName": "x"}), ("DELETE", None)):
        refusal = client.error(method, path, body)
        assert refusal == (404, "ENTITY_IS_DELETED", "entity is deleted")


def test_a_parent_is_named_by_its_external_id(client):
    parent = add(client, "Account", Name="Parent", External_Id__c="by-key")
    child = add(client, "Contact", LastName="Child", Account={"External_Id__c": "by-key"})
    record = client.send("GET", f"{SOBJECTS}/Contact/{child}?fields=AccountId").json()
    assert record["AccountId"] == parent
    refusal = client.error(
        "POST", f"{SOBJECTS}/Contact", {"LastName": "x", "Account": {"External_Id__c": "none"}}
    )
    assert refusal == (
        400,
        "INVALID_FIELD",
        "Foreign key external ID: none not found for field External_Id__c in entity Account",
    )


@pytest.mark.parametrize(
    ("properties", "code", "message", "fields"),
    [
        (
            {"FirstName": "Jo"},
            "REQUIRED_FIELD_MISSING",
            "Required fields are missing: [LastName]",
            ["LastName"],
        ),
        ({"Nope": 1}, "INVALID_FIELD", "No such column 'Nope' on sobject of type Contact", None),
        (
            {"LastName": "x", "Name": "y"},
            "INVALID_FIELD_FOR_INSERT_UPDATE",
            (
                "Unable to create/update fields: Name. Please check the security settings of this "
                "field and verify that it is read/write for your profile or permission set."
            ),
            ["Name"],
        ),
        (
            {"Id": "003000000000001"},
            "INVALID_FIELD",
            "The Id field should not be specified in the sobject data.",
            None,
        ),
        (
            {"LastName": "x", "Birthdate": "soon"},
            "JSON_PARSER_ERROR",
            (
                "Cannot deserialize instance of date from VALUE_STRING value soon or request may "
                "be missing a required field at [line:1, column:1]"
            ),
            None,
        ),
        (
            {"LastName": "x", "Email": "nobody"},
            "INVALID_EMAIL_ADDRESS",
            "Email: invalid email address: nobody",
            ["Email"],
        ),
        ({"LastName": "x", "AccountId": "abc"}, "MALFORMED_ID", "malformed id abc", None),
    ],
)
def test_a_bad_record_is_refused_with_code_message_and_fields(
    client, properties, code, message, fields
):
    answer = client.send("POST", f"{SOBJECTS}/Contact", properties)
    assert answer.status == 400
    (entry,) = answer.json()
    assert (entry["errorCode"], entry["message"], entry.get("fields")) == (code, message, fields)


@pytest.mark.parametrize(
    ("record_id", "message"),
    [
        (
            "nonsense",
            "Provided external ID field does not exist or is not accessible: nonsense",
        ),
        (
            "003000000000001AAA",
            "Provided external ID field does not exist or is not accessible: 003000000000001AAA",
        ),
        ("001000000000001AAA", "The requested resource does not exist"),
    ],
)
def test_ids_of_nothing_are_not_found(client, record_id, message):
    refusal = client.error("GET", f"{SOBJECTS}/Account/{record_id}")
    assert refusal == (404, "NOT_FOUND", message)


def test_an_upsert_by_external_id_adds_and_then_changes(client):
    path = f"{SOBJECTS}/Account/External_Id__c/up%2F1"
    added = client.send("PATCH", path, {"Name": "Up"})
    assert added.status == 201
    record_id = added.json()["id"]
    assert added.json() == {"id": record_id, "success": True, "errors": [], "created": True}
    changed = client.send("PATCH", path, {"Phone": "5"})
    assert (changed.status, changed.json()["created"]) == (200, False)
    silent = client.send("PATCH", path.replace("v66", "v45"), {"Phone": "6"})
    assert (silent.status, silent.data) == (204, b"")
    record = client.send("GET", f"{path}?fields=Id,Phone,External_Id__c").json()
    assert (record["Id"], record["Phone"], record["External_Id__c"]) == (record_id, "6", "up/1")
    refusal = client.error("PATCH", path, {"External_Id__c": "up/1"})
    assert refusal[1:] == (
        "INVALID_FIELD",
        "The External_Id__c field should not be specified in the sobject data.",
    )
    assert client.send("DELETE", path).status == 204
    assert client.error("GET", path)[:2] == (404, "NOT_FOUND")
    assert client.error("DELETE", path)[:2] == (404, "NOT_FOUND")


def test_an_upsert_by_id_is_an_update(client):
    record_id = add(client, "Account", Name="By id")
    assert client.send("PATCH", f"{SOBJECTS}/Account/Id/{record_id}", {"Phone": "1"}).status == 204


def test_a_key_of_several_records_answers_with_their_addresses(client):
    ids = [add(client, "Contact", LastName="x", Email="two@example.com") for _ in range(2)]
    path = f"{SOBJECTS}/Contact/Email/two@example.com"
    for method, body in (("GET", None), ("PATCH", {"FirstName": "y"}), ("DELETE", None)):
        answer = client.send(method, path, body)
        assert answer.status == 300
        assert answer.json() == [f"{SOBJECTS}/Contact/{one}" for one in ids]


def test_a_field_that_is_no_key_does_not_name_records(client):
    refusal = client.error("GET", f"{SOBJECTS}/Account/Phone/1")
    assert refusal[:2] == (404, "NOT_FOUND")


def test_a_query_answers_with_total_done_and_records(start):
    client = start()
    record_id = add(client, "Account", Name="Acme", AnnualRevenue=5)
    body = query(client, "SELECT Id, AnnualRevenue FROM Account")
    assert list(body) == ["totalSize", "done", "records"]
    assert body == {
        "totalSize": 1,
        "done": True,
        "records": [
            {
                "attributes": {"type": "Account", "url": f"{SOBJECTS}/Account/{record_id}"},
                "Id": record_id,
                "AnnualRevenue": 5.0,
            }
        ],
    }


def test_long_results_come_page_by_page(start):
    client = start(choices=Choices(rest_page_rows=2, rest_fewest_rows=1))
    ids = [add(client, "Account", Name=f"n{number}") for number in range(5)]
    body = query(client, "SELECT Id FROM Account")
    found, pages = body["records"], 1
    while not body["done"]:
        assert body["totalSize"] == 5
        assert body["nextRecordsUrl"].startswith(f"{BASE}/query/01g")
        assert body["nextRecordsUrl"].endswith(f"-{len(found)}")
        # A record that is added meanwhile is in no page, and a page can be asked for again.
        add(client, "Account", Name="late")
        again = client.send("GET", body["nextRecordsUrl"]).json()
        body = client.send("GET", body["nextRecordsUrl"]).json()
        assert body == again
        found += body["records"]
        pages += 1
    assert "nextRecordsUrl" not in body
    assert [record["Id"] for record in found] == ids
    assert pages == 3


def test_the_client_can_ask_for_smaller_pages_within_limits(start):
    client = start(choices=Choices(rest_page_rows=4, rest_fewest_rows=2))
    for number in range(6):
        add(client, "Account", Name=f"n{number}")
    sizes = {
        asked: len(
            query(client, "SELECT Id FROM Account", Sforce_Query_Options=f"batchSize={asked}")[
                "records"
            ]
        )
        for asked in (1, 3, 2000)
    }
    assert sizes == {1: 2, 3: 3, 2000: 4}


@pytest.mark.parametrize("locator", ["01g000000000000AAA-2000", "nonsense", "01g-x", "-1"])
def test_a_locator_of_nothing_is_refused(client, locator):
    refusal = client.error("GET", f"{BASE}/query/{locator}")
    assert refusal == (400, "INVALID_QUERY_LOCATOR", "invalid query locator")


def test_the_oldest_unfinished_query_is_forgotten_first(start):
    client = start(choices=Choices(rest_page_rows=1, rest_fewest_rows=1, rest_cursors=2))
    for number in range(2):
        add(client, "Account", Name=f"n{number}")
    urls = [query(client, "SELECT Id FROM Account")["nextRecordsUrl"] for _ in range(3)]
    assert [client.send("GET", url).status for url in urls] == [400, 200, 200]
    folder = client.server.api.database.folder / "cursors"
    assert len(list(folder.iterdir())) == 2


def test_query_all_sees_deleted_records(start):
    client = start()
    record_id = add(client, "Account", Name="Gone")
    client.send("DELETE", f"{SOBJECTS}/Account/{record_id}")
    text = "SELECT Id, IsDeleted FROM Account"
    assert query(client, text)["totalSize"] == 0
    (record,) = query(client, text, resource="queryAll")["records"]
    assert (record["Id"], record["IsDeleted"]) == (record_id, True)


def test_a_query_is_refused_with_its_place(client):
    status, code, message = client.error("GET", f"{BASE}/query?q=SELECT+Nope+FROM+Account")
    assert (status, code) == (400, "INVALID_FIELD")
    assert message.startswith("\nSELECT Nope FROM Account\n       ^\nERROR at Row:1:Column:8\n")
    assert client.error("GET", f"{BASE}/query") == (
        400,
        "MALFORMED_QUERY",
        "A query string has to be specified",
    )


def test_records_from_an_upload_and_single_ones_follow_the_same_rules(start):
    client = start()
    client.load("Name,External_Id__c\nA,same\n", object="Account", operation="insert")
    answer = client.send("POST", f"{SOBJECTS}/Account", {"Name": "B", "External_Id__c": "same"})
    (entry,) = answer.json()
    assert (answer.status, entry["errorCode"]) == (400, "DUPLICATE_VALUE")
    assert entry["message"].startswith("duplicate value found: External_Id__c duplicates value")


def test_a_sandbox_that_is_asked_no_query_loads_no_parser():
    import subprocess
    import sys

    script = (
        "import sys; from bulkflow_sandbox import Sandbox; Sandbox().close(); "
        "import bulkflow_sandbox.http.app; print(sorted({'lark', 'jwt'} & sys.modules.keys()))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, "[]\n"), done.stderr


@pytest.mark.parametrize(
    "path",
    [
        "describe/layouts",
        "describe/layouts/012000000000000AAA",
        "describe/compactLayouts",
        "describe/namedLayouts/x",
        "listviews",
        "listviews/recent",
        "quickActions",
        "deleted",
        "updated",
    ],
)
@pytest.mark.parametrize("method", ["GET", "PATCH"])
def test_other_resources_of_an_object_are_not_read_as_keys(client, method, path):
    body = {"Name": "A"} if method == "PATCH" else None
    refusal = client.error(method, f"{SOBJECTS}/Account/{path}", body)
    assert refusal == (404, "NOT_FOUND", "The requested resource does not exist")


def test_limits_have_the_usual_names_beside_those_that_are_counted(client):
    body = client.send("GET", f"{BASE}/limits").json()
    usual = {"DailyApiRequests", "DailyAsyncApexExecutions", "DataStorageMB", "FileStorageMB"}
    assert usual | {"SingleEmail", "HourlyDashboardRefreshes"} <= set(body)
    assert list(body) == sorted(body)
    assert all(0 <= one["Remaining"] <= one["Max"] for one in body.values())


def test_headers_have_their_usual_names_on_the_wire(client):
    host, _, port = client.server.url.removeprefix("http://").partition(":")
    head = (
        f"GET {BASE}/limits HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {client.server.token}"
        "\r\n\r\n"
    )
    last = f"GET {BASE}/limits HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    with socket.create_connection((host, int(port))) as connection:
        connection.sendall(head.encode() + last.encode())
        data = b"".join(iter(lambda: connection.recv(1 << 16), b""))
    names = re.findall(rb"^([A-Za-z-]+): ", data, re.MULTILINE)
    assert {b"Content-Type", b"Content-Length", b"Date", b"Sforce-Limit-Info"} <= set(names)
    assert b"WWW-Authenticate" in names
    assert not [name for name in names if name.islower()]
