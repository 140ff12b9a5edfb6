"""`docs/plugins.md` is a promise: whatever a plugin may use is in it, as it is."""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from types import ModuleType

import attrs
import pytest

import bulkflow.plugin
from bulkflow import testing
from bulkflow.model.org import OrgAccess
from bulkflow.model.part import Counts, ErrorCount, Manifest, Part, SourceRecord
from bulkflow.plugin import Clause, Condition, Step, hookspecs
from bulkflow.plugin.context import Context, Recorder
from bulkflow.plugin.types import framework_types
from bulkflow.testing import check_plugin, run_step

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "plugins.md").read_text("utf-8")
HOOKS = {
    node.name: node
    for node in ast.parse(inspect.getsource(hookspecs)).body
    if isinstance(node, ast.FunctionDef)
}
EXPORTED = [
    made
    for name in bulkflow.plugin.__all__
    if inspect.isclass(made := getattr(bulkflow.plugin, name)) and attrs.has(made)
]
OF_MODEL: list[type] = [Manifest, Part, SourceRecord, Counts, ErrorCount, OrgAccess]
RECORDS = [*EXPORTED, *OF_MODEL]
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
    assert len(HOOKS) == 21


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
    text = section("The context of a step, and its contract")
    documented = re.findall(r"^\| `(\w+)", text, re.MULTILINE)
    assert sorted(documented) == sorted(name for name in vars(Context) if name[0] != "_")


def test_every_documented_record_is_one() -> None:
    (records,) = re.findall(r"^## Records$(.*?)^## ", PAGE, re.MULTILINE | re.DOTALL)
    found = set(re.findall(r"^### (\w+)$", records, re.MULTILINE))
    assert found == {made.__name__ for made in RECORDS} | {"Recorder"}


def test_every_member_of_the_journal_is_documented_with_its_signature() -> None:
    documented = re.findall(r"^\| `(\w+\(.*?\))` \|", section("Recorder"), re.MULTILINE)
    assert documented == [
        f"{name}({_parameters(member)})"
        for name, member in vars(Recorder).items()
        if name[0] != "_" and inspect.isfunction(member)
    ]


def _parameters(function: Callable[..., object]) -> str:
    _, *parameters = inspect.signature(function).parameters.values()
    bare = [each.replace(annotation=inspect.Parameter.empty) for each in parameters]
    return str(inspect.Signature(bare))[1:-1]


@pytest.mark.parametrize("name", sorted(set(re.findall(r"`(bulkflow\.[\w.]+)`", PAGE))))
def test_every_module_of_ours_that_is_named_is_there(name: str) -> None:
    assert import_module(name)


@pytest.mark.parametrize("kind", [Step, Clause, Condition])
def test_what_a_decorator_takes_is_documented(kind: type) -> None:
    decorator = getattr(bulkflow.plugin, kind.__name__.lower())
    (documented,) = re.findall(r"^Made by `@\w+\((.*?)\)`\.", section(kind.__name__), re.MULTILINE)
    names = [each.partition("=")[0].strip("* ") for each in documented.split(", ")]
    assert names == list(inspect.signature(decorator).parameters)


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
    code = re.search(r"```python\n(.*?)```", section("The smallest plugin"), re.DOTALL)
    assert code
    plugin = ModuleType("greetings")
    exec(compile(code[1], "docs/plugins.md", "exec"), vars(plugin))
    assert check_plugin(plugin) == []
    assert run_step(plugin.greet, whom="Ada", n=2).notices == ["hello, Ada"] * 2
