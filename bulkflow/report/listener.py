"""What hears of a run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from bulkflow.model.event import Event


class Listener(Protocol):
    """Shows a run's events. Events may come from several threads at a time."""

    def __call__(self, event: Event) -> None:
        """Show an event."""
        ...

    def close(self) -> None:
        """Show nothing more, and give back the terminal; raises OutputError for lost output.

        May be called again.
        """
        ...
