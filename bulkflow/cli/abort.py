"""`bulkflow abort`: abandon a run."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from bulkflow.app.past_runs import run_step_on_jobs
from bulkflow.app.state import RunSelection
from bulkflow.cli.options import run_options
from bulkflow.cli.plugin_commands import get_plugins
from bulkflow.cli.shell_completion import complete_unfinished_runs
from bulkflow.model.run_mode import RunMode

if TYPE_CHECKING:
    from pathlib import Path

    from bulkflow.cli.environment import Environment
    from bulkflow.cli.run_with_report import Work


@click.command("abort")
@click.argument("run", required=False, shell_complete=complete_unfinished_runs)
@run_options
@click.pass_obj
def command(
    environment: Environment, run: str | None, state_dir: Path | None, as_json: bool, verbose: int
) -> int:
    """Abandon RUN: abort its unfinished jobs in the org.

    Without RUN, abandon the last unfinished run. Rows that were already processed stay loaded.
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
            mode=RunMode.ABORT,
        )

    return run_with_report(environment, begin, as_json=as_json, verbose=verbose)
