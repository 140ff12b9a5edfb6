"""Declares what this plugin provides. The entry point `acme` names this module.

bulkflow imports it at every start, even for `--help`, so it imports little. The functions import
what they need.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bulkflow.plugin import Command, Sink, Source, hookimpl
from bulkflow_acme.customers import open_customers
from bulkflow_acme.markdown import write_markdown
from bulkflow_acme.receipt import receipt
from bulkflow_acme.shorten import shorten

if TYPE_CHECKING:
    from collections.abc import Iterable

    import click

    from bulkflow.plugin import Clause, Step


@hookimpl
def bulkflow_steps() -> Iterable[Step]:
    """Declare the step `receipt`."""
    return (receipt,)


@hookimpl
def bulkflow_clauses() -> Iterable[Clause]:
    """Declare the row clause `shorten`."""
    return (shorten,)


@hookimpl
def bulkflow_sinks() -> Iterable[Sink]:
    """Declare files such as `failed.md`."""
    return (Sink((".md",), "A table in Markdown, for a few rows.", write_markdown),)


@hookimpl
def bulkflow_sources() -> Iterable[Source]:
    """Declare locations such as `acme://customers?rows=500`."""
    return (
        Source(
            ("acme",),
            "Made-up customers, always the same: `acme://customers?rows=500`.",
            open_customers,
        ),
    )


@hookimpl
def bulkflow_commands() -> Iterable[Command]:
    """Declare the command `bulkflow acme preview`."""
    return (Command(("acme", "preview"), "Print made-up customers as CSV.", _load_preview),)


def _load_preview() -> click.Command:
    from bulkflow_acme.preview import preview

    return preview
