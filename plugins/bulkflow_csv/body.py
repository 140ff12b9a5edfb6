"""A request body that streams a header and a range of a file, without copying either."""

from __future__ import annotations

import io
import os
import threading
from typing import TYPE_CHECKING, Self

from bulkflow_csv.errors import make_changed_error

if TYPE_CHECKING:
    from types import TracebackType

    from bulkflow_csv.source import ByteSource, Stamp


class PartBody:
    """A readable, seekable file object over the bytes that a part sends.

    HTTP clients accept it as a body: they `read` it in blocks, `tell` and `seek` to send it again,
    and use `len` for Content-Length. It is safe to read from several threads, which share one
    position.

    Args:
        source: The file.
        stamp: The state that the file must be in.
        header: Sent before the range.
        start: Byte offset of the range in the file.
        end: Byte offset after its last byte.

    Raises:
        CsvError: The file cannot be read, or changed since the scan.
    """

    def __init__(
        self, source: ByteSource, stamp: Stamp, header: bytes, start: int, end: int
    ) -> None:
        self._source = source
        self._header = header
        self._start = start
        self._size = len(header) + end - start
        self._position = 0
        self._lock = threading.Lock()
        self._file = source.open()
        try:
            source.check(self._file, stamp)
        except BaseException:
            self._file.close()
            raise

    def __len__(self) -> int:
        return self._size

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    @property
    def closed(self) -> bool:
        """Whether the body is closed."""
        return self._file.closed

    def close(self) -> None:
        """Close the file. Further calls have no effect."""
        with self._lock:
            self._file.close()

    def readable(self) -> bool:
        """Return True."""
        return True

    def seekable(self) -> bool:
        """Return True."""
        return True

    def tell(self) -> int:
        """Return the position in the body, from 0."""
        return self._position

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Move to a position in the body, like `io.IOBase.seek`.

        Raises:
            ValueError: The position is negative, or `whence` is unknown.
        """
        with self._lock:
            bases = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._size}
            if whence not in bases:
                raise ValueError(f"whence must be 0, 1 or 2, not {whence}")
            position = bases[whence] + offset
            if position < 0:
                raise ValueError(f"the position {position} is negative")
            self._position = position
            return position

    def read(self, size: int | None = -1) -> bytes:
        """Read up to `size` bytes, or all remaining bytes without it; empty only at the end.

        Raises:
            CsvError: The file got shorter, or can no longer be read.
            ValueError: The body is closed.
        """
        with self._lock:
            if self._file.closed:
                raise ValueError("the body is closed")
            left = max(0, self._size - self._position)
            wanted = left if size is None or size < 0 else min(size, left)
            if not wanted:
                return b""
            data = self._header[self._position : self._position + wanted]
            if len(data) < wanted:
                at = self._start + self._position + len(data) - len(self._header)
                rows = self._read_at(at, wanted - len(data))
                data = data + rows if data else rows
            self._position += len(data)
            return data

    def _read_at(self, offset: int, size: int) -> bytes:
        data = self._read_once(offset, size)
        if len(data) == size:
            return data
        pieces = bytearray(data)
        while len(pieces) < size:
            piece = self._read_once(offset + len(pieces), size - len(pieces))
            if not piece:
                raise make_changed_error(
                    self._source.name, f"it now ends at byte offset {offset + len(pieces)}"
                )
            pieces += piece
        return bytes(pieces)

    def _read_once(self, offset: int, size: int) -> bytes:
        try:
            if hasattr(os, "pread"):
                return os.pread(self._file.fileno(), size, offset)
            self._file.seek(offset)
            return self._file.read(size)
        except OSError as error:
            raise make_changed_error(self._source.name, error.strerror or str(error)) from error
