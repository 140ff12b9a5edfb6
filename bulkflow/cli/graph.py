"""`bulkflow graph`: draw a pipeline file."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from bulkflow import app
from bulkflow.cli.options import make_request, pipeline_options
from bulkflow.cli.plugin_commands import get_plugins
from bulkflow.errors import ExitCode

if TYPE_CHECKING:
    from pathlib import Path

    from bulkflow.cli.environment import Environment


@click.command("graph")
@pipeline_options
@click.option(
    "--format",
    "form",
    type=click.Choice(["mermaid", "dot"]),
    default="mermaid",
    show_default=True,
    help="Output format of the graph.",
)
@click.pass_obj
def command(
    environment: Environment,
    file: Path,
    settings: tuple[str, ...],
    chosen: tuple[str, ...],
    form: str,
) -> int:
    """Draw the pipeline FILE: its jobs, steps, branches, handlers, loops and conditions.

    Reads no data and sends nothing. Exits with 2 if the file has mistakes.
    """
    from bulkflow.report.graph import build_graph, render_dot, render_mermaid

    plugins = get_plugins(environment)
    plan = app.require_plan(app.check(make_request(environment, file, settings, chosen), plugins))
    graph = build_graph(plan, plugins.catalogue)
    environment.stdout.write(render_dot(graph) if form == "dot" else render_mermaid(graph))
    return ExitCode.DONE
