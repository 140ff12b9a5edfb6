"""`docs/plugins.md` is a promise: whatever a plugin may use is in it, as it is."""

from __future__ import annotations

import ast
import inspect
import re
from pathlib import Path
from types import ModuleType

import attrs
import pytest

import bulkflow.plugin
from bulkflow import testing
from bulkflow.plugin import hookspecs
from bulkflow.plugin.context import Context
from bulkflow.plugin.types import framework_types
from bulkflow.testing import check_plugin, run_step

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "plugins.md").read_text("utf-8")
HOOKS = {
    node.name: node
    for node in ast.parse(inspect.getsource(hookspecs)).body
    if isinstance(node, ast.FunctionDef)
}
RECORDS = [
    made
    for name in bulkflow.plugin.__all__
    if inspect.isclass(made := getattr(bulkflow.plugin, name)) and attrs.has(made)
]
PLUGINS = [ROOT / "plugins", ROOT / "examples" / "plugins"]


def section(title: str) -> str:
    """The text below a heading, up to the next one."""
    found = re.search(rf"^#+ {re.escape(title)}$\n(.*?)(?=^#+ |\Z)", PAGE, re.MULTILINE | re.DOTALL)
    assert found, f"docs/plugins.md has no heading {title!r}"
    return found[1]


def implemented() -> set[str]:
    """The hooks that shipped plugins and the example implement."""
    return {
        node.name
        for folder in PLUGINS
        for path in folder.rglob("*.py")
        if "tests" not in path.parts
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.FunctionDef)
        and any(isinstance(d, ast.Name) and d.id == "hookimpl" for d in node.decorator_list)
    }


def test_there_are_hooks() -> None:
    assert len(HOOKS) == 19


@pytest.mark.parametrize("name", HOOKS)
def test_every_hook_has_a_docstring(name: str) -> None:
    assert ast.get_docstring(HOOKS[name])


@pytest.mark.parametrize("name", HOOKS)
def test_every_hook_is_documented_with_its_exact_signature(name: str) -> None:
    node = HOOKS[name]
    assert node.returns is not None
    signature = f"def {name}({ast.unparse(node.args)}) -> {ast.unparse(node.returns)}"
    assert f"```python\n{signature}\n```" in section(name)


@pytest.mark.parametrize("name", HOOKS)
def test_every_hook_is_implemented_by_a_plugin_that_is_run(name: str) -> None:
    assert name in implemented()


def test_every_documented_hook_is_one() -> None:
    assert set(re.findall(r"^#### (\w+)$", PAGE, re.MULTILINE)) == set(HOOKS)


@pytest.mark.parametrize("record", RECORDS, ids=lambda record: record.__name__)
def test_every_record_is_documented_with_its_fields(record: type) -> None:
    documented = re.findall(r"^\| `(\w+)` \|", section(record.__name__), re.MULTILINE)
    assert documented == [each.name for each in attrs.fields(record)]


def test_every_member_of_the_context_is_documented() -> None:
    text = section("What a step gets, and what it owes")
    documented = re.findall(r"^\| `(\w+)", text, re.MULTILINE)
    assert sorted(documented) == sorted(name for name in vars(Context) if name[0] != "_")


@pytest.mark.parametrize("name", bulkflow.plugin.__all__)
def test_every_public_name_is_mentioned(name: str) -> None:
    assert re.search(rf"\b{name}\b", PAGE)


def test_every_type_of_the_framework_is_documented() -> None:
    documented = re.findall(r"^\| `(\w+)` \| ", section("Phrases"), re.MULTILINE)
    types = {kind.name for kind in framework_types()}
    assert types <= set(documented)


def test_everything_for_tests_is_documented() -> None:
    documented = re.findall(r"^\| `(\w+)", section("Testing"), re.MULTILINE)
    assert sorted(documented) == sorted(testing.__all__)


def test_the_smallest_plugin_works_as_it_stands() -> None:
    code = re.search(r"```python\n(.*?)```", section("The smallest one"), re.DOTALL)
    assert code
    plugin = ModuleType("greetings")
    exec(compile(code[1], "docs/plugins.md", "exec"), vars(plugin))
    assert check_plugin(plugin) == []
    assert run_step(plugin.greet, whom="Ada", n=2).notices == ["hello, Ada"] * 2
