"""Divides parts into batches that are matched together, so that memory stays flat."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from attrs import evolve, frozen

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from bulkflow_ingest.reconcile.inputs import SlicedFile

BATCH_ROWS: Final = 500_000
"""Rows of a batch, if no part is larger. This limits the memory."""


@frozen
class Batch:
    """Adjacent parts that are matched together: their rows, and their slices' numbers."""

    first: int
    end: int
    first_slice: int
    end_slice: int

    def rows(self, name: str = "row") -> str:
        """Return the SQL condition for one of its rows."""
        return f"{name} >= {self.first} AND {name} < {self.end}"

    def slices(self, name: str = "p") -> str:
        """Return the SQL condition for one of its slices."""
        return f"{name} >= {self.first_slice} AND {name} < {self.end_slice}"

    def pieces(self) -> Iterator[Batch]:
        """Yield adjacent rows of it, few enough to be processed in memory."""
        for first in range(self.first, self.end, BATCH_ROWS):
            yield evolve(self, first=first, end=min(first + BATCH_ROWS, self.end))

    def hashes(self, name: str = "h") -> Iterator[str]:
        """Yield SQL conditions on a hash that divide the rows into small enough groups."""
        count = -(-(self.end - self.first) // BATCH_ROWS)
        step = -(-(1 << 64) // max(count, 1))
        for index in range(count):
            least, most = index * step, min((index + 1) * step, 1 << 64) - 1
            yield f"{name} BETWEEN {least} AND {most}" if count > 1 else "true"


def build_batches(files: Sequence[SlicedFile]) -> Iterator[Batch]:
    """Yield batches of the parts of some files, each with at most `BATCH_ROWS` rows or one part."""
    first = first_slice = 0
    end = end_slice = 0
    for file in files:
        for each in file.slices:
            if end > first and end + each.rows - first > BATCH_ROWS:
                yield Batch(first, end, first_slice, end_slice)
                first, first_slice = end, end_slice
            end += each.rows
            end_slice += 1
    if end_slice > first_slice:
        yield Batch(first, end, first_slice, end_slice)
