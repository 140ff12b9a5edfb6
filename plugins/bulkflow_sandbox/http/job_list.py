"""The lists of jobs, which are the same for jobs of all kinds but for their addresses."""

from __future__ import annotations

from asyncio import to_thread
from typing import TYPE_CHECKING

from bulkflow_sandbox.core.errors import make_not_found_error
from bulkflow_sandbox.core.ids import JOB_PREFIX, LOCATOR_PREFIX, to_id18
from bulkflow_sandbox.http.job_json import make_listed_body
from bulkflow_sandbox.http.responses import make_json_response
from bulkflow_sandbox.jobs.job import JobType

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from bulkflow_sandbox.sandbox import Sandbox


async def answer_list(request: Request, sandbox: Sandbox, path: str, kind: JobType) -> Response:
    """A page of jobs; `path` is the list's own, and `kind` the jobs that it is named after."""
    query = request.query_params
    kinds = _kinds(sandbox, query.get("jobType"), kind)
    if query.get("isPkChunkingEnabled", "").lower() == "true":
        # No kind of job that the sandbox has is chunked by primary key.
        kinds = ()
    if query.get("concurrencyMode", "parallel").lower() != "parallel":
        # Every job of the sandbox is Parallel, as those of the Bulk API 2.0 are.
        kinds = ()
    locator = query.get("queryLocator")
    page = await to_thread(sandbox.ingest.list_page, kinds, _read_locator(locator))
    following = None
    if page.next is not None:
        following = f"{path.format(version=request.state.version)}?queryLocator="
        following += f"{to_id18(LOCATOR_PREFIX + page.next[3:15])}"
        following += f"-{_position(locator) + len(page.jobs)}"
        if "jobType" in query:
            following += f"&jobType={query['jobType']}"
    body = {
        "done": following is None,
        "records": [make_listed_body(job) for job in page.jobs],
        "nextRecordsUrl": following,
    }
    return make_json_response(request, body)


def _kinds(sandbox: Sandbox, name: str | None, own: JobType) -> tuple[JobType, ...]:
    if name is None:
        return tuple(JobType) if sandbox.org.choices.list_all_kinds else (own,)
    return tuple(kind for kind in JobType if kind.value.lower() == name.lower())


def _position(locator: str | None) -> int:
    """How many jobs stand before a page: the number at the end of its locator (recorded form)."""
    number = (locator or "").partition("-")[2]
    return int(number) if number.isdecimal() and number.isascii() and len(number) < 10 else 0


def _read_locator(text: str | None) -> str | None:
    if text is None:
        return None
    known = to_id18(text[:18])
    if known is None or not known.startswith(LOCATOR_PREFIX):
        raise make_not_found_error()
    return to_id18(JOB_PREFIX + known[3:15])
