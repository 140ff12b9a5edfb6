"""`bulkflow retry`: resend rows of a run that were not loaded."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from bulkflow.app.past_runs import run_step_on_jobs
from bulkflow.app.state import RunSelection
from bulkflow.cli.options import run_options
from bulkflow.cli.plugin_commands import get_plugins
from bulkflow.cli.shell_completion import complete_runs
from bulkflow.model.run_mode import RunMode

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
    help="Which rows to resend.",
)
@run_options
@click.pass_obj
def command(
    environment: Environment,
    run: str,
    rows: str,
    state_dir: Path | None,
    as_json: bool,
    verbose: int,
) -> int:
    """Resend rows of RUN that were not loaded.

    \b
    --rows failed       rows with a temporary error, such as a lock, and
                        rows that were never processed
    --rows unprocessed  only rows that were never processed
    --rows all          all rows that were not loaded, whatever their error
    """  # noqa: D301 - \b keeps click from rewrapping
    from bulkflow.cli.run_with_report import run_with_report

    def begin() -> Work:
        plugins = get_plugins(environment)
        return lambda hear, watch: run_step_on_jobs(
            RunSelection.of(run, state_dir),
            environment.environ,
            plugins,
            hear,
            watch,
            mode=RunMode.RETRY,
            rows=rows,
        )

    return run_with_report(environment, begin, as_json=as_json, verbose=verbose)
