"""The plugin's hooks: its steps, clauses, conditions, slot types, commands and checks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import evolve

from bulkflow.plugin import Command, hookimpl
from bulkflow_ingest.clauses import CLAUSES
from bulkflow_ingest.conditions import CONDITIONS
from bulkflow_ingest.settings import LOAD, find_problems, is_ingest
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
    "list": "List the jobs of an org, loads and queries.",
    "show": "Show the properties of a job.",
    "abort": "Abort unfinished jobs.",
    "delete": "Delete finished jobs.",
}


@hookimpl
def bulkflow_commands() -> Iterable[Command]:
    """Declare the commands of `bulkflow jobs`."""
    for name, summary in _COMMANDS.items():
        yield Command(("jobs", name), summary, _make_loader(name))


def _make_loader(name: str) -> Callable[[], click.Command]:
    def load() -> click.Command:
        from bulkflow_ingest.commands import COMMANDS

        return COMMANDS[name]

    return load


@hookimpl
def bulkflow_steps() -> Iterable[Step]:
    """Declare the steps."""
    return STEPS


@hookimpl
def bulkflow_clauses() -> Iterable[Clause]:
    """Declare the clauses of a job."""
    return CLAUSES


@hookimpl
def bulkflow_conditions() -> Iterable[Condition]:
    """Declare the conditions on a job's rows."""
    return CONDITIONS


@hookimpl
def bulkflow_value_types() -> Iterable[ValueType]:
    """Declare the slot types."""
    return VALUE_TYPES


@hookimpl
def bulkflow_job_problems(settings: Mapping[str, object], kind: str | None) -> Iterable[Problem]:
    """Find what is wrong with a job's settings."""
    return find_problems(settings) if kind in {None, LOAD} else ()


@hookimpl
def bulkflow_prepare_job(context: Context, job: Job) -> Manifest | None:
    """Read the job's source and divide it into parts."""
    if not is_ingest(job.settings):
        return None
    if "streamed" in job.settings:
        from bulkflow_ingest.parts.stream import prepare_stream as prepare
    else:
        from bulkflow_ingest.parts.prepare import prepare
    is_first_attempt = context.journal.read_history(job.key) is None
    manifest = prepare(context, job)
    if manifest is None or not is_first_attempt or "keep_results" not in job.settings:
        return manifest
    from bulkflow_ingest.results.selection_files import cost_of_keeping

    return evolve(manifest, notes=(*manifest.notes, cost_of_keeping(manifest)))


@hookimpl
def bulkflow_source_problems(context: Context, job: Job) -> Iterable[Problem]:
    """Check the columns of the job's source against its operation."""
    if not is_ingest(job.settings):
        return ()
    from bulkflow_ingest.checks.source import find_source_problems

    return find_source_problems(context, job)


@hookimpl
def bulkflow_org_problems(
    context: Context, loads: Sequence[Load], requests: int
) -> Iterable[Problem]:
    """Check the jobs against the org's objects and limits."""
    from bulkflow_ingest.checks.org import find_org_problems

    return find_org_problems(context, loads, requests)
