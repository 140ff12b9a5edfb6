"""Typed values as Salesforce takes them: DuckDB's and Python's are written alike."""

from __future__ import annotations

import csv
import datetime as dt
import uuid
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bulkflow.errors import DataError, PluginError
from bulkflow.plugin import Provider, SourceRows, SourceTable
from bulkflow_rows.python_values import spell_rows, spell_value
from bulkflow_rows.spelling import spell_relation
from bulkflow_rows.table_to_csv import read_table_columns, write_table

CASES = {
    "true": "true",
    "false": "false",
    "NULL::BOOLEAN": None,
    "(-128)::TINYINT": "-128",
    "32767::SMALLINT": "32767",
    "(-2147483648)::INTEGER": "-2147483648",
    "9223372036854775807::BIGINT": "9223372036854775807",
    "(-(2::HUGEINT ** 100))::HUGEINT": str(-(2**100)),
    "255::UTINYINT": "255",
    "65535::USMALLINT": "65535",
    "4294967295::UINTEGER": "4294967295",
    "18446744073709551615::UBIGINT": "18446744073709551615",
    "340282366920938463463374607431768211455::UHUGEINT": "340282366920938463463374607431768211455",
    "1.50::DECIMAL(4, 2)": "1.5",
    "(-0.00000001)::DECIMAL(38, 8)": "-0.00000001",
    "99999999999999999999999999999999999999::DECIMAL(38, 0)": "9" * 38,
    "1.5::FLOAT": "1.5",
    "0.1::FLOAT": "0.1",
    "0.1::DOUBLE": "0.1",
    "100.0::DOUBLE": "100",
    "'-0.0'::DOUBLE": "-0",
    "1e22::DOUBLE": "10000000000000000000000",
    "-1.25e-7::DOUBLE": "-0.000000125",
    "5e-324::DOUBLE": "0." + "0" * 323 + "5",
    "1.7976931348623157e308::DOUBLE": "17976931348623157" + "0" * 292,
    "'text'": "text",
    "''": "",
    "'a' || chr(13) || chr(10) || 'b' || chr(13) || 'c'": "a\nb\nc",
    "DATE '0001-01-01'": "0001-01-01",
    "DATE '9999-12-31'": "9999-12-31",
    "TIME '23:59:59.999999'": "23:59:59.999Z",
    "TIME '00:00:00'": "00:00:00.000Z",
    "TIMETZ '01:30:00+02:00'": "23:30:00.000Z",
    "TIMESTAMP '2024-02-29 01:02:03.456789'": "2024-02-29T01:02:03.456Z",
    "TIMESTAMP '0999-01-01 00:00:00'": "0999-01-01T00:00:00.000Z",
    "TIMESTAMP_S '2024-02-29 01:02:03'": "2024-02-29T01:02:03.000Z",
    "TIMESTAMP_MS '2024-02-29 01:02:03.4'": "2024-02-29T01:02:03.400Z",
    "TIMESTAMP_NS '2024-02-29 01:02:03.456789123'": "2024-02-29T01:02:03.456Z",
    "TIMESTAMPTZ '2024-07-01 12:00:00 Europe/Berlin'": "2024-07-01T10:00:00.000Z",
    "TIMESTAMPTZ '2024-02-29 23:30:00-05:00'": "2024-03-01T04:30:00.000Z",
    "'\\x00\\xFFa'::BLOB": "AP9h",
    "''::BLOB": "",
    "'6f9619ff-8b86-d011-b42d-00c04fc964ff'::UUID": "6f9619ff-8b86-d011-b42d-00c04fc964ff",
    "'a'::ENUM('a', 'b')": "a",
    "INTERVAL '1 day 2 hours'": "1 day 02:00:00",
    "'101'::BIT": "101",
    "['a', NULL, 'b']": "a;b",
    "[]::VARCHAR[]": "",
    "[1.0::DOUBLE, 1e-7]": "1;0.0000001",
    "[DATE '2024-02-29']": "2024-02-29",
    "[true, false]": "true;false",
    "array_value(1, 2)": "1;2",
    "[[1, 2], [3]]": "[[1,2],[3]]",
    "[{'a': 1}]": '[{"a":1}]',
    "MAP {'k': 1}": '{"k":1}',
    "'{\"a\": 1}'::JSON": '{"a": 1}',
    "NULL": None,
}


