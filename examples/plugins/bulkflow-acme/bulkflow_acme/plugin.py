"""The plugin's hooks: the module that the entry point `acme` names.

bulkflow imports it at every start, even for `--help`. So it imports little, and leaves the rest to
the functions that need it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bulkflow.plugin import Command, Source, hookimpl
from bulkflow_acme.customers import open_customers
from bulkflow_acme.receipt import receipt

if TYPE_CHECKING:
    from collections.abc import Iterable

    import click

    from bulkflow.plugin import Step


@hookimpl
def bulkflow_steps() -> Iterable[Step]:
    """Return the step `receipt`."""
    return (receipt,)


@hookimpl
def bulkflow_sources() -> Iterable[Source]:
    """Return the source of locations such as `acme://customers?rows=500`."""
    return (
        Source(
            ("acme",),
            "Made-up customers: `acme://customers?rows=500`, the same ones every time.",
            open_customers,
        ),
    )


@hookimpl
def bulkflow_commands() -> Iterable[Command]:
    """Return the command `bulkflow acme preview`."""
    return (Command(("acme", "preview"), "Print made-up customers as CSV.", _load_preview),)


def _load_preview() -> click.Command:
    from bulkflow_acme.preview import preview

    return preview
