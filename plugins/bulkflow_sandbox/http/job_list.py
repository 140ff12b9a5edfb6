"""Lists jobs. Lists of ingest jobs and of query jobs differ only in their addresses."""

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
    """Answer with a page of jobs. `path` is the path of the list, and `kind` its job type."""
    query = request.query_params
    kinds = _find_kinds(sandbox, query.get("jobType"), kind)
    if query.get("isPkChunkingEnabled", "").lower() == "true":
        # The sandbox has no jobs that are chunked by primary key.
        kinds = ()
    if query.get("concurrencyMode", "parallel").lower() != "parallel":
        # All jobs of the sandbox are Parallel, like all jobs of the Bulk API 2.0.
        kinds = ()
    locator = query.get("queryLocator")
    page = await to_thread(sandbox.ingest.list_page, kinds, _read_locator(locator))
    next_url = None
    if page.next is not None:
        next_url = f"{path.format(version=request.state.version)}?queryLocator="
        next_url += f"{to_id18(LOCATOR_PREFIX + page.next[3:15])}"
        next_url += f"-{_read_position(locator) + len(page.jobs)}"
        if "jobType" in query:
            next_url += f"&jobType={query['jobType']}"
    body = {
        "done": next_url is None,
        "records": [make_listed_body(job) for job in page.jobs],
        "nextRecordsUrl": next_url,
    }
    return make_json_response(request, body)


def _find_kinds(sandbox: Sandbox, name: str | None, own: JobType) -> tuple[JobType, ...]:
    if name is None:
        return tuple(JobType) if sandbox.org.choices.list_all_kinds else (own,)
    return tuple(kind for kind in JobType if kind.value.lower() == name.lower())


def _read_position(locator: str | None) -> int:
    """Read the number of jobs on earlier pages from the end of a locator (recorded form)."""
    number = (locator or "").partition("-")[2]
    return int(number) if number.isdecimal() and number.isascii() and len(number) < 10 else 0


def _read_locator(text: str | None) -> str | None:
    if text is None:
        return None
    known = to_id18(text[:18])
    if known is None or not known.startswith(LOCATOR_PREFIX):
        raise make_not_found_error()
    return to_id18(JOB_PREFIX + known[3:15])
