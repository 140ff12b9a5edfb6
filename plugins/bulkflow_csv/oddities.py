"""Rows that are valid CSV, and probably a mistake of the program that wrote the file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from attrs import define, frozen

if TYPE_CHECKING:
    from collections.abc import Iterator
    from io import FileIO

    from bulkflow_csv.head import Head

_BLOCK: Final = 1 << 20
_MARK: Final = "\ufeff"


@frozen
class Found:
    """Rows of one kind.

    Attributes:
        count: How many there are.
        line: The physical line of the first one, from 1.
    """

    count: int
    line: int


@frozen
class Oddities:
    """The odd rows of a file; None where there are none of a kind.

    Attributes:
        blank: Rows in which every value is blank.
        headers: Rows that repeat the header.
        marks: Rows that begin with a byte order mark, as the second file of a join does.
    """

    blank: Found | None = None
    headers: Found | None = None
    marks: Found | None = None


@define
class _Counter:
    count: int = 0
    line: int = 0

    def add(self, line: int) -> None:
        self.count += 1
        self.line = self.line or line

    def get(self) -> Found | None:
        return Found(self.count, self.line) if self.count else None


def find_oddities(head: Head, *, edges: int | None = None) -> Oddities:
    """Find odd rows in a file that was scanned.

    A search for their bytes is fast. Only a file in which it finds something is read row by row.

    Args:
        head: The head of the file.
        edges: How many bytes at the start and at the end of the file to search; None for all.

    Raises:
        CsvError: The file cannot be read.
    """
    with head.source.open() as file:
        if not any(_contains(block, head) for block in _read_blocks(file, head, edges)):
            return Oddities()
    # Most files have no such rows, so what reads rows is imported only here.
    from bulkflow_csv.rows import read_rows

    blank, headers, marks = _Counter(), _Counter(), _Counter()
    columns = list(head.header.columns)
    rows = read_rows(head.source.path, delimiter=head.dialect.delimiter, name=head.source.name)
    next(rows, None)
    for row in rows:
        values = row.values
        if values[0].startswith(_MARK):
            marks.add(row.line)
            values = [values[0].removeprefix(_MARK), *values[1:]]
        if values == columns:
            headers.add(row.line)
        elif len(values) > 1 and not any(values):
            blank.add(row.line)
    return Oddities(blank.get(), headers.get(), marks.get())


def _read_blocks(file: FileIO, head: Head, edges: int | None) -> Iterator[bytes]:
    """Yield the file's blocks from the line end of the header, each after the end of the last."""
    overlap = len(head.header.raw) + 2 * len(head.dialect.line_end) + len(_MARK.encode())
    place = max(0, head.start.offset - len(head.dialect.line_end))
    file.seek(place)
    kept = b""
    skipped = edges is None
    while block := file.read(_BLOCK):
        place += len(block)
        block = kept + block
        yield block
        kept = block[-overlap:]
        if edges is not None and not skipped and place >= edges:
            skipped = True
            if place < head.end - edges:
                place, kept = head.end - edges, b""
                file.seek(place)
    yield kept + head.dialect.line_end


def _contains(block: bytes, head: Head) -> bool:
    line_end = head.dialect.line_end
    width = len(head.header.columns)
    blank = line_end + head.dialect.delimiter.encode() * (width - 1) + line_end
    return (
        (width > 1 and blank in block)
        or line_end + head.header.raw.rstrip(b"\r\n") in block
        or (not block.isascii() and _MARK.encode() in block)
    )
