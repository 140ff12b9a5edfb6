"""The org of a sandbox: its schema, records and clock."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from attrs import define

from bulkflow.errors import UsageError
from bulkflow_sandbox.core.dates import parse_moment
from bulkflow_sandbox.core.ids import (
    ORGANIZATION_PREFIX,
    USER_PREFIX,
    make_id,
    make_random_id,
    to_id18,
)

if TYPE_CHECKING:
    from datetime import datetime

    from bulkflow_sandbox.core.behavior import Choices
    from bulkflow_sandbox.core.clock import SandboxClock
    from bulkflow_sandbox.core.limits import Limits
    from bulkflow_sandbox.faults.plan import FaultPlan
    from bulkflow_sandbox.schema.objects import Schema
    from bulkflow_sandbox.store.database import RecordDatabase

USER_ID: Final = make_id(USER_PREFIX, 1)
"""The user that exists in every sandbox and owns its first token."""
USERNAME: Final = "admin@sandbox.example"


@define(eq=False)
class SandboxOrg:
    """An org, shared by everything that reads or changes it.

    Attributes:
        id: 18 characters. Changes when the org is refreshed.
        schema: The objects, rules and permissions. Replaced when objects are added.
        database: The records, jobs and counters.
        clock: The org's time.
        choices: The behaviors that can be configured.
        limits: The API limits and their use.
        faults: The injected faults.
    """

    id: str
    schema: Schema
    database: RecordDatabase
    clock: SandboxClock
    choices: Choices
    limits: Limits
    faults: FaultPlan

    def resolve_moment(self, stored: str | None) -> datetime:
        """Parse a stored moment, or return the present one if none is stored."""
        return self.clock.now() if stored is None else parse_moment(stored)


def make_org_id() -> str:
    """Make a random org id."""
    return make_random_id(ORGANIZATION_PREFIX)


def read_org_id(text: str) -> str:
    """Return the 18-character form of an org id.

    Raises:
        UsageError: The text is not an org id.
    """
    known = to_id18(text)
    if known is None or not known.startswith(ORGANIZATION_PREFIX):
        raise UsageError(
            f"{text!r} is not the id of an org",
            help=f"an org's id has 15 or 18 characters, such as {make_id(ORGANIZATION_PREFIX, 1)}",
        )
    return known
