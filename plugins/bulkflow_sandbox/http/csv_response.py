"""CSV responses, streamed in blocks, and compressed for clients that accept gzip."""

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
    """Make a response with a CSV body, and optional headers."""
    given = dict(headers or {})
    if "gzip" in request.headers.get("accept-encoding", ""):
        given["Content-Encoding"] = "gzip"
        blocks = _compress(blocks)
    # Set as a header, because Starlette adds a charset to a media type that is text.
    given["Content-Type"] = "text/csv"
    given["Vary"] = "Accept-Encoding"
    return StreamingResponse(blocks, headers=given)


def _compress(blocks: Iterator[bytes]) -> Iterator[bytes]:
    compressor = zlib.compressobj(1, wbits=16 + zlib.MAX_WBITS)
    for block in blocks:
        if compressed := compressor.compress(block):
            yield compressed
    yield compressor.flush()
