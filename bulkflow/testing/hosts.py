"""Plugins from memory, as if they were installed."""

from __future__ import annotations

from types import ModuleType
from typing import TYPE_CHECKING

from attrs import field, frozen

from bulkflow.plugin.host import PluginHost
from bulkflow.plugin.loader import find

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

DISTRIBUTION = "in-memory"
VERSION = "0"


@frozen
class Distribution:
    """As much of a distribution as the loader asks for."""

    name: str
    version: str


@frozen
class Entry:
    """An entry point that loads what it is told to."""

    name: str
    value: str
    dist: Distribution
    _load: Callable[[], object] = field(repr=False)

    def load(self) -> object:
        """Import it."""
        return self._load()


def entry_of(
    plugin: object,
    name: str | None = None,
    *,
    distribution: str = DISTRIBUTION,
    version: str = VERSION,
) -> Entry:
    """An entry point for a plugin in memory, to give to `bulkflow.plugin.loader.find`.

    Args:
        plugin: A module or an object with hook implementations. An exception stands for a plugin
            that fails to import with it.
        name: The plugin's name; without it, the module's or the class's.
        distribution: The distribution that it pretends to come in.
        version: That distribution's version.
    """
    value = name_of(plugin)

    def load() -> object:
        if isinstance(plugin, BaseException):
            raise plugin
        return plugin

    return Entry(name or value, value, Distribution(distribution, version), load)


def host_of(*plugins: object, blocked: Collection[str] = (), **named: object) -> PluginHost:
    """A host with these plugins and no others; also not those that ship.

    Args:
        plugins: Modules or objects with hook implementations, named after themselves; or what
            `entry_of` makes.
        blocked: Names of plugins or distributions that are not to be loaded.
        named: Plugins by the names that they are to have.

    Raises:
        PluginConflictError: two of them have the same name.
    """
    entries = [each if isinstance(each, Entry) else entry_of(each) for each in plugins]
    entries += [entry_of(each, name) for name, each in named.items()]
    return PluginHost.of(find(blocked, lambda: entries))


def name_of(plugin: object) -> str:
    """A module's or a class's name."""
    return plugin.__name__ if isinstance(plugin, ModuleType | type) else type(plugin).__name__
