"""`bulkflow runs`: list the runs of a state folder, or show one run."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import attrs
import click

from bulkflow.app import runs
from bulkflow.app.run_lookup import make_no_run_error
from bulkflow.app.state import RunSelection
from bulkflow.cli.options import state_option
from bulkflow.cli.run_state import describe_state
from bulkflow.cli.shell_completion import complete_runs
from bulkflow.errors import ExitCode, UsageError
from bulkflow.model.org import format_org
from bulkflow.report.text.number_format import format_plural, format_size

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from bulkflow.cli.environment import Environment
    from bulkflow.journal import RunDetails
    from bulkflow.model.history import PartHistory, RunSummary


@click.command("runs")
@click.argument("run", required=False, shell_complete=complete_runs)
@state_option
@click.option("--json", "as_json", is_flag=True, help="Write one JSON array to stdout.")
@click.pass_obj
def command(
    environment: Environment, run: str | None, state_dir: Path | None, as_json: bool
) -> int:
    """List runs, the newest first, or show RUN with its steps, parts and jobs in the org.

    RUN may be a pipeline file, to list the runs of that file.
    """
    if state_dir is not None and not state_dir.is_dir():
        raise UsageError(
            f"the state folder {state_dir} does not exist",
            help="check --state-dir; without it, runs are kept in the folder .bulkflow next to the "
            "pipeline file",
        )
    choice = RunSelection.of(run, state_dir)
    found = runs.list_runs(choice)
    if choice.run is not None and not found:
        raise make_no_run_error(choice)
    if as_json:
        rows = [attrs.asdict(each) for each in found]
        environment.stdout.write(json.dumps(rows, ensure_ascii=False, indent=2) + "\n")
        return ExitCode.DONE
    for each in found:
        environment.stdout.write(_format_run(each) + "\n")
    if choice.run is not None:
        details = runs.read_run_details(choice.directory, choice.run)
        assert details is not None
        environment.stdout.writelines(f"{line}\n" for line in _format_details(details))
    if not found:
        environment.show("no runs yet")
    return ExitCode.DONE


def _format_run(run: RunSummary) -> str:
    at = datetime.fromtimestamp(run.started, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    jobs = f"{format_plural(run.rows, 'row')} in {', '.join(run.jobs)}" if run.jobs else "no rows"
    kept = f", {format_size(run.kept_bytes)} kept" if run.kept_bytes else ""
    return f"{run.id}  {at}  {describe_state(run):<13}  {run.pipeline} ({run.org}): {jobs}{kept}"


def _format_details(details: RunDetails) -> Iterator[str]:
    for text, state in details.steps:
        yield f"  {state.value:<9} {text}"
    orgs = details.summary.orgs
    for job, history in details.jobs.items():
        several = len(orgs) > 1 and history.org is not None
        where = f" in {format_org(history.org or '', orgs)}" if several else ""
        yield f"  job {job}{where}"
        for each in history.parts:
            part = each.part
            where = (
                f"{part.source} from line {part.first_line:,}, {format_plural(part.rows, 'row')}"
            )
            yield f"    part {part.index + 1}: {where}: {_format_part(each)}"


def _format_part(part: PartHistory) -> str:
    if part.intents and part.intents[-1].outcome is None:
        pending = f"; no response to {part.intents[-1].action}"
    else:
        pending = ""
    if part.remote_id is None:
        return f"not in the org{pending}"
    processed, failed = part.counters
    counted = f", {processed:,} processed, {failed:,} failed" if processed else ""
    return f"job {part.remote_id}, last seen {part.state}{counted}{pending}"
