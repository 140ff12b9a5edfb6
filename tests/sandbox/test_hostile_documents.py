"""JSON, YAML and schemas made to break a reader are refused with a message, within limits."""

from __future__ import annotations

import json
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bulkflow.errors import BulkflowError, UsageError
from bulkflow_sandbox import ManualClock, Sandbox
from bulkflow_sandbox.core.errors import SchemaError
from bulkflow_sandbox.core.json_document import (
    MAX_BYTES,
    MAX_DEPTH,
    MAX_VALUES,
    DocumentError,
    check_document,
    parse_json,
)
from bulkflow_sandbox.faults.syntax import read_fault
from bulkflow_sandbox.jobs.speed_syntax import read_speed
from bulkflow_sandbox.schema.file import load_schema, load_standard_schema, read_schema
from bulkflow_sandbox.schema.reader import is_reserved_name

BASE = load_standard_schema()
DEEP = 100_000


def nested(levels: int) -> object:
    value: object = 0
    for _ in range(levels):
        value = [value]
    return value


# JSON.


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("[" * DEEP, "nested more than"),
        ("[" * DEEP + "]" * DEEP, "nested more than"),
        ('{"a":' * DEEP + "1" + "}" * DEEP, "nested more than"),
        (json.dumps(nested(MAX_DEPTH + 1)), "nested more than"),
        ("[" + "[]," * MAX_VALUES + "[]]", "more than 200,000 values"),
        ("NaN", "NaN is not JSON"),
        ('{"a": -Infinity}', "-Infinity is not JSON"),
        ("1e999", "not finite"),
        ("9" * 5000, "too many digits"),
        ('"\\ud800"', "half of a surrogate pair"),
        ('{"\\udfff": 1}', "half of a surrogate pair"),
        (b'"\xff"', "byte 2 is not utf-8"),
        ("{", "at line 1, column 2"),
        ("", "at line 1, column 1"),
    ],
)
def test_json_beyond_the_bounds_is_refused_in_one_line(text, problem):
    with pytest.raises(DocumentError, match=problem) as caught:
        parse_json(text)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 300


def test_json_within_the_bounds_is_read():
    assert parse_json(json.dumps(nested(MAX_DEPTH))) == nested(MAX_DEPTH)
    values = [0] * (MAX_VALUES - 1)
    assert parse_json(json.dumps(values)) == values


@pytest.mark.parametrize("value", [{1: 2}, {None: 1}, (1,), {1}, b"", object(), [float("nan")]])
def test_only_what_json_can_carry_is_a_document(value):
    with pytest.raises(DocumentError):
        check_document(value)


def test_a_value_that_holds_itself_is_nested_too_deep():
    value: list[object] = []
    value.append(value)
    with pytest.raises(DocumentError, match="nested"):
        check_document(value)


# Schema files.

BILLION = "a: &a [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{chr(98 + n)}: &{chr(98 + n)} [{', '.join(['*' + chr(97 + n)] * 10)}]\n" for n in range(9)
)
MERGES = "a0: &a0 {k: v}\n" + "".join(
    f"a{n + 1}: &a{n + 1}\n  <<: [*a{n}, *a{n}]\n" for n in range(40)
)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (BILLION, "more than 200,000 values"),
        # Newer versions of the library keep merges small themselves.
        (MERGES, "schema.yaml"),
        ("a: &a [*a]\n", "nested more than"),
        ("[" * 5000, "nested more than"),
        ("- " * 5000 + "a", "nested more than"),
        ("[" + "a," * 60_000 + "a]", "more than 50,000 values"),
        ("a: 1" + ":1" * 100_000, "a number or date of"),
        ("a: " + "9" * 5000, "a number or date of"),
        ("a: 2024-99-99", "cannot be read"),
        ("a: 2024-01-01", "JSON cannot carry"),
        ("1: a", "the key 1 is not a text"),
        ("yes: a", "the key True is not a text"),
        ("? [a]\n: b", "is not YAML"),
        ("a: !!python/object/apply:os.system [true]", "is not YAML"),
        ("a: !!binary AAAA", "JSON cannot carry"),
        ("a: .inf", "not finite"),
        ("a: \x00", "is not YAML"),
    ],
)
def test_yaml_beyond_the_bounds_is_refused_in_words(tmp_path, text, problem):
    path = tmp_path / "schema.yaml"
    path.write_text(text)
    with pytest.raises(SchemaError) as caught:
        load_schema(path, BASE)
    assert problem in caught.value.message
    assert len(caught.value.message) < 1000


