"""`bulkflow plan`: show what a run would do."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

from bulkflow import app
from bulkflow.cli.options import make_request, pipeline_options
from bulkflow.cli.plugin_commands import get_plugins
from bulkflow.errors import ExitCode
from bulkflow.model.diagnostic import PipelineError, Severity
from bulkflow.model.event import Notice

if TYPE_CHECKING:
    from pathlib import Path

    from bulkflow.cli.environment import Environment
    from bulkflow.model.event import Event
    from bulkflow.model.forecast import Forecast


@click.command("plan")
@pipeline_options
@click.option(
    "--check-org/--no-check-org",
    "check_org",
    default=None,
    help="Check objects, fields, permissions and limits in the org. Default: only with --org.",
)
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json", "github"]),
    default="text",
    show_default=True,
    help="Output format of the plan; github writes only the diagnostics.",
)
@click.option("--json", "as_json", is_flag=True, help="Same as --format json.")
@click.pass_obj
def command(
    environment: Environment,
    file: Path,
    settings: tuple[str, ...],
    chosen: tuple[str, ...],
    check_org: bool | None,
    form: str,
    as_json: bool,
) -> int:
    """Show what a run of the pipeline FILE would do.

    Reads all data, as a run does before its first request, and changes nothing in the org. With
    --org or --check-org it asks the org whether it would accept the data. Exits with 2 if the file
    or the data is wrong.
    """
    form = "json" if as_json else form
    request = make_request(environment, file, settings, chosen)
    notices: list[Notice] = []

    def hear(event: Event) -> None:
        if isinstance(event, Notice):
            notices.append(event)

    try:
        ask_org = bool(chosen) if check_org is None else check_org
        forecast = app.plan(request, get_plugins(environment), hear, ask_org=ask_org)
    except PipelineError as error:
        if form == "text":
            raise
        forecast = app.make_failed_forecast(request, error)
    _write(environment, forecast, form)
    for notice in notices:
        environment.show(f"note: {notice.message}")
    for failure in forecast.errors:
        environment.show_error(failure)
    if any(each.severity is Severity.ERROR for each in forecast.diagnostics):
        return ExitCode.WRONG
    return max((error.exit_code for error in forecast.errors), default=ExitCode.DONE)


def _write(environment: Environment, forecast: Forecast, form: str) -> None:
    from bulkflow.report import diagnostics_to_github, plan_to_json, render_plan

    if form == "json":
        text = json.dumps(plan_to_json(forecast), ensure_ascii=False, default=str) + "\n"
    elif form == "github":
        text = diagnostics_to_github(forecast.diagnostics)
        text += "\n" if text else ""
    else:
        text = render_plan(forecast, environment.style)
    environment.stdout.write(text)
    if form == "text":
        environment.show_diagnostics(forecast.diagnostics)
