"""The queries of a plan against the org: objects, fields, and how many rows match."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bulkflow.model.event import Notice
from bulkflow.plugin import Problem, format_plural
from bulkflow.plugin.suggestions import ask_did_you_mean, find_nearest
from bulkflow_jobs.session import open_session
from bulkflow_jobs.sobjects import Describer
from bulkflow_query.api.rest import RestApi
from bulkflow_query.watermark import make_settings
from bulkflow_salesforce import OrgError
from bulkflow_soql.features import list_all_paths, make_count

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from bulkflow.plugin import Context, Job
    from bulkflow_jobs.sobjects import ObjectDescription
    from bulkflow_query.settings import QuerySettings
    from bulkflow_soql.tree import FieldPath, Query


def find_org_problems(context: Context, jobs: Sequence[Job]) -> Iterator[Problem]:
    """Find what the org would refuse about query jobs, and emit how many rows they match.

    Only requests that change nothing are sent.
    """
    session = open_session(context)
    describer, rest = Describer(session), RestApi(session)
    for job in jobs:
        context.checkpoint()
        settings = make_settings(job)
        found = list(_check(job, settings.parse(), describer))
        yield from found
        if not found:
            _count(context, job, settings, rest)


def _check(job: Job, query: Query, describer: Describer) -> Iterator[Problem]:
    described = describer.describe(query.object)
    if described is None:
        yield Problem(
            f"the org has no object {query.object} that this user may see",
            _suggest(query.object, describer.list_names())
            or "write the object's API name, such as Invoice__c",
            "query",
            "B411",
            job=job.key,
        )
        return
    reported: set[str] = set()
    for path in list_all_paths(query):
        if path.text.lower() in reported:
            continue
        reported.add(path.text.lower())
        yield from _check_path(job, path, described, describer, query.alias)


def _check_path(
    job: Job,
    path: FieldPath,
    described: ObjectDescription,
    describer: Describer,
    alias: str | None,
) -> Iterator[Problem]:
    """Follow a path from the object over its parents to a field."""
    *parents, name = path.names
    if parents and parents[0].lower() in {described.name.lower(), (alias or "").lower()}:
        parents = parents[1:]
    here = described
    for parent in parents:
        lookup = here.find_lookup(parent)
        if lookup is None:
            names = [each.relationship for each in here.fields.values() if each.relationship]
            yield _make_problem(
                job, path, f"{here.name} has no parent {parent}", _suggest(parent, names)
            )
            return
        if lookup.polymorphic or len(lookup.targets) != 1:
            # Which fields its parents share is not in the description.
            return
        found = describer.describe(lookup.targets[0])
        if found is None:
            return
        here = found
    if here.find_field(name) is None:
        names = [each.name for each in here.fields.values()]
        yield _make_problem(job, path, f"{here.name} has no field {name}", _suggest(name, names))


def _make_problem(job: Job, path: FieldPath, what: str, advice: str | None) -> Problem:
    return Problem(
        f"{path.text}: {what} that this user may see",
        advice or "compare the query with the object's fields, and with what the user may see",
        "query",
        "B412",
        job=job.key,
    )


def _suggest(name: str, known: Iterable[str]) -> str | None:
    def normalize(each: str) -> str:
        return each.lower().removesuffix("__c").removesuffix("__r").replace("_", "")

    return ask_did_you_mean(find_nearest(name, known, normalize=normalize, cutoff=0.7))


def _count(context: Context, job: Job, settings: QuerySettings, rest: RestApi) -> None:
    """Emit how many rows a query matches now, if the org counts them."""
    text = make_count(settings.parse())
    if text is None:
        return
    try:
        found = rest.count(text, includes_deleted=settings.includes_deleted)
    except OrgError as error:
        message = f"the rows of job {job.name} could not be counted: {error.message}"
    else:
        message = f"the query of job {job.name} matches {format_plural(found, 'row')} now"
    context.emit(Notice(message, job=job.key))
