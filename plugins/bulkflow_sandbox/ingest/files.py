"""The files of an ingest job: its upload, and the rows of its results."""

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
    """The folder of a job and the files in it."""

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
        """Create the folder."""
        self.folder.mkdir(parents=True, exist_ok=True)

    def remove(self) -> None:
        """Remove the folder and its files."""
        shutil.rmtree(self.folder, ignore_errors=True)


class UploadFile:
    """Data that is being uploaded. It is written to a temporary file until it is complete.

    Args:
        folder: Where to write it; it must exist.
        limit: The maximum size in bytes, uncompressed.
        gzip: Whether the data is compressed with gzip.
        too_large: The error to raise if the data exceeds the limit.
    """

    def __init__(self, folder: Path, limit: int, *, gzip: bool, too_large: ApiError) -> None:
        handle, name = mkstemp(prefix="upload-", suffix=".part", dir=folder)
        self.path = Path(name)
        self.size = 0
        self._limit = limit
        self._too_large = too_large
        self._decompressor = zlib.decompressobj(16 + zlib.MAX_WBITS) if gzip else None
        self._file: BinaryIO = open(handle, "wb")  # noqa: PTH123, SIM115 - a handle, closed below

    def write(self, data: bytes) -> None:
        """Write the next bytes of the body.

        Raises:
            ApiError: There are too many, or they do not match the Content-Encoding.
        """
        if self._decompressor is None:
            self._keep(data)
            return
        while data:
            try:
                self._keep(self._decompressor.decompress(data, _BLOCK))
            except zlib.error as error:
                raise ApiError(400, "CLIENTINPUTERROR", "The request body is no gzip") from error
            data = self._decompressor.unconsumed_tail

    def finish(self) -> None:
        """Close the file after the last bytes.

        Raises:
            ApiError: Compressed data ended too early.
        """
        if self._decompressor is not None and self.size and not self._decompressor.eof:
            raise ApiError(400, "CLIENTINPUTERROR", "The gzip data of the request is cut off")
        self._file.close()

    def discard(self) -> None:
        """Close the file and remove it, complete or not."""
        self._file.close()
        self.path.unlink(missing_ok=True)

    def _keep(self, data: bytes) -> None:
        self.size += len(data)
        if self.size > self._limit:
            raise self._too_large
        self._file.write(data)


def read_blocks(path: Path, start: int = 0, end: int | None = None) -> Iterator[bytes]:
    """Read a file from one offset to another, in blocks. A missing file has none."""
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
