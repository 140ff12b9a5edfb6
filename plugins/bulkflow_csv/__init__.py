"""The data path: everything that knows the bytes of CSV.

A file is read once. `read_head` says what its job needs to be created; `iter_parts` checks the rows
and gives the parts as they become known, and `scan` does both; a part opens as a body to send.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from bulkflow_csv.body import PartBody
    from bulkflow_csv.columns import NULL, Column, Layout, renamed
    from bulkflow_csv.copying import written_anew
    from bulkflow_csv.counting import count_records
    from bulkflow_csv.dialect import DELIMITERS, LINE_ENDINGS, Dialect
    from bulkflow_csv.digests import digest
    from bulkflow_csv.errors import CsvError
    from bulkflow_csv.folding import Fold, foldable
    from bulkflow_csv.head import Head, read_head
    from bulkflow_csv.header import Header
    from bulkflow_csv.limits import PART_BYTES, FormatLimits, PartLimit
    from bulkflow_csv.locating import RowPlace, locate
    from bulkflow_csv.mending import line_end_to_mend, mended
    from bulkflow_csv.numeric import load_numpy
    from bulkflow_csv.part import PartRange
    from bulkflow_csv.recoding import is_encoding, recode, undecodable
    from bulkflow_csv.record import Mark
    from bulkflow_csv.rewriting import rewrite, told_of_original
    from bulkflow_csv.rows import Row, read_rows, write_rows
    from bulkflow_csv.scanning import Scan, iter_parts, scan, scan_rows
    from bulkflow_csv.source import ByteSource, Stamp, is_gzip, is_stream, open_source, spool
    from bulkflow_csv.windowing import windows

__all__ = [
    "DELIMITERS",
    "LINE_ENDINGS",
    "NULL",
    "PART_BYTES",
    "ByteSource",
    "Column",
    "CsvError",
    "Dialect",
    "Fold",
    "FormatLimits",
    "Head",
    "Header",
    "Layout",
    "Mark",
    "PartBody",
    "PartLimit",
    "PartRange",
    "Row",
    "RowPlace",
    "Scan",
    "Stamp",
    "count_records",
    "digest",
    "foldable",
    "is_encoding",
    "is_gzip",
    "is_stream",
    "iter_parts",
    "line_end_to_mend",
    "load_numpy",
    "locate",
    "mended",
    "open_source",
    "read_head",
    "read_rows",
    "recode",
    "renamed",
    "rewrite",
    "scan",
    "scan_rows",
    "spool",
    "told_of_original",
    "undecodable",
    "windows",
    "write_rows",
    "written_anew",
]

_HOMES: Final = {
    "ByteSource": "source",
    "Column": "columns",
    "CsvError": "errors",
    "DELIMITERS": "dialect",
    "Dialect": "dialect",
    "Fold": "folding",
    "FormatLimits": "limits",
    "Head": "head",
    "Header": "header",
    "LINE_ENDINGS": "dialect",
    "Layout": "columns",
    "Mark": "record",
    "NULL": "columns",
    "PART_BYTES": "limits",
    "PartBody": "body",
    "PartLimit": "limits",
    "PartRange": "part",
    "Row": "rows",
    "RowPlace": "locating",
    "Scan": "scanning",
    "Stamp": "source",
    "count_records": "counting",
    "digest": "digests",
    "foldable": "folding",
    "is_encoding": "recoding",
    "is_gzip": "source",
    "is_stream": "source",
    "iter_parts": "scanning",
    "line_end_to_mend": "mending",
    "load_numpy": "numeric",
    "locate": "locating",
    "mended": "mending",
    "open_source": "source",
    "read_head": "head",
    "read_rows": "rows",
    "recode": "recoding",
    "undecodable": "recoding",
    "renamed": "columns",
    "rewrite": "rewriting",
    "scan": "scanning",
    "scan_rows": "scanning",
    "spool": "source",
    "told_of_original": "rewriting",
    "windows": "windowing",
    "write_rows": "rows",
    "written_anew": "copying",
}


def __getattr__(name: str) -> object:
    """Import what is asked for, and nothing else: a start needs little of it."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
