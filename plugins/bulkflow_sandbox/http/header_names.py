"""Writes header names in the same case as Salesforce.

HTTP ignores the case, but some clients look up headers in a plain dict, and the server writes all
names in lower case.
"""

from __future__ import annotations

from functools import cache
from typing import Final

_EXCEPTIONS: Final = {
    b"sforce-numberofrecords": b"Sforce-NumberOfRecords",
    b"www-authenticate": b"WWW-Authenticate",
}


def restore_header_case(head: bytes) -> bytes:
    """Restore the case of the header names in a response's head, from status line to blank line."""
    status, *lines = head.split(b"\r\n")
    return b"\r\n".join([status, *map(_restore_line, lines)])


def _restore_line(line: bytes) -> bytes:
    name, colon, value = line.partition(b":")
    return _restore_name(name) + colon + value if colon else line


@cache
def _restore_name(name: bytes) -> bytes:
    return _EXCEPTIONS.get(name) or b"-".join(part.capitalize() for part in name.split(b"-"))
