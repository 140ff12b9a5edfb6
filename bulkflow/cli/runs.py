"""`bulkflow runs`: the runs of a state directory."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import attrs
import click

from bulkflow.app import runs
from bulkflow.app.state import RunSelection
from bulkflow.cli.options import state_option
from bulkflow.cli.shell_completion import complete_runs
from bulkflow.errors import ExitCode
from bulkflow.model.org import format_org
from bulkflow.report.number_format import format_plural, format_size

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from bulkflow.cli.environment import Environment
    from bulkflow.journal import RunDetails
    from bulkflow.model.history import PartHistory, RunSummary


@click.command("runs")
@click.argument("run", required=False, shell_complete=complete_runs)
@state_option
@click.option("--json", "as_json", is_flag=True, help="One JSON array on stdout.")
@click.pass_obj
def command(
    environment: Environment, run: str | None, state_dir: Path | None, as_json: bool
) -> int:
    """List the runs, the newest first, or show RUN with its steps, parts and their jobs.

    RUN may be a pipeline file: then its runs are listed.
    """
    choice = RunSelection.of(run, state_dir)
    found = runs.list_runs(choice)
    if choice.run is not None and not found:
        raise runs.make_no_run_error(choice)
    if as_json:
        rows = [attrs.asdict(each) for each in found]
        environment.stdout.write(json.dumps(rows, ensure_ascii=False, indent=2) + "\n")
        return ExitCode.DONE
    for each in found:
        environment.stdout.write(_line(each) + "\n")
    if choice.run is not None:
        told = runs.read_run_details(choice.directory, choice.run)
        assert told is not None
        environment.stdout.writelines(f"{line}\n" for line in _story(told))
    if not found:
        environment.show("no runs yet")
    return ExitCode.DONE


def _line(run: RunSummary) -> str:
    at = datetime.fromtimestamp(run.started, UTC).strftime("%Y-%m-%d %H:%M:%S")
    jobs = f"{format_plural(run.rows, 'row')} in {', '.join(run.jobs)}" if run.jobs else "no rows"
    kept = f", {format_size(run.kept_bytes)} kept" if run.kept_bytes else ""
    return f"{run.id}  {at}  {describe_state(run):<13}  {run.pipeline} ({run.org}): {jobs}{kept}"


def _story(story: RunDetails) -> Iterator[str]:
    for text, state in story.steps:
        yield f"  {state.value:<9} {text}"
    orgs = story.summary.orgs
    for job, history in story.jobs.items():
        several = len(orgs) > 1 and history.org is not None
        where = f" in {format_org(history.org or '', orgs)}" if several else ""
        yield f"  job {job}{where}"
        for each in history.parts:
            part = each.part
            where = (
                f"{part.source} from line {part.first_line:,}, {format_plural(part.rows, 'row')}"
            )
            yield f"    part {part.index + 1}: {where}: {_fate(each)}"


def _fate(part: PartHistory) -> str:
    if part.intents and part.intents[-1].outcome is None:
        asked = f"; {part.intents[-1].action} has no answer"
    else:
        asked = ""
    if part.remote_id is None:
        return f"not in the org{asked}"
    processed, failed = part.counters
    counted = f", {processed:,} processed, {failed:,} failed" if processed else ""
    return f"job {part.remote_id}, last seen {part.state}{counted}{asked}"


def describe_state(run: RunSummary) -> str:
    """What became of a run, in a word or two."""
    if run.finished is None:
        return "not over"
    if run.given_up:
        return "given up"
    match run.exit_code:
        case ExitCode.DONE:
            return "done"
        case ExitCode.ROWS_FAILED:
            return "rows failed"
        case ExitCode.INTERRUPTED:
            return "interrupted"
        case _:
            return "failed"
