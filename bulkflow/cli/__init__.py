"""The `bulkflow` command. Each subcommand is a module, imported when it is called."""

from bulkflow.cli.entry import main

__all__ = ["main"]
