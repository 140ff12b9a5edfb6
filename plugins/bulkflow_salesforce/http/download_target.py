"""Where a download is written: a stream of the caller, or a file that appears when complete."""

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


class DownloadTarget(Protocol):
    """Takes the pieces of a download, which may start over."""

    @property
    def restartable(self) -> bool:
        """Whether written data can be discarded."""
        ...

    def restart(self) -> None:
        """Discard what was written."""
        ...

    def write(self, piece: bytes) -> None:
        """Write a piece."""
        ...


@contextmanager
def open_target(target: BinaryIO | Path) -> Iterator[DownloadTarget]:
    """Open a target for a download.

    A file is written under a temporary name in its folder, readable by its owner only. It is
    renamed when the block succeeds, and removed otherwise. Links are followed; devices and FIFOs
    are written to directly. A stream is written from its current position, and stays open.

    Raises:
        LocalFileError: A file cannot be made, written or renamed, or a stream cannot be written.
    """
    if not isinstance(target, Path):
        yield StreamTarget(target)
        return
    with _convert_os_errors(target):
        place = resolve_target(target)
    if place is None:
        with _convert_os_errors(target):
            device = target.open("wb")
        with device:
            yield StreamTarget(device, target)
            with _convert_os_errors(target):
                device.flush()
        return
    with _convert_os_errors(target):
        handle, name = mkstemp(dir=place.parent, prefix=f".{place.name}.", suffix=".part")
    partial = Path(name)
    try:
        with os.fdopen(handle, "wb") as stream:
            yield StreamTarget(stream, target)
            with _convert_os_errors(target):
                stream.flush()
        with _convert_os_errors(target):
            partial.replace(place)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise


@define(eq=False, repr=False)
class StreamTarget:
    """An open stream as a target."""

    _stream: BinaryIO
    _path: Path | None = None
    _start: int | None = field(init=False)
    _written: int = field(default=0, init=False)

    @_start.default
    def _find_start(self) -> int | None:
        with _convert_os_errors(self._path):
            return self._stream.tell() if self._stream.seekable() else None

    @property
    def restartable(self) -> bool:
        """Whether nothing was written yet, or the stream can seek back to its start."""
        return self._written == 0 or self._start is not None

    def restart(self) -> None:
        """Seek back to the first position, and cut off what was written."""
        if self._written and self._start is not None:
            with _convert_os_errors(self._path):
                self._stream.seek(self._start)
                self._stream.truncate()
        self._written = 0

    def write(self, piece: bytes) -> None:
        """Write a piece."""
        with _convert_os_errors(self._path):
            self._stream.write(piece)
        self._written += len(piece)


@contextmanager
def _convert_os_errors(path: Path | None) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        what, remedy = explained(error, "make room, or choose another place")
        raise LocalFileError(
            f"{path or 'the output'} cannot be written: {what}",
            help=f"{remedy}; the data in the org are unchanged",
        ) from error
