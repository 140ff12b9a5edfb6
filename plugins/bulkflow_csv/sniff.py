"""What the first bytes of a file say about its form."""

from __future__ import annotations

import re
from typing import Final

from bulkflow_csv.dialect import DELIMITERS
from bulkflow_csv.errors import CsvError

UTF8_BOM: Final = b"\xef\xbb\xbf"

# The longer marks first: UTF-32 in little-endian order starts like UTF-16 does.
_FOREIGN_MARKS: Final = {
    b"\xff\xfe\x00\x00": "UTF-32 (little-endian)",
    b"\x00\x00\xfe\xff": "UTF-32 (big-endian)",
    b"\xff\xfe": "UTF-16 (little-endian)",
    b"\xfe\xff": "UTF-16 (big-endian)",
}
_NO_TEXT: Final = {
    b"PK\x03\x04": (
        "a ZIP archive, as an Excel workbook (.xlsx) is",
        "save the sheet as CSV UTF-8, or unpack the archive",
    ),
    b"\xd0\xcf\x11\xe0": (
        "an Excel workbook, or another document of Office",
        "save the sheet as CSV UTF-8",
    ),
}
_FOR_EXCEL: Final = re.compile(rb"sep=(.)\r?\n")
_QUOTED: Final = re.compile(rb'"[^"]*+"')
_SAMPLE_RECORDS: Final = 200


def refuse_foreign_form(sample: bytes, *, name: str) -> None:
    """See that the file does not say of itself that it is UTF-16, UTF-32, or no text at all.

    Nor may it begin with the line that tells Excel the delimiter: Salesforce would take that for
    the header.

    Raises:
        CsvError: It does.
    """
    for mark, (what, advice) in _NO_TEXT.items():
        if sample.startswith(mark):
            raise CsvError(f"the file is {what}", name=name, offset=0, line=1, help=advice)
    start = len(UTF8_BOM) if sample.startswith(UTF8_BOM) else 0
    told = _FOR_EXCEL.match(sample, start)
    if told is not None:
        raise CsvError(
            f"the first line is one for Excel, `sep={told[1].decode('latin-1')}`",
            name=name,
            offset=start,
            line=1,
            help="remove it: the first line must name the columns",
        )
    for mark, encoding in _FOREIGN_MARKS.items():
        if sample.startswith(mark):
            raise CsvError(
                f"the file is {encoding}, as its byte order mark says",
                name=name,
                offset=0,
                line=1,
                help='save the file as UTF-8, or name its encoding: `encoding "utf-16"`',
            )


def sniff_delimiter(sample: bytes, *, whole: bool) -> str:
    """The column delimiter that the header and the first records agree on.

    A delimiter must part the header; of those that do, one that parts every record into as many
    columns comes first, then the one with the most columns. A file of one column has none, and
    gets the comma.

    Args:
        sample: The first bytes of the file, without a byte order mark.
        whole: The sample is the whole file.
    """
    # What is in quotes is no delimiter. Doubled quotes are two quoted stretches side by side.
    bare = _QUOTED.sub(b"", sample)
    unclosed = bare.find(b'"')
    if unclosed >= 0:
        bare, whole = bare[:unclosed], False
    lines = [line for line in re.split(rb"\r\n|\n|\r", bare)[:_SAMPLE_RECORDS] if line]
    if len(lines) > 1 and not whole:
        lines.pop()
    if not lines:
        return ","

    def merit(delimiter: str) -> tuple[bool, int]:
        counts = [line.count(delimiter.encode()) for line in lines]
        if not counts[0]:
            return False, 0
        return all(count == counts[0] for count in counts), counts[0]

    return max(DELIMITERS.values(), key=merit)
