"""Options that several commands take."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from bulkflow.app import RunRequest
from bulkflow.app.state import find_state_directory
from bulkflow.cli.shell_completion import complete_files, complete_orgs
from bulkflow.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

    from bulkflow.cli.environment import Environment

F = TypeVar("F", bound="Callable[..., Any]")


def org_option(function: F) -> F:
    """`--org`."""
    return click.option(
        "--org",
        "chosen",
        metavar="[NAME=]PROFILE",
        multiple=True,
        help="The org to use in place of the file's; of several, that which the file calls NAME.",
        shell_complete=complete_orgs,
    )(function)


def pipeline_options(function: F) -> F:
    """The file, `--set` and `--org`."""
    for option in (
        click.argument("file", type=click.Path(path_type=Path), shell_complete=complete_files),
        click.option(
            "--set",
            "settings",
            metavar="NAME=VALUE",
            multiple=True,
            help="A value for a param of the file. May be given again.",
        ),
        org_option,
    ):
        function = option(function)
    return function


def state_option(function: F) -> F:
    """`--state-dir`."""
    return click.option(
        "--state-dir",
        type=click.Path(path_type=Path, file_okay=False),
        help="Where runs are kept, in place of the folder .bulkflow beside the pipeline file.",
    )(function)


def run_options(function: F) -> F:
    """`--state-dir`, `--json` and `--verbose`: what every command takes that works on a run."""
    for option in (
        click.option("--verbose", "-v", is_flag=True, help="Say more."),
        click.option("--json", "as_json", is_flag=True, help="One JSON object a line on stdout."),
        state_option,
    ):
        function = option(function)
    return function


def make_request(
    environment: Environment,
    file: Path,
    settings: tuple[str, ...],
    chosen: tuple[str, ...],
    state_directory: Path | None = None,
) -> RunRequest:
    """What the options ask for. Raises `UsageError` for a `--set` without a name, or such."""
    return RunRequest(
        file,
        dict(_pair(text) for text in settings),
        _orgs(chosen),
        state_directory or find_state_directory(file),
        environment.environ,
    )


def _pair(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals or not name.strip():
        raise UsageError(
            f"--set {text} names no value", help="write --set NAME=VALUE, as in --set region=EMEA"
        )
    return name.strip(), value


def _orgs(chosen: tuple[str, ...]) -> dict[str, str]:
    found: dict[str, str] = {}
    for text in chosen:
        name, equals, profile = text.rpartition("=")
        if not profile or (equals and not name):
            raise UsageError(
                f"--org {text} names no org",
                help="write --org PROFILE, or --org NAME=PROFILE where the file has several",
            )
        if name in found:
            raise UsageError(
                f"--org {text} comes after --org {f'{name}=' if name else ''}{found[name]}",
                help="write one of them; of several orgs, each has its name: --org NAME=PROFILE",
            )
        found[name] = profile
    return found
