"""What `plan --check-org` finds wrong with values agrees with what the org refuses."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bulkflow_ingest.checks.value_forms import find_wrong_values
from bulkflow_jobs.sobjects import FieldDescription
from bulkflow_sandbox.dml.convert import convert_column
from bulkflow_sandbox.schema.fields import Field, FieldType
from bulkflow_sandbox.testing import LocalOrg, local_org
from support.workshop import Workshop

FIELDS = (
    Field("D", FieldType.DATE, "D"),
    Field("M", FieldType.DATETIME, "M"),
    Field("N", FieldType.DOUBLE, "N", precision=6, scale=2),
    Field("C", FieldType.CURRENCY, "C", precision=18, scale=2),
    Field("I", FieldType.INT, "I"),
    Field("B", FieldType.BOOLEAN, "B"),
    Field("S", FieldType.STRING, "S", length=5),
    Field("T", FieldType.TEXTAREA, "T", length=4),
    Field("P", FieldType.PICKLIST, "P", length=255, picklist=("Hot", "Cold"), restricted=True),
    Field("Q", FieldType.PICKLIST, "Q", length=8, picklist=("Hot", "Cold")),
    Field("V", FieldType.MULTIPICKLIST, "V", picklist=("a", "b"), restricted=True),
    Field("E", FieldType.EMAIL, "E", length=12),
    Field("X", FieldType.PHONE, "X", length=3),
)

texts = st.one_of(
    st.text(st.sampled_from("0123456789-+.eEZT: "), max_size=12),
    st.text(st.sampled_from("aAhHoOtTcColLdD;@. \t\x01ö"), max_size=8),
    st.from_regex(
        r"[0-9]{4}-[0-9]{2}-[0-9]{2}(T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?Z?)?", fullmatch=True
    ),
    st.dates().map(str),
    st.datetimes().map(lambda moment: moment.isoformat()),
    st.datetimes(timezones=st.timezones()).map(lambda moment: moment.isoformat()),
    st.floats().map(repr),
    st.integers(-(2**33), 2**33).map(str),
    st.sampled_from(["true", "FALSE", "1", "0", "yes", "hot", "a;B", "a;c", "x@y", "x@y.z"]),
)


def describe(field: Field) -> FieldDescription:
    return FieldDescription(
        name=field.name,
        label=field.label,
        kind=field.type.value,
        createable=True,
        updateable=True,
        needed=False,
        key=False,
        targets=(),
        relationship=None,
        polymorphic=False,
        length=field.length,
        restricted=field.restricted,
        choices=field.picklist,
        digits=field.precision - field.scale,
    )


@pytest.fixture(scope="module")
def database() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        yield connection


@pytest.mark.parametrize("field", FIELDS, ids=lambda field: field.name)
def test_the_check_finds_what_the_org_refuses_and_nothing_else(
    field: Field, database: duckdb.DuckDBPyConnection
) -> None:
    conditions = [wrong for _, wrong, _ in find_wrong_values("v", describe(field), {})]
    query = f"SELECT {' OR '.join(f'({each})' for each in conditions)} FROM (SELECT $1 AS v)"

    @settings(max_examples=200, deadline=None)
    @given(texts)
    @example("2024-02-30")
    @example("2024-02-29T24:00:00Z")
    @example("2024-02-29T23:59:59+14:00")
    @example("9999-12-31T23:59:59-05:00")
    @example("0001-01-01T00:00:00+05:00")
    @example("1e4")
    @example("1E400")
    @example("-1E400")
    @example("1E-400")
    @example("9999.999")
    @example("2147483648")
    def compare(text: str) -> None:
        if text.strip() in {"", "#N/A"} or "\0" in text:
            return
        refused = bool(convert_column(field, [text], 0).errors)
        ((found,),) = database.execute(query, [text]).fetchall()
        assert bool(found) is refused

    compare()


@pytest.fixture(scope="module")
def org() -> Iterator[LocalOrg]:
    with local_org() as running:
        yield running


@pytest.fixture
def desk(tmp_path: Path, org: LocalOrg) -> Workshop:
    return Workshop(tmp_path, dict(org.environment))


def find(desk: Workshop, text: str) -> list[dict[str, str]]:
    ran = desk.command(
        "plan", "--check-org", "--format", "json", str(desk.write("test.bulkflow", text))
    )
    return json.loads(ran.out)["diagnostics"]  # type: ignore[no-any-return]


def job(what: str, source: str, clauses: str = "") -> str:
    return f'org env\n\njob rows\n    {what}\n    from "{source}"\n{clauses}\nload job rows\n'


CASES = [
    ("Birthdate", "31.12.1980", "B442", 'read Birthdate as date "dd.MM.yyyy"'),
    ("Birthdate", "12/31/1980", "B442", 'read Birthdate as date "MM/dd/yyyy"'),
    ("Birthdate", "31/12/1980", "B442", 'read Birthdate as date "dd/MM/yyyy"'),
    ("IsPrivate", "WAHR", "B444", 'read IsPrivate as boolean "WAHR" "FALSCH"'),
    ("Email", "no address", "B449", "leave the rows out"),
    ("FirstName", "x" * 41, "B445", 'compute FirstName as "left(FirstName, 40)"'),
    ("AccountId", "Acme", "B448", "use a column Account.External_Id__c"),
    ("AccountId", "003000000000001", "B448", "use a column Account.External_Id__c"),
]


@pytest.mark.parametrize(("column", "value", "code", "help_text"), CASES)
def test_each_fault_has_a_count_places_and_the_clause_that_repairs_it(
    desk: Workshop, column: str, value: str, code: str, help_text: str
) -> None:
    name, verb = (
        ("Name", "insert Opportunity") if column == "IsPrivate" else ("LastName", "insert Contact")
    )
    desk.write("rows.csv", f'{name},{column}\n"A\nB",\nC,{value}\nD,#N/A\nE,{value}\n')
    (found,) = [each for each in find(desk, job(verb, "rows.csv")) if each["code"] == code]
    assert found["message"].startswith(f"2 values of {column} ")
    assert "(line 4), " in found["message"]
    assert "(line 6)" in found["message"]
    assert help_text in found["help"]
    assert found["severity"] == "error"


def test_the_suggested_clause_repairs_the_values(desk: Workshop) -> None:
    desk.write("rows.csv", "LastName,Birthdate\nA,31.12.1980\n")
    clause = '    read Birthdate as date "dd.MM.yyyy"\n'
    assert find(desk, job("insert Contact", "rows.csv", clause)) == []


def test_a_blank_value_of_a_required_field_is_an_error(desk: Workshop) -> None:
    desk.write("rows.csv", "LastName,FirstName\nA,x\n,y\n")
    (found,) = find(desk, job("insert Contact", "rows.csv"))
    assert (found["code"], found["severity"]) == ("B446", "error")
    assert "1 value of LastName are blank, and required: line 3" in found["message"]


def test_rows_that_row_clauses_made_are_named_by_their_number(desk: Workshop) -> None:
    desk.write("rows.csv", "LastName,Birthdate\nA,1980-12-31\nB,x\nC,y\n")
    clause = "    where \"LastName <> 'B'\"\n"
    (found,) = find(desk, job("insert Contact", "rows.csv", clause))
    assert "'y' (row 3)" in found["message"]


ODD = [
    ("Phone,Fax\nA,1\n,\nB,2\n,\n", "B421", "2 rows without any value, the first in line 3"),
    (
        "Name,Phone\nA,1\nName,Phone\nB,2\n",
        "B422",
        "the header again as 1 row, the first in line 3",
    ),
    ("Name,Phone\nA,1\n\ufeffB,2\n", "B423", "a byte order mark in front of 1 row"),
    (
        "Name,Phone\nA,#N/A\nB,2\n",
        "B424",
        "1 value #N/A clear a field: Phone (1), the first in line 2",
    ),
    ('Name,Phone\n"A\n,\n",1\nB,2\n', "", ""),
]


@pytest.mark.parametrize(("content", "code", "message"), ODD)
def test_odd_rows_are_warned_of(desk: Workshop, content: str, code: str, message: str) -> None:
    desk.write("rows.csv", content)
    text = job("insert Account", "rows.csv")
    ignored = {"B414", "B446"}
    found = [each for each in find(desk, text) if each["code"] not in ignored]
    assert [each["code"] for each in found] == ([code] if code else [])
    assert all(each["severity"] == "warning" and message in each["message"] for each in found)
    ran = desk.run(text)
    assert (f"({code})" in ran.out) is (code in {"B421", "B422", "B423"})


def test_keys_of_an_upsert_that_are_twice_or_blank_are_warned_of(desk: Workshop) -> None:
    desk.write("rows.csv", "External_Id__c,Name\na,1\nb,2\nA,3\n,4\nb,5\n,6\n")
    found = find(desk, job("upsert Account by External_Id__c", "rows.csv"))
    blank, twice = sorted(found, key=lambda each: each["code"], reverse=True)
    assert blank["code"] == "B426"
    assert "2 rows have no External_Id__c, the first in line 5" in blank["message"]
    assert twice["code"] == "B425"
    assert (
        "2 values of External_Id__c are in several rows: 'a' (2 rows), 'b' (2 rows)"
        in twice["message"]
    )
    assert "unique by External_Id__c" in twice["help"]


NAMES = [
    (" Name,Phone", '" Name" (blank at the start)', '`rename " Name" to Name`'),
    ("Name,Phone ", '"Phone " (blank at the end)', '`rename "Phone " to Phone`'),
    ("Name\u00a0,Phone", "no-break space U+00A0", "to Name`"),
    ("Na\u200bme,Phone", "zero width space U+200B", "to Name`"),
    ("Na\x07me,Phone", "control character U+0007", "to Name`"),
    ("Account Name,Phone", '"Account Name"', '`rename "Account Name" to FIELD`'),
    ("Name:Phone", '"Name:Phone"', '`delimiter ":"`'),
    ("Name\x01Phone", "U+0001", r'`delimiter "\x01"`'),
]


@pytest.mark.parametrize(("header", "shown", "help_text"), NAMES)
def test_a_name_that_no_field_can_have_is_an_error(
    desk: Workshop, header: str, shown: str, help_text: str
) -> None:
    marks = header.count(",") or 1
    desk.write("rows.csv", f"{header}\n{',' * marks if ',' in header else 'x'}\n")
    text = job("insert Account", "rows.csv")
    ran = desk.command(
        "check", "--sources", "--format", "json", str(desk.write("test.bulkflow", text))
    )
    (found,) = json.loads(ran.out)
    assert found["code"] == "B427"
    assert shown in found["message"]
    assert help_text in found["help"]
    assert desk.run(text).code == 2
