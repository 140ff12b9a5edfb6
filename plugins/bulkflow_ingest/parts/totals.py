"""Sums over the parts of a job, updated part by part.

A job may have thousands of parts, and each changes many times, so a change must not cost a look at
all the others.
"""

from __future__ import annotations

from collections import Counter
from threading import Lock
from typing import TYPE_CHECKING

from attrs import Factory, astuple, define, field, frozen

from bulkflow.model.part import Counts

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from bulkflow_ingest.parts.part_job import PartJob


@frozen
class Sums:
    """Sums over the parts of a job.

    Attributes:
        parts: The number of parts.
        final: How many are finished.
        sent: Bytes that were sent.
        bytes: Bytes of all bodies.
        rows: Rows of all parts with data; resent rows count again.
        processed: Rows that Salesforce has processed.
        failed: How many of these failed.
        resent: Parts of resent rows that may be processed.
    """

    parts: int = 0
    final: int = 0
    sent: int = 0
    bytes: int = 0
    rows: int = 0
    processed: int = 0
    failed: int = 0
    resent: int = 0

    def replace(self, old: Sums, new: Sums) -> Sums:
        """Return these sums with the share of one part replaced."""
        shares = zip(astuple(self), astuple(old), astuple(new), strict=True)
        return Sums(*(total - before + now for total, before, now in shares))


@frozen
class _Share:
    """The share of one part in the sums."""

    sums: Sums = Factory(Sums)
    counts: Counts = Factory(Counts)
    state: str | None = None

    @classmethod
    def of(cls, part: PartJob) -> _Share:
        data = part.part
        # Resent rows are rows of the source that another part has counted.
        counts = part.counts if part.origin is None else Counts()
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
    """The sums over some parts. Several threads may update them, each for its own part."""

    sums: Sums = field(factory=Sums, init=False)
    counts: Counts = field(factory=Counts, init=False)
    """The source's rows by outcome."""
    _shares: dict[PartJob, _Share] = field(factory=dict, init=False, repr=False)
    _states: Counter[str] = field(factory=Counter, init=False, repr=False)
    _lock: Lock = field(factory=Lock, init=False, repr=False)

    @classmethod
    def of(cls, parts: Iterable[PartJob]) -> PartTotals:
        """Sum up parts as they are now."""
        made = cls()
        for part in parts:
            made.update(part)
        return made

    def update(self, part: PartJob) -> None:
        """Add a part, or replace its earlier share."""
        new = _Share.of(part)
        with self._lock:
            old = self._shares.get(part, _NOTHING)
            if new == old:
                return
            self._shares[part] = new
            self.sums = self.sums.replace(old.sums, new.sums)
            self.counts = self.counts + new.counts - old.counts
            if old.state is not None:
                self._states[old.state] -= 1
            if new.state is not None:
                self._states[new.state] += 1

    def count_states(self) -> Mapping[str, int]:
        """Count the parts in each state."""
        with self._lock:
            return {state: count for state, count in self._states.items() if count}
