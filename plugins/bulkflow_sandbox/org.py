"""What an org is made of, for those who work in it."""

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
"""The user that every sandbox has, and that its first token is for."""
USERNAME: Final = "admin@sandbox.example"


@define(eq=False)
class Org:
    """The schema, the records and the time of one org.

    The schema may be replaced by a larger one; `id`, of 18 characters, changes when the org is
    refreshed.
    """

    id: str
    schema: Schema
    database: RecordDatabase
    clock: SandboxClock
    choices: Choices
    limits: Limits
    faults: FaultPlan

    def moment(self, stored: str | None) -> datetime:
        """A moment that the store kept; now, for one that it did not."""
        return self.clock.now() if stored is None else parse_moment(stored)


def new_org_id() -> str:
    """The id of an org that is like no other."""
    return make_random_id(ORGANIZATION_PREFIX)


def read_org_id(text: str) -> str:
    """The 18 characters of the id of an org.

    Raises:
        UsageError: It is none.
    """
    known = to_id18(text)
    if known is None or not known.startswith(ORGANIZATION_PREFIX):
        raise UsageError(
            f"{text!r} is not the id of an org",
            help=f"an org's id has 15 or 18 characters, such as {make_id(ORGANIZATION_PREFIX, 1)}",
        )
    return known
