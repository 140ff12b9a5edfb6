"""Detect the format of a file from its first bytes."""

from __future__ import annotations

import re
from typing import Final

from bulkflow_csv.dialect import DELIMITERS
from bulkflow_csv.errors import CsvError
from bulkflow_csv.foreign_formats import find_foreign_format

UTF8_BOM: Final = b"\xef\xbb\xbf"

# Longer marks first: the mark of little-endian UTF-32 starts with that of UTF-16.
_FOREIGN_MARKS: Final = {
    b"\xff\xfe\x00\x00": "UTF-32 (little-endian)",
    b"\x00\x00\xfe\xff": "UTF-32 (big-endian)",
    b"\xff\xfe": "UTF-16 (little-endian)",
    b"\xfe\xff": "UTF-16 (big-endian)",
}
_EXCEL_DIRECTIVE: Final = re.compile(rb"sep=(.)\r?\n")
_QUOTED: Final = re.compile(rb'"[^"]*+"')
_SAMPLE_RECORDS: Final = 200
_UTF16_BYTES: Final = 200


def reject_foreign_format(sample: bytes, *, name: str) -> None:
    """Check that the file is not in UTF-16 or UTF-32, and is of no other known format.

    A `sep=` line, which tells Excel the delimiter, is rejected too: Salesforce would read it as
    the header.

    Raises:
        CsvError: The file has one of these formats.
    """
    found = find_foreign_format(sample, name)
    if found is not None:
        raise CsvError(f"the file is {found.what}", name=name, offset=0, line=1, help=found.help)
    start = len(UTF8_BOM) if sample.startswith(UTF8_BOM) else 0
    directive = _EXCEL_DIRECTIVE.match(sample, start)
    if directive is not None:
        raise CsvError(
            f"the first line is an Excel directive, `sep={directive[1].decode('latin-1')}`",
            name=name,
            offset=start,
            line=1,
            help="remove it: the first line must name the columns",
        )
    for mark, encoding in _FOREIGN_MARKS.items():
        if sample.startswith(mark):
            raise CsvError(
                f"the file is {encoding} according to its byte order mark",
                name=name,
                offset=0,
                line=1,
                help='save the file as UTF-8, or name its encoding: `encoding "utf-16"`',
            )
    unmarked = _find_unmarked_utf16(sample)
    if unmarked is not None:
        raise CsvError(
            f"the file is {unmarked.upper()} without a byte order mark",
            name=name,
            offset=0,
            line=1,
            help=f'save the file as UTF-8, or name its encoding: `encoding "{unmarked}"`',
        )


def _find_unmarked_utf16(sample: bytes) -> str | None:
    """Return the encoding of a text whose every second byte is NUL, as that of Latin letters is."""
    start = sample[:_UTF16_BYTES]
    for encoding, zeros, others in (
        ("utf-16-le", start[1::2], start[::2]),
        ("utf-16-be", start[::2], start[1::2]),
    ):
        if len(zeros) > 1 and zeros.count(0) > len(zeros) * 3 // 4 and not others.count(0):
            return encoding
    return None


def sniff_delimiter(sample: bytes, *, whole: bool) -> str:
    """Detect the column delimiter from the header and the first records.

    Only a delimiter that occurs in the header counts. One that splits every record into as many
    columns as the header is preferred, then the one with the most columns. A file with one column
    has no delimiter; the result is a comma.

    Args:
        sample: The first bytes of the file, without a byte order mark.
        whole: Whether the sample is the whole file.
    """
    # Ignore quoted text. A doubled quote looks like two adjacent quoted strings.
    bare = _QUOTED.sub(b"", sample)
    unclosed = bare.find(b'"')
    if unclosed >= 0:
        bare, whole = bare[:unclosed], False
    lines = [line for line in re.split(rb"\r\n|\n|\r", bare)[:_SAMPLE_RECORDS] if line]
    if len(lines) > 1 and not whole:
        lines.pop()
    if not lines:
        return ","

    def rate(delimiter: str) -> tuple[bool, int]:
        counts = [line.count(delimiter.encode()) for line in lines]
        if not counts[0]:
            return False, 0
        return all(count == counts[0] for count in counts), counts[0]

    return max(DELIMITERS.values(), key=rate)
