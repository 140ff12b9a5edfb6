"""The entry point: finds the command, runs it, and turns errors into messages and exit codes."""

from __future__ import annotations

import gc
import sys
from importlib import import_module
from typing import TYPE_CHECKING

import click

from bulkflow import __version__
from bulkflow.cli.environment import Environment

if TYPE_CHECKING:
    from collections.abc import Sequence

COMMANDS = {
    "run": "Run a pipeline file.",
    "resume": "Go on with a run that was interrupted, killed or failed on the way.",
    "abort": "Give a run up: abort its jobs that are not at an end.",
    "retry": "Send rows of a run again that were not loaded.",
    "undo": "Delete the records that a run made.",
    "runs": "List the runs, and which of them are not over.",
    "prune": "Delete what is kept of runs that are over.",
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

WATCHED = ("run", "resume", "abort", "retry", "undo")
"""Commands that work on a run and write events with `--json`."""


class Commands(click.Group):
    """Commands that are imported when they are called; the plugins' come behind the own."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Every name that may stand after `bulkflow`."""
        from bulkflow.cli.plugin_commands import find_plugin_commands

        return [
            *COMMANDS,
            *(name for name in find_plugin_commands(_environment(ctx)) if name not in COMMANDS),
        ]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """A command by its name."""
        if cmd_name in COMMANDS:
            command: click.Command = import_module(f"bulkflow.cli.{cmd_name}").command
            return command
        from bulkflow.cli.plugin_commands import find_plugin_commands

        return find_plugin_commands(_environment(ctx)).get(cmd_name)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands without importing them."""
        from bulkflow.cli.plugin_commands import find_plugin_commands

        rows = list(COMMANDS.items())
        rows += [
            (name, command.get_short_help_str())
            for name, command in find_plugin_commands(_environment(ctx)).items()
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
    try:
        words = sys.argv[1:] if arguments is None else arguments
        owns = _word(words) in COMMANDS and not {"-h", "--help"} & set(words)
        environment = Environment.from_process(owns_stdout=owns)
        code = environment.flush(_run(arguments, environment))
        if "bulkflow.plugin.host" in sys.modules:
            from bulkflow.cli.watchdog import enforce_exit

            enforce_exit(code, environment)
        return code
    finally:
        # What is left goes with the process. The collector would look through all of it once more
        # at the end, for a twentieth of the time that checking a small file takes. DuckDB, where a
        # run has loaded it, would take what is not collected for leaks, and name each on stderr.
        if "duckdb" not in sys.modules:
            gc.freeze()


def _run(arguments: Sequence[str] | None, environment: Environment) -> int:
    words = tuple(sys.argv[1:] if arguments is None else arguments)
    try:
        if environment.ends_process and (_word(words) in WATCHED or _copies_data(words)):
            from bulkflow.cli.signals import interrupt_once

            interrupt_once()
        code = bulkflow.main(
            None if arguments is None else list(arguments),
            prog_name="bulkflow",
            obj=environment,
            standalone_mode=False,
        )
        return int(code or 0)
    except BaseException as error:
        if isinstance(error, SystemExit) and _word(words) not in COMMANDS:
            raise  # a command of a plugin says itself how it ends
        from bulkflow.cli.failure import show_failure

        code = show_failure(error, environment)
        if _word(words) in WATCHED and "--json" in words:
            # It was refused before it began: what began writes its last event itself.
            from bulkflow.cli.event_lines import EventLines
            from bulkflow.engine.run_state import SystemClock

            EventLines(environment.stdout, SystemClock()).end(code, error)
        return code


def _copies_data(words: Sequence[str]) -> bool:
    """Whether a command unpacks data into a temporary folder, which is to go with it."""
    return _word(words) == "plan" or "--sources" in words


def _word(words: Sequence[str]) -> str | None:
    """The command of a command line, which may be wrong."""
    return next((each for each in words if not each.startswith("-")), None)


def _environment(ctx: click.Context) -> Environment:
    found = ctx.find_object(Environment)
    return found if found is not None else Environment.from_process()
