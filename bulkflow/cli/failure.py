"""Turns the exception that ended a command into a message and an exit code."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from bulkflow.errors import BulkflowError, ExitCode, PluginError, UsageError
from bulkflow.system_errors import build_machine_error

if TYPE_CHECKING:
    from bulkflow.cli.environment import Environment


def show_failure(failure: BaseException, environment: Environment) -> ExitCode:
    """Write to standard error why a command failed, and return its exit code."""
    if isinstance(failure, BrokenPipeError):
        # The reader of our output closed it early, which is not a failure.
        return ExitCode.FAILED
    if is_interruption(failure):
        environment.show("interrupted")
        return ExitCode.INTERRUPTED
    if _is_unanswered(failure):
        environment.show("")  # ends the line of the question
    if isinstance(failure, click.exceptions.NoArgsIsHelpError):
        failure.show(environment.stderr)
        return ExitCode.WRONG
    error = to_bulkflow_error(failure)
    environment.show_error(error)
    if environment.debug:
        import traceback

        environment.show("".join(traceback.format_exception(failure)))
    return error.exit_code


def to_bulkflow_error(failure: BaseException) -> BulkflowError:
    """Convert any exception to an error with a message and help."""
    match failure:
        case BulkflowError():
            return failure
        case click.ClickException():
            from bulkflow.cli.usage_errors import to_usage_error

            return to_usage_error(failure)
        case _ if _is_unanswered(failure):
            return UsageError(
                "no answer on standard input; nothing was done",
                help="pass `--yes` to confirm, or see `--help` for the option to set",
            )
        case SystemExit():
            return PluginError(
                f"a plugin or a library tried to exit the program: SystemExit: {failure}",
                help="BULKFLOW_DEBUG=1 shows where; BULKFLOW_BLOCK=NAME blocks a plugin",
            )
        case _ if (machine_error := build_machine_error(failure)) is not None:
            return machine_error
        case OSError(filename=str(name), strerror=str(reason)):
            return UsageError(
                f"{name}: {reason}",
                help="check the path and who may use it; BULKFLOW_DEBUG=1 shows what it was for",
            )
        case UnicodeEncodeError(reason="surrogates not allowed"):
            return UsageError(
                f"a name or a value that was given is not UTF-8: {failure.object[:80]!a}",
                help="give it in UTF-8: reports and the journal of runs hold nothing else",
            )
        case _:
            return BulkflowError(
                f"internal error: {type(failure).__name__}: {failure}",
                help="run the command again with BULKFLOW_DEBUG=1 and report the output",
            )


def is_interruption(failure: BaseException) -> bool:
    """Whether the user interrupted the command."""
    aborted = isinstance(failure, click.exceptions.Abort | KeyboardInterrupt)
    return aborted and not _is_unanswered(failure)


def _is_unanswered(failure: BaseException) -> bool:
    """Whether the command asked a question and standard input had no answer."""
    aborted = isinstance(failure, click.exceptions.Abort | KeyboardInterrupt)
    return aborted and isinstance(failure.__context__, EOFError)
