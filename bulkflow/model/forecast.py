"""What a run of a plan would do, as far as it is known without running it."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING

from attrs import Factory, define, frozen

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from bulkflow.errors import BulkflowError
    from bulkflow.model.diagnostic import Diagnostic
    from bulkflow.model.part import Manifest


class LineKind(Enum):
    """What a line of a forecast is."""

    STEP = "step"
    """The first step of a chain or of a handler."""
    THEN = "then"
    """A later step of the same chain or handler."""
    HANDLER = "handler"
    """`on failure`, or another event, of the chain above; its steps follow, one deeper."""
    BLOCK = "block"
    """The head of a block; its lines follow, one deeper."""


@frozen
class JobForecast:
    """A job and what its source comes to; no manifest where that is not known before the run."""

    job: str
    settings: Mapping[str, object]
    manifest: Manifest | None
    clauses: tuple[str, ...] = ()
    """As the file has them."""
    org: str | None = None
    """The org that it is for, by the file's name."""


@frozen
class StepForecast:
    """A line of the plan. `requests` are the API calls at the least, None where nobody can tell.

    `requests_per_part` are those for each part that is read later, where the job has such.
    """

    depth: int
    text: str
    job: str | None = None
    requests: int | None = 0
    kind: LineKind = LineKind.STEP
    org: str | None = None
    """The org that the calls are made to, by the file's name."""
    requests_per_part: int = 0


@define
class Forecast:
    """All that a run would do. `requests` adds up the calls that are known."""

    pipeline: str
    orgs: Mapping[str, str]
    """The names that the file has for its orgs, each with the profile that it stands for."""
    jobs: list[JobForecast] = Factory(list)
    steps: list[StepForecast] = Factory(list)
    diagnostics: list[Diagnostic] = Factory(list)
    """What is wrong with the data or with what the org says, at its place in the file."""
    errors: list[BulkflowError] = Factory(list)
    """What has no place in the file, such as an org that cannot be reached."""

    @property
    def requests(self) -> int:
        """API calls at the least; waiting takes more, and handlers are not counted."""
        return sum(step.requests or 0 for step in self.steps)

    @property
    def requests_per_part(self) -> int:
        """API calls for each part that is read while others are sent."""
        return sum(step.requests_per_part for step in self.steps)

    @property
    def is_known(self) -> bool:
        """Whether anything is known of the API calls: not where no source can be read before."""
        return bool(self.requests) or all(step.requests is not None for step in self.steps)

    def requests_to(self, orgs: Collection[str]) -> int:
        """Those that go to some of the orgs, by the file's names."""
        return sum(step.requests or 0 for step in self.steps if step.org in orgs)

    @property
    def rows(self) -> int:
        """Rows of all jobs whose source is known."""
        return sum(job.manifest.rows for job in self.jobs if job.manifest)

    @property
    def bytes(self) -> int:
        """Bytes of all parts, headers included."""
        return sum(job.manifest.bytes for job in self.jobs if job.manifest)
