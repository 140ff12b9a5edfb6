"""`bulkflow retry`: send rows of a run again."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from bulkflow.app.past_runs import run_step_on_jobs
from bulkflow.app.state import RunSelection
from bulkflow.cli.options import run_options
from bulkflow.cli.plugin_commands import get_plugins
from bulkflow.cli.shell_completion import complete_runs

if TYPE_CHECKING:
    from pathlib import Path

    from bulkflow.cli.environment import Environment
    from bulkflow.cli.run_with_report import Work


@click.command("retry")
@click.argument("run", shell_complete=complete_runs)
@click.option(
    "--rows",
    type=click.Choice(["failed", "unprocessed", "all"]),
    default="failed",
    show_default=True,
    help="Which rows.",
)
@run_options
@click.pass_obj
def command(
    environment: Environment,
    run: str,
    rows: str,
    state_dir: Path | None,
    as_json: bool,
    verbose: bool,
) -> int:
    """Send rows of RUN again that were not loaded.

    `failed` are the rows whose error is a passing one, such as a lock, and those that were never
    tried; `unprocessed` are these alone; `all` are all that are not loaded, whatever their error.
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
            verb="retry",
            words={"selection": rows},
        )

    return run_with_report(environment, begin, as_json=as_json, verbose=verbose)
