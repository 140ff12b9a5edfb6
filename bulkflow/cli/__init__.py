"""The `bulkflow` command. One module for each command; none is imported before it is called."""

from bulkflow.cli.entry import main

__all__ = ["main"]
