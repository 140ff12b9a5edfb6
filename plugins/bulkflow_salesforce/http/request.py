"""A request as it is planned: everything but the token and the connection."""

from __future__ import annotations

import io
import json
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol, Self

from attrs import field, frozen, validators

from bulkflow.system_errors import explained
from bulkflow_salesforce.http.errors import LocalFileError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bulkflow_salesforce.http.call import Call


@frozen
class Timeouts:
    """How long is waited, in seconds.

    Attributes:
        connect: For a connection, the TLS handshake included.
        read: For an answer to begin, once the request is out; for all the rest of it; and for room
            to send the next bytes in. A download may take longer, see `rate`.
        upload: For the answer to an upload to begin, once its last byte is out; the org stores the
            data before it answers.
        rate: Bytes a second that a download must come at, over any `read` seconds of waiting.
    """

    connect: float = field(default=10.0, validator=validators.gt(0))
    read: float = field(default=120.0, validator=validators.gt(0))
    upload: float = field(default=600.0, validator=validators.gt(0))
    rate: float = field(default=1000.0, validator=validators.ge(0))


class Reader(Protocol):
    """An opened body. Reading it again from its start is `seek(0)`."""

    def read(self, size: int = ..., /) -> bytes | memoryview:
        """At most `size` bytes; none at the end. A view is used up before the next read."""
        ...

    def tell(self) -> int:
        """The position, in bytes from the start."""
        ...

    def seek(self, offset: int, whence: int = ..., /) -> int:
        """Move to a position, in bytes from the start."""
        ...

    def close(self) -> None:
        """Give back what the reader holds."""
        ...


class Body(Protocol):
    """Bytes to send, such as a range of a file. They can be opened again for a second attempt."""

    @property
    def length(self) -> int:
        """The length in bytes, known before anything is sent."""
        ...

    def open(self) -> Reader:
        """A reader at the start."""
        ...


@frozen
class BytesBody:
    """A body that is in memory: JSON, never rows."""

    data: bytes = field(repr=False)

    @classmethod
    def of_json(cls, content: object) -> BytesBody:
        """A body of JSON, in UTF-8."""
        return cls(json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode())

    @property
    def length(self) -> int:
        """The length in bytes."""
        return len(self.data)

    def open(self) -> io.BytesIO:
        """A reader at the start."""
        return io.BytesIO(self.data)


class Upload:
    """A body on its way out: counts what was taken, and holds the body to its length.

    A failure of the body is kept apart from one of the connection: `OSError` from it becomes a
    `LocalFileError`, which urllib3 lets through.
    """

    def __init__(self, body: Body) -> None:
        self._length = body.length
        self._taken = 0
        with _readable():
            self._reader = body.open()

    @property
    def complete(self) -> bool:
        """Whether every byte has been handed to the connection."""
        return self._taken == self._length

    def read(self, size: int = -1, /) -> bytes | memoryview:
        """At most `size` bytes, as urllib3 asks for them.

        Raises:
            LocalFileError: The body cannot be read, or ends before its length.
        """
        left = self._length - self._taken
        if not left:
            return b""
        with _readable():
            data = self._reader.read(min(size, left) if size >= 0 else left)
        if not data:
            raise LocalFileError(
                f"the data ended {left} bytes before its length of {self._length}",
                help="the file has changed since it was checked; see that nothing writes to it",
            )
        self._taken += len(data)
        return data

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._reader.close()


@contextmanager
def _readable() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        what, remedy = explained(error, "see that the file can be read")
        raise LocalFileError(
            f"the data cannot be read: {what}",
            help=f"nothing of this upload counts; {remedy}",
        ) from error


@frozen
class Request:
    """One request to the org.

    Attributes:
        call: Method, path and host, for messages.
        target: Path and query, as sent.
        accept: The media type that is wanted.
        body: What to send, with its content type.
        content_encoding: How the body is compressed, "" if it is not.
        read_timeout: Seconds to wait for the answer to begin.
    """

    call: Call
    target: str = field(repr=False)
    accept: str
    read_timeout: float
    body: Body | None = field(default=None, repr=False)
    content_type: str = ""
    content_encoding: str = ""
