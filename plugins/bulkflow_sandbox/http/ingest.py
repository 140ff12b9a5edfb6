"""The resources of ingest jobs."""

from __future__ import annotations

from asyncio import to_thread
from typing import TYPE_CHECKING, Final

from starlette.responses import Response

from bulkflow_sandbox.core.errors import ApiError
from bulkflow_sandbox.http.csv_response import make_csv_response
from bulkflow_sandbox.http.job_json import make_changed_body, make_created_body, make_info_body
from bulkflow_sandbox.http.job_list import answer_list
from bulkflow_sandbox.http.multipart import find_boundary, read_multipart
from bulkflow_sandbox.http.request_body import is_gzip, parse_json_object, read_body, read_json
from bulkflow_sandbox.http.responses import make_json_response
from bulkflow_sandbox.http.routes import make_routes
from bulkflow_sandbox.ingest.results import ResultFileKind
from bulkflow_sandbox.jobs.job import JobType

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.routing import Route

    from bulkflow_sandbox.http.routes import Handler
    from bulkflow_sandbox.sandbox import Sandbox

_JOBS: Final = "/services/data/v{version}/jobs/ingest"
_RESULTS: Final = {
    "successfulResults": ResultFileKind.SUCCESSFUL,
    "failedResults": ResultFileKind.FAILED,
    "unprocessedrecords": ResultFileKind.UNPROCESSED,
    "unprocessedRecords": ResultFileKind.UNPROCESSED,
}


class IngestResources:
    """Handles requests on ingest jobs."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox
        self._jobs = sandbox.ingest

    def list_routes(self) -> list[Route]:
        """List the routes of all resources."""
        table: dict[str, dict[str, Handler]] = {
            "": {"GET": self.list, "POST": self.create},
            "/{id}": {"GET": self.show, "PATCH": self.change, "DELETE": self.delete},
            "/{id}/batches": {"PUT": self.upload},
            **{f"/{{id}}/{name}": {"GET": self.send_results} for name in _RESULTS},
        }
        since = self._sandbox.org.choices.oldest_ingest_version
        return [
            route
            for path, handlers in table.items()
            for route in make_routes(_JOBS + path, handlers, since=since)
        ]

    async def create(self, request: Request) -> Response:
        """Answer POST /jobs/ingest with an open job, or with a closed one for a multipart body."""
        state = request.state
        boundary = find_boundary(request.headers.get("content-type", ""))
        if boundary is None:
            properties = await read_json(request, self._sandbox.org.choices)
            job = await to_thread(self._jobs.create, properties, state.version, state.user)
        else:
            parts = read_multipart(
                await read_body(request, 8 * self._sandbox.org.choices.multipart_limit), boundary
            )
            if "job" not in parts or "content" not in parts:
                raise ApiError(400, "INVALIDJOB", "The parts 'job' and 'content' are required")
            job = await to_thread(
                self._jobs.create_with_data,
                parse_json_object(parts["job"], self._sandbox.org.choices),
                parts["content"],
                state.version,
                state.user,
            )
        return make_json_response(request, make_created_body(job))

    async def upload(self, request: Request) -> Response:
        """Answer PUT /jobs/ingest/{id}/batches, and write the data to disk as it arrives."""
        job_id = request.path_params["id"]
        gzip = is_gzip(request, self._sandbox.org.choices)
        upload = await to_thread(self._jobs.begin_upload, job_id, request.state.user, gzip=gzip)
        try:
            async for data in request.stream():
                upload.write(data)
            await to_thread(self._jobs.finish_upload, job_id, upload)
        finally:
            upload.discard()
        return Response(status_code=201)

    async def change(self, request: Request) -> Response:
        """Answer PATCH /jobs/ingest/{id}: close or abort the job."""
        properties = await read_json(request, self._sandbox.org.choices)
        job = await to_thread(
            self._jobs.change_state,
            request.path_params["id"],
            properties.get("state"),
            request.state.user,
        )
        return make_json_response(request, make_changed_body(job))

    async def show(self, request: Request) -> Response:
        """Answer GET /jobs/ingest/{id}."""
        # A fault may request the job as it was before.
        before = getattr(request.state, "before", False)
        get = self._jobs.get_before_change if before else self._jobs.get
        job = await to_thread(get, request.path_params["id"])
        since = self._sandbox.org.choices.pk_chunking_version
        body = make_info_body(job, pk_chunking=float(request.state.version) >= since)
        return make_json_response(request, body)

    async def list(self, request: Request) -> Response:
        """Answer GET /jobs/ingest with a page of jobs."""
        return await answer_list(request, self._sandbox, _JOBS, JobType.INGEST)

    async def delete(self, request: Request) -> Response:
        """Answer DELETE /jobs/ingest/{id}."""
        await to_thread(self._jobs.delete, request.path_params["id"])
        return Response(status_code=204)

    async def send_results(self, request: Request) -> Response:
        """Answer GET for one of the three result files."""
        name = request.url.path.rstrip("/").rpartition("/")[2]
        blocks = await to_thread(self._jobs.open_results, request.path_params["id"], _RESULTS[name])
        if blocks is None:
            return Response(status_code=204)
        return make_csv_response(request, blocks)
