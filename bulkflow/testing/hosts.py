"""Loads plugins from memory as if they were installed."""

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
    """The part of a distribution that the loader needs."""

    name: str
    version: str


@frozen
class InMemoryEntryPoint:
    """An entry point that loads a given object."""

    name: str
    value: str
    dist: InMemoryDistribution
    _load: Callable[[], object] = field(repr=False)

    def load(self) -> object:
        """Return the plugin, or raise its exception."""
        return self._load()


def make_entry_point(
    plugin: object,
    name: str | None = None,
    *,
    distribution: str = DISTRIBUTION,
    version: str = VERSION,
) -> InMemoryEntryPoint:
    """Make an entry point for a plugin in memory, to pass to `make_host`.

    Args:
        plugin: A module or an object with hook implementations. An exception makes a plugin that
            fails to import with it.
        name: The plugin's name; by default, the name of the module or class.
        distribution: The name of its distribution.
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
    """Make a host with these plugins only, without the shipped ones.

    Args:
        plugins: Modules or objects with hook implementations, named after themselves, or results of
            `make_entry_point`.
        blocked: Names of plugins or distributions to block.
        named: Plugins by name.

    Raises:
        PluginConflictError: Two of them have the same name.
    """
    entries = [
        each if isinstance(each, InMemoryEntryPoint) else make_entry_point(each) for each in plugins
    ]
    entries += [make_entry_point(each, name) for name, each in named.items()]
    return PluginHost.of(find_plugins(blocked, lambda: entries))


def get_name(plugin: object) -> str:
    """Get a module's name, or that of an object's class."""
    return plugin.__name__ if isinstance(plugin, ModuleType | type) else type(plugin).__name__
