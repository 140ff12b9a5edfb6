"""Random requests for every resource are answered or refused, and break nothing."""

from __future__ import annotations

import json
import logging
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from bulkflow_sandbox.core.json_document import MAX_BYTES

DEEP = "[" * 50_000
MANY = "9" * 5000
WORDS = ["", "a", "Account", "Contact", "Name", "Id", "External_Id__c", "IsDeleted", "null", "true"]
WORDS += [
    "0",
    "-1",
    "1.5",
    "1e999",
    MANY,
    "001000000000001AAA",
    "750000000000001AAA",
    "\x00",
    "\ud7ff",
]
WORDS += [
    "٣",
    "a/b",
    "a\nb",
    "../..",
    "%",
    "'",
    '"',
    ";",
    "sqlite_master",
    "insert",
    "query",
    "\U0001f600",
]
words = st.sampled_from(WORDS) | st.text(st.characters(codec="utf-8"), max_size=6)

QUERY_WORDS = [
    "SELECT",
    "FROM",
    "WHERE",
    "Account",
    "Contact",
    "Id",
    "Name",
    "Account.Name",
    "=",
    "!=",
]
QUERY_WORDS += [
    "'a'",
    "'\\u0000'",
    "'\\q'",
    "(",
    ")",
    ",",
    "AND",
    "OR",
    "NOT",
    "IN",
    "LIKE",
    "'%'",
    "LIMIT",
]
QUERY_WORDS += [
    "OFFSET",
    "ORDER BY",
    "GROUP BY",
    "COUNT()",
    "COUNT(Id)",
    "HAVING",
    "LAST_N_DAYS:",
    "TODAY",
]
QUERY_WORDS += [
    "LAST_N_DAYS:999999999999",
    "NEXT_N_YEARS:99999",
    "N_WEEKS_AGO:9999999",
    MANY,
    "1e999",
]
QUERY_WORDS += [
    "2024-99-99",
    "0001-01-01",
    "9999-12-31T23:59:59-14:00",
    "null",
    "TRUE",
    "FIELDS(ALL)",
]
QUERY_WORDS += [
    "CreatedDate",
    "AnnualRevenue",
    "IsDeleted",
    "INCLUDES",
    "BillingAddress",
    "TYPEOF",
    "NULLS LAST",
]
queries = st.builds(
    lambda rest, whole: ("SELECT Id FROM Account WHERE " if whole else "") + " ".join(rest),
    st.lists(st.sampled_from(QUERY_WORDS) | words, max_size=9),
    st.booleans(),
)

KEYS = [
    "object",
    "operation",
    "externalIdFieldName",
    "contentType",
    "columnDelimiter",
    "lineEnding",
]
KEYS += [
    "assignmentRuleId",
    "state",
    "query",
    "Name",
    "Id",
    "LastName",
    "AnnualRevenue",
    "OwnerId",
    "Owner",
]
KEYS += [
    "records",
    "ids",
    "fields",
    "allOrNone",
    "attributes",
    "type",
    "faults",
    "processing",
    "advance",
]
KEYS += [
    "expire",
    "clientId",
    "certificate",
    "redirectUris",
    "username",
    "password",
    "DailyApiRequests",
]
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | words,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(KEYS) | words, inner, max_size=4)
    ),
    max_leaves=10,
)
bodies = (
    st.dictionaries(st.sampled_from(KEYS), values, max_size=5).map(
        lambda value: json.dumps(value).encode()
    )
    | values.map(lambda value: json.dumps(value).encode())
    | st.sampled_from(
        [
            b"",
            b"{",
            b"\xff",
            DEEP.encode(),
            b'{"state": ' + DEEP.encode(),
            b'{"a": ' + MANY.encode() + b"}",
        ]
    )
    | st.sampled_from(
        [b'{"a": NaN}', b'{"Name": "\\ud800"}', b"\xef\xbb\xbf{}", b"\x1f\x8b\x08\x00", b"[]"]
    )
    | st.binary(max_size=20)
)

API = "/services/data/v66.0"
PATHS = [f"{API}{path}" for path in ("", "/limits", "/query", "/queryAll", "/query/*", "/sobjects")]
PATHS += [f"{API}/sobjects/*", f"{API}/sobjects/Account", f"{API}/sobjects/*/describe"]
PATHS += [
    f"{API}/sobjects/Account/*",
    f"{API}/sobjects/Account/*/*",
    f"{API}/sobjects/*/External_Id__c/*",
]
PATHS += [
    f"{API}/composite/sobjects",
    f"{API}/composite/sobjects/*",
    f"{API}/composite/sobjects/Account/*",
]
for kind in ("ingest", "query"):
    PATHS += [f"{API}/jobs/{kind}", f"{API}/jobs/{kind}/*", f"{API}/jobs/{kind}/*/results"]
