"""Which modules the tools for writing load, asked in a process of its own: facts, not clocks."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from bulkflow_sandbox import SandboxServer

HEAVY = {"asyncio", "cattrs", "lark", "numpy", "pygls", "rich", "ssl", "starlette", "urllib3"}

PROGRAM = """
import sys
from bulkflow.cli import main
code = main(sys.argv[1:])
modules = " ".join(sorted({name.partition(".")[0] for name in sys.modules}))
print(f"\\n{modules}", file=sys.stderr)
sys.exit(code)
"""


def loaded(*arguments: str) -> set[str]:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, *arguments], capture_output=True, text=True, check=True
    )
    return set(done.stderr.splitlines()[-1].split())


def plugins(modules: set[str]) -> set[str]:
    return {name for name in modules if name.startswith("bulkflow_")}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "fine.bulkflow"
    path.write_text(
        'org sandbox\njob a\n    insert Account\n    from "a.csv"\nload job a\n', "utf-8"
    )
    return path


def test_formatting_loads_the_parser_and_no_plugin(file: Path) -> None:
    modules = loaded("fmt", "--check", str(file))
    assert plugins(modules) == set()
    assert modules & HEAVY == {"lark"}


def test_explaining_a_code_loads_no_parser_and_no_plugin() -> None:
    modules = loaded("explain", "B203")
    assert plugins(modules) == set()
    assert modules & HEAVY == set()


def test_help_loads_no_language_server() -> None:
    assert loaded("--help") & {"pygls", "lsprotocol", "lark"} == set()


def test_checking_loads_no_listener_of_runs_and_nothing_that_runs(file: Path) -> None:
    program = PROGRAM.replace('name.partition(".")[0] for', "name for")
    done = subprocess.run(
        [sys.executable, "-c", program, "check", str(file)],
        capture_output=True,
        text=True,
        check=True,
    )
    modules = set(done.stderr.splitlines()[-1].split())
    assert "bulkflow.language.checks.checker" in modules
    assert modules & HEAVY == {"lark"}
    unneeded = {
        "bulkflow.app.past_runs",
        "bulkflow.app.plan_execution",
        "bulkflow.app.run_lookup",
        "bulkflow.app.runs",
        "bulkflow.model.event",
        "bulkflow.model.part",
        "bulkflow.plugin.context",
        "bulkflow.plugin.messages",
        "bulkflow.report.runs.json_report",
        "bulkflow.report.runs.terminal_report",
        "bulkflow_ingest.api.client",
        "bulkflow_csv.scanning.scanner",
        "bulkflow_ingest.execution.job_runner",
        "bulkflow_salesforce.profiles.profile",
        "bulkflow_sandbox.server.embedded",
        "click.shell_completion",
        "decimal",
        "difflib",
    }
    assert modules & unneeded == set()


def test_a_load_into_another_org_loads_no_sandbox_and_no_logins(file: Path) -> None:
    (file.parent / "a.csv").write_text("Name\nx\n", "utf-8")
    program = PROGRAM.replace('name.partition(".")[0] for', "name for")
    with SandboxServer() as server:
        environ = {
            **os.environ,
            "SF_ORG_INSTANCE_URL": server.url,
            "SF_ACCESS_TOKEN": server.token,
        }
        done = subprocess.run(
            [sys.executable, "-c", program, "run", "--org", "env", str(file)],
            capture_output=True,
            text=True,
            check=True,
            cwd=file.parent,
            env=environ,
        )
    modules = set(done.stderr.splitlines()[-1].split())
    assert {"bulkflow_ingest.execution.job_runner", "urllib3"} <= modules
    unneeded = {
        "bulkflow.report.errors.diagnostics",
        "bulkflow.report.errors.excerpt",
        "bulkflow.report.errors.failure",
        "bulkflow.report.runs.data_lines",
        "bulkflow.report.runs.terminal_report",
        "bulkflow_csv.rewriting.temp_copy",
        "bulkflow_csv.rewriting.delimiter_alias",
        "bulkflow_csv.rewriting.line_endings",
        "bulkflow_csv.rewriting.encoding",
        "bulkflow_csv.rewriting.rewriter",
        "bulkflow_csv.rows",
        "bulkflow_ingest.reconcile.inputs",
        "bulkflow_ingest.parts.restore",
        "bulkflow_salesforce.http.download",
        "bulkflow_salesforce.login.token_flows",
        "bulkflow_salesforce.http.download_target",
        "bulkflow_sandbox.server.embedded",
        "click.shell_completion",
        "cryptography",
        "difflib",
        "duckdb",
        "html",
        "jwt",
        "keyring",
        "rich",
        "starlette",
        "uvicorn",
    }
    assert modules & unneeded == set()


def test_a_run_that_saves_rows_ends_without_a_word_of_duckdb_s(file: Path) -> None:
    (file.parent / "a.csv").write_text("Name\nAcme\n", "utf-8")
    text = file.read_text("utf-8") + 'save successful rows of job a to "out.csv"\n'
    file.write_text(text, "utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "bulkflow", "run", str(file)],
        capture_output=True,
        text=True,
        check=True,
        cwd=file.parent,
    )
    assert "leaked" not in done.stderr
