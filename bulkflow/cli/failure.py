"""What a command that fails says, and what it ends with."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from bulkflow.errors import BulkflowError, ExitCode, PluginError, UsageError
from bulkflow.system_errors import build_machine_error

if TYPE_CHECKING:
    from bulkflow.cli.environment import Environment


def show_failure(failure: BaseException, environment: Environment) -> ExitCode:
    """Say on stderr why a command failed; returns what it ends with."""
    if isinstance(failure, BrokenPipeError):
        # The reader of our output closed it early, which is not a failure.
        return ExitCode.FAILED
    if is_interruption(failure):
        environment.show("interrupted")
        return ExitCode.INTERRUPTED
    if _is_unanswered(failure):
        environment.show("")  # ends the line of the question
    if isinstance(failure, click.ClickException):
        failure.show(environment.stderr)
        return ExitCode.WRONG
    error = to_bulkflow_error(failure)
    environment.show_error(error)
    if environment.debug:
        import traceback

        environment.show("".join(traceback.format_exception(failure)))
    return error.exit_code


def to_bulkflow_error(failure: BaseException) -> BulkflowError:
    """What failed as an error of ours."""
    match failure:
        case BulkflowError():
            return failure
        case click.ClickException():
            return _usage(failure)
        case _ if _is_unanswered(failure):
            return UsageError(
                "nobody answered: standard input is at its end, and nothing was done",
                help="give what is asked for as an option: `--yes` to a question, or see `--help`",
            )
        case SystemExit():
            return PluginError(
                f"a plugin or a library tried to end the program: SystemExit: {failure}",
                help="BULKFLOW_DEBUG=1 shows where; BULKFLOW_BLOCK blocks a plugin",
            )
        case _ if (short := build_machine_error(failure)) is not None:
            return short
        case _:
            return BulkflowError(
                f"bulkflow made a mistake: {type(failure).__name__}: {failure}",
                help="run it again with BULKFLOW_DEBUG=1 and report what it prints",
            )


def is_interruption(failure: BaseException) -> bool:
    """Whether the user ended the command."""
    asked = isinstance(failure, click.exceptions.Abort | KeyboardInterrupt)
    return asked and not _is_unanswered(failure)


def _is_unanswered(failure: BaseException) -> bool:
    """Whether a question was asked where nobody could answer it."""
    asked = isinstance(failure, click.exceptions.Abort | KeyboardInterrupt)
    return asked and isinstance(failure.__context__, EOFError)


def _usage(failure: click.ClickException) -> UsageError:
    context = failure.ctx if isinstance(failure, click.UsageError) else None
    help_ = f"`{context.command_path} --help` shows what it takes" if context else None
    return UsageError(failure.format_message().rstrip("."), help=help_)
