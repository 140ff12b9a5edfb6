"""Which of an org's jobs a command is about."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Final, Protocol

from attrs import frozen

from bulkflow.errors import UsageError
from bulkflow_jobs.job_ids import shorten_id

_AGE: Final = re.compile(r"([0-9]{1,6})\s*(m|h|d)")
_UNITS: Final = {"m": "minutes", "h": "hours", "d": "days"}


class ListedJob(Protocol):
    """A job in a list of an org's jobs."""

    @property
    def state(self) -> str:
        """Its state."""
        ...

    @property
    def object(self) -> str | None:
        """The object whose records it is about."""
        ...

    @property
    def created_by_id(self) -> str | None:
        """The id of the user who created it."""
        ...

    @property
    def created_date(self) -> str | None:
        """When it was created, as Salesforce writes it."""
        ...


@frozen
class JobFilter:
    """Conditions on jobs. A condition that is not set matches every job.

    Attributes:
        states: Their states, in any case.
        objects: Their objects, in any case.
        user: The id of the user who created them.
        before: They were created before this time.
        after: They were created after this time.
    """

    states: tuple[str, ...] = ()
    objects: tuple[str, ...] = ()
    user: str | None = None
    before: datetime | None = None
    after: datetime | None = None

    def matches(self, job: ListedJob) -> bool:
        """Return whether a job meets the conditions. Without a creation date it has no age."""
        created = parse_created_date(job)
        return (
            _is_one_of(str(job.state), self.states)
            and _is_one_of(job.object or "", self.objects)
            and (self.user is None or shorten_id(job.created_by_id or "") == shorten_id(self.user))
            and (self.before is None or (created is not None and created < self.before))
            and (self.after is None or (created is not None and created > self.after))
        )


def _is_one_of(value: str, wanted: tuple[str, ...]) -> bool:
    return not wanted or value.lower() in {each.lower() for each in wanted}


def parse_created_date(job: ListedJob) -> datetime | None:
    """Parse a job's creation date, such as `2024-09-09T20:41:31.000+0000` (recorded)."""
    try:
        created = datetime.fromisoformat(job.created_date or "")
    except ValueError:
        return None
    return created if created.tzinfo is not None else created.replace(tzinfo=UTC)


def parse_age(text: str) -> timedelta:
    """Parse an age such as `30m`, `12h` or `2d`.

    Raises:
        UsageError: It is not an age.
    """
    found = _AGE.fullmatch(text.strip().lower())
    if not found:
        raise UsageError(f"invalid age {text[:40]!a}", help="write it as 30m, 12h or 2d")
    return timedelta(**{_UNITS[found[2]]: int(found[1])})
