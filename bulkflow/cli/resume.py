"""`bulkflow resume`: resume a run."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from bulkflow.app import runs
from bulkflow.app.state import RunSelection
from bulkflow.cli.options import run_options
from bulkflow.cli.plugin_commands import get_plugins
from bulkflow.cli.shell_completion import complete_unfinished_runs

if TYPE_CHECKING:
    from pathlib import Path

    from bulkflow.cli.environment import Environment
    from bulkflow.cli.run_with_report import Work


@click.command("resume")
@click.argument("run", required=False, shell_complete=complete_unfinished_runs)
@run_options
@click.pass_obj
def command(
    environment: Environment, run: str | None, state_dir: Path | None, as_json: bool, verbose: int
) -> int:
    """Resume RUN, an interrupted or failed run. Without RUN, resume the last unfinished one.

    If no run is unfinished, the last run is resumed if it failed: it may have steps left.

    Finished work is not repeated. The org is asked about requests that got no response, so every
    row is loaded once. The data files must not have changed. The exit codes are those of
    `bulkflow run`.
    """
    from bulkflow.cli.run_with_report import run_with_report

    def begin() -> Work:
        plugins = get_plugins(environment)
        return lambda hear, watch: runs.resume(
            RunSelection.of(run, state_dir), environment.environ, plugins, hear, watch
        )

    return run_with_report(environment, begin, as_json=as_json, verbose=verbose)
