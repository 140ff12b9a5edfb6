"""The compiled scanner is a wheel of its own, and a load with it imports no numpy."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from bulkflow_sandbox import SandboxServer

SOURCE = Path(__file__).parents[2] / "plugins" / "bulkflow-scanner"

PROGRAM = """
import sys
from bulkflow.cli import main
code = main(["run", "--org", "env", "a.bulkflow"])
print(*(name for name in sys.modules if name in {"bulkflow_scanner", "numpy"}), file=sys.stderr)
sys.exit(code)
"""


def test_one_wheel_serves_all_versions_of_python(scanner: Path) -> None:
    (about,) = scanner.glob("bulkflow_scanner-*.dist-info/WHEEL")
    assert "Tag: cp311-abi3-" in about.read_text("utf-8")


def test_the_wheel_holds_what_is_imported_and_its_licence(scanner: Path) -> None:
    files = {path.relative_to(scanner).as_posix() for path in scanner.rglob("*") if path.is_file()}
    (about,) = {name.partition("/")[0] for name in files if ".dist-info/" in name}
    held = {name for name in files if name.startswith("bulkflow_scanner/") and ".pyc" not in name}
    extension = {name for name in held if name.startswith("bulkflow_scanner/_scanner.")}
    package = {path.name for path in (SOURCE / "src" / "bulkflow_scanner").glob("*.*")}
    assert {f"bulkflow_scanner/{name}" for name in package} <= held
    assert len(extension) == 2
    assert f"{about}/licenses/LICENSE" in files


def test_its_licence_is_that_of_bulkflow() -> None:
    assert (SOURCE / "LICENSE").read_bytes() == (SOURCE.parents[1] / "LICENSE").read_bytes()


@pytest.mark.parametrize("more", ["", "    streamed\n", "    balanced parts\n"])
def test_a_load_with_it_imports_no_numpy(scanner: Path, tmp_path: Path, more: str) -> None:
    (tmp_path / "a.csv").write_text('Name\nAcme\n"Bee\n"\n', "utf-8")
    (tmp_path / "a.bulkflow").write_text(
        f'org sandbox\njob a\n    insert Account\n    from "a.csv"\n{more}load job a\n', "utf-8"
    )
    with SandboxServer() as server:
        environ = {
            **os.environ,
            "PYTHONPATH": str(scanner),
            "SF_ORG_INSTANCE_URL": server.url,
            "SF_ACCESS_TOKEN": server.token,
        }
        done = subprocess.run(
            [sys.executable, "-c", PROGRAM],
            capture_output=True,
            text=True,
            cwd=tmp_path,
            env=environ,
        )
    assert done.returncode == 0, done.stderr
    assert "2 loaded" in done.stderr
    assert done.stderr.splitlines()[-1] == "bulkflow_scanner"
