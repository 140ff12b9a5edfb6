"""A request: everything but the token and the connection."""

from __future__ import annotations

import io
import json
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol, Self
from urllib.parse import urlencode

from attrs import field, frozen, validators

from bulkflow.system_errors import explained
from bulkflow_salesforce.http.call import Call
from bulkflow_salesforce.http.errors import LocalFileError
from bulkflow_salesforce.http.org_address import is_target

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


@frozen
class Timeouts:
    """Timeouts in seconds.

    Attributes:
        connect: For a connection, including the TLS handshake.
        read: For the beginning of a response, for the rest of it, and for sending the next bytes.
            Downloads may take longer, see `rate`.
        upload: For the beginning of the response to an upload; the org stores the data first.
        rate: The minimum bytes per second of a download, over any `read` seconds of waiting.
    """

    connect: float = field(default=10.0, validator=validators.gt(0))
    read: float = field(default=120.0, validator=validators.gt(0))
    upload: float = field(default=600.0, validator=validators.gt(0))
    rate: float = field(default=1000.0, validator=validators.ge(0))


class Reader(Protocol):
    """An open body. `seek(0)` starts over."""

    def read(self, size: int = ..., /) -> bytes | memoryview:
        """Read at most `size` bytes; none at the end. The next read may overwrite a view."""
        ...

    def tell(self) -> int:
        """Return the position, in bytes from the start."""
        ...

    def seek(self, offset: int, whence: int = ..., /) -> int:
        """Move to a position, in bytes from the start."""
        ...

    def close(self) -> None:
        """Release the reader's resources."""
        ...


class Body(Protocol):
    """Data to send, such as a range of a file. It can be opened again for another attempt."""

    @property
    def length(self) -> int:
        """The length in bytes, known before anything is sent."""
        ...

    def open(self) -> Reader:
        """Open the data at the start."""
        ...


@frozen
class BytesBody:
    """A body in memory: JSON or a form, never rows."""

    data: bytes = field(repr=False)

    @classmethod
    def of_json(cls, content: object) -> BytesBody:
        """Encode a value as JSON in UTF-8."""
        return cls(json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode())

    @property
    def length(self) -> int:
        """The length in bytes."""
        return len(self.data)

    def open(self) -> io.BytesIO:
        """Open the data at the start."""
        return io.BytesIO(self.data)


class Upload:
    """A body that is being sent; enforces its length.

    An `OSError` of the body becomes a `LocalFileError`, which urllib3 passes through, to
    distinguish it from a failure of the connection.
    """

    def __init__(self, body: Body) -> None:
        self._length = body.length
        self._taken = 0
        with _convert_os_errors():
            self._reader = body.open()

    @property
    def complete(self) -> bool:
        """Whether the connection has taken every byte."""
        return self._taken == self._length

    def read(self, size: int = -1, /) -> bytes | memoryview:
        """Read at most `size` bytes for urllib3.

        Raises:
            LocalFileError: The body cannot be read, or is shorter than its length.
        """
        left = self._length - self._taken
        if not left:
            return b""
        with _convert_os_errors():
            data = self._reader.read(min(size, left) if size >= 0 else left)
        if not data:
            raise LocalFileError(
                f"the data ended {left} bytes short of the expected {self._length}",
                help="the file has changed since it was checked; make sure nothing writes to it",
            )
        self._taken += len(data)
        return data

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._reader.close()


@contextmanager
def _convert_os_errors() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        what, remedy = explained(error, "make sure the file is readable")
        raise LocalFileError(
            f"the data cannot be read: {what}",
            help=f"the org ignores the incomplete upload; {remedy}",
        ) from error


@frozen
class Request:
    """A request to an org or a login host.

    Attributes:
        call: Method, path and host, for messages.
        target: Path and query, as sent.
        accept: The expected media type.
        read_timeout: Seconds to wait for the beginning of the response.
        body: The data to send.
        content_type: The body's media type.
        content_encoding: "gzip" if the body is compressed, else "".
    """

    call: Call
    target: str = field(repr=False)
    accept: str
    read_timeout: float
    body: Body | None = field(default=None, repr=False)
    content_type: str = ""
    content_encoding: str = ""

    @classmethod
    def of(
        cls,
        method: str,
        host: str,
        path: str,
        query: Mapping[str, str | int] | None,
        *,
        accept: str,
        read_timeout: float,
    ) -> Request:
        """Make a request without a body.

        Args:
            method: The HTTP method.
            host: The host, for messages.
            path: The path, perhaps with a query.
            query: Further parameters, not yet encoded.
            accept: The expected media type.
            read_timeout: Seconds to wait for the beginning of the response.

        Raises:
            ValueError: The path is not one.
        """
        target = path
        if query:
            target += ("&" if "?" in path else "?") + urlencode(query)
        if not is_target(target):
            raise ValueError(f"not the path of a request: {path!r}")
        call = Call(method, path.partition("?")[0], host)
        return cls(call=call, target=target, accept=accept, read_timeout=read_timeout)
