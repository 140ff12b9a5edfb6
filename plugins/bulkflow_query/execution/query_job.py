"""A query job in the org, and what the run knows about it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import define, evolve, field, frozen

from bulkflow.model.part import Counts
from bulkflow_jobs.job_state import FINAL_STATES

if TYPE_CHECKING:
    from bulkflow.plugin import Job
    from bulkflow_jobs.job_info import JobInfo
    from bulkflow_query.rows_file import Page
    from bulkflow_query.settings import QuerySettings


@frozen
class RemoteQuery:
    """The job as the org last described it.

    Attributes:
        id: Its id; None before it was created.
        state: Its state.
        processed: How many rows it had found.
        gone: Whether the org no longer has it.
    """

    id: str | None = None
    state: str | None = None
    processed: int = 0
    gone: bool = False


@define(eq=False)
class QueryJob:
    """The one job in the org of a logical query job."""

    remote: RemoteQuery = field(factory=RemoteQuery)
    created: str | None = field(default=None, init=False)
    """When the org created it, as the org wrote it."""
    unanswered: str | None = field(default=None, init=False)
    counted: Counts | None = field(default=None, init=False)

    @property
    def number(self) -> int:
        """Its number within the logical job."""
        return 0

    @property
    def id(self) -> str | None:
        """Its id in the org; None before it was created."""
        return self.remote.id

    @property
    def state(self) -> str | None:
        """Its last known state."""
        return self.remote.state

    @property
    def in_org(self) -> bool:
        """Whether the org has it."""
        return self.remote.id is not None and not self.remote.gone

    @property
    def is_final(self) -> bool:
        """Whether the org has it and it has finished."""
        return self.in_org and self.remote.state in FINAL_STATES

    @property
    def counts(self) -> Counts:
        """The rows that it has found so far."""
        return Counts(self.remote.processed)

    def refresh(self, info: JobInfo, /) -> None:
        """Update it from a response. An outdated response does not undo a final state."""
        if self.remote.id == info.id and self.is_final and info.state not in FINAL_STATES:
            return
        processed, _ = info.counters
        self.created = info.created_date
        self.remote = RemoteQuery(info.id, str(info.state), processed)

    def mark_gone(self) -> None:
        """Record that the org no longer has it."""
        self.remote = evolve(self.remote, gone=True)


@define(eq=False)
class LogicalQuery:
    """A query job of the pipeline file, over all attempts at the run.

    Attributes:
        job: The logical job.
        settings: Its settings.
        remote: Its job in the org.
        pages: The pages that are in the file of rows, as far as the journal knows.
        delivered: What an earlier attempt recorded of the file that it saved, if it saved one.
        began: When the query began, as the org wrote it.
        is_restored: Whether an earlier attempt worked on it, and the org was not asked since.
    """

    job: Job
    settings: QuerySettings
    remote: QueryJob = field(factory=QueryJob)
    pages: list[Page] = field(factory=list)
    delivered: dict[str, object] | None = None
    began: str | None = None
    is_restored: bool = False
    is_extracting: bool = False

    @classmethod
    def of(cls, job: Job) -> LogicalQuery:
        """Return the query of a job that was prepared."""
        found = job.state["query"]
        assert isinstance(found, LogicalQuery)
        return found

    def attach(self) -> None:
        """Keep it in the state of its job."""
        self.job.state["query"] = self
        self.job.find_left = self.find_left

    def find_left(self) -> list[str]:
        """Return the id of the job in the org if it is unfinished, or not all rows were fetched."""
        job = self.remote
        if job.id is None or not job.in_org:
            return []
        return [job.id] if not job.is_final or self.is_extracting else []

    def update(self, _: QueryJob, /) -> None:
        """Update the counts of the logical job."""
        fetched = sum(page.rows for page in self.pages)
        self.job.counts = Counts(max(fetched, self.remote.remote.processed), fetched=fetched)
