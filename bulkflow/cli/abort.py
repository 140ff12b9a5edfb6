"""`bulkflow abort`: give a run up."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from bulkflow.app.past_runs import run_step_on_jobs
from bulkflow.app.state import RunSelection
from bulkflow.cli.options import watching_options
from bulkflow.cli.plugin_commands import host
from bulkflow.cli.shell_completion import open_run_ids
from bulkflow.model.run_mode import RunMode

if TYPE_CHECKING:
    from pathlib import Path

    from bulkflow.cli.environment import Environment
    from bulkflow.cli.run_with_report import Work


@click.command("abort")
@click.argument("run", required=False, shell_complete=open_run_ids)
@watching_options
@click.pass_obj
def command(
    environment: Environment, run: str | None, state_dir: Path | None, as_json: bool, verbose: bool
) -> int:
    """Give RUN up: abort all its jobs that are in the org and not at an end.

    Rows that were processed before stay loaded.
    """
    from bulkflow.cli.run_with_report import watched

    def begin() -> Work:
        plugins = host(environment)
        return lambda hear, watch: run_step_on_jobs(
            RunSelection.of(run, state_dir),
            environment.environ,
            plugins,
            hear,
            watch,
            mode=RunMode.ABORT,
        )

    return watched(environment, begin, as_json=as_json, verbose=verbose)
