"""The interface of the reports."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from bulkflow.model.event import Event


class Listener(Protocol):
    """Shows a run's events. Called from several threads concurrently."""

    def __call__(self, event: Event) -> None:
        """Show an event."""
        ...

    def close(self) -> None:
        """Stop showing events and release the terminal. May be called more than once.

        Raises:
            OutputError: Some output could not be written.
        """
        ...