def write(folder: Path, sql: str) -> list[list[str]]:
    """Return the records of the CSV that a query becomes."""
    table = SourceTable("t", lambda connection: connection.sql(sql))
    copy = write_table(table, folder)
    with copy.open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))
    assert read_table_columns(table, folder) == tuple(rows[0])
    copy.unlink()
    return rows


@pytest.mark.parametrize("sql", CASES)
def test_every_type_of_duckdb(tmp_path: Path, sql: str) -> None:
    assert write(tmp_path, f"SELECT {sql} AS v, 1 AS n") == [["v", "n"], [CASES[sql] or "", "1"]]


def test_the_fields_of_structs_are_columns(tmp_path: Path) -> None:
    sql = (
        "SELECT {'Name': 'n', 'Owner': {'Id': 1}} AS Account, 2 AS \"a.b\" UNION ALL"
        " SELECT NULL, NULL UNION ALL SELECT {'Name': NULL, 'Owner': NULL}, 3"
    )
    assert write(tmp_path, sql) == [
        ["Account.Name", "Account.Owner.Id", "a.b"],
        ["n", "1", "2"],
        ["", "", ""],
        ["", "", "3"],
    ]


def test_names_with_signs(tmp_path: Path) -> None:
    names = ['q"uote', "com,ma", "it's", "sp ace", "é", "a\nb", "select"]
    selected = ", ".join(
        f'{n} AS "{each.replace(chr(34), chr(34) * 2)}"' for n, each in enumerate(names)
    )
    assert write(tmp_path, f"SELECT {selected}") == [names, [str(n) for n in range(len(names))]]


def test_an_empty_value_in_the_only_column_is_a_row(tmp_path: Path) -> None:
    table = SourceTable("t", lambda each: each.sql("SELECT unnest(['a', NULL, '', 'b']) AS v"))
    assert write_table(table, tmp_path).read_bytes() == b'v\na\n""\n""\nb\n'


REFUSED = {
    "'nan'::DOUBLE": "column v: nan is not a finite number",
    "'-inf'::FLOAT": "column v: -inf is not a finite number",
    "DATE '10000-01-01'": "column v: 10000-01-01 is outside of the years 0001 to 9999",
    "DATE '0001-01-01' - 1": "is outside of the years 0001 to 9999",
    "'infinity'::DATE": "column v: infinity is outside of the years 0001 to 9999",
    "TIMESTAMP '290000-01-01 00:00:00'": "is outside of the years 0001 to 9999",
    "'infinity'::TIMESTAMPTZ": "is outside of the years 0001 to 9999",
    "['a;b']": "column v: a;b contains a semicolon, which separates the values of a list",
    "['nan'::DOUBLE]": "column v: nan is not a finite number",
    "{'f': 'nan'::DOUBLE}": "column v.f: nan is not a finite number",
}


@pytest.mark.parametrize("sql", REFUSED)
def test_a_value_without_a_form_is_refused(tmp_path: Path, sql: str) -> None:
    with pytest.raises(DataError) as raised:
        write(tmp_path, f"SELECT {sql} AS v FROM range(5)")
    assert REFUSED[sql] in raised.value.message
    assert raised.value.place == "t"
    assert list(tmp_path.glob("rows-*.csv")) == []


PYTHON = [
    (None, ""),
    (True, "true"),
    (False, "false"),
    (0, "0"),
    (-(2**70), str(-(2**70))),
    (1.0, "1"),
    (1e22, "10000000000000000000000"),
    (-1.25e-7, "-0.000000125"),
    (Decimal("1.50"), "1.5"),
    (Decimal("1E+3"), "1000"),
    (Decimal("1E-8"), "0.00000001"),
    ("text", "text"),
    (dt.date(1, 1, 1), "0001-01-01"),
    (dt.date(9999, 12, 31), "9999-12-31"),
    (dt.datetime(2024, 2, 29, 1, 2, 3, 456789), "2024-02-29T01:02:03.456Z"),
    (dt.datetime(2024, 7, 1, 12, tzinfo=ZoneInfo("Europe/Berlin")), "2024-07-01T10:00:00.000Z"),
    (dt.time(23, 59, 59, 999999), "23:59:59.999Z"),
    (dt.time(1, 30, tzinfo=dt.timezone(dt.timedelta(hours=2))), "23:30:00.000Z"),
    (b"\x00\xffa", "AP9h"),
    (uuid.UUID(int=5), "00000000-0000-0000-0000-000000000005"),
    (["a", None, "b"], "a;b"),
    ((1.0, True, dt.date(2024, 2, 29)), "1;true;2024-02-29"),
    ([], ""),
]


