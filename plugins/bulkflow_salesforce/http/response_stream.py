"""An answer as it comes in: bounded, decoded, and checked to be whole."""

from __future__ import annotations

from functools import partial
from http.client import HTTPException
from typing import TYPE_CHECKING

from attrs import define, field
from urllib3.exceptions import HTTPError, ReadTimeoutError

from bulkflow_salesforce.http.error_parser import lost_answer, too_slow, unfinished, unusable
from bulkflow_salesforce.http.errors import TransportError
from bulkflow_salesforce.http.gzip_stream import DamagedGzipError, inflate

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from urllib3 import BaseHTTPResponse

    from bulkflow_salesforce.http.call import Call
    from bulkflow_salesforce.http.errors import AnswerTimeoutError, OrgError
    from bulkflow_salesforce.http.headers import Headers
    from bulkflow_salesforce.http.read_deadline import Pace
    from bulkflow_salesforce.http.request import Timeouts

# Bytes handed to a socket, or taken from it, at a time. Measured over TLS: 256 KiB costs a quarter
# less CPU than urllib3's 16 KiB, and more gains nothing.
BLOCK = 256 * 1024


@define(eq=False, repr=False)
class Answer:
    """An answer whose body is still coming.

    Attributes:
        call: What was asked.
        status: The HTTP status.
        headers: The answer's headers, redacted.
        secrets: What the request held, and the answer may give back.
    """

    call: Call
    status: int
    headers: Headers
    secrets: tuple[str, ...]
    _response: BaseHTTPResponse = field(repr=False)
    _pace: Pace = field(repr=False)
    _timeouts: Timeouts = field(repr=False)

    def stream(self, limit: int, keep: Callable[[bytes], object] | None = None) -> Iterator[bytes]:
        """The decoded body in pieces of at most 256 KiB, for as long as it comes fast enough.

        Args:
            limit: The most bytes that are taken, after decoding.
            keep: Is given the body as it comes, each block before it is decoded.

        Raises:
            LostAnswerError: The body is cut, damaged or late.
            BadAnswerError: It is larger than `limit` or in a coding that was not asked for (for a
                method that changes something: `LostAnswerError`).
        """
        window, rate = self._timeouts.read, self._timeouts.rate
        self._pace.begin(window, max(1, round(window * rate)))
        return self._bounded(limit, partial(too_slow, self.call, rate), keep)

    def read(self, limit: int) -> bytes:
        """The whole decoded body, within the time that an answer may take; raises as `stream`."""
        window = self._timeouts.read
        self._pace.begin(window)
        return b"".join(self._bounded(limit, partial(unfinished, self.call, window)))

    def _bounded(
        self,
        limit: int,
        late: Callable[[], AnswerTimeoutError],
        keep: Callable[[bytes], object] | None = None,
    ) -> Iterator[bytes]:
        taken = 0
        raw = self._raw(late)
        for piece in self._decoded(raw if keep is None else self._kept(raw, limit, keep)):
            taken += len(piece)
            if taken > limit:
                raise self._too_large(limit)
            yield piece

    def _kept(
        self, raw: Iterator[bytes], limit: int, keep: Callable[[bytes], object]
    ) -> Iterator[bytes]:
        taken = 0
        for block in raw:
            # Gzip of nothing may go on for ever.
            taken += len(block)
            if taken > limit:
                raise self._too_large(limit)
            keep(block)
            yield block

    def _too_large(self, limit: int) -> OrgError:
        return unusable(self.call, f"more than the {limit} bytes that are taken of it")

    def start(self, limit: int) -> bytes:
        """What can be had of the decoded body, at most `limit` bytes; for an answer that refuses.

        Its status has already said what matters, so a body that is cut or damaged is no error here.
        """
        window = self._timeouts.read
        self._pace.begin(window)
        start = bytearray()
        try:
            for piece in self._decoded(self._raw(partial(unfinished, self.call, window))):
                start += piece
                if len(start) >= limit:
                    break
        except TransportError:
            pass
        return bytes(start[:limit])

    @property
    def framed(self) -> bool:
        """Whether the end of the body can be told from a cut: by length, by chunks or by gzip.

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
        """What the body comes in: "identity", "gzip", or another that is refused when read."""
        coding = self.headers.get("content-encoding", "").strip().lower()
        return {"": "identity", "x-gzip": "gzip"}.get(coding, coding)

    def _decoded(self, raw: Iterator[bytes]) -> Iterator[bytes]:
        if self.coding == "identity":
            return raw
        if self.coding == "gzip":
            return self._inflated(raw)
        raise unusable(self.call, f"the content coding {self.coding[:40]!a}")

    def _inflated(self, raw: Iterator[bytes]) -> Iterator[bytes]:
        try:
            yield from inflate(raw, BLOCK)
        except DamagedGzipError as error:
            raise lost_answer(
                self.call, f"the answer of {self.call.host} to {self.call} is damaged: {error}"
            ) from error

    def _raw(self, late: Callable[[], AnswerTimeoutError]) -> Iterator[bytes]:
        try:
            yield from self._response.stream(BLOCK, decode_content=False)
        except ReadTimeoutError as error:
            raise late() from error
        except (HTTPError, HTTPException, OSError) as error:
            raise lost_answer(
                self.call, f"{self.call.host} cut its answer to {self.call} short"
            ) from error
