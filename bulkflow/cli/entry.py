"""The entry point: finds the command, runs it, and turns errors into messages and exit codes."""

from __future__ import annotations

import gc
import sys
from importlib import import_module
from typing import TYPE_CHECKING

import click

from bulkflow import __version__
from bulkflow.cli.environment import LOG_VARIABLE, Environment

if TYPE_CHECKING:
    from collections.abc import Sequence

COMMANDS = {
    "run": "Run a pipeline file.",
    "resume": "Resume an interrupted or failed run.",
    "abort": "Abandon a run: abort its unfinished jobs.",
    "retry": "Resend rows of a run that were not loaded.",
    "save": "Save rows of a run with the outcome of each.",
    "undo": "Delete the records that a run created.",
    "runs": "List runs and their status.",
    "prune": "Delete what is kept of finished runs.",
    "check": "Find mistakes in pipeline files, without reading data or sending anything.",
    "plan": "Show what a run would do: reads the data, sends nothing.",
    "graph": "Draw a pipeline file as a Mermaid or DOT graph.",
    "fmt": "Format pipeline files.",
    "explain": "Explain a diagnostic code and how to fix it.",
    "lsp": "Start the language server (LSP) on stdin/stdout.",
    "words": "List every word of the language and the plugin that provides it.",
    "plugins": "List the installed plugins.",
}
"""Each is the function `command` of a module of this package."""

RUN_COMMANDS = ("run", "resume", "abort", "retry", "undo", "save")
"""Commands that execute a run and write events with `--json`."""


COLLECT_AFTER = 100_000
"""New containers between two garbage collections in a process of our own.

Imports and syntax trees make hardly any garbage. With Python's own 700, the collector takes a
twentieth of `bulkflow check` on a small file and a tenth of a small load (`bench/README.md`).
"""


class Commands(click.Group):
    """Imports a command when it is called. Commands of plugins are listed after bulkflow's own."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """List the names of all commands."""
        return [*COMMANDS, *self._find_plugin_commands(ctx)]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Get a command by its name."""
        if cmd_name in COMMANDS:
            command: click.Command = import_module(f"bulkflow.cli.{cmd_name}").command
            return command
        return self._find_plugin_commands(ctx).get(cmd_name)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands with their summaries, without importing them."""
        rows = list(COMMANDS.items())
        rows += [
            (name, command.get_short_help_str(limit=80))
            for name, command in self._find_plugin_commands(ctx).items()
        ]
        with formatter.section("Commands"):
            formatter.write_dl(rows)

    def _find_plugin_commands(self, ctx: click.Context) -> dict[str, click.Command]:
        from bulkflow.cli.plugin_commands import find_plugin_commands

        found = find_plugin_commands(_get_environment(ctx))
        return {name: command for name, command in found.items() if name not in COMMANDS}


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, "--version", message="bulkflow %(version)s")
@click.option("-v", "verbosity", count=True, help="Log decisions; -vv also logs requests.")
@click.pass_context
def bulkflow(context: click.Context, verbosity: int) -> None:
    """Load rows into Salesforce with the Bulk API 2.0, from pipeline files.

    To try it without an org, write a pipeline file with `org sandbox`, a job and a step, and run
    it. `bulkflow words` lists everything that a file can contain.
    """
    if verbosity or _get_environment(context).environ.get(LOG_VARIABLE):
        from bulkflow.cli.options import start_log

        start_log(context, verbosity)


def main(arguments: Sequence[str] | None = None, environment: Environment | None = None) -> int:
    """Run a command and return its exit code; errors are shown, not raised.

    Without an environment, the command owns the process, which ends with it.
    """
    if environment is not None:
        return _run(arguments, environment)
    gc.set_threshold(max(COLLECT_AFTER, gc.get_threshold()[0]))
    try:
        words = sys.argv[1:] if arguments is None else arguments
        owns = _find_command(words) in COMMANDS and not {"-h", "--help"} & set(words)
        environment = Environment.from_process(owns_stdout=owns)
        code = environment.flush(_run(arguments, environment))
        if "bulkflow.plugin.host" in sys.modules:
            from bulkflow.cli.watchdog import enforce_exit

            enforce_exit(code, environment)
        return code
    finally:
        # At exit the interpreter collects garbage again, which takes a fifth of the time of
        # `bulkflow check` on a small file; freezing skips that. DuckDB, if it is loaded, reports
        # uncollected objects as leaks on stderr.
        if "duckdb" not in sys.modules:
            gc.freeze()


def _run(arguments: Sequence[str] | None, environment: Environment) -> int:
    words = tuple(sys.argv[1:] if arguments is None else arguments)
    command = _find_command(words)
    try:
        if environment.ends_process and (command in RUN_COMMANDS or _copies_data(words)):
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
        if isinstance(error, SystemExit) and command not in COMMANDS:
            raise  # a plugin's command decides how it exits
        try:
            from bulkflow.cli.failure import show_failure
        except OSError as reason:
            # With no descriptor left, not even that can be read.
            environment.show(f"error: bulkflow cannot read its own code: {reason.strerror}")
            return 1
        code = show_failure(error, environment)
        if command in RUN_COMMANDS and "--json" in words:
            # It failed before the run began. A run writes its last event itself.
            from bulkflow.cli.event_lines import EventLines
            from bulkflow.engine.run_state import SystemClock

            EventLines(environment.stdout, SystemClock()).end(code, error)
        return code


def _copies_data(words: Sequence[str]) -> bool:
    """Whether a command unpacks data into a temporary folder, which an interrupt must delete."""
    return _find_command(words) == "plan" or "--sources" in words


def _find_command(words: Sequence[str]) -> str | None:
    """Find the command in a command line that may be wrong."""
    return next((each for each in words if not each.startswith("-")), None)


def _get_environment(ctx: click.Context) -> Environment:
    found = ctx.find_object(Environment)
    return found if found is not None else Environment.from_process()
