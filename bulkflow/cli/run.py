"""`bulkflow run`: runs a pipeline file."""

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
    help="Resume the last run of FILE if it is not over; else begin one.",
)
@click.option(
    "--fresh",
    is_flag=True,
    help="Begin although the last run of FILE is not over, and load rows that were loaded before.",
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
    verbose: bool,
) -> int:
    """Run the pipeline FILE.

    Ends with 0 when everything was done, 1 when a step failed, 2 when the file, the data or the
    command line is wrong and nothing was sent, 3 when rows failed, were not processed, were
    withheld or are unknown and no `require` or `when` of the file has judged such rows, 130 when it
    was interrupted.

    Ctrl-C, SIGTERM and SIGHUP let what is under way end, for at most 8 seconds or those that the
    variable BULKFLOW_GRACE says, then run the handlers of `on interrupt` and the `always` blocks; a
    second one, a second later or more, stops at once.
    """
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
