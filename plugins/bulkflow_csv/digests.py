"""Digests of bytes: of a range of a file, and of a file and its parts as a pass goes over them.

XXH3-128 tells any change that happens by itself, or by another program, from none; it is no
protection from somebody who makes another file with the same digest. Reading costs several times
more than it does.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from bulkflow_csv.errors import file_changed
from bulkflow_csv.source import ByteSource

if TYPE_CHECKING:
    from io import FileIO

_PREFIX: Final = "xxh3:"
_BLOCK: Final = 1 << 20


class Digest:
    """The digest of bytes that come piece by piece."""

    def __init__(self) -> None:
        # It takes milliseconds to load, and most commands digest nothing.
        from xxhash import xxh3_128

        self._state: Final = xxh3_128()

    def update(self, piece: bytes | bytearray | memoryview) -> None:
        """Add the next bytes."""
        self._state.update(piece)

    def text(self) -> str:
        """`xxh3:` and 32 hexadecimal digits, for all bytes so far."""
        return _PREFIX + self._state.hexdigest()


def digest(file: Path | ByteSource | FileIO, start: int = 0, end: int | None = None) -> str:
    """The digest of a range of a file, read in blocks of a megabyte.

    Args:
        file: The file; one that is open already is left open, at another position.
        start: Byte offset of the range.
        end: Byte offset behind it; None for the end of the file.

    Returns:
        What the scan says of the same bytes: `Scan.digest` for a whole file, `PartRange.digest`
        for the range of a part.

    Raises:
        CsvError: The file cannot be read, or ends before the range does.
    """
    if isinstance(file, Path):
        file = ByteSource.of(file)
    if isinstance(file, ByteSource):
        with file.open() as opened:
            return _digest(opened, file.name, start, end)
    return _digest(file, str(file.name), start, end)


def _digest(file: FileIO, name: str, start: int, end: int | None) -> str:
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
        raise file_changed(name, error.strerror or str(error)) from error
    if end is not None and at < end:
        raise file_changed(name, f"it ends at byte offset {at} now")
    return found.text()


class PassDigests:
    """The digests of a file and of its parts, from one pass over the blocks of the file.

    Where a part ends is known only after its last block was taken, or the one behind it. So the
    part's digest stops behind the last record seen, and the bytes that follow are held: less than
    one record.

    Args:
        start: Byte offset of the first part; what comes before belongs to the file only.
    """

    def __init__(self, start: int) -> None:
        self._file = Digest()
        self._part = Digest()
        self._at = start
        self._held = bytearray()
        self._block = memoryview(b"")
        self._offset = start

    def outside(self, piece: bytes | memoryview) -> None:
        """Take bytes of the file that are in no part: what stands before the rows, or behind."""
        self._file.update(piece)

    def take(self, block: memoryview, offset: int) -> None:
        """Take the block of rows at byte `offset`; it must stay as it is until `settle`."""
        self._file.update(block)
        self._block, self._offset = block, offset

    def cut(self, end: int) -> str:
        """The digest of the part that ends at byte `end`; the next part begins there."""
        self._advance(end)
        found, self._part = self._part.text(), Digest()
        return found

    def settle(self, end: int) -> None:
        """All bytes before `end`, where a record ends, belong to the part; go on without a block.

        The part ends at `end` or behind it.
        """
        self._advance(end)
        self._held += self._block[max(0, self._at - self._offset) :]
        self._block, self._offset = memoryview(b""), self._offset + len(self._block)

    def file(self) -> str:
        """The digest of all bytes of the file, once they have been taken."""
        return self._file.text()

    def _advance(self, end: int) -> None:
        if end <= self._at:
            return
        # No record ends in what is held, so the part takes all of it.
        self._part.update(self._held)
        self._at += len(self._held)
        self._held.clear()
        self._part.update(self._block[self._at - self._offset : end - self._offset])
        self._at = end
