"""Jobs with rows of other formats: globs, plans, checks, streaming, resumed runs, saved rows."""

from __future__ import annotations

import csv
import json
import os
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest


def write_parquet(path: Path, sql: str) -> None:
    duckdb.connect().execute(f"COPY ({sql}) TO '{path}' (FORMAT parquet)")


def test_the_files_of_a_glob_are_one_job(loading) -> None:
    for number in range(3):
        sql = f"SELECT 'k' || ({number} * 10 + i) AS Key__c, i AS Int__c FROM range(3) t (i)"
        write_parquet(loading.folder / f"p{number}.parquet", sql)
    found = [each["Key__c"] for each in loading.load('from "p*.parquet"')]
    assert found == sorted(f"k{n * 10 + i}" for n in range(3) for i in range(3))


@pytest.mark.parametrize("suffix", ["parquet", "jsonl"])
def test_folders_named_as_columns_are_folders(loading, suffix: str) -> None:
    for day in ("2026-01-01", "2026-01-02"):
        folder = loading.folder / f"day={day}"
        folder.mkdir()
        if suffix == "parquet":
            write_parquet(folder / "a.parquet", f"SELECT '{day}' AS Key__c")
        else:
            (folder / "a.jsonl").write_text(json.dumps({"Key__c": day}) + "\n")
    found = loading.load(f'from "day=*/a.{suffix}"')
    assert [each["Key__c"] for each in found] == ["2026-01-01", "2026-01-02"]


def test_files_of_several_formats_are_one_job(loading) -> None:
    write_parquet(loading.folder / "in-1.parquet", "SELECT 'a' AS Key__c, 1 AS Int__c")
    loading.write("in-2.csv", "Key__c,Int__c\nb,2\n")
    loading.write("in-3.jsonl", '{"Key__c": "c", "Int__c": 3}\n')
    found = [(each["Key__c"], float(str(each["Int__c"]))) for each in loading.load('from "in-*"')]
    assert found == [("a", 1), ("b", 2), ("c", 3)]


def test_files_with_other_columns_are_refused(loading) -> None:
    write_parquet(loading.folder / "p1.parquet", "SELECT 'a' AS Key__c, 1 AS Int__c")
    write_parquet(loading.folder / "p2.parquet", "SELECT 'a' AS Key__c, 'x' AS Text__c")
    error = loading.refuse('from "p*.parquet"')
    assert error["message"].startswith("its columns are not those of p1.parquet")
    checked = loading.command("check", "--sources", str(loading.folder / "test.bulkflow"))
    assert "p2.parquet has other columns than p1.parquet" in checked.err


def test_clauses_work_on_typed_columns(loading) -> None:
    sql = (
        "SELECT 'a' AS code, 1.50::DECIMAL(9, 2) AS amount, DATE '2024-02-29' AS day, 1 AS junk,"
        " {'City': 'x'} AS Address"
    )
    write_parquet(loading.folder / "a.parquet", sql)
    (row,) = loading.load(
        'from "a.parquet"',
        "rename code to Key__c",
        "rename amount to Amount__c",
        "rename day to Day__c",
        'rename "Address.City" to Text__c',
        "drop junk",
        "set Flag__c to true",
    )
    assert (row["Key__c"], float(str(row["Amount__c"])), row["Day__c"]) == ("a", 1.5, "2024-02-29")
    assert (row["Text__c"], row["Flag__c"]) == ("x", True)


def test_a_plan_counts_the_rows(loading) -> None:
    write_parquet(loading.folder / "a.parquet", "SELECT 'k' || i AS Key__c FROM range(2500) t (i)")
    clauses = '    insert Thing__c\n    from "a.parquet"\n    parts of 1000 rows\n'
    file = str(loading.write("a.bulkflow", f"org env\njob a\n{clauses}load\n"))
    (job,) = json.loads(loading.command("plan", file, "--json").out)["jobs"]
    assert (job["rows"], job["columns"], len(job["parts"])) == (2500, ["Key__c"], 3)
    assert not list(loading.folder.rglob("rows-*.csv"))


