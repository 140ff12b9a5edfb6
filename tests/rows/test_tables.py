"""Tables of anything with `__arrow_c_stream__`, and the session that reads them."""

from __future__ import annotations

import csv
import os
from pathlib import Path

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bulkflow.errors import DataError, RunInterruptedError
from bulkflow.plugin import SourceRows, SourceTable
from bulkflow_csv import CsvError, write_rows
from bulkflow_rows.python_values import spell_rows, spell_value
from bulkflow_rows.session import convert_errors, open_session, quote_path
from bulkflow_rows.table_to_csv import write_table

ROWS = {"a": [1, None, 3], "b": ["x", "y", None], "c": [[1], [], None]}


def make_pyarrow() -> object:
    import pyarrow as pa

    return pa.table(ROWS)


def make_reader() -> object:
    import pyarrow as pa

    return pa.RecordBatchReader.from_batches(
        make_pyarrow().schema, iter(make_pyarrow().to_batches(max_chunksize=1))
    )


def make_polars() -> object:
    import polars as pl

    return pl.DataFrame(ROWS)


def make_pandas() -> object:
    import pandas as pd

    return pd.DataFrame(
        {
            "a": pd.array([1, None, 3], dtype="Int64"),
            "b": pd.array(["x", "y", None], dtype="string"),
            "c": pd.Series(ROWS["c"], dtype="object"),
        }
    )


def make_nanoarrow() -> object:
    import nanoarrow as na

    return na.ArrayStream(make_pyarrow())


def read(table: SourceTable, folder: Path) -> list[list[str]]:
    with write_table(table, folder).open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file))


@pytest.mark.parametrize(
    "make", [make_pyarrow, make_reader, make_polars, make_pandas, make_nanoarrow]
)
def test_batches_of_any_library(tmp_path: Path, make) -> None:
    assert read(SourceTable.of_arrow("t", make()), tmp_path) == [
        ["a", "b", "c"],
        ["1", "x", "1"],
        ["", "y", ""],
        ["3", "", ""],
    ]


def test_no_library_has_to_be_installed_but_that_of_the_batches(
    tmp_path: Path, monkeypatch
) -> None:
    import sys

    stream = make_nanoarrow()
    for name in [each for each in sys.modules if each.partition(".")[0] == "pyarrow"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    assert read(SourceTable.of_arrow("t", stream), tmp_path)[1] == ["1", "x", "1"]


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    path = folder / "secret.csv"
    path.write_text("a\n1\n")
    return path


ESCAPES = [
    "SELECT * FROM read_csv('{path}')",
    "SELECT * FROM read_text('{path}')",
    "SELECT * FROM '{path}'",
    "SELECT * FROM glob('{folder}/*')",
    "COPY (SELECT 1) TO '{folder}/made.csv'",
    "ATTACH '{folder}/made.db'",
    "INSTALL httpfs",
    "LOAD httpfs",
    "SELECT * FROM read_csv('https://example.org/a.csv')",
    "SET enable_external_access = true",
    "SET allowed_directories = ['/']",
    "RESET allowed_paths",
    "SELECT getenv('HOME')",
    "CREATE SECRET (TYPE s3)",
]


@pytest.mark.parametrize("statement", ESCAPES)
def test_a_session_reaches_nothing_else(tmp_path: Path, secret: Path, statement: str) -> None:
    work = tmp_path / "work"
    work.mkdir()
    text = statement.format(path=secret.as_posix(), folder=secret.parent.as_posix())
    with open_session(work) as connection, pytest.raises(duckdb.Error):
        connection.execute(text).fetchall()
    assert [each.name for each in secret.parent.iterdir()] == ["secret.csv"]


def test_a_session_reads_the_files_of_its_job(tmp_path: Path, secret: Path) -> None:
    odd = secret.with_name("a[1]*'.csv") if os.name != "nt" else secret.with_name("a[1]'.csv")
    odd.write_text("a\n7\n")
    work = tmp_path / "work"
    work.mkdir()
    with open_session(work, [odd]) as connection:
        assert connection.execute(f"FROM read_csv({quote_path(odd)})").fetchall() == [(7,)]
        with pytest.raises(duckdb.Error):
            connection.execute(f"FROM read_csv({quote_path(secret)})")


def test_an_error_of_duckdb_has_the_place_and_the_advice(tmp_path: Path) -> None:
    with pytest.raises(DataError) as raised, convert_errors("a.parquet", "do this"):
        duckdb.connect().execute("SELECT error('boom')").fetchall()
    assert (raised.value.place, raised.value.help) == ("a.parquet", "do this")


def test_a_plugin_may_give_the_same_list_again(tmp_path: Path) -> None:
    def make():
        row = [0, "x"]
        for number in range(250):
            row[0] = number
            yield row

    rows = list(spell_rows(SourceRows("t", ["a", "b"], make())))
    assert [row[0] for row in rows] == [str(each) for each in range(250)]


COLUMNS = (
    st.floats(allow_nan=False, allow_infinity=False),
    st.integers(),
    st.booleans(),
    st.datetimes(),
    st.text(max_size=3),
    st.one_of(st.none(), st.floats(allow_nan=False, allow_infinity=False), st.booleans()),
)


@given(st.lists(st.tuples(*COLUMNS), max_size=120))
def test_rows_are_written_as_their_values_are(rows: list[tuple[object, ...]]) -> None:
    names = [f"c{number}" for number in range(len(COLUMNS))]
    expected = [tuple(map(spell_value, row)) for row in rows]
    assert [tuple(row) for row in spell_rows(SourceRows("t", names, rows))] == expected


@pytest.mark.parametrize("number", [1, 50, 51, 250])
def test_a_row_of_another_length_is_refused_with_its_number(tmp_path: Path, number: int) -> None:
    rows = [[1, "x"] for _ in range(250)]
    rows[number - 1] = [1]
    source = SourceRows("t", ["a", "b"], rows)
    with pytest.raises(CsvError, match="the row has 1 values") as raised:
        write_rows(tmp_path / "a.csv", ["a", "b"], spell_rows(source), name="t")
    assert raised.value.record == number


def test_an_interruption_stops_a_long_statement(tmp_path: Path) -> None:
    asked = []

    def checkpoint() -> None:
        asked.append(1)
        raise RunInterruptedError("interrupted")

    # A day of work, unless it is stopped.
    endless = SourceTable("t", lambda each: each.sql("SELECT i FROM range(100000000000) t (i)"))
    with pytest.raises(RunInterruptedError, match="interrupted"):
        write_table(endless, tmp_path, checkpoint)
    assert asked == [1]
    assert list(tmp_path.glob("rows-*.csv")) == []


def test_a_statement_is_not_stopped_without_need(tmp_path: Path) -> None:
    table = SourceTable("t", lambda each: each.sql("SELECT i FROM range(3000000) t (i)"))
    path = write_table(table, tmp_path, lambda: None)
    with path.open("rb") as file:
        assert sum(1 for _ in file) == 3_000_001


def test_rows_are_written_in_constant_memory(tmp_path: Path) -> None:
    import tracemalloc

    value = "x" * 100_000
    rows = SourceRows("t", ["a"], ([value + str(number)] for number in range(2000)))
    tracemalloc.start()
    write_rows(tmp_path / "a.csv", ["a"], spell_rows(rows))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert (tmp_path / "a.csv").stat().st_size > 200_000_000
    assert peak < 30_000_000
