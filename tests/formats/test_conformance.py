"""The shipped sources keep the rules that bulkflow has for those of others."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import duckdb
import pytest

import bulkflow_formats.plugin
from bulkflow.plugin import Source, SourceRequest
from bulkflow.testing import check_plugin, check_source
from bulkflow_csv.plugin import bulkflow_sources as csv_sources
from bulkflow_formats.plugin import bulkflow_sources
from bulkflow_formats.sql_query import DatabaseUrl, SqlQuery

ROWS = "SELECT 'k' || i AS a, i AS b FROM range(500) t (i)"


def write_parquet(path: Path) -> None:
    duckdb.execute(f"COPY ({ROWS}) TO '{path.as_posix()}' (FORMAT parquet)")


def write_json_lines(path: Path) -> None:
    duckdb.execute(f"COPY ({ROWS}) TO '{path.as_posix()}' (FORMAT json)")


def write_arrow(path: Path) -> None:
    import polars as pl

    pl.DataFrame({"a": ["k1", "k2"], "b": [1, 2]}).write_ipc(path)


def write_workbook(path: Path) -> None:
    import openpyxl

    book = openpyxl.Workbook()
    for row in (["a", "b"], ["k1", 1], ["k2", 2]):
        book.active.append(row)
    book.save(path)


def write_csv(path: Path) -> None:
    path.write_text("a,b\nk1,1\n")


FILES = {
    "rows.parquet": write_parquet,
    "rows.jsonl": write_json_lines,
    "rows.arrow": write_arrow,
    "rows.xlsx": write_workbook,
    "rows.csv": write_csv,
}


def find_source(name: str) -> Source:
    sources = (*bulkflow_sources(), *csv_sources())
    return next(each for each in sources if any(name.endswith(s) for s in each.suffixes))


def test_the_plugin_keeps_the_rules() -> None:
    assert check_plugin(bulkflow_formats.plugin) == []


@pytest.mark.parametrize("name", FILES)
def test_a_source_of_files_keeps_the_rules(tmp_path: Path, name: str) -> None:
    FILES[name](tmp_path / name)
    missing = None if name == "rows.csv" else f"gone{Path(name).suffix}"
    assert check_source(find_source(name), SourceRequest(name, tmp_path, {}), missing=missing) == []


def make_request(folder: Path, query: str, url: str, environ: dict[str, str]) -> SourceRequest:
    settings = {"query": SqlQuery(query, DatabaseUrl(url, "WAREHOUSE"))}
    return SourceRequest("sql://WAREHOUSE", folder, environ, settings=settings)


@pytest.mark.parametrize("scheme", ["sqlite", "sqlite+pysqlite"])
def test_the_source_of_queries_keeps_the_rules(tmp_path: Path, scheme: str) -> None:
    with sqlite3.connect(tmp_path / "a.db") as database:
        database.execute("CREATE TABLE t (a, b)")
        database.executemany("INSERT INTO t VALUES (?, ?)", ((str(n), n) for n in range(3000)))
    database.close()
    url = f"{scheme}:///{'' if scheme == 'sqlite' else tmp_path.as_posix() + '/'}a.db"
    request = make_request(tmp_path, "SELECT * FROM t ORDER BY b", url, {"WAREHOUSE": url})
    assert check_source(bulkflow_sources()[-1], request) == []


def test_the_source_of_postgresql_keeps_the_rules(tmp_path: Path, postgres) -> None:
    query = "SELECT i::text AS a, i AS b FROM generate_series(1, 3000) i ORDER BY i"
    request = make_request(tmp_path, query, postgres.url, {"WAREHOUSE": postgres.url})
    assert check_source(bulkflow_sources()[-1], request) == []
