"""The commands `bulkflow jobs list`, `show`, `abort` and `delete`."""

from __future__ import annotations

import json
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from functools import wraps
from typing import TYPE_CHECKING, Any, Final

import click

from bulkflow.errors import BulkflowError, UsageError
from bulkflow_jobs.current_user import get_user_id
from bulkflow_jobs.job_filter import JobFilter, parse_age, parse_created_date
from bulkflow_jobs.org_jobs import JobResource, OrgJobs
from bulkflow_salesforce import (
    CommandIO,
    Network,
    NotFoundError,
    OrgAddress,
    Session,
    check_salesforce_id,
    get_command_io,
    open_org,
    say,
)
from bulkflow_salesforce.http.bounds import FAULT_CHARACTERS, cut

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from bulkflow_jobs.job_info import JobInfo

_ORG: Final = click.option(
    "--org",
    "org",
    default="default",
    metavar="NAME",
    help="Use this org: a name that you gave to `bulkflow org login`, or `env`. Without it, the "
    "default org is used.",
)
_JSON: Final = click.option("--json", "as_json", is_flag=True, help="Write JSON to stdout.")


class UnknownJobError(BulkflowError):
    """The org has no job with an id; nothing was changed."""


def _add_filters(command: Callable[..., int]) -> Callable[..., int]:
    @click.option("--state", "states", multiple=True, help="Only in this state, such as Open.")
    @click.option("--object", "objects", multiple=True, help="Only for this object.")
    @click.option("--older-than", metavar="AGE", help="Only created before 30m, 12h or 2d ago.")
    @click.option("--newer-than", metavar="AGE", help="Only created in the last 30m, 12h or 2d.")
    @click.option("--mine", is_flag=True, help="Only created by your user.")
    @wraps(command)
    def filtered(*arguments: Any, **options: Any) -> int:
        return command(*arguments, **options)

    return filtered


@click.command("list")
@_ORG
@_add_filters
@_JSON
@click.pass_context
def list_jobs(context: click.Context, /, org: str, *, as_json: bool, **filters: Any) -> int:
    """List the jobs of all users of an org, newest first: loads and queries."""
    world = get_command_io(context)
    with _open_session(org, world) as session:
        jobs = _find_jobs(session, filters)
    if as_json:
        _write_json(world, [dict(job.properties) for job in jobs])
        return 0
    for job in jobs:
        world.stdout.write(_format_job(job) + "\n")
    if not jobs:
        say(world, "no jobs match")
    return 0


@click.command("show")
@click.argument("job")
@_ORG
@_JSON
@click.pass_context
def show(context: click.Context, /, job: str, *, org: str, as_json: bool) -> int:
    """Show the properties of a job."""
    world = get_command_io(context)
    check_salesforce_id(job)
    with _open_session(org, world) as session:
        info = _get_job(session, job)
    if as_json:
        _write_json(world, dict(info.properties))
        return 0
    for name, value in info.properties.items():
        world.stdout.write(f"{name:<24} {_clean(value)}\n")
    return 0


@click.command("abort")
@click.argument("jobs", nargs=-1)
@_ORG
@_add_filters
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.pass_context
def abort(
    context: click.Context, /, jobs: tuple[str, ...], *, org: str, yes: bool, **filters: Any
) -> int:
    """Abort unfinished jobs: the JOBS with these ids, or all jobs that match the options.

    Rows that a job has loaded stay in the org.
    """
    world = get_command_io(context)
    with _open_session(org, world) as session:
        selected = _select(session, jobs, filters, lambda job: not job.is_final)
        return _change_each(
            world,
            selected,
            "abort",
            "aborted",
            yes,
            lambda job: _get_resource(session, job).abort(job.id),
        )


@click.command("delete")
@click.argument("jobs", nargs=-1)
@_ORG
@_add_filters
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.pass_context
def delete(
    context: click.Context, /, jobs: tuple[str, ...], *, org: str, yes: bool, **filters: Any
) -> int:
    """Delete finished jobs: the JOBS with these ids, or all jobs that match the options.

    Their data and results are deleted, but not the records that they loaded.
    """
    world = get_command_io(context)
    with _open_session(org, world) as session:
        selected = _select(session, jobs, filters, lambda job: job.is_final)
        return _change_each(
            world,
            selected,
            "delete",
            "deleted",
            yes,
            lambda job: _get_resource(session, job).delete(job.id),
        )


