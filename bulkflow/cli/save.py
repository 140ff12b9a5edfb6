"""`bulkflow save`: save rows of a run with their outcomes."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from bulkflow.app.past_runs import run_step_on_jobs
from bulkflow.app.state import RunSelection
from bulkflow.cli.options import run_options
from bulkflow.cli.plugin_commands import get_plugins
from bulkflow.cli.shell_completion import complete_runs
from bulkflow.model.run_mode import RunMode

if TYPE_CHECKING:
    from bulkflow.cli.environment import Environment
    from bulkflow.cli.run_with_report import Work


@click.command("save")
@click.argument("run", shell_complete=complete_runs)
@click.option(
    "--rows",
    type=click.Choice(["failed", "unprocessed", "successful", "all"]),
    default="failed",
    show_default=True,
    help="Which rows to save.",
)
@click.option(
    "--to",
    "target",
    type=click.Path(path_type=Path, dir_okay=False),
    required=True,
    metavar="FILE",
    help="The file to write.",
)
@click.option("--job", metavar="NAME", help="The job, if the run has several.")
@run_options
@click.pass_obj
def command(
    environment: Environment,
    run: str,
    rows: str,
    target: Path,
    job: str | None,
    state_dir: Path | None,
    as_json: bool,
    verbose: int,
) -> int:
    """Save rows of RUN with the outcome of each.

    Salesforce keeps the results of a job for seven days. The file can be loaded again: bulkflow
    leaves out the columns that it added.
    """
    from bulkflow.cli.run_with_report import run_with_report

    def begin() -> Work:
        plugins = get_plugins(environment)
        return lambda hear, watch: run_step_on_jobs(
            RunSelection.of(run, state_dir),
            environment.environ,
            plugins,
            hear,
            watch,
            mode=RunMode.SAVE,
            rows=rows,
            job=job,
            path=target.absolute(),
        )

    return run_with_report(environment, begin, as_json=as_json, verbose=verbose)
