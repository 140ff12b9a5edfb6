"""The ids of the jobs in the org that a run knows. Each job belongs to one part of the run.

If two parts shared a job, it would get the data of both, and Salesforce may process both.
"""

from __future__ import annotations

from threading import Lock
from typing import TYPE_CHECKING, Final

from attrs import define, field, frozen

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bulkflow.model.history import PartHistory
    from bulkflow.plugin import Context, Job

_SHORT_ID: Final = 15


def shorten_id(id_: str) -> str:
    """Return the 15 characters that identify a record; the last three only check their case."""
    return id_[:_SHORT_ID]


@define(eq=False, repr=False)
class _Known:
    """Shortened ids with the names of their orgs."""

    ids: set[tuple[str | None, str]] = field(factory=set)
    lock: Lock = field(factory=Lock)


@frozen
class JobIds:
    """The ids of one org's jobs that the run knows. Any number of threads may use it."""

    org: str | None
    _known: _Known = field(repr=False)

    @classmethod
    def of(cls, context: Context, job: Job) -> JobIds:
        """Return the known ids of the org that a logical job is for."""
        return cls(job.org, context.share("jobs:ids", _Known, lambda _: None))

    def add(self, ids: Iterable[str]) -> None:
        """Add jobs that are known from elsewhere."""
        with self._known.lock:
            self._known.ids.update((self.org, shorten_id(each)) for each in ids)

    def claim(self, job: str) -> bool:
        """Add a job that was created; return False if it was known already."""
        key = (self.org, shorten_id(job))
        with self._known.lock:
            if key in self._known.ids:
                return False
            self._known.ids.add(key)
            return True


def find_job_ids(history: PartHistory) -> set[str]:
    """Return every job that a part had in an earlier attempt, including abandoned ones."""
    created = {
        str(intent.result["id"])
        for intent in history.intents
        if intent.action == "create" and intent.result and "id" in intent.result
    }
    return created if history.remote_id is None else created | {history.remote_id}
