"""A file that is not what its name says is named for what it is, with the help that reads it."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import sqlite3
import zipfile
from pathlib import Path

import pytest

from bulkflow_csv.compression import load_zstd

CSV = b"Key__c,Text__c\n1,a\n"


def make_zip(*names: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name in names:
            archive.writestr(name, "x")
    return buffer.getvalue()


def make_parquet() -> bytes:
    import polars as pl

    buffer = io.BytesIO()
    pl.DataFrame({"a": [1]}).write_parquet(buffer)
    return buffer.getvalue()


def make_arrow() -> bytes:
    import polars as pl

    buffer = io.BytesIO()
    pl.DataFrame({"a": [1]}).write_ipc(buffer)
    return buffer.getvalue()


def make_workbook() -> bytes:
    import openpyxl

    buffer = io.BytesIO()
    openpyxl.Workbook().save(buffer)
    return buffer.getvalue()


def make_old_workbook() -> bytes:
    import xlwt

    buffer = io.BytesIO()
    book = xlwt.Workbook()
    book.add_sheet("a")
    book.save(buffer)
    return buffer.getvalue()


CASES = {
    "parquet": (make_parquet, "a Parquet file", "rename it to a.parquet"),
    "arrow": (make_arrow, "an Arrow file", "rename it to a.arrow"),
    "workbook": (make_workbook, "an Excel workbook", "rename it to a.xlsx"),
    "old": (make_old_workbook, "an Excel workbook of the old kind", "rename it to a.xls"),
    "ods": (
        lambda: make_zip("mimetype").replace(
            b"x", b"application/vnd.oasis.opendocument.spreadsheet"
        ),
        "an OpenDocument spreadsheet",
        "rename it to a.ods",
    ),
    "zip": (lambda: make_zip("a.csv"), "a ZIP archive", "unpack it"),
    "gzip": (lambda: gzip.compress(CSV), "compressed with gzip", "rename it to a.csv.gz"),
    "bzip2": (lambda: bz2.compress(CSV), "compressed with bzip2", "rename it to a.csv.bz2"),
    "zstd": (lambda: load_zstd().compress(CSV), "compressed with zstd", "a.csv.zst"),
    "xz": (lambda: lzma.compress(CSV), "compressed with xz", "xz -d"),
    "pdf": (lambda: b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n", "a PDF document", "where the document"),
    "html": (lambda: b"\n<!DOCTYPE html>\n<html>", "an HTML page", "export it as CSV"),
    "html table": (lambda: b"\xef\xbb\xbf<table border=1>", "an HTML page", "login page"),
    "xml": (lambda: b'<?xml version="1.0"?>\n<rows/>', "XML", "export the rows as CSV"),
    "array": (lambda: b'[\n  {"a": 1}\n]', "a JSON array", "into a.jsonl"),
    "json": (lambda: b'{"a": 1}\n{"a": 2}\n', "JSON", "rename it to a.jsonl"),
}


@pytest.mark.parametrize("case", CASES)
def test_another_format_named_csv(loading, case: str) -> None:
    make, what, remedy = CASES[case]
    loading.write("a.csv", make())
    error = loading.refuse('from "a.csv"')
    assert error["message"] == f"the file is {what}" or error["message"].startswith(
        f"the file is {what},"
    )
    assert remedy in error["help"]
    assert error["place"].startswith("a.csv")


def test_a_sqlite_database_named_csv(loading) -> None:
    with sqlite3.connect(loading.folder / "a.csv") as database:
        database.execute("CREATE TABLE a (b)")
    database.close()
    error = loading.refuse('from "a.csv"')
    assert error["message"] == "the file is a SQLite database"
    assert 'from sql "SELECT …" at "sqlite:///a.csv"' in error["help"]


@pytest.mark.parametrize("header", [b'"{a}",b\n', b"[a],b\n", b"a<b,c\n", b"BZ,h\n", b"{a},b\n"])
def test_csv_that_looks_odd_is_csv(tmp_path: Path, header: bytes) -> None:
    from bulkflow_csv import ByteSource, read_head

    path = tmp_path / "a.csv"
    path.write_bytes(header + b"1,2\n")
    assert len(read_head(ByteSource("a.csv", path)).header.columns) == 2


@pytest.mark.parametrize("name", ["a.xlsx", "a.xls", "a.parquet", "a.arrow"])
@pytest.mark.parametrize(
    ("content", "what"),
    [(b"<html><table>", "an HTML page"), (gzip.compress(CSV), "compressed with gzip")],
    # Not the bytes, which have the time: each worker must collect the same names.
    ids=["html", "gzip"],
)
def test_another_format_named_as_one_with_types(
    loading, name: str, content: bytes, what: str
) -> None:
    loading.write(name, content)
    error = loading.refuse(f'from "{name}"')
    assert error["message"] == f"the file is {what}"


@pytest.mark.parametrize("name", ["a.xlsx", "a.parquet", "a.arrow", "a.xls", "a.jsonl"])
@pytest.mark.parametrize("content", [CSV, b"", b"\x00" * 600])
def test_a_damaged_file_is_refused(loading, name: str, content: bytes) -> None:
    loading.write(name, content)
    error = loading.refuse(f'from "{name}"')
    assert error["place"].startswith(name)
    assert error["help"]