PATHS += [f"{API}/jobs/query/*/resultPages", f"{API}/jobs/ingest/*/batches"]
PATHS += [f"{API}/jobs/ingest/*/failedResults", "/id/*/*", "/setup/connect"]
PATHS += [f"/services/oauth2/{name}" for name in ("token", "authorize", "revoke", "userinfo")]
PATHS += ["/", "/_sandbox", "/_sandbox/view", "/_sandbox/view/jobs/*", "/_sandbox/view/records/*"]
PATHS += [
    "/_sandbox/view/requests",
    "/_sandbox/page/*",
    "/_sandbox/jobs/*",
    "/_sandbox/jobs/*/abort",
]
PATHS += [
    f"/_sandbox/{name}" for name in ("schema", "faults", "processing", "clock", "limits", "apps")
]
PATHS += ["/_sandbox/passwords", "/_sandbox/late"]
METHODS = ["GET", "POST", "PATCH", "PUT", "DELETE", "HEAD"]
PARAMETERS = [
    "q",
    "columns",
    "fields",
    "ids",
    "allOrNone",
    "locator",
    "maxRecords",
    "queryLocator",
    "jobType",
]
PARAMETERS += [
    "after",
    "token",
    "client_id",
    "redirect_uri",
    "response_type",
    "grant_type",
    "assertion",
]
parameters = st.dictionaries(st.sampled_from(PARAMETERS), words, max_size=4)
HEADERS = {
    "Content-Type": ["application/json", "text/csv", "multipart/form-data; boundary=x", ""],
    "Content-Encoding": ["gzip", "identity", "br"],
    "Sforce-Query-Options": ["batchSize=0", "batchSize=999999", f"batchSize={MANY}"],
    "X-PrettyPrint": ["1"],
    "Accept-Encoding": ["gzip", ""],
}
headers = st.fixed_dictionaries(
    {"Content-Type": st.sampled_from(["application/json"] * 5 + HEADERS["Content-Type"])},
    optional={
        name: st.sampled_from(texts) for name, texts in HEADERS.items() if name != "Content-Type"
    },
)
FIELDS = ["grant_type", "client_id", "client_secret", "username", "password", "assertion", "code"]
FIELDS += ["redirect_uri", "response_type", "refresh_token", "code_verifier", "token", "user_code"]
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


