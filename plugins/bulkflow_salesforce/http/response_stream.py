"""A response that is still arriving: limited, decoded, and checked for completeness."""

from __future__ import annotations

from functools import partial
from http.client import HTTPException
from typing import TYPE_CHECKING

from attrs import define, field
from urllib3.exceptions import HTTPError, ReadTimeoutError

from bulkflow_salesforce.http.error_parser import (
    make_lost_error,
    make_slow_error,
    make_unfinished_error,
    make_unusable_error,
)
from bulkflow_salesforce.http.errors import TransportError
from bulkflow_salesforce.http.gzip_stream import DamagedGzipError, inflate

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from urllib3 import BaseHTTPResponse

    from bulkflow_salesforce.http.call import Call
    from bulkflow_salesforce.http.errors import OrgError, ResponseTimeoutError
    from bulkflow_salesforce.http.headers import Headers
    from bulkflow_salesforce.http.read_deadline import ReadDeadline
    from bulkflow_salesforce.http.request import Timeouts

# Bytes per send and receive. Measured over TLS: 256 KiB needs a quarter less CPU than urllib3's
# 16 KiB, and more gains nothing.
BLOCK = 256 * 1024


@define(eq=False, repr=False)
class ResponseStream:
    """A response whose body is still arriving.

    Attributes:
        call: The request.
        status: The HTTP status.
        headers: The response headers, redacted.
        secrets: The secrets of the request, which the response may echo.
    """

    call: Call
    status: int
    headers: Headers
    secrets: tuple[str, ...]
    _response: BaseHTTPResponse = field(repr=False)
    _deadline: ReadDeadline = field(repr=False)
    _timeouts: Timeouts = field(repr=False)

    def stream(self, limit: int, keep: Callable[[bytes], object] | None = None) -> Iterator[bytes]:
        """Yield the decoded body in pieces of at most 256 KiB, if it arrives fast enough.

        Args:
            limit: The maximum size after decoding.
            keep: Called with each block of the body before it is decoded.

        Raises:
            LostResponseError: The body is incomplete, damaged or late.
            BadResponseError: It is larger than `limit`, or in a coding that was not asked for (for
                a method that changes something: `LostResponseError`).
        """
        window, rate = self._timeouts.read, self._timeouts.rate
        self._deadline.start(window, max(1, round(window * rate)))
        return self._limit(limit, partial(make_slow_error, self.call, rate), keep)

    def read(self, limit: int) -> bytes:
        """Read the whole decoded body within the read timeout; raises like `stream`."""
        window = self._timeouts.read
        self._deadline.start(window)
        return b"".join(self._limit(limit, partial(make_unfinished_error, self.call, window)))

    def _limit(
        self,
        limit: int,
        make_late_error: Callable[[], ResponseTimeoutError],
        keep: Callable[[bytes], object] | None = None,
    ) -> Iterator[bytes]:
        size = 0
        raw = self._receive(make_late_error)
        for piece in self._decode(raw if keep is None else self._keep(raw, limit, keep)):
            size += len(piece)
            if size > limit:
                raise self._make_size_error(limit)
            yield piece

    def _keep(
        self, raw: Iterator[bytes], limit: int, keep: Callable[[bytes], object]
    ) -> Iterator[bytes]:
        size = 0
        for block in raw:
            # Compressed data may be endless although they decode to nothing.
            size += len(block)
            if size > limit:
                raise self._make_size_error(limit)
            keep(block)
            yield block

    def _make_size_error(self, limit: int) -> OrgError:
        return make_unusable_error(self.call, f"more than the limit of {limit} bytes")

    def read_start(self, limit: int) -> bytes:
        """Read as much as possible of an error body, at most `limit` bytes, decoded.

        The status has already said what matters, so an incomplete or damaged body is accepted.
        """
        window = self._timeouts.read
        self._deadline.start(window)
        start = bytearray()
        try:
            for piece in self._decode(
                self._receive(partial(make_unfinished_error, self.call, window))
            ):
                start += piece
                if len(start) >= limit:
                    break
        except TransportError:
            pass
        return bytes(start[:limit])

    @property
    def has_marked_end(self) -> bool:
        """Whether a body that was cut short is noticed: by its length, its chunks or its gzip.

        A 204 has no body, and so no length (RFC 9110, 8.6).
        """
        return (
            self.status == 204
            or "content-length" in self.headers
            or "chunked" in self.headers.get("transfer-encoding", "").lower()
            or self.coding == "gzip"
        )

    @property
    def coding(self) -> str:
        """The body's content coding: "identity", "gzip", or one that reading refuses."""
        coding = self.headers.get("content-encoding", "").strip().lower()
        return {"": "identity", "x-gzip": "gzip"}.get(coding, coding)

    def _decode(self, raw: Iterator[bytes]) -> Iterator[bytes]:
        if self.coding == "identity":
            return raw
        if self.coding == "gzip":
            return self._inflate(raw)
        raise make_unusable_error(self.call, f"the content coding {self.coding[:40]!a}")

    def _inflate(self, raw: Iterator[bytes]) -> Iterator[bytes]:
        try:
            yield from inflate(raw, BLOCK)
        except DamagedGzipError as error:
            raise make_lost_error(
                self.call, f"the response of {self.call.host} to {self.call} is damaged: {error}"
            ) from error

    def _receive(self, make_late_error: Callable[[], ResponseTimeoutError]) -> Iterator[bytes]:
        try:
            yield from self._response.stream(BLOCK, decode_content=False)
        except ReadTimeoutError as error:
            raise make_late_error() from error
        except (HTTPError, HTTPException, OSError) as error:
            raise make_lost_error(
                self.call, f"{self.call.host} cut short its response to {self.call}"
            ) from error
