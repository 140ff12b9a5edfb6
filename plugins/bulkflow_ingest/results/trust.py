"""What is known about result files: how many rows they must have, and which can be used."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import define, field, frozen

from bulkflow.errors import StepError
from bulkflow_ingest.api.result_kind import ResultKind

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bulkflow_ingest.parts.job_parts import JobParts
    from bulkflow_ingest.parts.part_job import PartJob
    from bulkflow_ingest.results.standstill import Look

Wanted = tuple["PartJob", ResultKind]
"""A result file of a part."""


@frozen
class Promise:
    """How many rows a file must have: the minimum, and the maximum if it is known."""

    least: int
    most: int | None = None


@define(eq=False)
class Trust:
    """What one step has found out about a job's result files."""

    looks: dict[PartJob, Look] = field(factory=dict)
    """Parts that did not complete, as they were at rest."""
    fetched: set[Wanted] = field(factory=set)
    """Their files that were fetched after that."""
    whole: set[Wanted] = field(factory=set)
    """Files with the promised number of rows."""
    doubted: dict[PartJob, str] = field(factory=dict)
    """Parts whose files do not show the outcomes of all rows, with the reason."""
    dropped: set[Wanted] = field(factory=set)
    """Files of these that are not used."""
    promised: dict[PartJob, tuple[int, int]] = field(factory=dict)
    """The counts of loaded and failed rows that complete jobs reported first: later counts are
    ours."""


def refuse_gone(parts: JobParts, gone: Sequence[PartJob]) -> StepError:
    """Make the error for jobs that are gone with the outcomes of their rows."""
    return StepError(
        f"the outcomes of the rows of job {parts.job.name} are unknown: "
        f"{len(gone)} of its jobs are gone from the org",
        help="look in the org for what was loaded before you load these rows again",
        notes=[f"job {part.id} is gone" for part in gone],
    )
