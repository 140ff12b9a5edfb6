"""The files of an ingest job: its upload, and its results while they grow."""

from __future__ import annotations

import shutil
import zlib
from pathlib import Path
from tempfile import mkstemp
from typing import TYPE_CHECKING, BinaryIO

from attrs import frozen

from bulkflow_sandbox.core.errors import ApiError

if TYPE_CHECKING:
    from collections.abc import Iterator

_BLOCK = 1 << 18


@frozen
class JobFiles:
    """The folder of a job."""

    folder: Path

    @property
    def upload(self) -> Path:
        """The data as it was uploaded."""
        return self.folder / "upload.csv"

    @property
    def successful(self) -> Path:
        """The rows of successfulResults, without the header, in the order of processing."""
        return self.folder / "successful.csv"

    @property
    def failed(self) -> Path:
        """The rows of failedResults, without the header, in the order of processing."""
        return self.folder / "failed.csv"

    def create(self) -> None:
        """Makes the folder."""
        self.folder.mkdir(parents=True, exist_ok=True)

    def remove(self) -> None:
        """Removes the folder with all that is in it."""
        shutil.rmtree(self.folder, ignore_errors=True)


class UploadFile:
    """Data on its way to a job: written to a file of its own, and kept only at the end.

    Args:
        folder: Where to write; it must exist.
        limit: Most bytes of data, unpacked.
        packed: Whether the data comes compressed with gzip.
        too_large: What to raise past the limit.
    """

    def __init__(self, folder: Path, limit: int, *, packed: bool, too_large: ApiError) -> None:
        handle, name = mkstemp(prefix="upload-", suffix=".part", dir=folder)
        self.path = Path(name)
        self.size = 0
        self._limit = limit
        self._too_large = too_large
        self._unpacker = zlib.decompressobj(16 + zlib.MAX_WBITS) if packed else None
        self._file: BinaryIO = open(handle, "wb")  # noqa: PTH123, SIM115 - a handle, closed below

    def write(self, data: bytes) -> None:
        """Takes the next bytes of the body.

        Raises:
            ApiError: There are too many, or they are not what Content-Encoding says.
        """
        if self._unpacker is None:
            self._keep(data)
            return
        while data:
            try:
                self._keep(self._unpacker.decompress(data, _BLOCK))
            except zlib.error as error:
                raise ApiError(400, "CLIENTINPUTERROR", "The request body is no gzip") from error
            data = self._unpacker.unconsumed_tail

    def finish(self) -> None:
        """Ends the data and closes the file.

        Raises:
            ApiError: Compressed data ended too early.
        """
        if self._unpacker is not None and self.size and not self._unpacker.eof:
            raise ApiError(400, "CLIENTINPUTERROR", "The gzip data of the request is cut off")
        self._file.close()

    def discard(self) -> None:
        """Closes and removes the file, wherever it stands."""
        self._file.close()
        self.path.unlink(missing_ok=True)

    def _keep(self, data: bytes) -> None:
        self.size += len(data)
        if self.size > self._limit:
            raise self._too_large
        self._file.write(data)


def read_blocks(path: Path, start: int = 0, end: int | None = None) -> Iterator[bytes]:
    """The bytes of a file from one offset to another, in blocks; none where there is no file."""
    try:
        file = path.open("rb")
    except FileNotFoundError:
        return
    with file:
        file.seek(start)
        left = -1 if end is None else end - start
        while block := file.read(_BLOCK if left < 0 else min(_BLOCK, left)):
            yield block
            if left > 0:
                left -= len(block)
            if left == 0:
                return
