"""Digests of byte ranges: of a file, and of its parts.

XXH3-128 detects accidental changes and edits by other programs. It is not cryptographic: it does
not protect against a file crafted to have the same digest. Reading the bytes costs several times
more than hashing them.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from bulkflow_csv.errors import make_changed_error
from bulkflow_csv.source import ByteSource

if TYPE_CHECKING:
    from io import FileIO

_PREFIX: Final = "xxh3:"
_BLOCK: Final = 1 << 20


class Digest:
    """An incremental digest."""

    def __init__(self) -> None:
        # Importing xxhash takes milliseconds, and most commands compute no digest.
        from xxhash import xxh3_128

        self._state: Final = xxh3_128()

    def update(self, piece: bytes | bytearray | memoryview) -> None:
        """Add the next bytes."""
        self._state.update(piece)

    def to_text(self) -> str:
        """Return `xxh3:` and 32 hexadecimal digits for all bytes so far."""
        return _PREFIX + self._state.hexdigest()


def compute_digest(file: Path | ByteSource | FileIO, start: int = 0, end: int | None = None) -> str:
    """Compute the digest of a byte range, reading blocks of one megabyte.

    Args:
        file: The file. An open file stays open, at another position.
        start: Byte offset of the range.
        end: Byte offset after the range; None for the end of the file.

    Returns:
        The same digest that a scan computes: `Scan.digest` for a whole file, `PartRange.digest`
        for the range of a part.

    Raises:
        CsvError: The file cannot be read, or ends before the range does.
    """
    if isinstance(file, Path):
        file = ByteSource.of(file)
    if isinstance(file, ByteSource):
        with file.open() as opened:
            return _compute_digest(opened, file.name, start, end)
    return _compute_digest(file, str(file.name), start, end)


def _compute_digest(file: FileIO, name: str, start: int, end: int | None) -> str:
    found = Digest()
    at = start
    block = memoryview(bytearray(_BLOCK if end is None else max(0, min(_BLOCK, end - start))))
    try:
        file.seek(start)
        while end is None or at < end:
            got = file.readinto(block if end is None else block[: end - at])
            if not got:
                break
            found.update(block[:got])
            at += got
    except OSError as error:
        raise make_changed_error(name, error.strerror or str(error)) from error
    if end is not None and at < end:
        raise make_changed_error(name, f"it now ends at byte offset {at}")
    return found.to_text()


class ScanDigests:
    """The digests of a file and of its parts, computed during one scan of the file.

    The end of a part is known only after its last block has been read, or the block after that.
    The part's digest therefore stops after the last complete record, and the bytes of the
    incomplete record that follows are buffered.

    Args:
        start: Byte offset of the first part. Bytes before it count for the file's digest only.
    """

    def __init__(self, start: int) -> None:
        self._file = Digest()
        self._part = Digest()
        self._at = start
        self._held = bytearray()
        self._block = memoryview(b"")
        self._offset = start

    def add_outside(self, piece: bytes | memoryview) -> None:
        """Add bytes that belong to no part: those before the first row or after the last one."""
        self._file.update(piece)

    def add_block(self, block: memoryview, offset: int) -> None:
        """Add the block of rows at byte `offset`; it must not change until `settle`."""
        self._file.update(block)
        self._block, self._offset = block, offset

    def finish_part(self, end: int) -> str:
        """Return the digest of the part that ends at byte `end`. The next part starts there."""
        self._advance(end)
        found, self._part = self._part.to_text(), Digest()
        return found

    def settle(self, end: int) -> None:
        """Add all bytes before `end` to the part and release the block.

        Args:
            end: Byte offset where a record ends. The part ends there or later.
        """
        self._advance(end)
        self._held += self._block[max(0, self._at - self._offset) :]
        self._block, self._offset = memoryview(b""), self._offset + len(self._block)

    def finish_file(self) -> str:
        """Return the digest of the file, once all of its bytes were added."""
        return self._file.to_text()

    def _advance(self, end: int) -> None:
        if end <= self._at:
            return
        # No record ends in the buffered bytes, so all of them belong to the part.
        self._part.update(self._held)
        self._at += len(self._held)
        self._held.clear()
        self._part.update(self._block[self._at - self._offset : end - self._offset])
        self._at = end
