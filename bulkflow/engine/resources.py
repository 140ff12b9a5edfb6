"""Resources that are opened once per run: connections, pools, servers."""

from __future__ import annotations

from threading import RLock
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define, field

from bulkflow.errors import BulkflowError, PluginError
from bulkflow.system_errors import build_machine_error

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")


@define(eq=False, repr=False)
class SharedResources:
    """Opens a resource at the first call for its key; closes all in reverse order."""

    _things: dict[str, tuple[Any, Callable[[Any], None]]] = field(factory=dict)
    _lock: RLock = field(factory=RLock, repr=False)

    def get(self, key: str, make: Callable[[], T], close: Callable[[T], None]) -> T:
        """Get the resource of a key."""
        with self._lock:
            if key not in self._things:
                self._things[key] = (make(), close)
            return cast("T", self._things[key][0])

    def close(self) -> list[BulkflowError]:
        """Close every resource; returns the errors."""
        errors: list[BulkflowError] = []
        with self._lock:
            while self._things:
                key, (thing, close) = self._things.popitem()
                try:
                    close(thing)
                except BulkflowError as error:
                    errors.append(error)
                except KeyboardInterrupt:
                    raise
                except BaseException as error:  # noqa: BLE001 - the others must be closed too
                    failure = build_machine_error(error, f"closing {key}") or PluginError(
                        f"could not close {key}: {type(error).__name__}: {error}",
                        help="this is a fault of the plugin that opened it; report it to its "
                        "author with this message",
                    )
                    failure.__cause__ = error
                    errors.append(failure)
        return errors
