"""Options that several commands share."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

import click

from bulkflow.app import RunRequest
from bulkflow.app.state import find_state_directory
from bulkflow.cli.environment import LOG_VARIABLE, Environment
from bulkflow.cli.plugin_commands import get_plugins
from bulkflow.cli.shell_completion import complete_files, complete_orgs
from bulkflow.errors import UsageError
from bulkflow.plugin.registry import PluginConflictError

if TYPE_CHECKING:
    from collections.abc import Callable

F = TypeVar("F", bound="Callable[..., Any]")

_LOG: Final = "bulkflow.log"
"""The log of a command among click's shared values."""


def org_option(function: F) -> F:
    """Add `--org`."""
    return click.option(
        "--org",
        "chosen",
        metavar="[NAME=]PROFILE",
        multiple=True,
        help="Use this org instead of the file's. With several orgs, NAME=PROFILE replaces the one "
        "called NAME.",
        shell_complete=complete_orgs,
    )(function)


def pipeline_options(function: F) -> F:
    """Add the argument FILE, `--set` and `--org`."""
    for option in (
        click.argument("file", type=click.Path(path_type=Path), shell_complete=complete_files),
        click.option(
            "--set",
            "settings",
            metavar="NAME=VALUE",
            multiple=True,
            help="Set a param of the file. Repeatable.",
        ),
        org_option,
    ):
        function = option(function)
    return function


def state_option(function: F) -> F:
    """Add `--state-dir`."""
    return click.option(
        "--state-dir",
        type=click.Path(path_type=Path, file_okay=False),
        help="State folder of the runs. Default: the folder .bulkflow next to the pipeline file.",
    )(function)


def verbose_option(function: F) -> F:
    """Add `--verbose`, which also writes the log to standard error."""
    return click.option(
        "--verbose",
        "-v",
        count=True,
        callback=lambda context, _, verbosity: start_log(context, verbosity),
        help="Show more detail, and log what bulkflow decides. -vv also logs each request.",
    )(function)


def start_log(context: click.Context, verbosity: int) -> int:
    """Start the log that `-v` and `BULKFLOW_LOG` ask for, and return `verbosity`.

    It is written until the command ends. Raises `UsageError`.
    """
    environment = context.find_object(Environment)
    wanted = environment.environ.get(LOG_VARIABLE) if environment is not None else None
    if environment is None or not (verbosity or wanted):
        return verbosity
    import logging

    from bulkflow.cli.logs import Log

    log = context.meta.get(_LOG)
    if log is None:
        # Before the log begins: a record must not load plugins while other threads wait for the
        # log. Commands that need the plugins report a conflict.
        with suppress(PluginConflictError):
            get_plugins(environment)
        log = Log(environment.stderr, lambda text: get_plugins(environment).redact(text))
        context.meta[_LOG] = context.find_root().with_resource(log)
        if wanted:
            log.write_as_set(wanted)
    if verbosity:
        log.write(logging.INFO if verbosity == 1 else logging.DEBUG)
    return verbosity


def run_options(function: F) -> F:
    """Add `--state-dir`, `--json` and `--verbose`, for commands that execute a run."""
    for option in (
        verbose_option,
        click.option(
            "--json", "as_json", is_flag=True, help="Write one JSON object per line to stdout."
        ),
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
    """Make the request of a command line.

    Raises:
        UsageError: `--set` or `--org` is malformed or contradicts itself.
    """
    return RunRequest(
        file,
        dict(_parse_setting(text) for text in settings),
        _parse_orgs(chosen),
        state_directory or find_state_directory(file),
        environment.environ,
    )


def _parse_setting(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals or not name.strip():
        missing = "name" if equals else "value"
        raise UsageError(
            f"--set {text} has no {missing}",
            help="write --set NAME=VALUE, for example --set region=EMEA",
        )
    return name.strip(), value


def _parse_orgs(chosen: tuple[str, ...]) -> dict[str, str]:
    found: dict[str, str] = {}
    for text in chosen:
        name, equals, profile = text.rpartition("=")
        if not profile or (equals and not name):
            raise UsageError(
                f"--org {text} has no {'name' if profile else 'profile'}",
                help="write --org PROFILE, or --org NAME=PROFILE if the file has several orgs",
            )
        if name in found:
            raise UsageError(
                f"--org {text} conflicts with --org {f'{name}=' if name else ''}{found[name]}",
                help="keep one of them, or name the org that each replaces: --org NAME=PROFILE",
            )
        found[name] = profile
    return found
