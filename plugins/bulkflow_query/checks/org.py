"""The queries of a plan against the org: objects, fields, and how many rows match."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from bulkflow.plugin import Context, Job, Problem


def find_org_problems(context: Context, jobs: Sequence[Job]) -> Iterator[Problem]:
    """Find what the org would refuse about query jobs."""
    del context, jobs
    yield from ()
