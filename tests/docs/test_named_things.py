"""Modules, names, files and make targets that the pages name exist.

`tests/plugin/test_documentation.py` holds `docs/plugins.md` to the interface of plugins in detail.
"""

from __future__ import annotations

import re
from importlib import import_module
from itertools import chain
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = [
    *ROOT.glob("*.md"),
    *(ROOT / "docs").glob("*.md"),
    ROOT / "bench" / "README.md",
    ROOT / "plugins" / "README.md",
]
HISTORY = {"CHANGELOG.md"}
"""Pages about the past, which may name things that are gone."""

FENCE = re.compile(r"^```.*?^```[ ]*$", re.MULTILINE | re.DOTALL)
NAME = re.compile(r"`(?P<name>bulkflow(?:_[a-z]+)?(?:\.\w+)+)(?:\([^`]*\))?`")
FILE = re.compile(
    r"`(?P<path>(?:[\w.-]+/)*[\w-]+\.(?:py|lark|toml|c|json|sqlite|tmLanguage\.json)"
    r"|(?:tests|bench|examples|grammar|plugins)/[\w./-]*)`"
)
TARGET = re.compile(r"`make (?P<targets>[a-z]+)(?: [^`]*)?`")
SUFFIXES = {"lark", "json", "toml"}
"""Endings of files, which look like attributes."""


def find_named(pattern: re.Pattern[str], group: str) -> list[tuple[str, str]]:
    """Find what matches outside of fences, with the page."""
    return sorted(
        {
            (page.name, found[group])
            for page in PAGES
            if page.name not in HISTORY
            for found in pattern.finditer(FENCE.sub("", page.read_text("utf-8")))
        }
    )


NAMES = [each for each in find_named(NAME, "name") if each[1].split(".")[-1] not in SUFFIXES]


def resolve(dotted: str) -> object:
    """Import the longest part of a name that is a module, and get the rest as attributes."""
    path = dotted.split(".")
    for length in range(len(path), 0, -1):
        try:
            found: object = import_module(".".join(path[:length]))
        except ModuleNotFoundError:
            continue
        for attribute in path[length:]:
            found = getattr(found, attribute)
        return found
    raise ModuleNotFoundError(dotted)


@pytest.mark.parametrize(("page", "name"), NAMES)
def test_a_module_or_name_that_a_page_names_exists(page: str, name: str) -> None:
    assert resolve(name) is not None


def list_files() -> set[str]:
    rooms = ("bulkflow", "plugins", "tests", "bench", "examples", "grammar", "docs")
    inner = chain.from_iterable((ROOT / room).rglob("*") for room in rooms)
    return {each.relative_to(ROOT).as_posix() for each in [*inner, *ROOT.glob("*")]}


FILES = list_files()
ELSEWHERE = {"journal.sqlite", ".bulkflow/journal.sqlite", "languages.toml"}
"""Files of a state folder and of other programs."""


@pytest.mark.parametrize(("page", "path"), find_named(FILE, "path"))
def test_a_file_that_a_page_names_exists(page: str, path: str) -> None:
    wanted = path.replace("bulkflow/_grammar/", "grammar/").rstrip("/")
    assert wanted in ELSEWHERE or any(f"/{each}".endswith(f"/{wanted}") for each in FILES)


def test_make_targets_that_pages_name_exist() -> None:
    makefile = (ROOT / "Makefile").read_text("utf-8")
    targets = set(re.findall(r"^([a-z]+):", makefile, re.MULTILINE))
    named = {target for _, target in find_named(TARGET, "targets")}
    assert named - targets == set()
    assert {"check", "test", "docs"} <= named
