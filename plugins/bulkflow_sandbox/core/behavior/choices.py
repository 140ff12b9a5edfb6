"""All behaviours in one class, and the table of them in `docs/sandbox.md`."""

from __future__ import annotations

from attrs import fields, frozen

from bulkflow_sandbox.core.behavior.choice import Choice
from bulkflow_sandbox.core.behavior.jobs import JobChoices
from bulkflow_sandbox.core.behavior.logins import LoginChoices
from bulkflow_sandbox.core.behavior.processing import ProcessingChoices
from bulkflow_sandbox.core.behavior.queries import QueryChoices


# attrs takes the fields of the last base class first.
@frozen
class Choices(LoginChoices, QueryChoices, ProcessingChoices, JobChoices):
    """The behaviours that are uncertain, and the sizes that a test may want smaller."""


def list_choices() -> tuple[Choice, ...]:
    """List all choices with what is known about them, in the order of the page."""
    return tuple(
        Choice(name=item.name, about=item.metadata["about"], source=item.metadata["source"])
        for item in fields(Choices)
    )


def format_table() -> str:
    """Format the choices as rows of the table in `docs/sandbox.md`."""
    return "\n".join(
        f"| {item.about.replace('|', chr(92) + '|')} | {item.source} | `{item.name}` |"
        for item in list_choices()
    )
