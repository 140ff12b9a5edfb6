"""`bulkflow runs`: the runs of a state directory."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import attrs
import click

from bulkflow import app
from bulkflow.cli.options import state_option
from bulkflow.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from pathlib import Path

    from bulkflow.cli.environment import Environment
    from bulkflow.model.history import RunSummary


@click.command("runs")
@click.argument("run", required=False)
@state_option
@click.option("--json", "as_json", is_flag=True, help="One JSON array on stdout.")
@click.pass_obj
def command(environment: Environment, run: str | None, state_dir: Path, as_json: bool) -> int:
    """List the runs, the newest first, or show RUN alone."""
    found = [each for each in app.runs(state_dir) if run in {None, each.id}]
    if run is not None and not found:
        raise UsageError(f"there is no run {run}", help="`bulkflow runs` lists them")
    if as_json:
        rows = [attrs.asdict(each) for each in found]
        environment.stdout.write(json.dumps(rows, ensure_ascii=False, indent=2) + "\n")
        return ExitCode.DONE
    for each in found:
        environment.stdout.write(_line(each) + "\n")
    if not found:
        environment.show("no runs yet")
    return ExitCode.DONE


def _line(run: RunSummary) -> str:
    at = datetime.fromtimestamp(run.started, UTC).strftime("%Y-%m-%d %H:%M:%S")
    jobs = f"{run.rows:,} rows in {', '.join(run.jobs)}" if run.jobs else "no rows"
    return f"{run.id}  {at}  {_state(run):<13}  {run.pipeline} ({run.org}): {jobs}"


def _state(run: RunSummary) -> str:
    if run.finished is None:
        return "not over"
    match run.exit_code:
        case ExitCode.DONE:
            return "done"
        case ExitCode.ROWS_FAILED:
            return "rows failed"
        case ExitCode.INTERRUPTED:
            return "interrupted"
        case _:
            return "failed"
