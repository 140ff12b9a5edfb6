"""A plugin of somebody else's, installed as its own distribution beside bulkflow."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ACME = ROOT / "examples" / "plugins" / "bulkflow-acme"


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that the distribution was installed into."""
    base = tmp_path_factory.mktemp("acme")
    # A copy, so that no build leaves anything in the checkout.
    source = shutil.copytree(ACME, base / "source", ignore=shutil.ignore_patterns("out", ".*"))
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index"]
    command += ["--no-build-isolation", "--disable-pip-version-check"]
    subprocess.run(
        [*command, "--target", base / "installed", source], check=True, capture_output=True
    )
    return base / "installed"


@pytest.fixture
def bulkflow(installed: Path, tmp_path: Path):
    """Runs a command of bulkflow with the plugin at hand; its folder is `tmp_path`."""

    def run(*arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
        known = {name: value for name, value in os.environ.items() if "BULKFLOW" not in name}
        return subprocess.run(
            [sys.executable, "-m", "bulkflow", *arguments],
            cwd=tmp_path,
            env={**known, "PYTHONPATH": str(installed), "PYTHONUTF8": "1", **environ},
            capture_output=True,
            encoding="utf-8",
            check=False,
            timeout=120,
        )

    return run


def test_plugins_shows_who_brought_what(bulkflow) -> None:
    listed = json.loads(bulkflow("plugins", "--json").stdout)
    assert listed[-2] == {
        "plugin": "acme",
        "distribution": "bulkflow-acme",
        "version": "1.0.0",
        "status": "loaded",
        "brings": {
            "steps": ["receipt [of {job}] to {path}"],
            "clauses": ["shorten {column:column} to {length:count} characters"],
            "sources": ["acme"],
            "sinks": [".md"],
            "commands": ["acme preview"],
        },
        "cause": "",
    }
    assert listed[-1]["plugin"] == "acme-report"
    assert "run_finished" in listed[-1]["brings"]["listens to"]
    assert {row["distribution"] for row in listed[:-2]} == {"bulkflow-sf"}


def test_words_shows_who_brought_a_step(bulkflow) -> None:
    shown = bulkflow("words", "receipt").stdout
    assert "receipt [of {job}] to {path}" in shown
    assert "Write a small JSON file with the outcome of the job's rows." in shown
    assert "from acme (bulkflow-acme 1.0.0)" in shown


def test_its_command_is_a_command(bulkflow) -> None:
    assert bulkflow("acme", "preview", "--rows", "2").stdout.count("\n") == 3
    assert "acme" in bulkflow("--help").stdout


def test_its_pipeline_runs_end_to_end(bulkflow, tmp_path: Path) -> None:
    shutil.copy(ACME / "customers.bulkflow", tmp_path)
    done = bulkflow(
        "run", "customers.bulkflow", "--set", "rows=300", "--json", ACME_REPORTS="reports"
    )
    assert done.returncode == 0, done.stderr
    receipt = json.loads((tmp_path / "out" / "receipt.json").read_text("utf-8"))
    assert (receipt["rows"], receipt["loaded"], receipt["failed"]) == (300, 300, 0)
    (report,) = (tmp_path / "reports").iterdir()
    written = json.loads(report.read_text("utf-8"))
    assert written["org"] == "sandbox"
    assert written["jobs"]["customers"]["loaded"] == 300
    assert [step["step"].split()[0] for step in written["steps"]] == ["load", "require", "receipt"]
    assert all(step["seconds"] is not None for step in written["steps"])


def test_a_listener_that_cannot_write_does_not_fail_the_run(bulkflow, tmp_path: Path) -> None:
    shutil.copy(ACME / "customers.bulkflow", tmp_path)
    (tmp_path / "taken").touch()
    done = bulkflow("run", "customers.bulkflow", "--set", "rows=3", ACME_REPORTS="taken/reports")
    assert done.returncode == 0, done.stderr
    assert (
        "plugin acme-report (bulkflow-acme 1.0.0) failed while handling RunFinished" in done.stderr
    )


def test_without_the_plugin_its_words_are_unknown(bulkflow, tmp_path: Path) -> None:
    shutil.copy(ACME / "customers.bulkflow", tmp_path)
    checked = bulkflow("check", "customers.bulkflow", BULKFLOW_BLOCK="bulkflow-acme")
    assert checked.returncode == 2
    assert "receipt" in checked.stderr
    listed = json.loads(bulkflow("plugins", "--json", BULKFLOW_BLOCK="acme").stdout)
    assert [row["plugin"] for row in listed if row["status"] == "blocked"] == ["acme"]


def test_a_broken_plugin_is_named_and_keeps_nobody_from_working(
    bulkflow, installed: Path, tmp_path: Path
) -> None:
    broken = tmp_path / "broken"
    shutil.copytree(installed, broken)
    (broken / "bulkflow_acme" / "receipt.py").write_text("import no_such_module\n", "utf-8")
    (tmp_path / "fine.bulkflow").write_text('log "fine"\n', "utf-8")
    fine = bulkflow("run", "fine.bulkflow", PYTHONPATH=str(broken))
    assert fine.returncode == 0, fine.stderr
    shutil.copy(ACME / "customers.bulkflow", tmp_path)
    checked = bulkflow("check", "customers.bulkflow", PYTHONPATH=str(broken))
    assert checked.returncode == 2
    assert "acme (bulkflow-acme 1.0.0)" in checked.stderr
    listed = bulkflow("plugins", PYTHONPATH=str(broken)).stdout
    assert "acme  bulkflow-acme 1.0.0  broken" in listed
    assert "No module named 'no_such_module'" in listed


def test_its_own_tests_pass(installed: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-c", os.devnull, "tests"],
        cwd=ACME,
        env={**os.environ, "PYTHONPATH": str(installed)},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stdout
