"""The resources of query jobs."""

from __future__ import annotations

from asyncio import to_thread
from typing import TYPE_CHECKING, Final

from starlette.responses import Response

from bulkflow_sandbox.core.behavior import PagesForm
from bulkflow_sandbox.core.errors import make_not_found_error
from bulkflow_sandbox.http.csv_response import make_csv_response
from bulkflow_sandbox.http.job_json import make_changed_body, make_created_body, make_listed_body
from bulkflow_sandbox.http.job_list import answer_list
from bulkflow_sandbox.http.request_body import read_json, read_number
from bulkflow_sandbox.http.responses import make_json_response
from bulkflow_sandbox.http.routes import make_routes
from bulkflow_sandbox.jobs.job import JobType
from bulkflow_sandbox.query.locator import END

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.routing import Route

    from bulkflow_sandbox.http.job_json import Body
    from bulkflow_sandbox.http.routes import Handler
    from bulkflow_sandbox.jobs.job import BulkJob
    from bulkflow_sandbox.sandbox import Sandbox

_JOBS: Final = "/services/data/v{version}/jobs/query"


class QueryResources:
    """Handles requests on query jobs."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox
        self._jobs = sandbox.query

    def list_routes(self) -> list[Route]:
        """List the routes of all resources."""
        choices = self._sandbox.org.choices
        table: dict[str, dict[str, Handler]] = {
            "": {"GET": self.list, "POST": self.create},
            "/{id}": {"GET": self.show, "PATCH": self.change, "DELETE": self.delete},
            "/{id}/results": {"GET": self.send_results},
        }
        return [
            *(
                route
                for path, handlers in table.items()
                for route in make_routes(_JOBS + path, handlers, since=choices.oldest_query_version)
            ),
            *make_routes(
                f"{_JOBS}/{{id}}/resultPages",
                {"GET": self.list_pages},
                since=choices.oldest_pages_version,
            ),
        ]

    async def create(self, request: Request) -> Response:
        """Answer POST /jobs/query."""
        properties = await read_json(request, self._sandbox.org.choices)
        state = request.state
        job = await to_thread(self._jobs.create, properties, state.version, state.user)
        return make_json_response(request, make_created_body(job))

    async def change(self, request: Request) -> Response:
        """Answer PATCH /jobs/query/{id}: abort the job."""
        properties = await read_json(request, self._sandbox.org.choices)
        job = await to_thread(
            self._jobs.change_state,
            request.path_params["id"],
            properties.get("state"),
            request.state.user,
        )
        return make_json_response(request, make_changed_body(job))

    async def show(self, request: Request) -> Response:
        """Answer GET /jobs/query/{id}."""
        job = await to_thread(self._jobs.read_info, request.path_params["id"])
        return make_json_response(request, make_info_body(job))

    async def list(self, request: Request) -> Response:
        """Answer GET /jobs/query with a page of jobs."""
        await to_thread(self._jobs.expire)
        return await answer_list(request, self._sandbox, _JOBS, JobType.QUERY)

    async def delete(self, request: Request) -> Response:
        """Answer DELETE /jobs/query/{id}."""
        await to_thread(self._jobs.delete, request.path_params["id"])
        return Response(status_code=204)

    async def send_results(self, request: Request) -> Response:
        """Answer GET /jobs/query/{id}/results with a page of rows."""
        query = request.query_params
        page = await to_thread(
            self._jobs.read_results,
            request.path_params["id"],
            request.state.version,
            query.get("locator"),
            self._read_most(query.get("maxRecords")),
        )
        if page is None:
            return Response(status_code=204)
        headers = {
            "Sforce-NumberOfRecords": str(page.rows),
            "Sforce-Locator": END if page.next is None else page.next,
        }
        return make_csv_response(request, page.blocks, headers)

    async def list_pages(self, request: Request) -> Response:
        """Answer GET /jobs/query/{id}/resultPages with the addresses of the pages."""
        job_id = request.path_params["id"]
        found = await to_thread(
            self._jobs.list_pages,
            job_id,
            request.state.version,
            request.query_params.get("locator"),
        )
        if found is None:
            return Response(status_code=204)
        form = self._sandbox.org.choices.query_pages_form
        if form is PagesForm.ABSENT:
            raise make_not_found_error()
        # The client that saw chunks found their links relative to the path of the version.
        base = "/jobs/query" if form is PagesForm.CHUNKS else _JOBS
        path = f"{base.format(version=request.state.version)}/{job_id}"
        following = None if found.next is None else f"{path}/resultPages?locator={found.next}"
        pages, link = form.split(".")
        body: Body = {
            pages: [{link: f"{path}/results?locator={one}"} for one in found.locators],
            "nextRecordsUrl": following,
            "done": following is None,
        }
        return make_json_response(request, body)

    def _read_most(self, text: str | None) -> int | None:
        if text is None:
            return None
        number = read_number(text)
        if number is None or number < 1:
            raise self._sandbox.org.choices.max_records_invalid.make_error(value=text)
        return number


def make_info_body(job: BulkJob) -> Body:
    """Make the body for a request for a query job (documented, v66)."""
    return make_listed_body(job) | {
        "numberRecordsProcessed": job.processed,
        "retries": job.retries,
        "totalProcessingTime": job.total_ms,
        "isPkChunkingSupported": job.progress != "ordered",
    }
