"""Rows of each format arrive in the org with the values that they had."""

from __future__ import annotations

import datetime as dt
import json
import sqlite3
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest

UTC = dt.UTC
ROWS = [
    {
        "Key__c": "007",
        "Text__c": 'é東, "quoted"; x',
        "Int__c": 42,
        "Amount__c": Decimal("1234567890.10"),
        "Ratio__c": 1.5e-07,
        "Flag__c": True,
        "Day__c": dt.date(2024, 2, 29),
        "Moment__c": dt.datetime(2024, 2, 29, 23, 59, 58, 123000, UTC),
        "Tags__c": ["a", "b"],
    },
    {
        "Key__c": "8",
        "Text__c": "line\nbreak",
        "Int__c": -1,
        "Amount__c": Decimal("0.00"),
        "Ratio__c": -0.25,
        "Flag__c": False,
        "Day__c": dt.date(1900, 1, 1),
        "Moment__c": dt.datetime(1999, 12, 31, 0, 0, 0, 0, UTC),
        "Tags__c": ["b"],
    },
    {"Key__c": "9"},
]
COLUMNS = list(ROWS[0])


def check(records: list[dict[str, object]], columns: list[str] = COLUMNS) -> None:
    """Check that the org has the rows."""
    assert len(records) == len(ROWS)
    for record, row in zip(records, ROWS, strict=True):
        for column in columns:
            assert _read(record[column]) == _expect(column, row.get(column)), column


def _expect(column: str, value: object) -> object:
    if column == "Flag__c":
        return bool(value)
    if isinstance(value, list):
        return ";".join(value)
    if isinstance(value, dt.datetime):
        return value.strftime("%Y-%m-%dT%H:%M:%S.") + f"{value.microsecond // 1000:03}"
    if isinstance(value, dt.date):
        return value.isoformat()
    return float(value) if isinstance(value, int | float | Decimal) else value


def _read(value: object) -> object:
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, int | float | Decimal):
        return float(value)
    text = str(value)
    return text.removesuffix("Z").removesuffix("+0000") if text[10:11] == "T" else text


def make_arrow():
    import pyarrow as pa

    schema = pa.schema(
        [
            ("Key__c", pa.string()),
            ("Text__c", pa.dictionary(pa.int32(), pa.string())),
            ("Int__c", pa.int16()),
            ("Amount__c", pa.decimal128(18, 2)),
            ("Ratio__c", pa.float64()),
            ("Flag__c", pa.bool_()),
            ("Day__c", pa.date32()),
            ("Moment__c", pa.timestamp("us", tz="Europe/Berlin")),
            ("Tags__c", pa.list_(pa.string())),
        ]
    )
    return pa.Table.from_pylist([{name: row.get(name) for name in COLUMNS} for row in ROWS], schema)


def make_polars():
    import polars as pl

    return pl.from_arrow(make_arrow())


def write_duckdb_parquet(path: Path) -> None:
    table = make_arrow()
    with duckdb.connect() as connection:
        connection.from_arrow(table).write_parquet(str(path))


def write_pyarrow_parquet(path: Path) -> None:
    import pyarrow.parquet as pq

    pq.write_table(make_arrow(), path, row_group_size=1)


def write_polars_parquet(path: Path) -> None:
    make_polars().write_parquet(path)


def write_feather(path: Path) -> None:
    import pyarrow.feather as feather

    feather.write_feather(make_arrow(), path)


def write_stream(path: Path) -> None:
    import pyarrow.ipc as ipc

    table = make_arrow()
    with ipc.new_stream(path, table.schema) as writer:
        writer.write_table(table, max_chunksize=1)


def write_polars_arrow(path: Path) -> None:
    make_polars().write_ipc(path, compression="zstd")


@pytest.mark.parametrize(
    ("name", "write"),
    [
        ("a.parquet", write_duckdb_parquet),
        ("a.PARQUET", write_pyarrow_parquet),
        ("a.parquet", write_polars_parquet),
        ("a-parquet", write_pyarrow_parquet),
        ("a.feather", write_feather),
        ("a.arrow", write_stream),
        ("a.arrow", write_polars_arrow),
        ("a-arrow", write_feather),
    ],
)
def test_a_typed_file(loading, name: str, write) -> None:
    write(loading.folder / name)
    check(loading.load(f'from "{name}"'))


def test_an_arrow_file_with_polars_only(loading, monkeypatch) -> None:
    import bulkflow_formats.arrow as module

    write_feather(loading.folder / "a.feather")
    write_stream(loading.folder / "b.arrow")
    known = module.is_installed
    monkeypatch.setattr(module, "is_installed", lambda name: name != "pyarrow" and known(name))
    check(loading.load('from "a.feather"'))
    check(loading.load('from "b.arrow"'))


def to_json(value: object) -> object:
    if isinstance(value, Decimal):
        return float(value)
    return value if isinstance(value, int | float | str | list | bool) else str(value)


