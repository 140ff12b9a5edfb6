"""The jobs that lie in an org: finding those that were left behind, and clearing them away."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

from attrs import frozen

from bulkflow.errors import UsageError
from bulkflow_salesforce import SalesforceError, Session

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bulkflow_ingest.api.client import IngestApi
    from bulkflow_ingest.api.job_info import JobInfo

_AGE: Final = re.compile(r"([0-9]{1,6})\s*(m|h|d)")
_UNITS: Final = {"m": "minutes", "h": "hours", "d": "days"}
_ID_LENGTH: Final = 15  # the first of the 18 characters tell ids apart


@frozen
class JobFilter:
    """Which jobs are meant; what is not given lets every job through.

    Attributes:
        states: Their states, in any case.
        objects: Their objects, in any case.
        user: The id of the user who made them.
        before: They were made before this moment.
        after: They were made after it.
    """

    states: tuple[str, ...] = ()
    objects: tuple[str, ...] = ()
    user: str | None = None
    before: datetime | None = None
    after: datetime | None = None

    def takes(self, job: JobInfo) -> bool:
        """Whether a job is meant. One that does not say when it was made has no age."""
        made = created(job)
        return (
            _one_of(str(job.state), self.states)
            and _one_of(job.object or "", self.objects)
            and (
                self.user is None
                or (job.created_by_id or "")[:_ID_LENGTH] == self.user[:_ID_LENGTH]
            )
            and (self.before is None or (made is not None and made < self.before))
            and (self.after is None or (made is not None and made > self.after))
        )


def _one_of(value: str, wanted: tuple[str, ...]) -> bool:
    return not wanted or value.lower() in {each.lower() for each in wanted}


def created(job: JobInfo) -> datetime | None:
    """When a job was made; Salesforce writes it as `2024-09-09T20:41:31.000+0000` (recorded)."""
    try:
        made = datetime.fromisoformat(job.created_date or "")
    except ValueError:
        return None
    return made if made.tzinfo is not None else made.replace(tzinfo=UTC)


def age(text: str) -> timedelta:
    """A length of time such as `30m`, `12h` or `2d`.

    Raises:
        UsageError: It is none.
    """
    found = _AGE.fullmatch(text.strip().lower())
    if not found:
        raise UsageError(f"{text[:40]!a} is no age", help="write one as 30m, 12h or 2d")
    return timedelta(**{_UNITS[found[2]]: int(found[1])})


def find(api: IngestApi, wanted: JobFilter) -> Iterator[JobInfo]:
    """The ingest jobs of an org that are meant, as its pages come; of all users."""
    return (job for job in api.jobs() if wanted.takes(job))


def own_user(session: Session) -> str:
    """The id of the user whose token it is.

    Raises:
        UsageError: The token may not ask who it is for.
    """
    try:
        found = session.get("/services/oauth2/userinfo").parse_object().get("user_id")
    except SalesforceError as error:
        raise UsageError(
            "the org does not tell whose token this is",
            help="add the scope `Access the identity URL service (id)` to the app, or leave out"
            " --mine",
        ) from error
    if not isinstance(found, str) or not found:
        raise UsageError("the org does not tell whose token this is", help="leave out --mine")
    return found
