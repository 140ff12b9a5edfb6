"""The jobs in the org that a run knows: each belongs to one part, and no create may give it again.

Two parts with one job would be two uploads into it, of which Salesforce may process both.
"""

from __future__ import annotations

from threading import Lock
from typing import TYPE_CHECKING

from attrs import define, field, frozen

from bulkflow_ingest.api.answer_checks import short

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bulkflow.model.history import PartHistory
    from bulkflow.plugin import Context, Job


@define(eq=False, repr=False)
class _Known:
    """The first letters of ids, by the name of their org."""

    ids: set[tuple[str | None, str]] = field(factory=set)
    lock: Lock = field(factory=Lock)


@frozen
class JobIds:
    """The ids of one org's jobs that the run knows. For any number of threads."""

    org: str | None
    _known: _Known = field(repr=False)

    @classmethod
    def of(cls, context: Context, job: Job) -> JobIds:
        """Those of the org that a logical job is for."""
        return cls(job.org, context.share("ingest:job-ids", _Known, lambda _: None))

    def add(self, ids: Iterable[str]) -> None:
        """Take note of jobs that are known from elsewhere."""
        with self._known.lock:
            self._known.ids.update((self.org, short(each)) for each in ids)

    def claim(self, job: str) -> bool:
        """Take note of a job that was created; False if it is known already."""
        key = (self.org, short(job))
        with self._known.lock:
            if key in self._known.ids:
                return False
            self._known.ids.add(key)
            return True


def ids_in(history: PartHistory) -> set[str]:
    """Every job that a part had in an earlier attempt, those that were given up too."""
    created = {
        str(intent.result["id"])
        for intent in history.intents
        if intent.action == "create" and intent.result and "id" in intent.result
    }
    return created if history.remote_id is None else created | {history.remote_id}
