"""How many records each object has, asked seldom enough to cost a load nothing."""

from __future__ import annotations

from threading import Lock
from time import perf_counter
from typing import TYPE_CHECKING, Final

from bulkflow_sandbox.store.list_records import count_records

if TYPE_CHECKING:
    from collections.abc import Callable

    from bulkflow_sandbox.schema.objects import ObjectType
    from bulkflow_sandbox.store.database import RecordDatabase

SHARE: Final = 20
"""A count that took a second is used for this many seconds: counting reads the whole table."""


class Counts:
    """The counts of the last look, as old as they have to be.

    Args:
        database: Whose records they are.
        timer: Tells seconds.
    """

    def __init__(self, database: RecordDatabase, timer: Callable[[], float] = perf_counter) -> None:
        self._database = database
        self._timer = timer
        self._known: dict[str, tuple[int, float]] = {}
        self._lock = Lock()

    def of(self, item: ObjectType) -> int:
        """How many records an object has that are not deleted."""
        with self._lock:
            started = self._timer()
            known = self._known.get(item.name)
            if known is not None and started < known[1]:
                return known[0]
            with self._database.reading() as connection:
                count = count_records(connection, item)
            ended = self._timer()
            self._known[item.name] = (count, ended + SHARE * (ended - started))
            return count
