"""The data path: everything that knows the bytes of CSV.

A file is read once. `read_head` says what its job needs to be created; `iter_parts` checks the rows
and gives the parts as they become known, and `scan` does both; a part opens as a body to send.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bulkflow.lazy_exports import export_lazily

if TYPE_CHECKING:
    from bulkflow_csv.body import PartBody
    from bulkflow_csv.dialect import DELIMITERS, LINE_ENDINGS, Dialect
    from bulkflow_csv.digests import digest
    from bulkflow_csv.errors import CsvError
    from bulkflow_csv.head import Head, read_head
    from bulkflow_csv.header import Header
    from bulkflow_csv.limits import PART_BYTES, FormatLimits, PartLimit
    from bulkflow_csv.part import PartRange
    from bulkflow_csv.record import Mark
    from bulkflow_csv.rewriting.columns import NULL, Column, Layout, renamed
    from bulkflow_csv.rewriting.delimiter_alias import Fold, foldable
    from bulkflow_csv.rewriting.encoding import is_encoding, recode, undecodable
    from bulkflow_csv.rewriting.line_endings import line_end_to_mend, mended
    from bulkflow_csv.rewriting.rewriter import rewrite, told_of_original
    from bulkflow_csv.rewriting.temp_copy import written_anew
    from bulkflow_csv.rows import Row, read_rows, write_rows
    from bulkflow_csv.scanning.count import count_records
    from bulkflow_csv.scanning.load_numpy import load_numpy
    from bulkflow_csv.scanning.locate import RowPlace, locate
    from bulkflow_csv.scanning.scanner import Scan, iter_parts, scan, scan_rows
    from bulkflow_csv.source import ByteSource, Stamp, is_gzip, is_stream, open_source, spool
    from bulkflow_csv.stream_windows import windows

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

__getattr__ = export_lazily(
    __name__,
    {
        "body": "PartBody",
        "rewriting.columns": "NULL Column Layout renamed",
        "rewriting.temp_copy": "written_anew",
        "scanning.count": "count_records",
        "dialect": "DELIMITERS LINE_ENDINGS Dialect",
        "digests": "digest",
        "errors": "CsvError",
        "rewriting.delimiter_alias": "Fold foldable",
        "head": "Head read_head",
        "header": "Header",
        "limits": "PART_BYTES FormatLimits PartLimit",
        "scanning.locate": "RowPlace locate",
        "rewriting.line_endings": "line_end_to_mend mended",
        "scanning.load_numpy": "load_numpy",
        "part": "PartRange",
        "rewriting.encoding": "is_encoding recode undecodable",
        "record": "Mark",
        "rewriting.rewriter": "rewrite told_of_original",
        "rows": "Row read_rows write_rows",
        "scanning.scanner": "Scan iter_parts scan scan_rows",
        "source": "ByteSource Stamp is_gzip is_stream open_source spool",
        "stream_windows": "windows",
    },
)
