"""The formats that rows can be saved in."""

from __future__ import annotations

import gzip
import json
import os
from datetime import UTC, date, datetime
from pathlib import Path

import duckdb
import pytest

from bulkflow.errors import StepError
from bulkflow_csv.compression import load_zstd
from bulkflow_query.sinks.extracted import ExtractedCsv
from bulkflow_query.sinks.typed import write_jsonl, write_parquet
from query.conftest import ROWS
from query.people import expected, pipeline
from support.workshop import Workshop

TYPED = (
    'query "SELECT LastName, Birthdate, IsDeleted, CreatedDate, Account.AnnualRevenue, Email '
    'FROM Contact"'
)


def extract(workshop: Workshop, name: str, clause: str = TYPED) -> Path:
    steps = ('extract job people to "plain.csv"', f'extract job people to "{name}"')
    ran = workshop.run(pipeline(clause, *steps))
    assert ran.code == 0, ran.out + ran.err
    return workshop.folder / name


def test_compressed_files_have_the_bytes_of_the_plain_one(workshop: Workshop) -> None:
    steps = tuple(f'extract job people to "x.csv{end}"' for end in ("", ".gz", ".zst"))
    assert workshop.run(pipeline(TYPED, *steps)).code == 0
    plain = (workshop.folder / "x.csv").read_bytes()
    assert gzip.decompress((workshop.folder / "x.csv.gz").read_bytes()) == plain
    assert load_zstd().decompress((workshop.folder / "x.csv.zst").read_bytes()) == plain


def test_parquet_has_the_types_of_the_fields(workshop: Workshop) -> None:
    path = extract(workshop, "people.parquet")
    found = duckdb.sql(f"SELECT * FROM read_parquet('{path}')")
    assert [str(each) for each in found.types] == [
        "VARCHAR", "DATE", "BOOLEAN", "TIMESTAMP WITH TIME ZONE", "DOUBLE", "VARCHAR",
    ]  # fmt: skip
    rows = found.fetchall()
    assert [(row[0], row[5]) for row in rows] == [tuple(row) for row in expected()[1:]]
    assert rows[0][1:3] == (None, False)
    assert isinstance(rows[0][3], datetime)


def test_json_lines_have_numbers_and_booleans(workshop: Workshop) -> None:
    path = extract(workshop, "people.jsonl")
    rows = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    assert len(rows) == ROWS
    assert list(rows[0]) == [
        "LastName", "Birthdate", "IsDeleted", "CreatedDate", "Account.AnnualRevenue", "Email",
    ]  # fmt: skip
    assert rows[3]["LastName"] == 'P003 "q"\nx'
    assert rows[3]["IsDeleted"] is False
    assert rows[3]["Birthdate"] is None


@pytest.mark.parametrize("name", ["none.parquet", "none.jsonl", "none.csv.zst", "none.csv.gz"])
def test_no_rows_are_a_file_too(workshop: Workshop, name: str) -> None:
    path = extract(workshop, name, "query \"SELECT Id FROM Contact WHERE LastName = 'no'\"")
    assert path.exists()
    if name.endswith("parquet"):
        assert duckdb.sql(f"SELECT * FROM read_parquet('{path}')").fetchall() == []


def make_rows(tmp_path: Path, content: str, kinds: tuple[str, ...], rows: int) -> ExtractedCsv:
    path = tmp_path / "rows [1].csv"
    path.write_text(content, "utf-8", newline="")
    columns = tuple(f'c "{number}"' for number in range(len(kinds)))
    return ExtractedCsv(path, columns, kinds, rows, tmp_path, lambda: None)


def test_values_are_read_as_an_org_writes_them(tmp_path: Path) -> None:
    content = (
        'a,b,c,d,e,f\n"9.12260031E8","true","2026-01-31","2026-01-31T12:00:00.000+0000","1.0E7",""\n'
        '"","","","","",""\n"-0.5","false","1700-02-03","2026-07-01T12:00:00.500Z","7"," x "\n'
    )
    kinds = ("currency", "boolean", "date", "datetime", "int", "string")
    rows = make_rows(tmp_path, content, kinds, 3)
    target = tmp_path / "out.parquet"
    write_parquet(rows, target)
    found = duckdb.sql(f"SET TimeZone='UTC'; SELECT * FROM read_parquet('{target}')").fetchall()
    first, second, third = found
    assert first[:3] == (912260031.0, True, date(2026, 1, 31))
    assert first[3] == datetime(2026, 1, 31, 12, tzinfo=UTC)
    assert first[4:] == (10_000_000, None)
    assert second == (None,) * 6
    assert third[4:] == (7, " x ")
    write_jsonl(rows, tmp_path / "out.jsonl")
    lines = (tmp_path / "out.jsonl").read_text("utf-8").splitlines()
    assert json.loads(lines[0])['c "3"'] == "2026-01-31T12:00:00.000+0000"


def test_a_value_that_has_not_its_type_is_an_error(tmp_path: Path) -> None:
    rows = make_rows(tmp_path, 'a\n"soon"\n', ("date",), 1)
    with pytest.raises(StepError, match="cannot be written with types") as caught:
        write_parquet(rows, tmp_path / "out.parquet")
    assert ".csv" in (caught.value.help or "")
    assert not (tmp_path / "out.parquet").exists()


def test_another_number_of_rows_is_an_error(tmp_path: Path) -> None:
    rows = make_rows(tmp_path, 'a\n"1"\n', ("int",), 2)
    with pytest.raises(StepError, match="cannot be written"):
        write_parquet(rows, tmp_path / "out.parquet")


@pytest.mark.skipif(os.name != "posix", reason="modes are POSIX's")
@pytest.mark.parametrize("suffix", ["csv", "csv.gz", "csv.zst", "parquet", "jsonl"])
def test_what_is_extracted_is_for_its_user_alone(workshop: Workshop, suffix: str) -> None:
    before = os.umask(0)
    try:
        path = extract(workshop, f"people.{suffix}")
    finally:
        os.umask(before)
    assert path.stat().st_mode & 0o777 == 0o600
    for each in (workshop.folder / "state").rglob("*"):
        assert each.stat().st_mode & 0o077 == 0, each
