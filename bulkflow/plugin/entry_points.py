"""Finds the entry points of this environment, without importlib.metadata where possible.

Importing importlib.metadata (with `email`, `csv` and `zipfile`) takes as long as importing half of
bulkflow. If every entry on the path is a folder, two kinds of files hold the answer, and they are
read here. With an archive, an egg or a custom finder, importlib.metadata does all of it.

The formats: https://packaging.python.org/en/latest/specifications/entry-points/ and
https://packaging.python.org/en/latest/specifications/recording-installed-packages/.
"""

from __future__ import annotations

import os
import re
import sys
from functools import reduce
from importlib import import_module
from importlib.machinery import PathFinder
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from attrs import frozen

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

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


@frozen
class Distribution:
    """An installed distribution."""

    name: str
    version: str


@frozen
class Entry:
    """An entry point."""

    name: str
    value: str
    dist: Distribution

    def load(self) -> object:
        """Import the module and get the object in it."""
        module, _, attribute = self.value.partition("[")[0].partition(":")
        names = [name for name in attribute.strip().split(".") if name]
        return reduce(getattr, names, import_module(module.strip()))


def find_entry_points() -> Iterable[PluginEntry]:
    """Find the entry points of this environment."""
    others = [each for each in sys.meta_path if each is not PathFinder]
    if not any(hasattr(finder, "find_distributions") for finder in others):
        found = in_folders(sys.path)
        if found is not None:
            return found
    from importlib.metadata import entry_points

    return entry_points(group=GROUP)


def in_folders(path: Sequence[str]) -> list[Entry] | None:
    """Find the entry points of distributions in folders; None if something else is on the path.

    The first distribution of a name counts, as for imports.
    """
    seen: set[str] = set()
    entries: list[Entry] = []
    for folder in path:
        if folder.lower().endswith(".egg"):
            return None
        try:
            children = os.listdir(folder or os.curdir)  # noqa: PTH208 - there are many; names will do
        except NotADirectoryError:
            return None
        except OSError:
            continue
        for child in children:
            if not child.lower().endswith((".dist-info", ".egg-info")):
                continue
            name = re.sub(r"[-_.]+", "-", child.lower().rpartition(".")[0].partition("-")[0])
            if name in seen:
                continue
            seen.add(name)
            metadata = Path(folder, child)
            declared = list(_declared(metadata))
            if declared:
                distribution = _distribution(metadata)
                if distribution is None:
                    return None
                entries += [Entry(name, value, distribution) for name, value in declared]
    return entries


def _declared(metadata: Path) -> Iterator[tuple[str, str]]:
    """Read the names and values of a distribution's entry points in our group."""
    text = _read(metadata, "entry_points.txt")
    if text is None or f"[{GROUP}]" not in text:
        return
    ours = False
    for line in map(str.strip, text.splitlines()):
        if line.startswith("[") and line.endswith("]"):
            ours = line == f"[{GROUP}]"
        elif ours and line and not line.startswith("#"):
            name, _, value = line.partition("=")
            yield name.strip(), value.strip()


def _distribution(metadata: Path) -> Distribution | None:
    """Read the name and version of a distribution."""
    text = _read(metadata, "METADATA") or _read(metadata, "PKG-INFO") or ""
    fields: dict[str, str] = {}
    for line in text.splitlines():
        if not line:
            break
        field, _, value = line.partition(":")
        fields.setdefault(field.lower(), value.strip())
    if not (fields.get("name") and fields.get("version")):
        return None
    return Distribution(fields["name"], fields["version"])


def _read(folder: Path, name: str) -> str | None:
    try:
        return (folder / name).read_text("utf-8", errors="replace")
    except OSError:
        return None
