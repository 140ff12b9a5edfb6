"""The data path: everything that knows the bytes of CSV.

A file is read once. `read_head` says what its job needs to be created; `iter_parts` checks the rows
and gives the parts as they become known, and `scan` does both; a part opens as a body to send.
"""

from __future__ import annotations

from bulkflow_csv.body import PartBody
from bulkflow_csv.dialect import DELIMITERS, LINE_ENDINGS, Dialect
from bulkflow_csv.errors import CsvError
from bulkflow_csv.head import Head, read_head
from bulkflow_csv.header import Header
from bulkflow_csv.limits import PART_BYTES, FormatLimits, PartLimit
from bulkflow_csv.part import PartRange
from bulkflow_csv.recoding import is_encoding, recode
from bulkflow_csv.rows import Row, read_rows, write_rows
from bulkflow_csv.scanning import Scan, iter_parts, scan
from bulkflow_csv.source import ByteSource, Stamp, open_source, spool
from bulkflow_csv.walk import Mark
from bulkflow_csv.windows import windows

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
    "is_encoding",
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
