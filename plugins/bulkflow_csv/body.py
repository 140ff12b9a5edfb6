"""The body of a request: a header and a range of a file, without a copy of either."""

from __future__ import annotations

import io
import os
import threading
from typing import TYPE_CHECKING, Self

from bulkflow_csv.errors import file_changed

if TYPE_CHECKING:
    from types import TracebackType

    from bulkflow_csv.source import ByteSource, Stamp


class PartBody:
    """A readable, seekable file of the bytes that a part sends.

    It is what an HTTP client takes as a body: `read` in blocks, `tell` and `seek` to send it again,
    `len` for Content-Length. Calls from several threads do not disturb one another's reads, though
    they share one position.

    Args:
        source: The file.
        stamp: The state that the file must be in.
        header: Sent before the range.
        start: Byte offset in the file where the range starts.
        end: Byte offset behind its last byte.

    Raises:
        CsvError: The file cannot be read, or changed since it was scanned.
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
        """Whether `close` was called."""
        return self._file.closed

    def close(self) -> None:
        """Close the file; more calls do nothing."""
        with self._lock:
            self._file.close()

    def readable(self) -> bool:
        """True."""
        return True

    def seekable(self) -> bool:
        """True."""
        return True

    def tell(self) -> int:
        """The position in the body, from 0."""
        return self._position

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Go to a position in the body, counted as in `io.IOBase.seek`.

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
        """Up to `size` bytes, all that are left without one; nothing only at the end.

        Raises:
            CsvError: The file has fewer bytes than it had, or cannot be read any more.
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
                raise file_changed(
                    self._source.name, f"it ends at byte offset {offset + len(pieces)} now"
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
            raise file_changed(self._source.name, error.strerror or str(error)) from error
