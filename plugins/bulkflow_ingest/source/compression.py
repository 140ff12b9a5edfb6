"""Bodies compressed with gzip, and whether that is worth its time.

A part is compressed into a file before it is sent, and sent from there: its length is known then,
and it can be opened again. On several connections one part is compressed while others are sent.
"""

from __future__ import annotations

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

BLOCK = 1 << 20
GZIP = 16 + zlib.MAX_WBITS
"""Window bits that make zlib write gzip."""
LEVEL = 1
"""Higher ones cost several times as much for a tenth less on the wire (measured on CSV)."""
MEMORY = 0.5
"""How much of a measured rate the newest measurement is."""


class Compressor(Protocol):
    """As zlib's."""

    def compress(self, data: bytes, /) -> bytes:
        """What is ready now."""
        ...

    def flush(self) -> bytes:
        """The rest."""
        ...


def make_compressor() -> Compressor:
    """A new gzip stream: by isal, three times as fast, where it is installed; else by zlib."""
    if find_spec("isal") is not None:
        fast = import_module("isal.isal_zlib")
        return cast("Compressor", fast.compressobj(LEVEL, wbits=GZIP))
    return zlib.compressobj(LEVEL, wbits=GZIP)


@frozen
class CompressedBody:
    """A compressed part in a file of its own.

    Attributes:
        path: The file.
        length: Its bytes.
    """

    path: Path
    length: int

    def open(self) -> BinaryIO:
        """A reader at the start."""
        return self.path.open("rb")


@define(eq=False, repr=False)
class LinkStats:
    """What the line to an org and the compressor were measured to do: one for each org of a run.

    Attributes:
        takes_gzip: Whether the org has not refused a compressed upload.
        wire: Bytes a second that one connection sends; None before anything was measured.
        packing: Bytes a second that one thread compresses.
        ratio: Bytes that are left of one byte.
    """

    takes_gzip: bool = True
    wire: float | None = None
    packing: float | None = None
    ratio: float = 1.0
    _lock: Lock = field(factory=Lock, init=False, repr=False)

    @classmethod
    def of(cls, context: Context) -> LinkStats:
        """That of the step's org."""
        return context.share(f"ingest:line:{id(context.open_org())}", cls, lambda _: None)

    @property
    def saves_time(self) -> bool:
        """Whether to compress the next part: compressing and sending less takes less time.

        Worth it while nothing is measured; the first parts then tell.
        """
        if not self.takes_gzip:
            return False
        if self.wire is None or self.packing is None:
            return True
        return 1 / self.packing + self.ratio / self.wire < 1 / self.wire

    def record_upload(self, size: int, seconds: float) -> None:
        """So many bytes went over one connection in this time."""
        with self._lock:
            self.wire = _newer(self.wire, size / max(seconds, 1e-6))

    def record_compression(self, size: int, into: int, seconds: float) -> None:
        """So many bytes were compressed into so many in this time."""
        with self._lock:
            self.packing = _newer(self.packing, size / max(seconds, 1e-6))
            self.ratio = _newer(self.ratio, into / max(size, 1))


@contextmanager
def write_compressed(context: Context, data: PartRange) -> Iterator[CompressedBody]:
    """A part compressed into a file of the run, which is removed afterwards.

    Raises:
        CsvError: the rows cannot be read any more.
        StepError: the file cannot be written.
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
                f"the compressed rows cannot be kept in {folder}: {what}",
                help=f"{remedy}, choose another folder with --state-dir DIR, or let the job say "
                "`uncompressed`",
            ) from error
        yield CompressedBody(path, length)
    finally:
        if path is not None:
            path.unlink(missing_ok=True)


def compress_stream(
    body: BinaryIO | PartBody, out: BinaryIO, checkpoint: Callable[[], None]
) -> int:
    """Compress a stream into another; returns how many bytes that makes."""
    stream = make_compressor()
    length = 0
    while block := body.read(BLOCK):
        checkpoint()
        length += out.write(stream.compress(block))
    return length + out.write(stream.flush())


def _newer(known: float | None, measured: float) -> float:
    return measured if known is None else (1 - MEMORY) * known + MEMORY * measured
