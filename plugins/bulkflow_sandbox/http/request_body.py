"""The bodies of requests: JSON, and bytes up to a limit."""

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

_MOST_JSON: Final = 1 << 20
_NUMBER: Final = re.compile(r"[0-9]{1,18}")
"""What fits into the 64 bits that the database counts with."""


async def read_body(request: Request, limit: int) -> bytes:
    """The whole body.

    Raises:
        ApiError: It has more than `limit` bytes.
    """
    body = bytearray()
    async for data in request.stream():
        body += data
        if len(body) > limit:
            raise ApiError(413, "REQUEST_ENTITY_TOO_LARGE", f"The body exceeds {limit} bytes")
    return bytes(body)


async def read_json(request: Request, choices: Choices) -> Mapping[str, object]:
    """The body as a JSON object.

    Raises:
        ApiError: Its Content-Type is another, or it is no JSON object.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json":
        raise choices.content_type_unsupported.make_error(type=kind)
    body = await read_body(request, _MOST_JSON)
    if is_gzip(request, choices):
        body = _unpacked(body, choices)
    return parse_json_object(body, choices)


def read_number(text: str) -> int | None:
    """Read a whole number from an address; `None` where it is none, or has too many digits."""
    return int(text) if _NUMBER.fullmatch(text) else None


def is_gzip(request: Request, choices: Choices) -> bool:
    """Whether a body comes compressed with gzip.

    Raises:
        ApiError: It comes in another encoding.
    """
    encoding = request.headers.get("content-encoding", "identity").lower()
    if encoding == "identity":
        return False
    if encoding == "gzip" and choices.gzip_upload:
        return True
    raise ApiError(415, "UNSUPPORTED_MEDIA_TYPE", f"Content-Encoding not supported: {encoding}")


def _unpacked(body: bytes, choices: Choices) -> bytes:
    unpacker = zlib.decompressobj(16 + zlib.MAX_WBITS)
    try:
        data = unpacker.decompress(body, _MOST_JSON)
    except zlib.error as error:
        raise choices.body_unreadable.make_error(problem="The body is no gzip") from error
    if unpacker.unconsumed_tail:
        raise ApiError(413, "REQUEST_ENTITY_TOO_LARGE", f"The body exceeds {_MOST_JSON} bytes")
    if not unpacker.eof:
        raise choices.body_unreadable.make_error(problem="The gzip data of the body is cut off")
    return data


def parse_json_object(body: bytes, choices: Choices) -> Mapping[str, object]:
    """Bytes as a JSON object.

    Raises:
        ApiError: They are none.
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
