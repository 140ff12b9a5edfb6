"""What this plugin declares."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import evolve

from bulkflow.plugin import Command, hookimpl
from bulkflow_ingest.clauses import CLAUSES
from bulkflow_ingest.conditions import CONDITIONS
from bulkflow_ingest.settings import is_ingest, problems
from bulkflow_ingest.steps import STEPS
from bulkflow_ingest.types import VALUE_TYPES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    import click

    from bulkflow.model.part import Manifest
    from bulkflow.plugin import (
        Clause,
        Condition,
        Context,
        Job,
        Load,
        Problem,
        Step,
        ValueType,
    )

_COMMANDS = {
    "list": "List the ingest jobs of an org.",
    "show": "Show all that Salesforce says of a job.",
    "abort": "Abort jobs that are not at an end.",
    "delete": "Delete jobs that are at an end.",
}


@hookimpl
def bulkflow_commands() -> Iterable[Command]:
    """`bulkflow jobs` and what may follow."""
    for name, summary in _COMMANDS.items():
        yield Command(("jobs", name), summary, _loading(name))


def _loading(name: str) -> Callable[[], click.Command]:
    def load() -> click.Command:
        from bulkflow_ingest.commands import COMMANDS

        return COMMANDS[name]

    return load


@hookimpl
def bulkflow_steps() -> Iterable[Step]:
    """The steps of a job's life."""
    return STEPS


@hookimpl
def bulkflow_clauses() -> Iterable[Clause]:
    """The clauses of a job."""
    return CLAUSES


@hookimpl
def bulkflow_conditions() -> Iterable[Condition]:
    """The questions about a job's rows."""
    return CONDITIONS


@hookimpl
def bulkflow_value_types() -> Iterable[ValueType]:
    """Objects, fields, ids, limits and selections of rows."""
    return VALUE_TYPES


@hookimpl
def bulkflow_job_problems(settings: Mapping[str, object]) -> Iterable[Problem]:
    """What is wrong with a job's settings."""
    return problems(settings)


@hookimpl
def bulkflow_prepare_job(context: Context, job: Job) -> Manifest | None:
    """Read the job's source."""
    if not is_ingest(job.settings):
        return None
    if "streamed" in job.settings:
        from bulkflow_ingest.parts.stream import prepare_stream as prepare
    else:
        from bulkflow_ingest.parts.prepare import prepare
    begins = context.journal.read_history(job.key) is None
    manifest = prepare(context, job)
    if manifest is None or not begins or "keep_results" not in job.settings:
        return manifest
    from bulkflow_ingest.results.files import cost_of_keeping

    return evolve(manifest, notes=(*manifest.notes, cost_of_keeping(manifest)))


@hookimpl
def bulkflow_source_problems(context: Context, job: Job) -> Iterable[Problem]:
    """Hold the columns of the job's source against its operation."""
    if not is_ingest(job.settings):
        return ()
    from bulkflow_ingest.checks.source import find_source_problems

    return find_source_problems(context, job)


@hookimpl
def bulkflow_org_problems(
    context: Context, loads: Sequence[Load], requests: int
) -> Iterable[Problem]:
    """Hold the jobs against the org's objects and limits."""
    from bulkflow_ingest.checks.org import find_org_problems

    return find_org_problems(context, loads, requests)
