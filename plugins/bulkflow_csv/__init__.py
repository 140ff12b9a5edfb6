"""The CSV data path. Nothing else in bulkflow parses CSV bytes.

A file is read once. `read_head` reads the facts that its job is created from. `iter_parts`
validates the rows and yields the parts as they become known. `scan` does both. A part opens as a
request body.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bulkflow.lazy_exports import export_lazily

if TYPE_CHECKING:
    from bulkflow_csv.body import PartBody
    from bulkflow_csv.compression import Compression, convert_damage, find_compression, is_gzip
    from bulkflow_csv.dialect import DELIMITERS, LINE_ENDINGS, Dialect
    from bulkflow_csv.digests import Digest, compute_digest
    from bulkflow_csv.errors import CsvError
    from bulkflow_csv.foreign_formats import ForeignFormat, find_foreign_format
    from bulkflow_csv.head import Head, read_head
    from bulkflow_csv.header import Header
    from bulkflow_csv.limits import PART_BYTES, FormatLimits, PartLimit
    from bulkflow_csv.oddities import Oddities, find_oddities
    from bulkflow_csv.part import PartRange
    from bulkflow_csv.record import RecordPosition
    from bulkflow_csv.rewriting.columns import NULL, Column, Layout, rename_columns
    from bulkflow_csv.rewriting.delimiter_alias import DelimiterAlias, find_alias
    from bulkflow_csv.rewriting.encoding import is_encoding, make_decode_error, recode
    from bulkflow_csv.rewriting.line_endings import choose_line_ending, normalize_line_endings
    from bulkflow_csv.rewriting.rewriter import drop_copy_position, rewrite
    from bulkflow_csv.rewriting.temp_copy import write_copy
    from bulkflow_csv.rows import Row, read_rows, write_rows
    from bulkflow_csv.scanning.count import RecordCounter, count_records
    from bulkflow_csv.scanning.load_numpy import load_numpy
    from bulkflow_csv.scanning.locate import RowLocation, locate
    from bulkflow_csv.scanning.scanner import Scan, iter_parts, scan, scan_rows
    from bulkflow_csv.source import ByteSource, Stamp, is_stream, open_source, spool
    from bulkflow_csv.stream_windows import read_windows

__all__ = [
    "DELIMITERS",
    "LINE_ENDINGS",
    "NULL",
    "PART_BYTES",
    "ByteSource",
    "Column",
    "Compression",
    "CsvError",
    "DelimiterAlias",
    "Dialect",
    "Digest",
    "ForeignFormat",
    "FormatLimits",
    "Head",
    "Header",
    "Layout",
    "Oddities",
    "PartBody",
    "PartLimit",
    "PartRange",
    "RecordCounter",
    "RecordPosition",
    "Row",
    "RowLocation",
    "Scan",
    "Stamp",
    "choose_line_ending",
    "compute_digest",
    "convert_damage",
    "count_records",
    "drop_copy_position",
    "find_alias",
    "find_compression",
    "find_foreign_format",
    "find_oddities",
    "is_encoding",
    "is_gzip",
    "is_stream",
    "iter_parts",
    "load_numpy",
    "locate",
    "make_decode_error",
    "normalize_line_endings",
    "open_source",
    "read_head",
    "read_rows",
    "read_windows",
    "recode",
    "rename_columns",
    "rewrite",
    "scan",
    "scan_rows",
    "spool",
    "write_copy",
    "write_rows",
]

__getattr__ = export_lazily(
    __name__,
    {
        "body": "PartBody",
        "rewriting.columns": "NULL Column Layout rename_columns",
        "rewriting.temp_copy": "write_copy",
        "scanning.count": "RecordCounter count_records",
        "compression": "Compression convert_damage find_compression is_gzip",
        "dialect": "DELIMITERS LINE_ENDINGS Dialect",
        "digests": "Digest compute_digest",
        "errors": "CsvError",
        "foreign_formats": "ForeignFormat find_foreign_format",
        "rewriting.delimiter_alias": "DelimiterAlias find_alias",
        "head": "Head read_head",
        "header": "Header",
        "limits": "PART_BYTES FormatLimits PartLimit",
        "scanning.locate": "RowLocation locate",
        "rewriting.line_endings": "choose_line_ending normalize_line_endings",
        "scanning.load_numpy": "load_numpy",
        "oddities": "Oddities find_oddities",
        "part": "PartRange",
        "rewriting.encoding": "is_encoding recode make_decode_error",
        "record": "RecordPosition",
        "rewriting.rewriter": "rewrite drop_copy_position",
        "rows": "Row read_rows write_rows",
        "scanning.scanner": "Scan iter_parts scan scan_rows",
        "source": "ByteSource Stamp is_stream open_source spool",
        "stream_windows": "read_windows",
    },
)
