"""The phases of a logical job, shared by the checker and the engine."""

from __future__ import annotations

from enum import Enum


class Phase(Enum):
    """The phase of a logical job; see *Lifecycle* in `docs/language.md`."""

    DECLARED = "declared"
    """Declared in the file; nothing of it is in the org."""
    OPEN = "open"
    """Created in the org, without data."""
    UPLOADED = "uploaded"
    """All its data is in the org, which does nothing with it yet."""
    CLOSED = "closed"
    """Handed over for processing."""
    FINISHED = "finished"
    """Processed; its results can be fetched."""
    ABORTED = "aborted"
    """Aborted; rows that were processed before stay."""
    DELETED = "deleted"
    """Deleted from the org, with its results."""
