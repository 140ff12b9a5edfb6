"""Packages that load their names on demand."""

from __future__ import annotations

import ast
import sys
from importlib import import_module
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[2]


def faces() -> list[str]:
    found = []
    for base in (ROOT, ROOT / "plugins"):
        for path in sorted(base.glob("bulkflow*/**/__init__.py")):
            if "export_lazily(" in path.read_text("utf-8"):
                found.append(".".join(path.parent.relative_to(base).parts))
    return found


@pytest.mark.parametrize("package", faces())
def test_every_name_is_found_though_its_module_is_loaded_first(package: str) -> None:
    module = import_module(package)
    source = Path(str(module.__file__)).read_text("utf-8")
    imports = [
        each
        for block in ast.parse(source).body
        if isinstance(block, ast.If)
        for each in block.body
        if isinstance(each, ast.ImportFrom)
    ]
    assert imports
    for each in imports:
        import_module(str(each.module))
    for each in imports:
        home = sys.modules[str(each.module)]
        for alias in each.names:
            found = getattr(module, alias.name)
            assert not isinstance(found, ModuleType), alias.name
            assert found is getattr(home, alias.name), alias.name
            assert alias.name in module.__all__


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match=r"'bulkflow\.report' has no attribute 'nothing'"):
        _ = import_module("bulkflow.report").nothing
