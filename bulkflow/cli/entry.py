"""The entry point: finds the command, runs it, and turns errors into messages and exit codes."""

from __future__ import annotations

import gc
import sys
from importlib import import_module
from typing import TYPE_CHECKING

import click

from bulkflow import __version__
from bulkflow.cli.collecting import collect_seldom, seldom_collected
from bulkflow.cli.environment import Environment
from bulkflow.errors import BulkflowError, ExitCode, UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

COMMANDS = {
    "run": "Run a pipeline file.",
    "resume": "Go on with a run that was interrupted, killed or failed on the way.",
    "abort": "Give a run up: abort its jobs that are not at an end.",
    "retry": "Send rows of a run again that were not loaded.",
    "undo": "Delete the records that a run made.",
    "runs": "List the runs, and which of them are not over.",
    "check": "Find mistakes in pipeline files; reads no data and sends nothing.",
    "plan": "Show what a run would do; reads the data and sends nothing.",
    "graph": "Draw a pipeline file, as Mermaid or DOT.",
    "fmt": "Write pipeline files in the one style.",
    "explain": "Say what a diagnostic code means, and how to mend the mistake.",
    "lsp": "Help an editor with pipeline files, over stdin and stdout.",
    "words": "List the words of the language, and who brought them.",
    "plugins": "List the plugins that are installed.",
}
"""Each is the function `command` of a module of this package."""


class Commands(click.Group):
    """Commands that are imported when they are called; the plugins' come behind the own."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Every name that may stand after `bulkflow`."""
        from bulkflow.cli.additions import additions

        return [*COMMANDS, *(name for name in additions(_environment(ctx)) if name not in COMMANDS)]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """A command by its name."""
        if cmd_name in COMMANDS:
            with seldom_collected():
                command: click.Command = import_module(f"bulkflow.cli.{cmd_name}").command
            return command
        from bulkflow.cli.additions import additions

        return additions(_environment(ctx)).get(cmd_name)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands without importing them."""
        from bulkflow.cli.additions import additions

        rows = list(COMMANDS.items())
        rows += [
            (name, command.get_short_help_str())
            for name, command in additions(_environment(ctx)).items()
            if name not in COMMANDS
        ]
        with formatter.section("Commands"):
            formatter.write_dl(rows)


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, "--version", message="bulkflow %(version)s")
def bulkflow() -> None:
    """Load rows into Salesforce with the Bulk API 2.0, from pipeline files.

    A first try, with nothing but this machine: write `org sandbox` into a file, a job, and a step,
    and run it. `bulkflow words` lists what may stand in a file.
    """


def main(arguments: Sequence[str] | None = None, environment: Environment | None = None) -> int:
    """Run a command; returns the exit code and raises nothing.

    Without an environment the process is the command's own, and ends with it.
    """
    if environment is not None:
        return _run(arguments, environment)
    collect_seldom()
    try:
        return _run(arguments, Environment.of_process())
    finally:
        # What is left goes with the process. The collector would look through all of it once more
        # at the end, for a twentieth of the time that checking a small file takes. DuckDB, where a
        # run has loaded it, would take what is not collected for leaks, and name each on stderr.
        if "duckdb" not in sys.modules:
            gc.freeze()


def _run(arguments: Sequence[str] | None, environment: Environment) -> int:
    try:
        code = bulkflow.main(
            None if arguments is None else list(arguments),
            prog_name="bulkflow",
            obj=environment,
            standalone_mode=False,
        )
        return int(code or 0)
    except click.ClickException as error:
        error.show(environment.stderr)
        return ExitCode.WRONG
    except (click.exceptions.Abort, KeyboardInterrupt) as error:
        if isinstance(error.__context__, EOFError):
            environment.show("")
            environment.show_error(_unanswered())
            return ExitCode.WRONG
        environment.show("interrupted")
        return ExitCode.INTERRUPTED
    except BulkflowError as error:
        environment.show_error(error)
        if environment.debug:
            environment.show(_traced(error))
        return error.exit_code
    except BrokenPipeError:
        # Whoever read our output has enough of it; that is no failure of ours.
        return ExitCode.FAILED
    except Exception as error:  # noqa: BLE001 - the last line of defence
        environment.show(_mistake(error, environment))
        return ExitCode.FAILED


def _unanswered() -> UsageError:
    return UsageError(
        "nobody answered: standard input is at its end, and nothing was done",
        help="give what is asked for as an option: `--yes` to a question, or see `--help`",
    )


def _mistake(error: Exception, environment: Environment) -> str:
    if environment.debug:
        return _traced(error)
    return (
        f"error: bulkflow made a mistake: {type(error).__name__}: {error}\n"
        "help: run it again with BULKFLOW_DEBUG=1 and report what it prints\n"
    )


def _traced(error: Exception) -> str:
    import traceback

    return "".join(traceback.format_exception(error))


def _environment(ctx: click.Context) -> Environment:
    found = ctx.find_object(Environment)
    return found if found is not None else Environment.of_process()
