"""Sums over the parts of a job, kept up to date part by part.

A job may have thousands of parts, and each of them changes many times: no change may cost a look
at all the others.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from threading import Lock
from typing import TYPE_CHECKING

from attrs import Factory, define, field, frozen

from bulkflow.model.part import Counts

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from bulkflow_ingest.parts.part_job import PartJob


@frozen
class Sums:
    """What the parts of a job come to.

    Attributes:
        parts: How many there are.
        final: How many are at an end.
        sent: Bytes that have left.
        bytes: Bytes of all bodies.
        rows: Rows of all parts with data, those that were sent again counted again.
        processed: Rows that Salesforce has handled.
        failed: Rows of these that failed.
        sent_again: Parts of rows that were sent again, and that may be processed.
    """

    parts: int = 0
    final: int = 0
    sent: int = 0
    bytes: int = 0
    rows: int = 0
    processed: int = 0
    failed: int = 0
    sent_again: int = 0

    def changed(self, old: Sums, new: Sums) -> Sums:
        """These sums, with what one part gave to them replaced."""
        return Sums(
            self.parts + new.parts - old.parts,
            self.final + new.final - old.final,
            self.sent + new.sent - old.sent,
            self.bytes + new.bytes - old.bytes,
            self.rows + new.rows - old.rows,
            self.processed + new.processed - old.processed,
            self.failed + new.failed - old.failed,
            self.sent_again + new.sent_again - old.sent_again,
        )


@frozen
class _Share:
    """What one part gives to the sums."""

    sums: Sums = Factory(Sums)
    counts: Counts = Factory(Counts)
    state: str | None = None

    @classmethod
    def of(cls, part: PartJob) -> _Share:
        data = part.part
        # Rows that were sent again are rows of the source, which another part has counted.
        counts = Counts()
        if part.origin is None:
            counts = part.counts
        sums = Sums(
            1,
            int(part.is_final),
            part.sent,
            data.bytes if data else 0,
            data.rows if data else 0,
            part.processed,
            part.counts.failed,
            int(part.origin is not None and part.handed_over),
        )
        return cls(sums, counts, part.state)


_NOTHING = _Share()


@define(eq=False, repr=False)
class PartTotals:
    """The sums over some parts. Threads may note parts at the same time, each its own."""

    sums: Sums = field(factory=Sums, init=False)
    counts: Counts = field(factory=Counts, init=False)
    """How many rows of the source ended where."""
    _shares: dict[PartJob, _Share] = field(factory=dict, init=False, repr=False)
    _states: Counter[str] = field(factory=Counter, init=False, repr=False)
    _lock: Lock = field(factory=Lock, init=False, repr=False)

    @classmethod
    def of(cls, parts: Iterable[PartJob]) -> PartTotals:
        """The sums over parts as they are."""
        made = cls()
        for part in parts:
            made.update(part)
        return made

    def update(self, part: PartJob) -> None:
        """Take a part as it is now."""
        new = _Share.of(part)
        with self._lock:
            old = self._shares.get(part, _NOTHING)
            if new == old:
                return
            self._shares[part] = new
            self.sums = self.sums.changed(old.sums, new.sums)
            self.counts = self.counts + new.counts - old.counts
            if old.state is not None:
                self._states[old.state] -= 1
            if new.state is not None:
                self._states[new.state] += 1

    def states(self) -> Mapping[str, int]:
        """How many parts are in which state."""
        with self._lock:
            return {state: count for state, count in self._states.items() if count}

    @property
    def left(self) -> Collection[str]:
        """What is left in the org, in the order of parts: a view that goes with the parts."""
        return _Left(self._shares)


@frozen(eq=False)
class _Left(Collection[str]):
    """Made when somebody looks at it, which is seldom, and not at each change."""

    _parts: Iterable[PartJob]

    def __len__(self) -> int:
        return len(self._all())

    def __iter__(self) -> Iterator[str]:
        return iter(self._all())

    def __contains__(self, item: object) -> bool:
        return item in self._all()

    def _all(self) -> list[str]:
        # Copied at once: threads may note more of them meanwhile.
        parts = sorted(self._parts, key=lambda part: part.number)
        return [left for part in parts if (left := part.left) is not None]