RANDOM = settings(
    max_examples=400,
    deadline=None,
    # The log is emptied by `check`.
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


def check(client, caplog, method: str, path: str, **options: object) -> int:
    caplog.clear()
    with caplog.at_level(logging.ERROR):
        answer = client.send(method, path, redirect=False, **options)
    sandbox = client.server.api
    # Examples do not affect each other.
    sandbox.faults.clear()
    sandbox.limits.set("DailyApiRequests", 10**6)
    assert not caplog.records, caplog.records[0].getMessage()
    assert answer.status < 500
    return answer.status


def filled(path: str, names: list[str]) -> str:
    for name in names:
        path = path.replace("*", quote(name, safe=""), 1)
    return path


@RANDOM
@given(
    st.sampled_from(METHODS),
    st.sampled_from(PATHS),
    st.lists(words, min_size=3, max_size=3),
    parameters,
    headers,
    bodies,
)
def test_any_request_is_answered_or_refused(lonely, caplog, method, path, names, query, head, body):
    text = "&".join(f"{name}={quote(value)}" for name, value in query.items())
    check(lonely, caplog, method, f"{filled(path, names)}?{text}", body=body, headers=head)


@RANDOM
@given(queries, st.sampled_from(["/query", "/queryAll", "/jobs/query"]), st.booleans())
@example("SELECT Id FROM Account LIMIT " + MANY, "/query", False)
@example("SELECT Id FROM Account WHERE AnnualRevenue = " + MANY, "/query", False)
@example("SELECT Id FROM Account WHERE CreatedDate = LAST_N_DAYS:" + MANY, "/query", False)
@example("SELECT Id FROM Account WHERE " + "(" * 5000, "/query", False)
@example("SELECT Id FROM Account WHERE " + "NOT " * 5000, "/jobs/query", False)
@example(
    "SELECT Id FROM Account WHERE Id IN (" + ",".join(["'a'"] * 20_000) + ")", "/jobs/query", False
)
@example("SELECT " + ",".join(["Id"] * 5000) + " FROM Account", "/jobs/query", False)
@example("SELECT " + "a." * 5000 + "b FROM Account", "/jobs/query", False)
@example("SELECT Id FROM Account WHERE Name LIKE '" + "%a" * 5000 + "'", "/query", False)
def test_any_query_is_answered_or_refused(lonely, caplog, query, path, columns):
    if path == "/jobs/query":
        body = json.dumps({"operation": "query", "query": query})
        check(
            lonely,
            caplog,
            "POST",
            API + path,
            body=body,
            headers={"Content-Type": "application/json"},
        )
        assert lonely.server.api.settle()
    else:
        extra = "&columns=true" if columns else ""
        check(lonely, caplog, "GET", f"{API}{path}?q={quote(query)}{extra}")


@settings(RANDOM, max_examples=150)
@given(
    st.dictionaries(
        st.sampled_from(FIELDS),
        words
        | st.sampled_from(["password", "client_credentials", "device", "authorization_code"])
        | st.sampled_from(
            ["bulkflow-sandbox", "PlatformCLI", "http://[", "http://localhost:x/OauthRedirect"]
        )
        | st.sampled_from(["urn:ietf:params:oauth:grant-type:jwt-bearer", "a.b.c", "W10.W10.W10"]),
        max_size=5,
    ),
    st.sampled_from(["token", "authorize", "revoke", "userinfo"]),
)
@example(
    {"client_id": "PlatformCLI", "redirect_uri": "http://[", "response_type": "code"}, "authorize"
)
def test_any_login_is_answered_or_refused(lonely, caplog, form, name):
    body = "&".join(f"{key}={quote(value)}" for key, value in form.items())
    check(
        lonely,
        caplog,
        "POST",
        f"/services/oauth2/{name}",
        body=body,
        headers=FORM | {"Authorization": ""},
    )


@pytest.mark.parametrize(
    "query",
    [
        "SELECT " + "Id," * 30_000 + " FROM Account",
        "SELECT Id FROM Account WHERE " + "a" * 90_000 + " = 1",
        "SELECT Id FROM " + "a" * 90_000,
        "SELECT Id FROM Account WHERE Name = '" + "\\q" * 40_000 + "'",
        "SELECT Id FROM Account WHERE IsDeleted = " + "9" * 90_000,
        "SELECT Id FROM Account LIMIT " + "9" * 90_000,
        "9" * 90_000,
        "a" * 200_000,
    ],
)
def test_the_refusal_of_a_long_query_is_short(lonely, query):
    body = json.dumps({"operation": "query", "query": query})
    path = f"{API}/jobs/query"
    answer = lonely.send("POST", path, body, {"Content-Type": "application/json"})
    assert answer.status == 400
    assert len(answer.data) < 3000


@pytest.mark.parametrize(
    ("path", "body", "problem"),
    [
        ("schema", DEEP, "nested more than"),
        ("faults", '{"faults": ' + DEEP, "nested more than"),
        ("schema", "[" + "0," * 250_000 + "0]", "more than 200,000 values"),
        ("schema", '{"objects": {"sqlite_master": {}}}', "reserves this name"),
        (
            "schema",
            '{"objects": {"Account": {"fields": {"Id": {}}}}}',
            "every object has this field",
        ),
        ("clock", '{"advance": 1e999}', "not finite"),
        ("faults", '{"faults": ["info=delay:nan"]}', "invalid fault"),
    ],
)
def test_a_hostile_admin_request_is_refused_with_the_reason(start, clock, path, body, problem):
    client = start(clock=clock)
    status, code, message = client.error("POST", f"/_sandbox/{path}", body)
    assert (status, code) == (400, "SANDBOX_ERROR")
    assert problem in message


def test_an_admin_request_of_any_size_is_read_up_to_its_bound(lonely):
    status, code, _ = lonely.error("POST", "/_sandbox/schema", b"[" * (MAX_BYTES + 1))
    assert (status, code) == (413, "REQUEST_ENTITY_TOO_LARGE")


BOMB = '<!DOCTYPE a [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]><a>&b;</a>'


@pytest.mark.parametrize(
    "body",
    [
        BOMB.encode(),
        BOMB.encode("utf-16"),
        f'<?xml version="1.0" encoding="utf-16"?>{BOMB}'.encode("utf-16"),
        b'<?xml version="1.0" encoding="cp037"?>' + BOMB.encode("cp037"),
        b"<a>" * 20_000,
        b"<a>" * 9_000 + b"</a>" * 9_000,
        b"\x00",
        b"",
    ],
)
def test_no_soap_message_hides_a_document_type(lonely, caplog, body):
    head = {"Content-Type": "text/xml", "Authorization": ""}
    answer = lonely.send("POST", "/services/Soap/u/59.0", body, head)
    # SOAP faults have the status 500.
    assert answer.status == 500
    assert b"exceptionCode>" in answer.data
    assert b"aaaaaaaaaa" not in answer.data
    assert not [one for one in caplog.records if one.levelno >= logging.ERROR]


@settings(RANDOM, max_examples=150)
@given(
    st.lists(
        st.sampled_from(["Name", "Id", "LastName", "AnnualRevenue", "OwnerId", "Nope"]) | words,
        max_size=4,
    ),
    st.lists(st.lists(words, max_size=4), max_size=4),
    st.sampled_from(["insert", "update", "upsert", "delete", "hardDelete"]),
)
def test_any_upload_ends_in_a_final_state(lonely, columns, rows, operation):
    properties = {"object": "Account", "operation": operation}
    if operation == "upsert":
        properties["externalIdFieldName"] = "External_Id__c"
    job = lonely.create(**properties)
    data = "\n".join(",".join(line) for line in (columns, *rows))
    assert lonely.put(job, data.encode()).status == 201
    assert lonely.patch(job, "UploadComplete").status == 200
    assert lonely.server.api.settle()
    done = lonely.info(job)
    assert done["state"] in {"JobComplete", "Failed"}
    assert "InternalServerError" not in done.get("errorMessage", "")
