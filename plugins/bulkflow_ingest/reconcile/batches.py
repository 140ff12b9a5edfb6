"""Which parts are matched at a time: so many that memory stays flat, however many there are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from attrs import evolve, frozen

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from bulkflow_ingest.reconcile.inputs import SourceFile

BATCH_ROWS: Final = 500_000
"""Rows that are matched at a time, if no part is larger: what bounds the memory."""


@frozen
class Batch:
    """Neighbouring parts that are matched together: their rows, and their slices' numbers."""

    first: int
    end: int
    first_slice: int
    end_slice: int

    def rows(self, name: str = "row") -> str:
        """The SQL for being one of its rows."""
        return f"{name} >= {self.first} AND {name} < {self.end}"

    def slices(self, name: str = "p") -> str:
        """The SQL for belonging to one of its slices."""
        return f"{name} >= {self.first_slice} AND {name} < {self.end_slice}"

    def pieces(self) -> Iterator[Batch]:
        """Neighbouring rows of it, few enough to be looked at in memory."""
        for first in range(self.first, self.end, BATCH_ROWS):
            yield evolve(self, first=first, end=min(first + BATCH_ROWS, self.end))

    def hashes(self, name: str = "h") -> Iterator[str]:
        """The SQL for a hash to be one of some, so that few enough rows have one of these."""
        count = -(-(self.end - self.first) // BATCH_ROWS)
        step = -(-(1 << 64) // max(count, 1))
        for index in range(count):
            least, most = index * step, min((index + 1) * step, 1 << 64) - 1
            yield f"{name} BETWEEN {least} AND {most}" if count > 1 else "true"


def batches_of(files: Sequence[SourceFile]) -> Iterator[Batch]:
    """All parts of some files, in batches: as many parts as make no more than `BATCH_ROWS` rows."""
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
