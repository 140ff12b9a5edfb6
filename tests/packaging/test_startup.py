"""What a command loads, asked in a process of its own. Facts and not clocks: they never waver."""

from __future__ import annotations

import pkgutil
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

HEAVY = {"asyncio", "cattrs", "lark", "numpy", "pluggy", "rich", "ssl", "starlette", "urllib3"}

PROGRAM = """
import sys
from bulkflow.cli import main
code = main(sys.argv[1:])
modules = " ".join(sorted({name.partition(".")[0] for name in sys.modules}))
print(f"\\n{modules}", file=sys.stderr)
sys.exit(code)
"""


def loaded(*arguments: str) -> set[str]:
    """The heavy packages that a command has loaded when it ends."""
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, *arguments], capture_output=True, text=True, check=True
    )
    return HEAVY & set(done.stderr.splitlines()[-1].split())


def test_the_version_loads_nothing_heavy() -> None:
    assert loaded("--version") == set()


@pytest.mark.parametrize("arguments", [("--help",), ("plugins",), ("words",)])
def test_listing_loads_the_plugin_host_alone(arguments: tuple[str, ...]) -> None:
    assert loaded(*arguments) == {"pluggy"}


def test_checking_a_file_loads_the_parser_and_no_network(tmp_path: Path) -> None:
    file = tmp_path / "fine.bulkflow"
    file.write_text(
        'org sandbox\njob a\n    insert Account\n    from "a.csv"\nload job a\n', "utf-8"
    )
    assert loaded("check", str(file)) == {"lark", "pluggy"}


@pytest.mark.parametrize(
    "name",
    [
        "bulkflow.plugin",
        "bulkflow_csv",
        "bulkflow_ingest",
        "bulkflow_query",
        "bulkflow_salesforce",
        "bulkflow_sandbox",
        "bulkflow_soql",
    ],
)
def test_what_a_package_exports_is_there_when_all_its_modules_are_loaded(name: str) -> None:
    # A module that is loaded becomes an attribute of its package, and would hide what has its name.
    package = import_module(name)
    modules = {each.name for each in pkgutil.iter_modules(package.__path__)}
    assert modules & set(package.__all__) == set()
    for each in package.__all__:
        assert getattr(package, each) is not None
