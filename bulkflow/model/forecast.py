"""What a run of a plan would do, as far as that is known without running it."""

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
    """The kind of a line in a forecast."""

    STEP = "step"
    """The first step of a chain or handler."""
    THEN = "then"
    """A later step of the same chain or handler."""
    HANDLER = "handler"
    """`on failure` or another event of the chain above; its steps follow, one level deeper."""
    BLOCK = "block"
    """The head of a block; its lines follow, one level deeper."""


@frozen
class JobForecast:
    """A job and its source; no manifest if that is not known before the run."""

    job: str
    settings: Mapping[str, object]
    manifest: Manifest | None
    clauses: tuple[str, ...] = ()
    """As written."""
    org: str | None = None
    """The file's name for the job's org."""


@frozen
class StepForecast:
    """A line of the plan. `requests` is the least number of API calls, None if unknown.

    `requests_per_part` counts those for each part that is read later, if there are such parts.
    """

    depth: int
    text: str
    job: str | None = None
    requests: int | None = 0
    kind: LineKind = LineKind.STEP
    org: str | None = None
    """The file's name for the org that gets the calls."""
    requests_per_part: int = 0


@define
class Forecast:
    """Everything that a run would do. `requests` adds up the known calls."""

    pipeline: str
    orgs: Mapping[str, str]
    """The file's names for its orgs, each with its profile."""
    jobs: list[JobForecast] = Factory(list)
    steps: list[StepForecast] = Factory(list)
    diagnostics: list[Diagnostic] = Factory(list)
    """Problems with the data or found in the org, with their places in the file."""
    errors: list[BulkflowError] = Factory(list)
    """Problems without a place in the file, such as an org that cannot be reached."""

    @property
    def requests(self) -> int:
        """The least number of API calls; waiting takes more, and handlers are not counted."""
        return sum(step.requests or 0 for step in self.steps)

    @property
    def requests_per_part(self) -> int:
        """API calls for each part that is read while others are sent."""
        return sum(step.requests_per_part for step in self.steps)

    @property
    def is_known(self) -> bool:
        """Whether the number of API calls is known: not if no source can be read before the run."""
        return bool(self.requests) or all(step.requests is not None for step in self.steps)

    def requests_to(self, orgs: Collection[str]) -> int:
        """Add up the API calls to some of the orgs, by the file's names."""
        return sum(step.requests or 0 for step in self.steps if step.org in orgs)

    @property
    def rows(self) -> int:
        """Rows of all jobs whose source is known."""
        return sum(job.manifest.rows for job in self.jobs if job.manifest)

    @property
    def bytes(self) -> int:
        """Bytes of all parts, including headers."""
        return sum(job.manifest.bytes for job in self.jobs if job.manifest)
