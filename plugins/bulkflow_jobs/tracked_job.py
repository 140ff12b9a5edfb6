"""What the requests and the polling need to know of a job."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol, TypeVar

if TYPE_CHECKING:
    from bulkflow.model.part import Counts
    from bulkflow.plugin import Job


class PolledJob(Protocol):
    """A job in the org whose end a step waits for."""

    @property
    def number(self) -> int:
        """Its number within the logical job, from 0."""
        ...

    @property
    def id(self) -> str | None:
        """Its id in the org; None before it was created."""
        ...

    @property
    def state(self) -> str | None:
        """Its last known state."""
        ...

    @property
    def in_org(self) -> bool:
        """Whether the org has it."""
        ...

    @property
    def is_final(self) -> bool:
        """Whether the org has it and it has finished."""
        ...


class TrackedJob(PolledJob, Protocol):
    """A job in the org that a run changes, and what the run knows about it."""

    unanswered: str | None
    """The change that was requested and not confirmed yet."""
    counted: Counts | None
    """What was counted of its rows."""

    @property
    def remote(self) -> object:
        """Everything known of it in the org, as a value that can be compared."""
        ...

    @property
    def counts(self) -> Counts:
        """The outcomes of its rows, as far as they are known."""
        ...

    def refresh(self, info: Any, /) -> None:
        """Update it from a response that describes it."""
        ...

    def mark_gone(self) -> None:
        """Record that the org no longer has it."""
        ...


class JobResponse(Protocol):
    """What a response says about a job."""

    @property
    def id(self) -> str:
        """The job's id."""
        ...

    @property
    def state(self) -> str:
        """The job's state."""
        ...

    @property
    def counters(self) -> tuple[int, int]:
        """How many rows were processed, including failures, and how many of them failed."""
        ...


class JobApi(Protocol):
    """The requests that every kind of job has."""

    def abort(self, job: str) -> JobResponse:
        """Abort a job."""
        ...

    def delete(self, job: str) -> None:
        """Delete a finished job."""
        ...

    def info(self, job: str) -> JobResponse:
        """Get a job's properties."""
        ...


J_contra = TypeVar("J_contra", bound=TrackedJob, contravariant=True)


class JobGroup(Protocol[J_contra]):
    """The jobs in the org that make up one logical job."""

    @property
    def job(self) -> Job:
        """The logical job."""
        ...

    def update(self, job: J_contra, /) -> None:
        """Update the totals of the logical job after a change of one of its jobs."""
        ...
