"""The phases of a logical job, the same for the checker and for the engine."""

from __future__ import annotations

from enum import Enum


class Phase(Enum):
    """Where a logical job stands; see *Lifecycle* in `docs/language.md`."""

    DECLARED = "declared"
    """Named in the file; nothing of it is in the org."""
    OPEN = "open"
    """Created in the org, no data yet."""
    UPLOADED = "uploaded"
    """All its data is in the org; the org does nothing with it yet."""
    CLOSED = "closed"
    """Handed over for processing."""
    FINISHED = "finished"
    """Processed; its results can be fetched."""
    ABORTED = "aborted"
    """Given up; rows that were processed before stay."""
    DELETED = "deleted"
    """Gone from the org, with its results."""