@pytest.mark.parametrize(("value", "text"), PYTHON)
def test_every_type_of_python(value: object, text: str) -> None:
    assert spell_value(value) == text


def spell_python(value: object) -> list[list[str]]:
    provider = Provider("acme", "bulkflow-acme", "1.0")
    source = SourceRows("t", ["a", "v"], [["x", 1], ["y", value]], provider=provider)
    return [list(row) for row in spell_rows(source)]


@pytest.mark.parametrize("value", [float("nan"), float("-inf"), Decimal("NaN"), ["a;b"]])
def test_a_python_value_without_a_form_is_refused_with_its_row(value: object) -> None:
    with pytest.raises(DataError, match="row 2") as raised:
        spell_python(value)
    assert "column v" in raised.value.message


@pytest.mark.parametrize("value", [{"a": 1}, object(), dt.timedelta(1), {1}])
def test_a_python_value_of_another_type_is_a_fault_of_the_plugin(value: object) -> None:
    with pytest.raises(PluginError, match="row 2, column v: plugin acme") as raised:
        spell_python(value)
    assert type(value).__name__ in raised.value.message


CONNECTION = duckdb.connect()
CONNECTION.execute("SET TimeZone = 'UTC'")
MOMENTS = st.datetimes(dt.datetime(1, 1, 2), dt.datetime(9999, 12, 30))
ZONES = st.integers(-14 * 60, 14 * 60).map(lambda each: dt.timezone(dt.timedelta(minutes=each)))
TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\x00\r"), max_size=20)
SAME = {
    "BOOLEAN": st.booleans(),
    "BIGINT": st.integers(-(2**63), 2**63 - 1),
    "HUGEINT": st.integers(-(2**126), 2**126),
    "DECIMAL(38, 10)": st.decimals("-1e20", "1e20", places=10),
    "DOUBLE": st.floats(allow_nan=False, allow_infinity=False),
    "FLOAT": st.floats(allow_nan=False, allow_infinity=False, width=32),
    "VARCHAR": TEXTS,
    "BLOB": st.binary(max_size=20),
    "DATE": st.dates(),
    "TIME": st.times(),
    "TIMESTAMP": MOMENTS,
    "TIMESTAMPTZ": st.datetimes(dt.datetime(2, 1, 1), dt.datetime(9998, 12, 30), timezones=ZONES),
    "UUID": st.uuids(),
    "VARCHAR[]": st.lists(TEXTS.filter(lambda each: ";" not in each), max_size=4),
    "BIGINT[]": st.lists(st.one_of(st.none(), st.integers(-(2**63), 2**63 - 1)), max_size=4),
}


@pytest.mark.parametrize("kind", SAME)
def test_a_value_of_duckdb_is_written_as_that_of_python(kind: str) -> None:
    @given(SAME[kind])
    def check(value: object) -> None:
        # As text: some versions of DuckDB take a large int for another one.
        given = str(value) if kind == "HUGEINT" else value
        relation = CONNECTION.sql(f"SELECT CAST($1 AS {kind}) AS v", params=[given])
        (column,) = spell_relation(relation)
        (row,) = relation.project(f"{column.sql} AS text").fetchall()
        ours, theirs = spell_value(value), row[0] or ""
        if kind == "FLOAT":
            assert float(theirs) == pytest.approx(value, rel=1e-6)
        elif kind in {"DOUBLE", "HUGEINT", "BIGINT"} or kind.startswith("DECIMAL"):
            number = float if kind == "DOUBLE" else Decimal
            assert number(ours) == number(theirs) == number(value)
            assert "e" not in theirs.lower() + ours.lower()
        else:
            assert ours == theirs

    check()
