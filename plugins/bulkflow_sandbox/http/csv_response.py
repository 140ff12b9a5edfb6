"""Answers that are CSV, streamed in blocks, compressed for clients that ask for it."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING

from starlette.responses import StreamingResponse

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from starlette.requests import Request
    from starlette.responses import Response


def make_csv_response(
    request: Request, blocks: Iterator[bytes], headers: Mapping[str, str] | None = None
) -> Response:
    """An answer with a CSV body, and headers of its own."""
    given = dict(headers or {})
    if "gzip" in request.headers.get("accept-encoding", ""):
        given["Content-Encoding"] = "gzip"
        blocks = _compressed(blocks)
    # Given as a header, because Starlette adds a charset to a media type that is text.
    given["Content-Type"] = "text/csv"
    given["Vary"] = "Accept-Encoding"
    return StreamingResponse(blocks, headers=given)


def _compressed(blocks: Iterator[bytes]) -> Iterator[bytes]:
    packer = zlib.compressobj(1, wbits=16 + zlib.MAX_WBITS)
    for block in blocks:
        if packed := packer.compress(block):
            yield packed
    yield packer.flush()
