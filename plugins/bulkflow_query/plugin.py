"""The plugin's hooks: its steps, clauses, slot type and checks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bulkflow.plugin import hookimpl
from bulkflow_query.clauses import CLAUSES
from bulkflow_query.settings import QUERY, find_problems, is_query
from bulkflow_query.steps import STEPS
from bulkflow_query.types import VALUE_TYPES

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from bulkflow.model.part import Manifest
    from bulkflow.plugin import Clause, Context, Job, Problem, Step, ValueType


@hookimpl
def bulkflow_steps() -> Iterable[Step]:
    """Declare the steps."""
    return STEPS


@hookimpl
def bulkflow_clauses() -> Iterable[Clause]:
    """Declare the clauses of a job."""
    return CLAUSES


@hookimpl
def bulkflow_value_types() -> Iterable[ValueType]:
    """Declare the slot type of queries."""
    return VALUE_TYPES


@hookimpl
def bulkflow_job_problems(settings: Mapping[str, object], kind: str | None) -> Iterable[Problem]:
    """Find what is wrong with a job's settings."""
    return find_problems(settings) if kind == QUERY else ()


@hookimpl
def bulkflow_prepare_job(context: Context, job: Job) -> Manifest | None:
    """Restore what an earlier attempt at the run knew of a query job."""
    if not is_query(job.settings):
        return None
    from bulkflow_query.execution.prepare import prepare

    return prepare(context, job)


@hookimpl
def bulkflow_org_problems(context: Context, reads: Sequence[Job]) -> Iterable[Problem]:
    """Check the queries against the org's objects, and count the rows that they match."""
    ours = [job for job in reads if is_query(job.settings)]
    if not ours:
        return ()
    from bulkflow_query.checks.org import find_org_problems

    return find_org_problems(context, ours)
