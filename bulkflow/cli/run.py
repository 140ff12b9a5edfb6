"""`bulkflow run`: run a pipeline file."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from bulkflow import app
from bulkflow.app import runs
from bulkflow.cli.options import make_request, pipeline_options, run_options
from bulkflow.cli.plugin_commands import get_plugins

if TYPE_CHECKING:
    from pathlib import Path

    from bulkflow.cli.environment import Environment
    from bulkflow.cli.run_with_report import Work


@click.command("run")
@pipeline_options
@click.option(
    "--resume",
    "resumes",
    is_flag=True,
    help="Resume the last run of FILE if it is unfinished; otherwise start a new one.",
)
@click.option(
    "--fresh",
    is_flag=True,
    help="Start a new run even if the last one is unfinished, and reload rows that were already "
    "loaded.",
)
@run_options
@click.pass_obj
def command(
    environment: Environment,
    file: Path,
    settings: tuple[str, ...],
    chosen: tuple[str, ...],
    state_dir: Path | None,
    fresh: bool,
    resumes: bool,
    as_json: bool,
    verbose: int,
) -> int:
    """Run the pipeline FILE.

    \b
    Exit codes:
        0  every step succeeded
        1  a step failed
        2  the file, the data or the command line is wrong; nothing was sent
        3  rows failed, were not processed, were withheld or have an unknown
           outcome, and no `require` or `when` in the file checks such rows
      130  interrupted

    Ctrl-C, SIGTERM and SIGHUP stop the run: it finishes what is in progress (up to 8 seconds, or
    BULKFLOW_GRACE), then runs the `on interrupt` handlers and the `always` blocks. A second signal
    at least a second later stops immediately.
    """  # noqa: D301 - \b keeps click from rewrapping
    from bulkflow.cli.run_with_report import run_with_report

    def begin() -> Work:
        request = make_request(environment, file, settings, chosen, state_dir)
        plugins = get_plugins(environment)
        checked = app.check(request, plugins)
        plan = app.require_plan(checked)
        environment.show_diagnostics(checked.diagnostics)
        return lambda hear, watch: runs.run(
            request, plan, plugins, hear, watch, fresh=fresh, resumes=resumes
        )

    return run_with_report(environment, begin, as_json=as_json, verbose=verbose)
