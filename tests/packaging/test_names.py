"""On PyPI, `bulkflow` is another project, so nothing may advise to install it."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from bulkflow.distribution import DISTRIBUTION, get_install_command, get_reinstall_command

ROOT = Path(__file__).parents[2]
FOLDERS = ("bench", "bulkflow", "docs", "examples", "grammar", "plugins", "tests")
SUFFIXES = {".cfg", ".ini", ".json", ".lark", ".md", ".py", ".toml", ".txt", ".yaml", ".yml"}
WRONG = re.compile(
    # `pip install bulkflow`, `uv add "bulkflow>=1"`, but not a path or another distribution,
    r"(?:pip3?|pipx|uv)(?: pip| tool)? (?:install|add|run)\b[^`\n]*?[\s\"']bulkflow(?![\w/.@-])"
    # `bulkflow[lsp]` anywhere, and a requirement in a list.
    r"|(?<![\w./-])bulkflow\[\w"
    r"|dependencies\s*=\s*\[[^\]]*?[\"']bulkflow(?![\w-])"
)


def find_texts() -> list[Path]:
    found = [path for path in ROOT.iterdir() if path.suffix in SUFFIXES or path.name == "Makefile"]
    for folder in FOLDERS:
        found += [path for path in (ROOT / folder).rglob("*") if path.suffix in SUFFIXES]
    return [path for path in found if path.is_file() and path != Path(__file__)]


def test_nothing_advises_to_install_the_other_project() -> None:
    texts = find_texts()
    assert len(texts) > 800
    found = [
        f"{path.relative_to(ROOT)}: {match[0]}"
        for path in texts
        for match in WRONG.finditer(path.read_text("utf-8", errors="replace"))
    ]
    assert found == []


@pytest.mark.parametrize(
    "text",
    [
        "pip install bulkflow",
        "pip install --force-reinstall bulkflow, or",
        'pip install "bulkflow>=1"',
        "uv pip install 'bulkflow'",
        "uv tool install bulkflow",
        "needs `bulkflow[sandbox]`",
        'dependencies = ["click", "bulkflow"]',
    ],
)
def test_wrong_advice_is_found(text: str) -> None:
    assert WRONG.search(text)


@pytest.mark.parametrize(
    "text",
    [
        'pip install "bulkflow-sf[lsp]"',
        "pip install ./plugins/bulkflow-scanner",
        "with `pip install .` and type `bulkflow`",
        'dependencies = ["bulkflow-sf"]',
        "[project.entry-points.bulkflow]",
    ],
)
def test_right_advice_is_not_found(text: str) -> None:
    assert not WRONG.search(text)


def test_the_distribution_is_that_of_the_configuration() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    assert project["name"] == DISTRIBUTION
    assert get_install_command("lsp") == (
        'pip install "bulkflow-sf[lsp]", or in a checkout pip install ".[lsp]"'
    )
    assert get_reinstall_command().startswith("pip install --force-reinstall bulkflow-sf, or")
