"""Where a download goes: a stream of the caller's, or a file that is there only when whole."""

from __future__ import annotations

import os
from contextlib import contextmanager
from pathlib import Path
from tempfile import mkstemp
from typing import TYPE_CHECKING, BinaryIO, Protocol

from attrs import define, field

from bulkflow.atomic_files import resolve_target
from bulkflow.system_errors import explained
from bulkflow_salesforce.http.errors import LocalFileError

if TYPE_CHECKING:
    from collections.abc import Iterator


class Sink(Protocol):
    """Takes the pieces of a download, perhaps more than once from the start."""

    @property
    def restartable(self) -> bool:
        """Whether what was written can be taken back."""
        ...

    def restart(self) -> None:
        """Take back what was written."""
        ...

    def write(self, piece: bytes) -> None:
        """Write a piece."""
        ...


@contextmanager
def opened(target: BinaryIO | Path) -> Iterator[Sink]:
    """A sink for `target`.

    A file is written under a temporary name beside its own, readable by its owner only, and takes
    its name when the block ends well; else nothing is left of it. A link is followed, and a device
    or a FIFO is written to. A stream is written from where it stands, and stays open.

    Raises:
        LocalFileError: A file cannot be made, written or renamed, or a stream not be written.
    """
    if not isinstance(target, Path):
        yield StreamSink(target)
        return
    with _local(target):
        place = resolve_target(target)
    if place is None:
        with _local(target):
            device = target.open("wb")
        with device:
            yield StreamSink(device, target)
            with _local(target):
                device.flush()
        return
    with _local(target):
        handle, name = mkstemp(dir=place.parent, prefix=f".{place.name}.", suffix=".part")
    partial = Path(name)
    try:
        with os.fdopen(handle, "wb") as stream:
            yield StreamSink(stream, target)
            with _local(target):
                stream.flush()
        with _local(target):
            partial.replace(place)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise


@define(eq=False, repr=False)
class StreamSink:
    """A sink over an open stream."""

    _stream: BinaryIO
    _path: Path | None = None
    _start: int | None = field(init=False)
    _written: int = field(default=0, init=False)

    @_start.default
    def _where_it_stands(self) -> int | None:
        with _local(self._path):
            return self._stream.tell() if self._stream.seekable() else None

    @property
    def restartable(self) -> bool:
        """Whether nothing was written yet, or the stream can go back to where it began."""
        return self._written == 0 or self._start is not None

    def restart(self) -> None:
        """Go back to where the stream stood at first, and cut off what was written."""
        if self._written and self._start is not None:
            with _local(self._path):
                self._stream.seek(self._start)
                self._stream.truncate()
        self._written = 0

    def write(self, piece: bytes) -> None:
        """Write a piece."""
        with _local(self._path):
            self._stream.write(piece)
        self._written += len(piece)


@contextmanager
def _local(path: Path | None) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        what, remedy = explained(error, "make room, or choose another place")
        raise LocalFileError(
            f"{path or 'the output'} cannot be written: {what}",
            help=f"{remedy}; what the org holds is not changed",
        ) from error
