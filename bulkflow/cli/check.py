"""`bulkflow check`: find mistakes in pipeline files, without data and without an org."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from bulkflow import app
from bulkflow.cli.options import make_request, org_option
from bulkflow.cli.plugin_commands import get_plugins
from bulkflow.cli.shell_completion import complete_files
from bulkflow.errors import ExitCode
from bulkflow.model.diagnostic import Severity

if TYPE_CHECKING:
    from bulkflow.app import RunRequest
    from bulkflow.cli.environment import Environment
    from bulkflow.model.diagnostic import Diagnostic


@click.command("check")
@click.argument(
    "files",
    type=click.Path(path_type=Path),
    nargs=-1,
    required=True,
    shell_complete=complete_files,
)
@click.option(
    "--set",
    "settings",
    metavar="NAME=VALUE",
    multiple=True,
    help="Set a param of the files. Repeatable.",
)
@org_option
@click.option(
    "--sources",
    is_flag=True,
    help="Also open each source: check that it exists, and check its columns.",
)
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json", "github"]),
    default="text",
    show_default=True,
    help="Output format of the diagnostics.",
)
@click.pass_obj
def command(
    environment: Environment,
    files: tuple[Path, ...],
    settings: tuple[str, ...],
    chosen: tuple[str, ...],
    sources: bool,
    form: str,
) -> int:
    """Find mistakes in pipeline FILES.

    Sends nothing, and reads no data unless --sources is given. Exits with 2 if there are errors,
    and with 0 otherwise, even if there are warnings.
    """
    found: list[Diagnostic] = []
    for file in files:
        found += _check(environment, make_request(environment, file, settings, chosen), sources)
    _write(environment, found, form)
    if any(each.severity is Severity.ERROR for each in found):
        return ExitCode.WRONG
    if form == "text":
        files_are = "file is" if len(files) == 1 else "files are"
        environment.show(f"{len(files)} {files_are} fine")
    return ExitCode.DONE


def _check(environment: Environment, request: RunRequest, sources: bool) -> list[Diagnostic]:
    checked = app.check(request, get_plugins(environment))
    found = list(checked.diagnostics)
    if sources and checked.plan is not None:
        found += app.check_sources(request, checked.plan, get_plugins(environment))
    return found


def _write(environment: Environment, found: list[Diagnostic], form: str) -> None:
    if form == "text":
        environment.show_diagnostics(found)
        return
    from bulkflow.report import diagnostics_to_github, diagnostics_to_json

    if form == "json":
        environment.stdout.write(diagnostics_to_json(found) + "\n")
    elif found:
        environment.stdout.write(diagnostics_to_github(found) + "\n")
