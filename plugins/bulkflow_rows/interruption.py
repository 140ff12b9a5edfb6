"""Stops a statement of DuckDB when the user asks the run to stop."""

from __future__ import annotations

from contextlib import contextmanager
from threading import Event, Thread
from typing import TYPE_CHECKING, Final

from bulkflow.errors import RunInterruptedError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from duckdb import DuckDBPyConnection

_INTERVAL: Final = 0.1
"""Seconds between two questions whether to stop."""


@contextmanager
def interrupt_with(
    connection: DuckDBPyConnection, checkpoint: Callable[[], None] | None
) -> Iterator[None]:
    """Interrupt the statements of a block when `checkpoint` raises `RunInterruptedError`.

    A statement takes minutes for a large file, in which nothing else can run in its thread.

    Raises:
        RunInterruptedError: The one that `checkpoint` raised.
    """
    import duckdb

    if checkpoint is None:
        yield
        return
    done = Event()
    raised: list[RunInterruptedError] = []

    def watch() -> None:
        while not done.wait(_INTERVAL):
            try:
                checkpoint()
            except RunInterruptedError as error:
                raised.append(error)
                # Until the block ends: a statement may begin after it.
                while not done.wait(_INTERVAL):
                    connection.interrupt()
                return

    thread = Thread(target=watch, name="interrupt-statement", daemon=True)
    thread.start()
    try:
        yield
    except duckdb.Error as error:
        if raised:
            raise raised[0] from error
        raise
    finally:
        done.set()
        thread.join()
