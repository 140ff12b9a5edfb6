"""Relative links between pages lead to a file, and anchors to a heading of it."""

from __future__ import annotations

import re
from collections import Counter
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ROOMS = ("docs", "examples", "bench", "plugins")
FOREIGN = {".venv", "node_modules", "build"}
CODE = re.compile(r"^```.*?^```[ ]*$|`[^`\n]+`", re.MULTILINE | re.DOTALL)
FENCE = re.compile(r"^```.*?^```[ ]*$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\((?!\w+:)(?P<path>[^)#\s]*)(?:#(?P<anchor>[^)\s]*))?\)")
HEADING = re.compile(r"^#{1,6} +(?P<title>.+?) *$", re.MULTILINE)


def find_pages() -> list[Path]:
    found = [page for room in ROOMS for page in (ROOT / room).rglob("*.md")]
    inner = [page for page in found if not FOREIGN & set(page.relative_to(ROOT).parts)]
    return sorted([*ROOT.glob("*.md"), *inner])


@cache
def find_anchors(page: Path) -> frozenset[str]:
    """Make the anchors of a page's headings as GitHub does."""
    anchors: list[str] = []
    seen: Counter[str] = Counter()
    for heading in HEADING.finditer(FENCE.sub("", page.read_text("utf-8"))):
        title = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading["title"])
        anchor = re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-")
        anchors.append(f"{anchor}-{seen[anchor]}" if seen[anchor] else anchor)
        seen[anchor] += 1
    return frozenset(anchors)


def find_broken(page: Path, text: str) -> list[str]:
    """Find the links of a page's text that lead nowhere."""
    broken = []
    for link in LINK.finditer(CODE.sub("", text)):
        target = page.parent / link["path"] if link["path"] else page
        if not target.exists():
            broken.append(link["path"])
        elif link["anchor"] and link["anchor"] not in find_anchors(target.resolve()):
            broken.append(f"{link['path']}#{link['anchor']}")
    return broken


@pytest.mark.parametrize("page", find_pages(), ids=lambda page: page.relative_to(ROOT).as_posix())
def test_the_links_of_a_page_lead_somewhere(page: Path) -> None:
    assert find_broken(page, page.read_text("utf-8")) == []


def test_all_pages_are_found() -> None:
    names = {page.relative_to(ROOT).as_posix() for page in find_pages()}
    assert {"README.md", "docs/language.md", "plugins/README.md", "bench/README.md"} <= names


@pytest.mark.parametrize(
    ("text", "broken"),
    [
        ("[a](b.md) [c](#one)", ["b.md"]),
        ("[a](page.md#one) [b](page.md#one-1) [c](page.md#two-words-a_b)", []),
        ("[a](page.md#three)", ["page.md#three"]),
        ("[a](https://example.com/x#y) `[a](b.md)`\n```\n[a](b.md)\n```\n", []),
    ],
)
def test_broken_links_are_found(tmp_path: Path, text: str, broken: list[str]) -> None:
    page = tmp_path / "page.md"
    page.write_text("# One\n\n## One\n\n## Two `words`: [a_b](page.md)\n\n```\n# Three\n```\n")
    assert find_broken(page, text) == broken
