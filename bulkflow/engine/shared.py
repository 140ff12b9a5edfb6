"""Things that are made once for a whole run: connections, pools, servers."""

from __future__ import annotations

from threading import RLock
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define, field

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")


@define(eq=False)
class Shared:
    """Made at the first call for a key, closed together in reverse order."""

    _things: dict[str, tuple[Any, Callable[[Any], None]]] = field(factory=dict)
    _lock: RLock = field(factory=RLock, repr=False)

    def get(self, key: str, make: Callable[[], T], close: Callable[[T], None]) -> T:
        """The thing of a key."""
        with self._lock:
            if key not in self._things:
                self._things[key] = (make(), close)
            return cast("T", self._things[key][0])

    def close(self) -> None:
        """Close all; every one is tried, and the first error is raised at the end."""
        errors: list[Exception] = []
        with self._lock:
            while self._things:
                _, (thing, close) = self._things.popitem()
                try:
                    close(thing)
                except Exception as error:  # noqa: BLE001 - the others must be closed too
                    errors.append(error)
        if errors:
            raise errors[0]
