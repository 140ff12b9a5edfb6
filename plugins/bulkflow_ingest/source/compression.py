"""Compresses parts with gzip, if that is faster than sending them uncompressed.

A part is compressed to a file before it is sent, so that its length is known and it can be sent
again. With several connections, a part is compressed while others are sent.
"""

from __future__ import annotations

import logging
import zlib
from contextlib import contextmanager
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from tempfile import mkstemp
from threading import Lock
from typing import TYPE_CHECKING, BinaryIO, Protocol, cast

from attrs import define, field, frozen

from bulkflow.atomic_files import COPIES
from bulkflow.errors import StepError
from bulkflow.private_files import make_private_folder
from bulkflow.system_errors import explained

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from bulkflow.plugin import Context
    from bulkflow_csv import PartBody, PartRange

logger = logging.getLogger(__name__)

BLOCK = 1 << 20
GZIP = 16 + zlib.MAX_WBITS
"""The window bits with which zlib writes gzip."""
LEVEL = 1
"""Higher levels take several times as long and save only a tenth (measured on CSV)."""
NEWEST_WEIGHT = 0.5
"""The weight of the newest measurement in an average, from 0 to 1."""


class Compressor(Protocol):
    """The interface of zlib's compression objects."""

    def compress(self, data: bytes, /) -> bytes:
        """Return the compressed bytes that are ready."""
        ...

    def flush(self) -> bytes:
        """Return the remaining bytes."""
        ...


def make_compressor() -> Compressor:
    """Make a gzip stream with isal, which is three times as fast, or with zlib."""
    if find_spec("isal") is not None:
        fast = import_module("isal.isal_zlib")
        return cast("Compressor", fast.compressobj(LEVEL, wbits=GZIP))
    return zlib.compressobj(LEVEL, wbits=GZIP)


@frozen
class CompressedBody:
    """A file that contains one compressed part.

    Attributes:
        path: The file.
        length: Its size in bytes.
    """

    path: Path
    length: int

    def open(self) -> BinaryIO:
        """Open the file for reading."""
        return self.path.open("rb")


@define(eq=False, repr=False)
class LinkStats:
    """Measured speeds of the connection to an org and of compression. Each org of a run has one.

    Attributes:
        takes_gzip: False after the org refused a compressed upload.
        wire: Bytes per second that one connection sends; None before the first measurement.
        packing: Bytes per second that one thread compresses; None before the first measurement.
        ratio: Compressed size divided by uncompressed size.
    """

    takes_gzip: bool = True
    wire: float | None = None
    packing: float | None = None
    ratio: float = 1.0
    _lock: Lock = field(factory=Lock, init=False, repr=False)

    @classmethod
    def of(cls, context: Context) -> LinkStats:
        """Return the measurements for the step's org."""
        return context.share(f"ingest:line:{id(context.open_org())}", cls, lambda _: None)

    @property
    def saves_time(self) -> bool:
        """Whether compressing and sending the next part takes less time than sending it as it is.

        True until both speeds are measured on the first parts.
        """
        if not self.takes_gzip:
            return False
        if self.wire is None or self.packing is None:
            return True
        return 1 / self.packing + self.ratio / self.wire < 1 / self.wire

    def record_upload(self, size: int, seconds: float) -> None:
        """Record how long one connection took to send some bytes."""
        with self._lock:
            self.wire = _average(self.wire, size / max(seconds, 1e-6))

    def record_compression(self, size: int, into: int, seconds: float) -> None:
        """Record how long it took to compress `size` bytes into `into` bytes."""
        with self._lock:
            self.packing = _average(self.packing, size / max(seconds, 1e-6))
            self.ratio = _average(self.ratio, into / max(size, 1))


@contextmanager
def write_compressed(context: Context, data: PartRange) -> Iterator[CompressedBody]:
    """Compress a part to a file in the run's folder, which is removed after the block.

    Raises:
        CsvError: The rows cannot be read.
        StepError: The file cannot be written.
    """
    folder = context.run_directory / COPIES / "packed"
    path: Path | None = None
    try:
        try:
            make_private_folder(folder)
            descriptor, name = mkstemp(prefix="part-", suffix=".csv.gz", dir=folder)
            path = Path(name)
            with open(descriptor, "wb") as out, data.open() as body:  # noqa: PTH123
                length = compress_stream(body, out, context.checkpoint)
        except OSError as error:
            what, remedy = explained(error, "make room")
            raise StepError(
                f"cannot store compressed rows in {folder}: {what}",
                help=f"{remedy}, choose another folder with --state-dir DIR, or add `uncompressed` "
                "to the job",
            ) from error
        logger.debug("part %d: compressed %d bytes to %d", data.index + 1, data.size, length)
        yield CompressedBody(path, length)
    finally:
        if path is not None:
            path.unlink(missing_ok=True)


def compress_stream(
    body: BinaryIO | PartBody, out: BinaryIO, checkpoint: Callable[[], None]
) -> int:
    """Compress one stream to another. Returns the number of compressed bytes."""
    stream = make_compressor()
    length = 0
    while block := body.read(BLOCK):
        checkpoint()
        length += out.write(stream.compress(block))
    return length + out.write(stream.flush())


def _average(known: float | None, measured: float) -> float:
    if known is None:
        return measured
    return (1 - NEWEST_WEIGHT) * known + NEWEST_WEIGHT * measured
