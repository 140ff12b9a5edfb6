"""Formats other than CSV, known by the first bytes of a file, and what to do with such a file."""

from __future__ import annotations

import re
from pathlib import PurePath
from typing import TYPE_CHECKING, Final

from attrs import frozen

if TYPE_CHECKING:
    from collections.abc import Callable


@frozen
class ForeignFormat:
    """What a file is.

    Attributes:
        what: Completes "the file is …".
        help: What to do with it.
    """

    what: str
    help: str


_STREAM: Final = "stdin"
_BOM: Final = b"\xef\xbb\xbf"
_HTML: Final = re.compile(
    rb"\s*(<!--.*?-->\s*)*<(!doctype html|html|head|table|meta)\b", re.IGNORECASE | re.DOTALL
)
_XML: Final = re.compile(rb"\s*<\?xml\b")
_ARRAY: Final = re.compile(rb"\s*\[\s*[\[{]")
_OBJECT: Final = re.compile(rb'\s*\{\s*"[^"\n]*"\s*:')
_SHEET_MARKS: Final = (b"[Content_Types].xml", b"xl/")


def find_foreign_format(start: bytes, name: str) -> ForeignFormat | None:
    """Find out what a file is that begins with these bytes; None if it may be CSV.

    Args:
        start: The first bytes; a few hundred are enough.
        name: The name of the file, for the help.
    """
    for mark, what, advise in _MARKS:
        if start.startswith(mark):
            return ForeignFormat(what, advise(name))
    if start.startswith(b"PK\x03\x04"):
        return _read_zip(start, name)
    text = start.removeprefix(_BOM)
    for pattern, what, help_text in _TEXTS:
        if pattern.match(text):
            return ForeignFormat(what, help_text.format(_change_suffix(name, ".jsonl")))
    return None


def _read_zip(start: bytes, name: str) -> ForeignFormat:
    if b"opendocument.spreadsheet" in start:
        return ForeignFormat("an OpenDocument spreadsheet", _rename(".ods")(name))
    if any(mark in start for mark in _SHEET_MARKS):
        return ForeignFormat("an Excel workbook", _rename(".xlsx")(name))
    return ForeignFormat(
        "a ZIP archive",
        f"unpack it, and load the files in it; if it is a workbook, {_rename('.xlsx')(name)}",
    )


def _change_suffix(name: str, suffix: str) -> str:
    return PurePath(name).with_suffix(suffix).as_posix() if PurePath(name).name else name


def _rename(suffix: str) -> Callable[[str], str]:
    def advise(name: str) -> str:
        if name == _STREAM:
            return f"write it to a file that ends in {suffix}, and load that"
        return f"rename it to {_change_suffix(name, suffix)}, and bulkflow reads it"

    return advise


def _append(suffix: str) -> Callable[[str], str]:
    def advise(name: str) -> str:
        if name == _STREAM:
            return f"write it to a file that ends in .csv{suffix}, and load that"
        return f"rename it to {name}{suffix}, and bulkflow decompresses it"

    return advise


def _say(text: str) -> Callable[[str], str]:
    return lambda _: text


def _query(name: str) -> str:
    return f'read a table of it: from sql "SELECT …" at "sqlite:///{name}"'


_MARKS: Final[tuple[tuple[bytes, str, Callable[[str], str]], ...]] = (
    (b"PAR1", "a Parquet file", _rename(".parquet")),
    (b"ARROW1", "an Arrow file", _rename(".arrow")),
    (b"FEA1", "a Feather file", _say("write it again as Parquet")),
    (b"SQLite format 3\x00", "a SQLite database", _query),
    (
        b"\xd0\xcf\x11\xe0",
        "an Excel workbook of the old kind, or another Office document",
        _rename(".xls"),
    ),
    (b"\x1f\x8b", "compressed with gzip", _append(".gz")),
    (b"BZh", "compressed with bzip2", _append(".bz2")),
    (b"\x28\xb5\x2f\xfd", "compressed with zstd", _append(".zst")),
    (b"\xfd7zXZ\x00", "compressed with xz", _say("decompress it: xz -d FILE")),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive", _say("unpack it, and load the files in it")),
    (b"Rar!\x1a\x07", "a RAR archive", _say("unpack it, and load the files in it")),
    (b"%PDF-", "a PDF document", _say("get the rows from where the document was made")),
)

_TEXTS: Final = (
    (
        _HTML,
        "an HTML page",
        "if it is a report, export it as CSV; if it is a login page, download the file again",
    ),
    (_XML, "XML", "export the rows as CSV, or save the workbook as .xlsx"),
    (
        _ARRAY,
        "a JSON array",
        "write one object on each line, as `jq -c '.[]'` does, into {}",
    ),
    (_OBJECT, "JSON", "if there is one object on each line, rename it to {}"),
)
