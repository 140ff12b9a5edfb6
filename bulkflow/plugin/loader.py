"""Finds plugins and imports them one by one.

This replaces pluggy's own loader. With that one, a plugin that fails to import ends the program,
and a third party that takes the name of a shipped plugin silently replaces it. Here shipped plugins
load first and the others in the order of their distributions' names; blocked plugins are not
imported; a plugin that fails is recorded with its distribution, version and cause; two plugins with
the same name are an error that names both.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Protocol, cast

from attrs import field, frozen

from bulkflow.distribution import DISTRIBUTION
from bulkflow.plugin.records import Provider
from bulkflow.plugin.registry import BrokenPlugin, PluginConflictError

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable

GROUP = "bulkflow"
"""The entry-point group of all plugins."""


class PluginEntry(Protocol):
    """The part of an entry point that the loader needs."""

    @property
    def name(self) -> str:
        """The plugin's name."""
        ...

    @property
    def value(self) -> str:
        """What it names: a module, or an object in one."""
        ...

    @property
    def dist(self) -> Any:
        """The distribution that it belongs to."""
        ...

    def load(self) -> object:
        """Import it."""
        ...


def find_entry_points() -> Iterable[PluginEntry]:
    """Find the entry points of this environment."""
    # Imported here because a host for tests needs none. It takes 11 of the 131 ms (user CPU) of
    # `bulkflow check`; a reader of our own for the metadata of installed distributions took 2 ms.
    from importlib.metadata import entry_points

    return cast("Iterable[PluginEntry]", entry_points(group=GROUP))


@frozen
class LoadedPlugin:
    """An imported plugin; `target` is what its entry point names."""

    provider: Provider
    target: str
    plugin: object = field(repr=False)


@frozen
class Found:
    """The plugins that were found."""

    loaded: tuple[LoadedPlugin, ...]
    broken: tuple[BrokenPlugin, ...]
    blocked: tuple[Provider, ...]


def find_plugins(
    blocked: Collection[str] = (), entries: Callable[[], Iterable[PluginEntry]] = find_entry_points
) -> Found:
    """Import every plugin that is not blocked by its own name or its distribution's.

    Distribution names are compared as package indexes do: `Bulkflow_Acme` is `bulkflow-acme`.

    Raises:
        PluginConflictError: Two plugins that are not blocked have the same name.
    """
    blocked_distributions = {_canonical(name) for name in blocked}
    seen: dict[str, Provider] = {}
    loaded: list[LoadedPlugin] = []
    broken: list[BrokenPlugin] = []
    skipped: list[Provider] = []
    for provider, entry in sorted(((_provider(e), e) for e in entries()), key=_order):
        if provider.plugin in blocked or _canonical(provider.distribution) in blocked_distributions:
            skipped.append(provider)
            continue
        other = seen.setdefault(provider.plugin, provider)
        if other is not provider:
            raise PluginConflictError(
                f"two plugins are named {provider.plugin}: one is in {other.distribution} "
                f"{other.version}, one in {provider.distribution} {provider.version}",
                help=f"uninstall one of them, or set BULKFLOW_BLOCK={provider.distribution}",
            )
        try:
            loaded.append(LoadedPlugin(provider, entry.value, entry.load()))
        except KeyboardInterrupt:
            raise
        except BaseException as cause:  # noqa: BLE001 - a foreign module raises anything
            broken.append(BrokenPlugin(provider, entry.value, cause))
    return Found(tuple(loaded), tuple(broken), tuple(skipped))


def _provider(entry: PluginEntry) -> Provider:
    return Provider(entry.name, entry.dist.name, entry.dist.version)


def _order(pair: tuple[Provider, PluginEntry]) -> tuple[bool, str, str]:
    provider, _ = pair
    distribution = _canonical(provider.distribution)
    return distribution != DISTRIBUTION, distribution, provider.plugin


def _canonical(distribution: str) -> str:
    return re.sub(r"[-_.]+", "-", distribution).lower()
