"""Reads the bodies of requests: JSON, and bytes up to a limit."""

from __future__ import annotations

import re
import zlib
from typing import TYPE_CHECKING, Final

from bulkflow_sandbox.core.errors import ApiError
from bulkflow_sandbox.core.json_document import DocumentError, parse_json

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.requests import Request

    from bulkflow_sandbox.core.behavior import Choices

_MAX_JSON: Final = 1 << 20
_NUMBER: Final = re.compile(r"[0-9]{1,18}")
"""A number that fits into the 64 bits of an integer in the database."""


async def read_body(request: Request, limit: int) -> bytes:
    """Read the whole body.

    Raises:
        ApiError: The body has more than `limit` bytes.
    """
    body = bytearray()
    async for data in request.stream():
        body += data
        if len(body) > limit:
            raise ApiError(413, "REQUEST_ENTITY_TOO_LARGE", f"The body exceeds {limit} bytes")
    return bytes(body)


async def read_json(request: Request, choices: Choices) -> Mapping[str, object]:
    """Read the body as a JSON object.

    Raises:
        ApiError: The Content-Type is not JSON, or the body is not a JSON object.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json":
        raise choices.content_type_unsupported.make_error(type=kind)
    body = await read_body(request, _MAX_JSON)
    if is_gzip(request, choices):
        body = _decompress(body, choices)
    return parse_json_object(body, choices)


def read_number(text: str) -> int | None:
    """Read a whole number from an address; `None` if it is invalid or has too many digits."""
    return int(text) if _NUMBER.fullmatch(text) else None


def is_gzip(request: Request, choices: Choices) -> bool:
    """Check whether a body is compressed with gzip.

    Raises:
        ApiError: The body has another encoding.
    """
    encoding = request.headers.get("content-encoding", "identity").lower()
    if encoding == "identity":
        return False
    if encoding == "gzip" and choices.gzip_upload:
        return True
    raise ApiError(415, "UNSUPPORTED_MEDIA_TYPE", f"Content-Encoding not supported: {encoding}")


def _decompress(body: bytes, choices: Choices) -> bytes:
    decompressor = zlib.decompressobj(16 + zlib.MAX_WBITS)
    try:
        data = decompressor.decompress(body, _MAX_JSON)
    except zlib.error as error:
        raise choices.body_unreadable.make_error(problem="The body is no gzip") from error
    if decompressor.unconsumed_tail:
        raise ApiError(413, "REQUEST_ENTITY_TOO_LARGE", f"The body exceeds {_MAX_JSON} bytes")
    if not decompressor.eof:
        raise choices.body_unreadable.make_error(problem="The gzip data of the body is cut off")
    return data


def parse_json_object(body: bytes, choices: Choices) -> Mapping[str, object]:
    """Parse bytes as a JSON object.

    Raises:
        ApiError: They are not a JSON object.
    """
    try:
        properties = parse_json(body)
    except DocumentError as error:
        raise choices.body_unreadable.make_error(
            problem=f"Unexpected content of the body: {error}"
        ) from error
    if not isinstance(properties, dict):
        raise choices.body_unreadable.make_error(problem="The body is no JSON object")
    return properties
