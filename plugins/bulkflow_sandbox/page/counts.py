"""The number of records of each object, cached because counting is slow."""

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
"""A count that took one second is cached for this many: counting reads the whole table."""


class RecordCounts:
    """Counts records, and caches the counts.

    Args:
        database: The database with the records.
        timer: Returns the present time in seconds.
    """

    def __init__(self, database: RecordDatabase, timer: Callable[[], float] = perf_counter) -> None:
        self._database = database
        self._timer = timer
        self._known: dict[str, tuple[int, float]] = {}
        self._lock = Lock()

    def count(self, item: ObjectType) -> int:
        """Count the records of an object that are not deleted."""
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
