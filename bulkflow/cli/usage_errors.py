"""Turns click's errors about the command line into bulkflow's own form, with a suggestion."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from bulkflow.cli.shell_completion import SUFFIX
from bulkflow.errors import UsageError
from bulkflow.plugin.suggestions import find_nearest

if TYPE_CHECKING:
    from collections.abc import Mapping

_OPTIONS: Final[Mapping[str, str]] = {
    "--dry-run": "`bulkflow plan FILE` shows what a run would do, and sends nothing",
    "--param": "did you mean `--set NAME=VALUE`?",
    "--params": "did you mean `--set NAME=VALUE`?",
    "--var": "did you mean `--set NAME=VALUE`?",
    "--target-org": "did you mean `--org PROFILE`?",
    "--output": "did you mean `--json`?",
    "--force": "did you mean `--fresh`?",
}
"""Options of other tools, and what to write instead if the command has no option of that name."""

_COMMANDS: Final[Mapping[str, str]] = {
    "help": "`bulkflow --help` lists the commands",
    "version": "`bulkflow --version` shows the version",
    "format": "did you mean `bulkflow fmt`?",
    "lint": "did you mean `bulkflow check`?",
    "validate": "did you mean `bulkflow check`?",
    "load": "did you mean `bulkflow run`?",
    "cancel": "did you mean `bulkflow abort`?",
    "status": "did you mean `bulkflow runs`?",
    "login": "did you mean `bulkflow org login`?",
}
"""Commands of other tools, and what to write instead."""

_NO_COMMAND: Final = re.compile(r"^No such command '(.*?)'")
_EXTRA: Final = re.compile(r"^Got unexpected extra arguments? \((.*)\)")


def to_usage_error(failure: click.ClickException) -> UsageError:
    """Convert an error of click; the help suggests what to write."""
    context = failure.ctx if isinstance(failure, click.UsageError) else None
    path = context.command_path if context else "bulkflow"
    see_help = f"`{path} --help` shows how to use it"
    match failure:
        case _ if context is not None and (unknown := _NO_COMMAND.search(failure.message)):
            # click has no class of its own for this before 8.4.
            return _make_unknown_command(unknown[1], context, path)
        case click.NoSuchOption():
            return _make_unknown_option(failure, path)
        case click.MissingParameter() if failure.param is not None and context is not None:
            name = failure.param.make_metavar(context).rstrip(".")
            return UsageError(f"`{path}` needs {name}", help=f"write `{_get_synopsis(context)}`")
        case click.BadParameter() if failure.param is not None:
            name = failure.param.get_error_hint(failure.ctx).replace("'", "`")
            return UsageError(f"{name}: {_uncapitalize(failure.message)}", help=see_help)
        case click.BadOptionUsage():
            return _make_option_usage(failure)
        case _ if context is not None and (extra := _EXTRA.search(failure.message)):
            synopsis = _get_synopsis(context)
            return UsageError(f"unexpected argument `{extra[1]}`", help=f"write `{synopsis}`")
        case _:
            return UsageError(_uncapitalize(failure.format_message()), help=see_help)


def _make_unknown_command(name: str, context: click.Context, path: str) -> UsageError:
    group = context.command
    known = group.list_commands(context) if isinstance(group, click.Group) else []
    is_top = path == "bulkflow"
    if is_top and (name.endswith(SUFFIX) or Path(name).is_file()):
        help_ = f"to run the file, write `bulkflow run {name}`"
    elif is_top and name in _COMMANDS:
        help_ = _COMMANDS[name]
    elif (near := find_nearest(name, known)) is not None:
        help_ = f"did you mean `{path} {near}`?"
    else:
        help_ = f"`{path} --help` lists the commands"
    return UsageError(f"unknown command `{name}`", help=help_)


def _make_unknown_option(failure: click.NoSuchOption, path: str) -> UsageError:
    name = failure.option_name
    command = failure.ctx.command if failure.ctx else None
    known = [
        option
        for param in (command.get_params(failure.ctx) if command and failure.ctx else ())
        for option in (*param.opts, *param.secondary_opts)
        if option.startswith("--")
    ]
    if name in _OPTIONS:
        help_ = _OPTIONS[name]
    elif (near := find_nearest(name, known, normalize=_get_bare_name)) is not None:
        help_ = f"did you mean `{near}`?"
    else:
        help_ = f"`{path} --help` lists the options"
    return UsageError(f"unknown option `{name}` for `{path}`", help=help_)


def _get_synopsis(context: click.Context) -> str:
    """Get a command line in which the arguments are placeholders, such as `bulkflow run FILE`."""
    pieces = context.command.collect_usage_pieces(context)
    return " ".join([context.command_path, *(each for each in pieces if each != "[OPTIONS]")])


def _make_option_usage(failure: click.BadOptionUsage) -> UsageError:
    name = failure.option_name
    if "requires" in failure.message:
        return UsageError(f"`{name}` needs a value", help=f"write `{name} VALUE`")
    return UsageError(f"`{name}` does not take a value", help=f"write only `{name}`")


def _get_bare_name(option: str) -> str:
    return option.lstrip("-").casefold()


def _uncapitalize(text: str) -> str:
    return f"{text[:1].lower()}{text[1:]}".rstrip(".")
