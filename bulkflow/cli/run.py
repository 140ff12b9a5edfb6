"""`bulkflow run`: runs a pipeline file."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from bulkflow import app
from bulkflow.cli.additions import host
from bulkflow.cli.options import pipeline_options, request_of, state_option

if TYPE_CHECKING:
    from pathlib import Path

    from bulkflow.cli.environment import Environment


@click.command("run")
@pipeline_options
@state_option
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line on stdout.")
@click.option("--verbose", "-v", is_flag=True, help="Say more.")
@click.pass_obj
def command(
    environment: Environment,
    file: Path,
    settings: tuple[str, ...],
    org: str | None,
    state_dir: Path,
    as_json: bool,
    verbose: bool,
) -> int:
    """Run the pipeline FILE.

    Ends with 0 when everything was done, 1 when a step failed, 2 when the file, the data or the
    command line is wrong and nothing was sent, 3 when rows failed and the file does not say what is
    to become of them, 130 when it was interrupted.

    Ctrl-C and SIGTERM let what is under way end, for at most 8 seconds or those that the variable
    BULKFLOW_GRACE says, then run the `always` blocks; a second one stops at once.
    """
    from bulkflow.cli.interruption import Interruption
    from bulkflow.engine.services import SystemClock
    from bulkflow.report import choose

    interruption = Interruption(environment.grace, live=environment.live)
    with interruption.handled():
        request = request_of(environment, file, settings, org, state_dir)
        plugins = host(environment)
        checked = app.check(request, plugins)
        plan = app.plan_of(checked)
        environment.show_diagnostics(checked.diagnostics)
        listener = choose(
            environment.stdout,
            environment.stderr,
            json=as_json,
            environ=environment.environ,
            clock=SystemClock(),
            verbose=verbose,
        )
        try:
            heard = interruption.heard(listener)
            finished = app.run(request, plan, plugins, heard, interruption.watch)
        finally:
            interruption.over()
            listener.close()
    return finished.exit_code
