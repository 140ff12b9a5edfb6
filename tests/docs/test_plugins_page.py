"""Classes and members that `docs/plugins.md` names in its text are public.

`tests/plugin/test_documentation.py` holds the page's tables to hooks, records and signatures.
"""

from __future__ import annotations

import builtins
import pkgutil
import re
from importlib import import_module
from pathlib import Path

import attrs
import pytest

import bulkflow.errors
import bulkflow.model
import bulkflow.plugin
import bulkflow.testing

PAGE = (Path(__file__).parents[2] / "docs" / "plugins.md").read_text("utf-8")
TEXT = re.sub(r"^```.*?^```[ ]*$", "", PAGE, flags=re.MULTILINE | re.DOTALL)
CODE = re.findall(r"`([^`\n]+)`", TEXT)
OTHERS = {"Path", "Iterable", "Mapping", "Sequence", "Decimal"} | {"Account", "Ada"}
"""Types of the standard library, and words of examples."""
OTHERS |= {"DuckDBPyConnection", "DuckDBPyRelation"}


def collect_public() -> dict[str, object]:
    modules = [bulkflow.plugin, bulkflow.testing, bulkflow.errors]
    for each in pkgutil.iter_modules(bulkflow.model.__path__):
        modules.append(import_module(f"bulkflow.model.{each.name}"))
    names = {name: getattr(module, name) for module in modules for name in dir(module)}
    for name in bulkflow.plugin.__all__:
        names[name] = getattr(bulkflow.plugin, name)
    return names


PUBLIC = collect_public()
NAMED = sorted({name for code in CODE for name in re.findall(r"(?<![\w.`\"])[A-Z][a-z]\w+", code)})
MEMBERS = sorted({found for code in CODE for found in re.findall(r"\b([A-Z]\w+)\.(\w+)", code)})


def has_member(owner: object, name: str) -> bool:
    fields = {each.name for each in attrs.fields(owner)} if attrs.has(owner) else set()  # type: ignore[arg-type]
    return name in fields or hasattr(owner, name)


@pytest.mark.parametrize("name", NAMED)
def test_a_class_that_the_page_names_is_public(name: str) -> None:
    assert name in PUBLIC or hasattr(builtins, name) or name in OTHERS


@pytest.mark.parametrize(("owner", "member"), MEMBERS)
def test_a_member_that_the_page_names_exists(owner: str, member: str) -> None:
    assert has_member(PUBLIC[owner], member)


def test_names_are_found() -> None:
    assert {"Context", "StepError", "HandedOverBeforeError", "JobHistory"} <= set(NAMED)
    assert ("RunMode", "ABORT") in MEMBERS
