"""Finds plugins and imports them, one by one.

Not pluggy's own loader: with that, one plugin that fails to import ends the program, and a third
party that takes the name of a shipped plugin silently replaces it. Here the shipped plugins come
first and the others by the name of their distribution; blocked names are not imported; a plugin
that fails is recorded with its distribution, version and cause; two plugins of one name are an
error that names both.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from attrs import field, frozen

from bulkflow.distribution import DISTRIBUTION
from bulkflow.plugin.entry_points import installed
from bulkflow.plugin.records import Provider
from bulkflow.plugin.registry import BrokenPlugin, PluginConflictError

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable

    from bulkflow.plugin.entry_points import PluginEntry


@frozen
class LoadedPlugin:
    """A plugin that was imported; `target` is what its entry point names."""

    provider: Provider
    target: str
    plugin: object = field(repr=False)


@frozen
class Found:
    """What the search for plugins came to."""

    loaded: tuple[LoadedPlugin, ...]
    broken: tuple[BrokenPlugin, ...]
    blocked: tuple[Provider, ...]


def find(
    blocked: Collection[str] = (), entries: Callable[[], Iterable[PluginEntry]] = installed
) -> Found:
    """Import every plugin that is not blocked, by its own name or its distribution's.

    Names of distributions are compared as package indexes do: `Bulkflow_Acme` is `bulkflow-acme`.

    Raises:
        PluginConflictError: two plugins that are not blocked have the same name.
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