@pytest.mark.parametrize(
    ("name", "make"),
    [
        ("a.parquet", lambda path: write_parquet(path, "SELECT 'nan'::DOUBLE AS Key__c")),
        ("a.jsonl", lambda path: path.write_text('{"Key__c": 1}\n')),
    ],
)
def test_a_check_reads_the_columns_only(loading, name: str, make) -> None:
    make(loading.folder / name)
    clauses = f'    insert Thing__c\n    from "{name}"\n    rename Nope to Text__c\n'
    file = str(loading.write("a.bulkflow", f"org env\njob a\n{clauses}load\n"))
    checked = loading.command("check", "--sources", file)
    assert checked.code == 2
    assert "Nope" in checked.err
    file = str(
        loading.write("a.bulkflow", f"org env\njob a\n{clauses}load\n".replace("Nope", "Key__c"))
    )
    assert loading.command("check", "--sources", file).code == 0


def test_typed_rows_that_only_their_content_shows_are_not_streamed(loading) -> None:
    write_parquet(loading.folder / "export", "SELECT 'a' AS Key__c")
    error = loading.refuse('from "export"', "streamed")
    assert error["message"].startswith("rows with types cannot be streamed")
    assert "remove `streamed`" in error["help"]


def test_a_value_that_is_refused_leaves_no_copy(loading) -> None:
    write_parquet(loading.folder / "a.parquet", "SELECT 'k' AS Key__c, 'nan'::DOUBLE AS Ratio__c")
    error = loading.refuse('from "a.parquet"')
    assert error["message"] == "column Ratio__c: nan is not a finite number"
    assert error["place"] == "a.parquet"
    assert not list(loading.folder.rglob("rows-*.csv"))


def test_rows_that_failed_are_saved_with_the_source_s_columns(loading) -> None:
    sql = "SELECT 'k' || i AS code, CASE i WHEN 1 THEN 'wrong' ELSE '2024-01-02' END AS day"
    write_parquet(loading.folder / "a.parquet", f"{sql} FROM range(3) t (i)")
    ran = loading.run(
        'org env\njob a\n    upsert Thing__c by Key__c\n    from "a.parquet"\n'
        "    rename code to Key__c\n    rename day to Day__c\nload\n"
        'save failed rows of job a to "failed.csv"\nrequire failed rows under 2\n'
    )
    assert ran.code == 0, ran.out
    with (loading.folder / "failed.csv").open(encoding="utf-8", newline="") as file:
        (row,) = csv.DictReader(file)
    assert (row["code"], row["day"]) == ("k1", "wrong")


def make_database(path: Path, text: str) -> None:
    with sqlite3.connect(path) as database:
        database.execute("CREATE TABLE IF NOT EXISTS things (Key__c, Text__c)")
        database.execute("DELETE FROM things")
        rows = ((f"k{number:04}", text) for number in range(3000))
        database.executemany("INSERT INTO things VALUES (?, ?)", rows)
    database.close()


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGKILL")
@pytest.mark.parametrize("lines", [1, 2, 3, 4])
def test_a_run_that_was_killed_goes_on_with_the_rows_that_it_read(loading, lines: int) -> None:
    make_database(loading.folder / "crm.db", "before")
    file = loading.write(
        "a.bulkflow",
        "org env\njob a\n    insert Thing__c\n    parts of 200 rows\n"
        '    from sql "SELECT * FROM things" at env CRM\nload\nrequire failed rows under 1\n',
    )
    state = str(loading.folder / "state")
    environ = {**os.environ, **loading.environ, "CRM": "sqlite:///crm.db", "PYTHONUTF8": "1"}
    command = [sys.executable, "-m", "bulkflow", "run", str(file), "--state-dir", state, "--json"]
    with subprocess.Popen(command, env=environ, stdout=subprocess.PIPE, text=True) as process:
        for _ in range(lines):
            line = process.stdout.readline()
        assert line, "the run ended before it was killed"
        process.send_signal(signal.SIGKILL)
    make_database(loading.folder / "crm.db", "after")
    # It reads what it copied: there need not even be a database.
    loading.environ["CRM"] = "sqlite:///gone.db"
    resumed = loading.command("resume", "--state-dir", state, "--json")
    assert resumed.code == 0, resumed.out + resumed.err
    records = loading.org.records("Thing__c")
    assert sorted(each["Key__c"] for each in records) == [f"k{n:04}" for n in range(3000)]
    assert {each["Text__c"] for each in records} == {"before"}
