"""Plugins from memory, as if they were installed."""

from __future__ import annotations

from types import ModuleType
from typing import TYPE_CHECKING

from attrs import field, frozen

from bulkflow.plugin.host import PluginHost
from bulkflow.plugin.loader import find_plugins

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

DISTRIBUTION = "in-memory"
VERSION = "0"


@frozen
class InMemoryDistribution:
    """As much of a distribution as the loader asks for."""

    name: str
    version: str


@frozen
class InMemoryEntryPoint:
    """An entry point that loads what it is told to."""

    name: str
    value: str
    dist: InMemoryDistribution
    _load: Callable[[], object] = field(repr=False)

    def load(self) -> object:
        """Import it."""
        return self._load()


def make_entry_point(
    plugin: object,
    name: str | None = None,
    *,
    distribution: str = DISTRIBUTION,
    version: str = VERSION,
) -> InMemoryEntryPoint:
    """An entry point for a plugin in memory, to give to `bulkflow.plugin.loader.find`.

    Args:
        plugin: A module or an object with hook implementations. An exception stands for a plugin
            that fails to import with it.
        name: The plugin's name; without it, the module's or the class's.
        distribution: The distribution that it pretends to come in.
        version: That distribution's version.
    """
    value = get_name(plugin)

    def load() -> object:
        if isinstance(plugin, BaseException):
            raise plugin
        return plugin

    return InMemoryEntryPoint(
        name or value, value, InMemoryDistribution(distribution, version), load
    )


def make_host(*plugins: object, blocked: Collection[str] = (), **named: object) -> PluginHost:
    """A host with these plugins and no others; also not those that ship.

    Args:
        plugins: Modules or objects with hook implementations, named after themselves; or what
            `entry_of` makes.
        blocked: Names of plugins or distributions that are not to be loaded.
        named: Plugins by the names that they are to have.

    Raises:
        PluginConflictError: two of them have the same name.
    """
    entries = [
        each if isinstance(each, InMemoryEntryPoint) else make_entry_point(each) for each in plugins
    ]
    entries += [make_entry_point(each, name) for name, each in named.items()]
    return PluginHost.of(find_plugins(blocked, lambda: entries))


def get_name(plugin: object) -> str:
    """A module's or a class's name."""
    return plugin.__name__ if isinstance(plugin, ModuleType | type) else type(plugin).__name__
