"""What sinks write is read again as it was."""

from __future__ import annotations

import csv
import gzip
import json
from pathlib import Path

import duckdb
import pytest

from bulkflow.plugin import Sink, SinkRequest
from bulkflow.testing import check_sink
from bulkflow_csv.compression import load_zstd
from bulkflow_formats.plugin import bulkflow_sinks

SINKS = {sink.suffixes[0]: sink for sink in bulkflow_sinks()}


def read_parquet(path: Path) -> list[tuple[object, ...]]:
    import pyarrow.parquet as pq

    table = pq.read_table(path)
    return [tuple(table.column_names), *zip(*(each.to_pylist() for each in table), strict=True)]


def unpack(path: Path) -> str:
    data = path.read_bytes()
    unpacked = {".gz": gzip.decompress, ".zst": load_zstd().decompress}.get(path.suffix, bytes)
    return unpacked(data).decode()


def read_json(path: Path) -> list[tuple[object, ...]]:
    lines = [json.loads(line) for line in unpack(path).splitlines()]
    if not lines:
        # A file without rows does not name its columns.
        from bulkflow.testing.sinks import COLUMNS

        return [COLUMNS]
    return [tuple(lines[0]), *(tuple(line.values()) for line in lines)]


def read_csv(path: Path) -> list[list[str]]:
    return list(csv.reader(unpack(path).splitlines(keepends=True)))


READERS = {".parquet": read_parquet, ".jsonl": read_json, ".csv.gz": read_csv}


@pytest.mark.parametrize("suffix", READERS)
def test_a_sink_keeps_the_rules(tmp_path: Path, suffix: str) -> None:
    assert check_sink(SINKS[suffix], tmp_path, read=READERS[suffix]) == []


def test_every_sink_is_tested() -> None:
    assert SINKS.keys() == READERS.keys()


def write(sink: Sink, path: Path, sql: str) -> None:
    with duckdb.connect() as connection:
        sink.write(SinkRequest(path, connection.sql(sql)))


TYPED = (
    "SELECT 1::BIGINT AS i, 1.50::DECIMAL(9, 2) AS d, DATE '2024-02-29' AS day,"
    " TIMESTAMPTZ '2024-02-29 01:02:03+00' AS at, true AS flag, ['a', 'b'] AS tags,"
    " {'Name': 'x'} AS Account, NULL::VARCHAR AS nothing"
)


def test_parquet_keeps_types(tmp_path: Path) -> None:
    write(SINKS[".parquet"], tmp_path / "a.parquet", TYPED)
    import pyarrow.parquet as pq

    (row,) = pq.read_table(tmp_path / "a.parquet").to_pylist()
    assert (row["i"], str(row["d"]), row["flag"], row["tags"]) == (1, "1.50", True, ["a", "b"])
    assert row["Account"] == {"Name": "x"}


def test_json_lines_keep_types(tmp_path: Path) -> None:
    write(SINKS[".jsonl"], tmp_path / "a.jsonl", TYPED)
    row = json.loads((tmp_path / "a.jsonl").read_text("utf-8"))
    assert (row["i"], row["d"], row["day"], row["flag"]) == (1, 1.5, "2024-02-29", True)
    assert (row["tags"], row["Account"], row["nothing"]) == (["a", "b"], {"Name": "x"}, None)


@pytest.mark.parametrize("name", ["a.csv.gz", "a.csv.zst"])
def test_compressed_csv_is_what_a_job_takes(tmp_path: Path, name: str) -> None:
    write(SINKS[".csv.gz"], tmp_path / name, TYPED)
    assert read_csv(tmp_path / name) == [
        ["i", "d", "day", "at", "flag", "tags", "Account.Name", "nothing"],
        ["1", "1.5", "2024-02-29", "2024-02-29T01:02:03.000Z", "true", "a;b", "x", ""],
    ]


@pytest.mark.parametrize("name", ["a.parquet", "a.jsonl", "a.ndjson.zst", "a.csv.gz", "a.csv.zst"])
def test_what_is_written_loads_again(loading, name: str) -> None:
    suffix = next(each for each in SINKS.values() for s in each.suffixes if name.endswith(s))
    sql = "SELECT 'k' || i AS Key__c, i AS Int__c, DATE '2024-02-29' AS Day__c FROM range(3) t (i)"
    write(suffix, loading.folder / name, sql)
    found = [(each["Key__c"], each["Day__c"]) for each in loading.load(f'from "{name}"')]
    assert found == [(f"k{i}", "2024-02-29") for i in range(3)]


def test_a_file_of_one_column_keeps_its_rows(tmp_path: Path) -> None:
    write(SINKS[".csv.gz"], tmp_path / "a.csv.gz", "SELECT unnest(['a', NULL, 'b']) AS v")
    assert unpack(tmp_path / "a.csv.gz") == 'v\na\n""\nb\n'