@contextmanager
def _open_session(name: str, world: CommandIO) -> Iterator[Session]:
    org = open_org(name, world.environ)
    try:
        address = OrgAddress(org.instance_url, org.api_version)
        with Session(address, org.tokens, network=Network.of(world.environ)) as session:
            yield session
    finally:
        org.close()


def _find_jobs(session: Session, filters: dict[str, Any]) -> list[JobInfo]:
    now = datetime.now(UTC)
    older, newer = filters["older_than"], filters["newer_than"]
    wanted = JobFilter(
        filters["states"],
        filters["objects"],
        get_user_id(session) if filters["mine"] else None,
        now - parse_age(older) if older else None,
        now - parse_age(newer) if newer else None,
    )
    # Unfiltered, the list of one kind may have the other, too.
    found = {job.id: job for kind in JobResource for job in OrgJobs(session, kind).jobs()}
    jobs = [job for job in found.values() if wanted.matches(job)]
    return sorted(jobs, key=lambda job: job.created_date or "", reverse=True)


def _select(
    session: Session,
    ids: tuple[str, ...],
    filters: dict[str, Any],
    fits: Callable[[JobInfo], bool],
) -> list[JobInfo]:
    """Return the jobs with the ids, or the jobs that match the filters and `fits`."""
    if bool(ids) == any(filters.values()):
        raise UsageError(
            "give either ids of jobs or at least one option that selects them",
            help="`bulkflow jobs list` with the same options shows the selected jobs",
        )
    if ids:
        for each in ids:
            check_salesforce_id(each)
        return [_get_job(session, each) for each in ids]
    return [job for job in _find_jobs(session, filters) if fits(job)]


def _get_resource(session: Session, job: JobInfo) -> OrgJobs:
    """Return the requests for the kind of a job."""
    is_query = job.job_type == JobResource.QUERY.job_type or job.operation in {"query", "queryAll"}
    return OrgJobs(session, JobResource.QUERY if is_query else JobResource.INGEST)


def _get_job(session: Session, job: str) -> JobInfo:
    """Get a job by its id.

    Raises:
        UnknownJobError: The org has no such job.
    """
    with suppress(NotFoundError):
        return OrgJobs(session, JobResource.INGEST).info(job)
    try:
        return OrgJobs(session, JobResource.QUERY).info(job)
    except NotFoundError as error:
        if error.status != 404 or any(fault.is_code("URL_NOT_RESET") for fault in error.faults):
            raise
        raise UnknownJobError(
            f"{error.call.host} has no job {job}",
            help="`bulkflow jobs list` shows the org's jobs; Salesforce removes a job seven "
            "days after its end",
            notes=[f"the response: {fault}" for fault in error.faults],
        ) from error


def _change_each(
    world: CommandIO,
    jobs: Sequence[JobInfo],
    verb: str,
    done: str,
    yes: bool,
    act: Callable[[JobInfo], object],
) -> int:
    """Change each job after one confirmation; a failure does not stop the others."""
    if not jobs:
        say(world, f"no jobs to {verb}")
        return 0
    if not yes:
        for job in jobs:
            say(world, _format_job(job))
        click.confirm(f"{verb} {len(jobs)} of the org's jobs?", abort=True, err=True)
    failed = 0
    for job in jobs:
        try:
            act(job)
        except BulkflowError as error:
            failed += 1
            say(world, f"{job.id} not {done}: {error.message}")
        else:
            world.stdout.write(f"{job.id} {done}\n")
    return 1 if failed else 0


def _format_job(job: JobInfo) -> str:
    created = parse_created_date(job)
    when = created.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S") if created else "?" * 19
    what = f"{job.operation or '?'} {job.object or '?'}"
    return _clean(f"{job.id}  {when}  {job.state:<14}  {what:<30}  by {job.created_by_id or '?'}")


def _clean(value: object) -> str:
    """Format a value from the org, shortened, without characters that control a terminal."""
    text = cut(str(value), FAULT_CHARACTERS)
    return "".join(character if character.isprintable() else " " for character in text)


def _write_json(world: CommandIO, content: object) -> None:
    world.stdout.write(json.dumps(content, ensure_ascii=False, indent=2) + "\n")


COMMANDS: Final = {"list": list_jobs, "show": show, "abort": abort, "delete": delete}
