"""The wheel, the sdist and the entry points hold what they should."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from importlib.metadata import entry_points
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CONFIGURATION = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
PACKAGES = sorted(path.name for path in (ROOT / "plugins").glob("bulkflow_*"))
SHARED = {"bulkflow_jobs", "bulkflow_soql"}
"""Packages that plugins share. They declare nothing, and so have no entry point."""
PLUGINS = [package for package in PACKAGES if package not in SHARED]


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the sdist, and the wheel that was built from it."""
    folder = tmp_path_factory.mktemp("dist")
    subprocess.run(
        [sys.executable, "-m", "build", "--no-isolation", "--outdir", folder, ROOT],
        check=True,
        capture_output=True,
    )
    return folder


@pytest.fixture(scope="module")
def names(built: Path) -> set[str]:
    """The files in the wheel."""
    (wheel,) = built.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


@pytest.fixture(scope="module")
def installed(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that the wheel was installed into, away from this checkout."""
    folder = tmp_path_factory.mktemp("installed")
    (wheel,) = built.glob("*.whl")
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index"]
    subprocess.run([*command, "--target", folder, wheel], check=True, capture_output=True)
    return folder


def test_the_wheel_holds_every_module_of_the_rooms_and_plugins(names: set[str]) -> None:
    expected = {
        path.relative_to(base).as_posix()
        for base in (ROOT, ROOT / "plugins")
        for path in base.rglob("*.py")
        if path.relative_to(base).parts[0] in {"bulkflow", *PACKAGES}
    }
    assert expected <= names


def test_the_wheel_holds_the_grammars_where_the_program_looks_for_them(names: set[str]) -> None:
    grammars = {f"bulkflow/_grammar/{path.name}" for path in (ROOT / "grammar").glob("*.lark")}
    assert "bulkflow/_grammar/bulkflow.lark" in grammars
    assert grammars <= names


def test_the_wheel_holds_nothing_else_at_its_top(names: set[str]) -> None:
    top = {name.partition("/")[0] for name in names if ".dist-info/" not in name}
    assert top == {"bulkflow", *PACKAGES}
    assert sorted(top) == CONFIGURATION["tool"]["check-wheel-contents"]["toplevel"]


def test_every_package_says_that_it_is_typed(names: set[str]) -> None:
    assert {f"{package}/py.typed" for package in ("bulkflow", *PACKAGES)} <= names


def test_check_wheel_contents_finds_nothing(built: Path) -> None:
    (wheel,) = built.glob("*.whl")
    found = subprocess.run(
        ["check-wheel-contents", wheel],
        cwd=ROOT,
        env={
            **os.environ,
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        },
        capture_output=True,
        text=True,
    )
    assert found.returncode == 0, found.stdout


def test_the_sdist_holds_what_a_wheel_is_built_from(built: Path) -> None:
    (sdist,) = built.glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        inside = {name.partition("/")[2] for name in archive.getnames()}
    assert {"pyproject.toml", "README.md", "LICENSE", "grammar/bulkflow.lark"} <= inside
    assert {f"plugins/{plugin}/plugin.py" for plugin in PLUGINS} <= inside
    assert {"plugins/bulkflow-scanner/setup.py", "plugins/bulkflow-scanner/csrc/scan.c"} <= inside


def test_there_is_an_entry_point_for_every_plugin_folder() -> None:
    declared = CONFIGURATION["project"]["entry-points"]["bulkflow"]
    assert sorted(declared.values()) == [f"{plugin}.plugin" for plugin in PLUGINS]
    assert sorted(f"bulkflow_{name}" for name in declared) == PLUGINS


def test_what_is_installed_has_the_entry_points_of_the_configuration() -> None:
    declared = CONFIGURATION["project"]["entry-points"]["bulkflow"]
    found = {each.name: each.value for each in entry_points(group="bulkflow")}
    assert {name: found.get(name) for name in declared} == declared


def test_no_extra_repeats_a_dependency() -> None:
    def names(requirements: list[str]) -> set[str]:
        return {re.split(r"[\[<>=~! ]", each)[0].lower() for each in requirements}

    main = names(CONFIGURATION["project"]["dependencies"])
    extras = CONFIGURATION["project"]["optional-dependencies"]
    assert {extra: names(needed) & main for extra, needed in extras.items()} == {
        extra: set() for extra in extras
    }


def test_the_grammar_folder_holds_no_python() -> None:
    # One .py file in it, and an editable install is refused.
    assert not list((ROOT / "grammar").rglob("*.py"))


def python(place: Path, folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run Python in a folder with the packages of a place before all others."""
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(place)},
        capture_output=True,
        text=True,
        encoding="utf-8",
    )


def test_the_installed_wheel_loads_the_quickstart(installed: Path, tmp_path: Path) -> None:
    quickstart = tmp_path / "quickstart"
    quickstart.mkdir()
    for name in ("accounts.bulkflow", "accounts.csv"):
        (quickstart / name).write_bytes((ROOT / "examples/quickstart" / name).read_bytes())
    where = python(installed, tmp_path, "-c", "import bulkflow; print(bulkflow.__file__)")
    assert Path(where.stdout.strip()).is_relative_to(installed)
    run = python(installed, tmp_path, "-m", "bulkflow", "run", "quickstart/accounts.bulkflow")
    assert run.returncode == 0, run.stderr
    assert "9,993 loaded, 7 failed" in run.stderr


def test_a_missing_grammar_is_one_clear_message(installed: Path, tmp_path: Path) -> None:
    place = tmp_path / "damaged"
    shutil.copytree(installed, place)
    shutil.rmtree(place / "bulkflow" / "_grammar")
    (tmp_path / "a.bulkflow").write_text("org sandbox\n", "utf-8")
    ran = python(place, tmp_path, "-m", "bulkflow", "check", "a.bulkflow")
    assert ran.returncode == 2
    assert "grammar" in ran.stderr
    assert "help:" in ran.stderr
    assert "Traceback" not in ran.stderr