def write_json_lines(path: Path) -> None:
    import gzip

    from bulkflow_csv.compression import load_zstd

    lines = [{key: to_json(value) for key, value in row.items()} for row in ROWS]
    lines[0]["Moment__c"] = "2024-02-29T23:59:58.123Z"
    lines[1]["Moment__c"] = "1999-12-31T01:00:00+01:00"
    text = "".join(json.dumps(line) + "\n" for line in lines).encode()
    pack = {".gz": gzip.compress, ".zst": load_zstd().compress}.get(path.suffix, bytes)
    path.write_bytes(pack(text))


@pytest.mark.parametrize("name", ["a.jsonl", "a.ndjson", "a.jsonl.gz", "a.ndjson.zst", "a-file"])
def test_json_lines(loading, name: str) -> None:
    write_json_lines(loading.folder / name)
    check(loading.load(f'from "{name}"'))


IN_CELLS = [each for each in COLUMNS if each != "Tags__c"]


def write_xlsx(path: Path) -> None:
    import openpyxl

    book = openpyxl.Workbook()
    sheet = book.active
    sheet.append(IN_CELLS)
    for row in ROWS:
        values = [row.get(name) for name in IN_CELLS]
        sheet.append([each.replace(tzinfo=None) if _zoned(each) else each for each in values])
    book.save(path)


def write_ods(path: Path) -> None:
    from odf.opendocument import OpenDocumentSpreadsheet
    from odf.table import Table, TableCell, TableRow
    from odf.text import P

    document = OpenDocumentSpreadsheet()
    table = Table(name="Things")

    def add(values: list[object]) -> None:
        row = TableRow()
        for value in values:
            row.addElement(cell := _make_cell(TableCell, value))
            cell.addElement(P(text="" if value is None else str(value)))
        table.addElement(row)

    add(list(IN_CELLS))
    for each in ROWS:
        add([each.get(name) for name in IN_CELLS])
    document.spreadsheet.addElement(table)
    document.save(path)


def _make_cell(cell, value: object):
    if value is None:
        return cell()
    if isinstance(value, bool):
        return cell(valuetype="boolean", booleanvalue=str(value).lower())
    if isinstance(value, int | float | Decimal):
        return cell(valuetype="float", value=str(value))
    if isinstance(value, dt.datetime):
        return cell(valuetype="date", datevalue=value.strftime("%Y-%m-%dT%H:%M:%S.123"[:19]))
    if isinstance(value, dt.date):
        return cell(valuetype="date", datevalue=value.isoformat())
    return cell(valuetype="string", stringvalue=value)


def _zoned(value: object) -> bool:
    return isinstance(value, dt.datetime) and value.tzinfo is not None


def test_an_excel_workbook(loading) -> None:
    write_xlsx(loading.folder / "a.xlsx")
    check(loading.load('from "a.xlsx"'), IN_CELLS)


def test_an_opendocument_spreadsheet(loading) -> None:
    write_ods(loading.folder / "a.ods")
    columns = [each for each in IN_CELLS if each not in {"Moment__c", "Text__c"}]
    records = loading.load('from "a.ods"')
    check(records, columns)
    assert str(records[0]["Moment__c"]).startswith("2024-02-29T23:59:58")


def test_sqlite(loading) -> None:
    with sqlite3.connect(loading.folder / "crm.db") as database:
        database.execute(f"CREATE TABLE things ({', '.join(COLUMNS)})")
        for row in ROWS:
            values = [_store(row.get(name)) for name in COLUMNS]
            database.execute(f"INSERT INTO things VALUES ({', '.join('?' * len(values))})", values)
    database.close()
    loading.environ["CRM"] = "sqlite:///crm.db"
    check(loading.load('from sql "SELECT * FROM things ORDER BY Key__c" at env CRM'))


def _store(value: object) -> object:
    if isinstance(value, list):
        return ";".join(value)
    if isinstance(value, dt.datetime):
        return value.isoformat()
    return str(value) if isinstance(value, Decimal | dt.date) else value


def test_sqlalchemy(loading) -> None:
    test_sqlite(loading)
    loading.environ["CRM"] = f"sqlite+pysqlite:///{(loading.folder / 'crm.db').as_posix()}"
    check(loading.load('from sql "SELECT * FROM things ORDER BY Key__c" at env CRM'))


def test_postgres(loading, postgres) -> None:
    postgres.execute(
        "DROP TABLE IF EXISTS things",
        'CREATE TABLE things ("Key__c" text, "Text__c" varchar(80), "Int__c" bigint,'
        ' "Amount__c" numeric(18, 2), "Ratio__c" float8, "Flag__c" boolean, "Day__c" date,'
        ' "Moment__c" timestamptz, "Tags__c" text[])',
        *(
            f"INSERT INTO things VALUES ({', '.join(_quote(r.get(c)) for c in COLUMNS)})"
            for r in ROWS
        ),
    )
    loading.environ["WAREHOUSE"] = postgres.url
    check(loading.load('from sql "SELECT * FROM things" at env WAREHOUSE'))


def _quote(value: object) -> str:
    if value is None:
        return "NULL"
    if isinstance(value, list):
        return "ARRAY[" + ", ".join(f"'{each}'" for each in value) + "]"
    return "'" + str(value).replace("'", "''") + "'"
