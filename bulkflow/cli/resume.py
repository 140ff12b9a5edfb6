"""`bulkflow resume`: go on with a run."""

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
    environment: Environment, run: str | None, state_dir: Path | None, as_json: bool, verbose: bool
) -> int:
    """Go on with RUN from wherever it was left; unless named, the last one that is not over.

    Where all runs are over it is the last of all, if that failed: steps may be left of it.

    What is done is not done again, and what was under way is found out by asking the org: every row
    is loaded once. Data files must be as they were. Ends as `bulkflow run` does.
    """
    from bulkflow.cli.run_with_report import run_with_report

    def begin() -> Work:
        plugins = get_plugins(environment)
        return lambda hear, watch: runs.resume(
            RunSelection.of(run, state_dir), environment.environ, plugins, hear, watch
        )

    return run_with_report(environment, begin, as_json=as_json, verbose=verbose)
