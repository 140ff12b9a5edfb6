"""`bulkflow jobs list`, `show`, `abort` and `delete`."""

from __future__ import annotations

import json
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import wraps
from typing import TYPE_CHECKING, Any, Final

import click

from bulkflow.errors import BulkflowError, UsageError
from bulkflow_ingest.api.client import IngestApi
from bulkflow_ingest.api.job_filter import JobFilter, age, created, find, own_user
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

    from bulkflow_ingest.api.job_info import JobInfo

_ORG: Final = click.option(
    "--org",
    "org",
    default="default",
    metavar="NAME",
    help="The org: one that `bulkflow org login` named, or `env`; without it, the default one.",
)
_JSON: Final = click.option("--json", "as_json", is_flag=True, help="JSON on stdout.")


class UnknownJobError(BulkflowError):
    """The org has no ingest job of an id; nothing was changed."""


def _filters(command: Callable[..., int]) -> Callable[..., int]:
    @click.option("--state", "states", multiple=True, help="In this state, such as Open.")
    @click.option("--object", "objects", multiple=True, help="Of this object, such as Account.")
    @click.option("--older-than", metavar="AGE", help="Made longer ago than 30m, 12h or 2d.")
    @click.option("--newer-than", metavar="AGE", help="Made within the last 30m, 12h or 2d.")
    @click.option("--mine", is_flag=True, help="Made by the user of the login.")
    @wraps(command)
    def filtered(*arguments: Any, **options: Any) -> int:
        return command(*arguments, **options)

    return filtered


@click.command("list")
@_ORG
@_filters
@_JSON
@click.pass_context
def list_jobs(context: click.Context, /, org: str, *, as_json: bool, **filters: Any) -> int:
    """List the ingest jobs of an org, of all its users, the newest first."""
    world = get_command_io(context)
    with _connected(org, world) as session:
        jobs = _found(session, filters)
    if as_json:
        _write_json(world, [dict(job.properties) for job in jobs])
        return 0
    for job in jobs:
        world.stdout.write(_line(job) + "\n")
    if not jobs:
        say(world, "no such jobs")
    return 0


@click.command("show")
@click.argument("job")
@_ORG
@_JSON
@click.pass_context
def show(context: click.Context, /, job: str, *, org: str, as_json: bool) -> int:
    """Show all that Salesforce says of a job."""
    world = get_command_io(context)
    check_salesforce_id(job)
    with _connected(org, world) as session:
        info = _job(IngestApi(session), job)
    if as_json:
        _write_json(world, dict(info.properties))
        return 0
    for name, value in info.properties.items():
        world.stdout.write(f"{name:<24} {_plain(value)}\n")
    return 0


@click.command("abort")
@click.argument("jobs", nargs=-1)
@_ORG
@_filters
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.pass_context
def abort(
    context: click.Context, /, jobs: tuple[str, ...], *, org: str, yes: bool, **filters: Any
) -> int:
    """Abort jobs that are not at an end: those with the ids JOBS, or those that the options name.

    What a job has saved already stays in the org.
    """
    world = get_command_io(context)
    with _connected(org, world) as session:
        api = IngestApi(session)
        chosen = _chosen(session, jobs, filters, lambda job: not job.is_final)
        return _each(world, chosen, "abort", "aborted", yes, lambda job: api.abort(job.id))


@click.command("delete")
@click.argument("jobs", nargs=-1)
@_ORG
@_filters
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.pass_context
def delete(
    context: click.Context, /, jobs: tuple[str, ...], *, org: str, yes: bool, **filters: Any
) -> int:
    """Delete jobs that are at an end, with their data and results, but not the records they made.

    Those with the ids JOBS, or those that the options name.
    """
    world = get_command_io(context)
    with _connected(org, world) as session:
        api = IngestApi(session)
        chosen = _chosen(session, jobs, filters, lambda job: job.is_final)
        return _each(world, chosen, "delete", "deleted", yes, lambda job: api.delete(job.id))


@contextmanager
def _connected(name: str, world: CommandIO) -> Iterator[Session]:
    org = open_org(name, world.environ)
    try:
        address = OrgAddress(org.instance_url, org.api_version)
        with Session(address, org.tokens, network=Network.of(world.environ)) as session:
            yield session
    finally:
        org.close()


def _found(session: Session, filters: dict[str, Any]) -> list[JobInfo]:
    now = datetime.now(UTC)
    older, newer = filters["older_than"], filters["newer_than"]
    wanted = JobFilter(
        filters["states"],
        filters["objects"],
        own_user(session) if filters["mine"] else None,
        now - age(older) if older else None,
        now - age(newer) if newer else None,
    )
    jobs = list(find(IngestApi(session), wanted))
    return sorted(jobs, key=lambda job: job.created_date or "", reverse=True)


def _chosen(
    session: Session,
    ids: tuple[str, ...],
    filters: dict[str, Any],
    fits: Callable[[JobInfo], bool],
) -> list[JobInfo]:
    """The jobs to treat; by ids as they are, by filters those that can be treated."""
    if bool(ids) == any(filters.values()):
        raise UsageError(
            "name jobs by their ids, or by at least one option, and not by both",
            help="`bulkflow jobs list` with the same options shows which jobs they are",
        )
    if ids:
        for each in ids:
            check_salesforce_id(each)
        api = IngestApi(session)
        return [_job(api, each) for each in ids]
    return [job for job in _found(session, filters) if fits(job)]


def _job(api: IngestApi, job: str) -> JobInfo:
    """A job by its id.

    Raises:
        UnknownJobError: The org has none of that id.
    """
    try:
        return api.info(job)
    except NotFoundError as error:
        if error.status != 404 or any(fault.is_code("URL_NOT_RESET") for fault in error.faults):
            raise
        raise UnknownJobError(
            f"{error.call.host} has no ingest job {job}",
            help="`bulkflow jobs list` shows the jobs that are there; Salesforce removes a job"
            " seven days after its end, and query jobs are not among them",
            notes=[f"it answered: {fault}" for fault in error.faults],
        ) from error


def _each(
    world: CommandIO,
    jobs: Sequence[JobInfo],
    verb: str,
    done: str,
    yes: bool,
    act: Callable[[JobInfo], object],
) -> int:
    """Treat each job after one question; what fails does not keep the others from it."""
    if not jobs:
        say(world, f"no jobs to {verb}")
        return 0
    if not yes:
        for job in jobs:
            say(world, _line(job))
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


def _line(job: JobInfo) -> str:
    made = created(job)
    when = made.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S") if made else "?" * 19
    what = f"{job.operation or '?'} {job.object or '?'}"
    return _plain(f"{job.id}  {when}  {job.state:<14}  {what:<30}  by {job.created_by_id or '?'}")


def _plain(value: object) -> str:
    """A value that a server gave, without what drives a terminal, and not without an end."""
    text = cut(str(value), FAULT_CHARACTERS)
    return "".join(character if character.isprintable() else " " for character in text)


def _write_json(world: CommandIO, content: object) -> None:
    world.stdout.write(json.dumps(content, ensure_ascii=False, indent=2) + "\n")


COMMANDS: Final = {"list": list_jobs, "show": show, "abort": abort, "delete": delete}
