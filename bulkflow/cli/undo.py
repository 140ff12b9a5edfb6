"""`bulkflow undo`: delete the records that a run created."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from bulkflow.app.past_runs import list_handed_over, run_step_on_jobs
from bulkflow.app.state import RunSelection
from bulkflow.cli.options import run_options
from bulkflow.cli.plugin_commands import get_plugins
from bulkflow.cli.shell_completion import complete_runs
from bulkflow.model.run_mode import RunMode

if TYPE_CHECKING:
    from pathlib import Path

    from bulkflow.cli.environment import Environment
    from bulkflow.cli.run_with_report import Work


@click.command("undo")
@click.argument("run", shell_complete=complete_runs)
@click.option("--yes", is_flag=True, help="Do not ask for confirmation.")
@run_options
@click.pass_obj
def command(
    environment: Environment,
    run: str,
    yes: bool,
    state_dir: Path | None,
    as_json: bool,
    verbose: int,
) -> int:
    """Delete the records that RUN created, by the ids that Salesforce returned.

    Updated records keep their new values, and deleted records stay deleted, because their previous
    values are not known. Records created by triggers or other programs are not deleted either.
    """
    from bulkflow.cli.run_with_report import run_with_report

    choice = RunSelection.of(run, state_dir)

    def begin() -> Work:
        if not yes:
            _ask(environment, choice)
        plugins = get_plugins(environment)
        return lambda hear, watch: run_step_on_jobs(
            choice, environment.environ, plugins, hear, watch, mode=RunMode.UNDO
        )

    return run_with_report(environment, begin, as_json=as_json, verbose=verbose)


def _ask(environment: Environment, choice: RunSelection) -> None:
    """Show what would be deleted and ask for confirmation, if there is anything to delete."""
    found, jobs = list_handed_over(choice, environment.environ, get_plugins(environment))
    environment.show(f"run {found.id} of {found.pipeline} against {found.org}:")
    width = max((len(job.job) for job in jobs), default=0)
    for job in jobs:
        stays = "" if job.makes else " (created no records; unchanged)"
        rows = "no rows" if not job.rows else f"{job.rows:,} row{'s' * (job.rows != 1)}"
        environment.show(f"  {job.job:{width}}  {job.does}: {rows} handed over{stays}")
    if not any(job.rows and job.makes for job in jobs):
        return
    environment.show(
        "All records created by these rows will be deleted (they go to the Recycle Bin). Records "
        "that the rows updated stay as they are."
    )
    click.confirm("Delete the created records?", abort=True, err=True)
