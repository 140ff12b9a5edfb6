"""The names of headers in Salesforce's own case.

HTTP does not care for it, but clients that keep headers in a plain table do, and the server writes
all names in lower case.
"""

from __future__ import annotations

from functools import cache
from typing import Final

_OTHERWISE: Final = {
    b"sforce-numberofrecords": b"Sforce-NumberOfRecords",
    b"www-authenticate": b"WWW-Authenticate",
}


def restore_header_case(head: bytes) -> bytes:
    """The head of an answer, from its status line to the blank line, with names as usual."""
    status, *lines = head.split(b"\r\n")
    return b"\r\n".join([status, *map(_line, lines)])


def _line(line: bytes) -> bytes:
    name, colon, value = line.partition(b":")
    return _usual(name) + colon + value if colon else line


@cache
def _usual(name: bytes) -> bytes:
    return _OTHERWISE.get(name) or b"-".join(part.capitalize() for part in name.split(b"-"))
