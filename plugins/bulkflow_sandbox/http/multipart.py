"""Reads the body of a multipart create: a JSON part `job`, and a CSV part `content`."""

from __future__ import annotations

import re
from email.message import Message
from typing import Final

from bulkflow_sandbox.core.errors import ApiError

_NAME: Final = re.compile(rb'(?i)content-disposition:[^\r\n]*[;\s]name="?([^";\r\n]+)"?')


def find_boundary(content_type: str) -> str | None:
    """Find the boundary of a multipart Content-Type, quoted or not; `None` for other types."""
    message = Message()
    message["Content-Type"] = content_type
    if message.get_content_type() != "multipart/form-data":
        return None
    boundary = message.get_param("boundary")
    return boundary if isinstance(boundary, str) else None


def read_multipart(body: bytes, boundary: str) -> dict[str, bytes]:
    """Read the parts of a body by name.

    Raises:
        ApiError: The body does not match its Content-Type.
    """
    mark = b"--" + boundary.encode("latin-1")
    pieces = re.split(rb"(?:^|\r?\n)" + re.escape(mark), body)
    if len(pieces) < 3 or not pieces[-1].startswith(b"--"):
        raise ApiError(400, "INVALIDJOB", "The multipart body has no complete parts")
    parts: dict[str, bytes] = {}
    for piece in pieces[1:-1]:
        # The line ending after the boundary belongs to the boundary.
        head, _, data = re.sub(rb"\A[ \t]*\r?\n", b"", piece).partition(_find_gap(piece))
        name = _NAME.search(head)
        if name is not None:
            parts[name[1].decode("latin-1")] = data
    return parts


def _find_gap(piece: bytes) -> bytes:
    """Find the blank line between a part's headers and its data, with the client's line endings."""
    return b"\r\n\r\n" if b"\r\n\r\n" in piece else b"\n\n"
