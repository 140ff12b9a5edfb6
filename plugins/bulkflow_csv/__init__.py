"""The data path: everything that knows the bytes of CSV.

A file is read once. `read_head` says what its job needs to be created; `iter_parts` checks the rows
and gives the parts as they become known, and `scan` does both; a part opens as a body to send.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from bulkflow_csv.body import PartBody
    from bulkflow_csv.counting import count_records
    from bulkflow_csv.dialect import DELIMITERS, LINE_ENDINGS, Dialect
    from bulkflow_csv.digests import digest
    from bulkflow_csv.errors import CsvError
    from bulkflow_csv.head import Head, read_head
    from bulkflow_csv.header import Header
    from bulkflow_csv.limits import PART_BYTES, FormatLimits, PartLimit
    from bulkflow_csv.part import PartRange
    from bulkflow_csv.recoding import is_encoding, recode
    from bulkflow_csv.rows import Row, read_rows, write_rows
    from bulkflow_csv.scanning import Scan, iter_parts, scan
    from bulkflow_csv.source import ByteSource, Stamp, is_gzip, is_stream, open_source, spool
    from bulkflow_csv.walk import Mark
    from bulkflow_csv.windowing import windows

__all__ = [
    "DELIMITERS",
    "LINE_ENDINGS",
    "PART_BYTES",
    "ByteSource",
    "CsvError",
    "Dialect",
    "FormatLimits",
    "Head",
    "Header",
    "Mark",
    "PartBody",
    "PartLimit",
    "PartRange",
    "Row",
    "Scan",
    "Stamp",
    "count_records",
    "digest",
    "is_encoding",
    "is_gzip",
    "is_stream",
    "iter_parts",
    "open_source",
    "read_head",
    "read_rows",
    "recode",
    "scan",
    "spool",
    "windows",
    "write_rows",
]

_HOMES: Final = {
    "ByteSource": "source",
    "CsvError": "errors",
    "DELIMITERS": "dialect",
    "Dialect": "dialect",
    "FormatLimits": "limits",
    "Head": "head",
    "Header": "header",
    "LINE_ENDINGS": "dialect",
    "Mark": "walk",
    "PART_BYTES": "limits",
    "PartBody": "body",
    "PartLimit": "limits",
    "PartRange": "part",
    "Row": "rows",
    "Scan": "scanning",
    "Stamp": "source",
    "count_records": "counting",
    "digest": "digests",
    "is_encoding": "recoding",
    "is_gzip": "source",
    "is_stream": "source",
    "iter_parts": "scanning",
    "open_source": "source",
    "read_head": "head",
    "read_rows": "rows",
    "recode": "recoding",
    "scan": "scanning",
    "spool": "source",
    "windows": "windowing",
    "write_rows": "rows",
}


def __getattr__(name: str) -> object:
    """Import what is asked for, and nothing else: a start needs little of it."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