def test_aliases_that_repeat_little_are_read(tmp_path):
    path = tmp_path / "schema.yaml"
    path.write_text(
        "objects:\n  A__c: {fields: {X__c: &x {type: int}}}\n  B__c: {fields: {X__c: *x}}\n"
    )
    assert load_schema(path, BASE).find_object("B__c").find_field("X__c").type == "int"


@pytest.mark.skipif(not Path("/dev/zero").exists(), reason="there is no file without an end")
@pytest.mark.parametrize("name", ["schema.json", "schema.yaml"])
def test_a_schema_file_without_an_end_is_refused(tmp_path, name):
    path = tmp_path / name
    path.symlink_to("/dev/zero")
    with pytest.raises(SchemaError, match=f"has more than {MAX_BYTES:,} bytes"):
        load_schema(path, BASE)


MEASURED = """
import resource, sys
from pathlib import Path
from bulkflow_sandbox.core.errors import SchemaError
from bulkflow_sandbox.schema.file import load_schema, load_standard_schema

base = load_standard_schema()
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
try:
    load_schema(Path(sys.argv[1]), base)
except SchemaError as error:
    print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="the unit of its memory is known for Linux")
@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.yaml", BILLION),
        ("a.yaml", MERGES),
        ("a.yaml", "[" + "a," * (MAX_BYTES // 2 - 2) + "a]"),
        ("a.json", "[" + "[]," * (MAX_BYTES // 3 - 2) + "[]]"),
        ("a.json", "[" * (MAX_BYTES - 1)),
    ],
    ids=["aliases", "merges", "items of YAML", "items of JSON", "depth"],
)
def test_a_hostile_schema_file_costs_little_memory(tmp_path, name, text):
    path = tmp_path / name
    path.write_text(text)
    command = [sys.executable, "-c", MEASURED, str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert int(done.stdout) < 300


def described(fields: object = None, name: str = "Thing__c") -> dict[str, object]:
    return {"objects": {name: {"fields": {} if fields is None else fields}}}


@pytest.mark.parametrize(
    ("document", "problem"),
    [
        (described(name="sqlite_master"), "the sandbox's database reserves this name"),
        (described(name="SQLite_Sequence"), "the sandbox's database reserves this name"),
        (described(name="jobs"), "the sandbox's database reserves this name"),
        (described(name="Facts"), "the sandbox's database reserves this name"),
        (described({"Id": {"type": "string"}}), "every object has this field"),
        (described({"iD": {}}, "Account"), "every object has this field"),
        (described({"IsDeleted": {}}), "every object has this field"),
        (described({"SystemModstamp": {"type": "int"}}), "every object has this field"),
        (described({"A__c": {}, "a__C": {}}), "defined twice, in different case"),
        ({"objects": {"A__c": {}, "a__c": {}}}, "defined twice, in different case"),
        (described({f"A{n}__c": {} for n in range(1001)}), "the maximum is 1,000"),
        (described({"a" * 81: {}}), "is not a valid API name"),
        (described(name="a" * 30 + "!"), "is not a valid API name"),
        (described({"A__c": {"length": -1}}), "-1 is not between 0 and 10000000"),
        (described({"A__c": {"type": "double", "scale": 10**9}}), "is not between 0 and 100"),
        (described({"A__c": {"autoNumber": "{" + "0" * 999 + "}"}}), "is not a format"),
        (described({"A__c": {"label": nested(40)}}), "nested more than"),
        (described({"A__c": {"label": ["x" * 10**6]}}), "is not a string"),
        (described({"A__c": {"type": "x" * 10**6}}), "is not one of"),
    ],
)
def test_a_schema_that_collides_with_the_sandbox_is_refused_with_its_place(document, problem):
    with pytest.raises(SchemaError) as caught:
        read_schema(document, BASE)
    text = "; ".join([caught.value.message, *caught.value.notes])
    assert problem in text
    assert len(text) < 2000


def test_the_names_of_all_tables_of_the_sandbox_are_its_own():
    with Sandbox() as sandbox, sandbox.database.reading() as connection:
        names = {
            row[0]
            for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
        }
        assert {name for name in names if is_reserved_name(name)} == names - set(
            sandbox.org.schema.objects
        )


def test_many_faults_are_counted_and_only_the_first_are_listed():
    fields = {f"A{n}__c": {"type": "nope"} for n in range(500)}
    with pytest.raises(SchemaError) as caught:
        read_schema(described(fields), BASE)
    assert "500 errors" in caught.value.message
    assert len(caught.value.notes) == 51
    assert caught.value.notes[-1] == "and 450 more"


def test_a_schema_that_the_records_do_not_fit_is_refused_and_nothing_changes(start):
    client = start()
    client.load("Name\nA\nA\n", object="Account", operation="insert")
    schema = described({"Name": {"unique": True}}, "Account") | {}
    schema["objects"]["Thing__c"] = {}
    status, code, message = client.error("POST", "/_sandbox/schema", schema)
    assert (status, code) == (400, "SANDBOX_ERROR")
    assert "do not fit the schema" in message
    assert "Thing__c" not in client.send("GET", "/_sandbox").json()["objects"]
    schema["objects"].pop("Account")
    assert client.send("POST", "/_sandbox/schema", schema).status == 204


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=8,
)
NAMES = [
    "Account",
    "Id",
    "Name",
    "OwnerId",
    "A__c",
    "a__c",
    "sqlite_stat1",
    "jobs",
    "Order",
    "Select",
]
PROPERTIES = ["type", "length", "scale", "precision", "unique", "externalId", "defaultValue"]
PROPERTIES += ["required", "autoNumber", "referenceTo", "relationshipName", "picklistValues"]
TYPES = ["string", "int", "double", "boolean", "id", "reference", "address", "date", "picklist"]
fields = st.dictionaries(
    st.sampled_from(NAMES) | st.text(max_size=4),
    st.dictionaries(
        st.sampled_from(PROPERTIES),
        st.sampled_from(TYPES) | st.just(["Account"]) | json_values,
        max_size=4,
    )
    | json_values,
    max_size=4,
)
objects = st.dictionaries(
    st.sampled_from(NAMES),
    st.fixed_dictionaries(
        {"fields": fields},
        optional={
            "prefix": st.sampled_from(["001", "a01", "", "toolong"]),
            "validationRules": json_values,
            "duplicateRules": st.just([{"fields": ["Name"]}]) | json_values,
            "assignmentRules": json_values,
        },
    )
    | json_values,
    max_size=3,
)


@pytest.fixture(scope="module")
def sandbox():
    with Sandbox() as sandbox:
        yield sandbox


@settings(max_examples=200, deadline=None)
@given(
    st.fixed_dictionaries({"objects": objects}, optional={"permissions": json_values}) | json_values
)
def test_any_schema_is_taken_or_refused_in_words(sandbox, document):
    try:
        with suppress(BulkflowError):
            sandbox.change_schema(document)
            # Accepted documents are still there after a restart.
            sandbox._load_schema(BASE)
    finally:
        sandbox.org.schema = BASE
        with sandbox.database.writing() as connection:
            connection.execute("DELETE FROM facts WHERE name LIKE 'schema %'")
            for name in {
                row[0]
                for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
            }:
                if not is_reserved_name(name) and name not in BASE.objects:
                    connection.execute(f'DROP TABLE "{name}"')


# Faults and speeds as text.


@pytest.mark.parametrize(
    "text",
    [
        f"upload#{'9' * 5000}=503",
        f"uploadx{'9' * 5000}=503",
        f"anyx{'9' * 400}h=503",
        "info=delay:inf",
        "info=delay:nan",
        "info=delay:-1",
        "info=delay:1e300",
        "info=html:99999",
        "info=empty:101",
        "successes=truncate:-1",
        "results=drip:1:nan",
        f"job=fail:{'9' * 5000}",
        "info=503;X:a\r\nSet-Cookie: b",
        "limit=DailyApiRequests:-1",
        "x" * 1_000_000,
    ],
)
def test_a_fault_without_sense_is_refused_in_few_words(text):
    with pytest.raises(UsageError, match="invalid fault") as caught:
        read_fault(text)
    assert len(caught.value.message) < 500


@pytest.mark.parametrize("text", ["9" * 5000 + " polls", "9" * 400 + "s", "9" * 400 + " rows/s"])
def test_a_speed_without_sense_is_refused(text):
    with pytest.raises(UsageError, match="unknown processing speed"):
        read_speed(text)


@settings(max_examples=200, deadline=None)
@given(
    st.text(max_size=40)
    | st.from_regex(r"(any|info|job|rows|limit)(#\d+)?(x[\d*.hms]+)?=[a-z0-9:;.-]*", fullmatch=True)
)
def test_any_text_is_a_fault_and_a_speed_or_refused(text):
    for read in (read_fault, read_speed):
        with suppress(UsageError):
            read(text)


@pytest.mark.parametrize("seconds", [1e300, 3e11, float("inf")])
def test_a_clock_is_not_moved_out_of_the_calendar(seconds):
    clock = ManualClock()
    before = clock.now()
    with pytest.raises(UsageError, match="the clock cannot be moved so far"):
        clock.advance(seconds)
    assert clock.now() == before
