"""JSON lines: what the values of JSON become."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bulkflow.errors import DataError
from bulkflow.plugin import SourceRequest
from bulkflow_formats.json_lines import open_json_lines
from bulkflow_rows.table_to_csv import read_table_columns, write_table

# Earlier versions refuse these files, with a message.
VERSION = tuple(map(int, duckdb.__version__.split(".")[:2]))
SINCE_1_5 = pytest.mark.skipif(VERSION < (1, 5), reason="DuckDB is older than 1.5")
SINCE_2_0 = pytest.mark.skipif(VERSION < (2, 0), reason="DuckDB is older than 2.0")


def read(path: Path) -> list[list[str]]:
    (table,) = open_json_lines(SourceRequest(path.name, path.parent, {}))
    copy = write_table(table, path.parent)
    with copy.open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))
    copy.unlink()
    assert read_table_columns(table, path.parent) == tuple(rows[0])
    return rows


def read_lines(folder: Path, *lines: object) -> list[dict[str, str]]:
    path = folder / "a.jsonl"
    texts = (each if isinstance(each, str) else json.dumps(each) for each in lines)
    path.write_text("".join(f"{each}\n" for each in texts), encoding="utf-8")
    names, *rows = read(path)
    return [dict(zip(names, row, strict=True)) for row in rows]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ({"a": "007"}, {"a": "007"}),
        ({"a": "2024-01-02"}, {"a": "2024-01-02"}),
        ({"a": "12:30"}, {"a": "12:30"}),
        (
            {"a": "6F9619FF-8B86-D011-B42D-00C04FC964FF"},
            {"a": "6F9619FF-8B86-D011-B42D-00C04FC964FF"},
        ),
        ({"a": "true"}, {"a": "true"}),
        ({"a": True}, {"a": "true"}),
        ({"a": 42}, {"a": "42"}),
        ('{"a": 42.0}', {"a": "42"}),
        ('{"a": 1e3}', {"a": "1000"}),
        ('{"a": 1.5e-7}', {"a": "0.00000015"}),
        pytest.param({"a": 12345678901234567890}, {"a": "12345678901234567890"}, marks=SINCE_1_5),
        ({"a": -(2**63)}, {"a": str(-(2**63))}),
        ({"a": 10**37}, {"a": str(10**37)}),
        ({"a": ["x", "y"]}, {"a": "x;y"}),
        ({"a": [1, 2]}, {"a": "1;2"}),
        ({"a": [True, None]}, {"a": "true"}),
        ({"a": []}, {"a": ""}),
        ({"a": {"b": 1, "c": {"d": "x"}}}, {"a.b": "1", "a.c.d": "x"}),
        ({"a": [{"b": 1}]}, {"a": '[{"b":1}]'}),
        ({"a": "l1\r\nl2"}, {"a": "l1\nl2"}),
        ({'q"u,o': 'a"b,c'}, {'q"u,o': 'a"b,c'}),
        ({"a": "é東\U0001f600"}, {"a": "é東\U0001f600"}),
    ],
)
def test_a_value(tmp_path: Path, line: object, expected: dict[str, str]) -> None:
    assert read_lines(tmp_path, line) == [expected]


def test_all_rows_decide_about_a_column(tmp_path: Path) -> None:
    rows = [{"a": 1, "b": 1} for _ in range(30_000)]
    read_rows = read_lines(tmp_path, *rows, {"a": "007", "b": 1.5, "late": "x"})
    assert read_rows[0] == {"a": "1", "b": "1", "late": ""}
    assert read_rows[-1] == {"a": "007", "b": "1.5", "late": "x"}
    assert len(read_rows) == 30_001


def test_a_rare_key_of_an_object_is_a_column(tmp_path: Path) -> None:
    rows = [{"a": {f"k{n}": n}} for n in range(300)]
    read_rows = read_lines(tmp_path, *rows)
    assert len(read_rows[0]) == 300
    assert read_rows[299]["a.k299"] == "299"


def test_numbers_and_texts_in_one_column(tmp_path: Path) -> None:
    rows = read_lines(tmp_path, {"a": "007"}, {"a": 7}, {"a": None}, {"a": False}, {})
    assert [row["a"] for row in rows] == ["007", "7", "", "false", ""]


def test_a_text_or_an_object_in_one_column(tmp_path: Path) -> None:
    rows = read_lines(tmp_path, {"a": "x"}, {"a": {"b": 1}}, {"a": [1]})
    assert [row["a"] for row in rows] == ["x", '{"b":1}', "[1]"]


@SINCE_2_0
def test_blank_lines_and_a_mark_do_not_count(tmp_path: Path) -> None:
    assert read_lines(tmp_path, '\ufeff{"a": 1}', "", '{"a": 2}') == [{"a": "1"}, {"a": "2"}]


def test_keys_that_differ_in_case_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="differ in upper and lower case only"):
        read_lines(tmp_path, {"Id": 1, "id": 2})
    assert read_lines(tmp_path, {"id": 1, "id_1": 2}) == [{"id": "1", "id_1": "2"}]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[1, 2]\n", "not JSON lines"),
        ('[{"a": 1}]\n', "a JSON array"),
        ("a,b\n1,2\n", "not JSON lines"),
        ('{"a": 1}\n{"a": \n', "cannot be read"),
        ('{"a": 1}\n[1]\n', "cannot be read"),
        ('{"a": 1} trailing\n', "cannot be read"),
    ],
)
def test_other_text_is_refused(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text(text)
    with pytest.raises(DataError, match=message):
        read(path)


JSON_TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\x00;\r"), max_size=12)
VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**60), 2**60),
    st.floats(allow_nan=False, allow_infinity=False),
    JSON_TEXTS,
    st.lists(JSON_TEXTS.filter(bool), max_size=3),
)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.fixed_dictionaries({"k": st.just("k"), "v": VALUES}), min_size=1, max_size=5))
def test_any_rows_keep_their_texts(tmp_path: Path, rows: list[dict[str, object]]) -> None:
    for row, read_row in zip(rows, read_lines(tmp_path, *rows), strict=True):
        value, text = row["v"], read_row.get("v", "")
        if isinstance(value, str):
            assert text == value
        elif isinstance(value, bool):
            assert text == str(value).lower()
        elif isinstance(value, int | float):
            assert float(text) == float(value)
        elif value is None:
            assert text == ""
        else:
            assert text in {";".join(value), json.dumps(value, separators=(",", ":"))} or value
