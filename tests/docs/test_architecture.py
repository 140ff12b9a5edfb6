"""`docs/architecture.md` names what there is, and nothing else."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "architecture.md").read_text("utf-8")
PLAN, GLOSSARY = PAGE.split("## Glossary")
NAMED = set(re.findall(r"^\| `((?:bulkflow|plugins)/[\w/]+)` \|", PLAN, re.MULTILINE))
TERMS = re.findall(r"^\| ([a-z][a-z ]+) \|", GLOSSARY.partition("|---|---|")[2], re.MULTILINE)

MODULES = set(re.findall(r"`((?:bulkflow|tests)/[\w/]+\.py)`", PAGE))


def find_packages() -> set[str]:
    rooms = [ROOT / "bulkflow", *(ROOT / "plugins").glob("bulkflow_*")]
    found = {each.parent for room in rooms for each in room.rglob("__init__.py")}
    return {each.relative_to(ROOT).as_posix() for each in found} - {"bulkflow"}


def read_sources() -> str:
    files = [ROOT / "README.md", *(ROOT / "docs").glob("*.md")]
    for room in ("bulkflow", "plugins"):
        files += (ROOT / room).rglob("*.py")
    return "\n".join(
        each.read_text("utf-8").lower() for each in files if each.name != "architecture.md"
    )


def test_every_package_is_on_the_plan_and_no_other() -> None:
    assert find_packages() == NAMED


def test_the_glossary_is_sorted_and_has_no_term_twice() -> None:
    assert sorted(set(TERMS)) == TERMS
    assert len(TERMS) >= 30


@pytest.fixture(scope="module")
def sources() -> str:
    return read_sources()


@pytest.mark.parametrize("term", TERMS)
def test_each_term_is_in_use(term: str, sources: str) -> None:
    assert re.search(rf"\b{term.replace(' ', '[ _]')}", sources)


@pytest.mark.parametrize(
    "path", sorted(set(re.findall(r"`((?:bulkflow|tests)/[\w/]+\.py)`", PAGE)))
)
def test_each_module_that_is_named_exists(path: str) -> None:
    assert (ROOT / path).is_file()
