"""The resources of ingest jobs."""

from __future__ import annotations

import json
import zlib
from asyncio import to_thread
from typing import TYPE_CHECKING, Final

from starlette.responses import Response, StreamingResponse

from bulkflow_sandbox.errors import ApiError, not_found
from bulkflow_sandbox.http.answers import json_answer
from bulkflow_sandbox.http.bodies import changed_body, created_body, info_body, listed_body
from bulkflow_sandbox.http.multipart import boundary_of, read_multipart
from bulkflow_sandbox.http.routes import resource
from bulkflow_sandbox.ids import LOCATOR_PREFIX, to18
from bulkflow_sandbox.ingest.results import ResultKind
from bulkflow_sandbox.jobs.job import JobType

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from starlette.requests import Request
    from starlette.routing import Route

    from bulkflow_sandbox.sandbox import Sandbox

_JOBS: Final = "/services/data/v{version}/jobs/ingest"
_MOST_JSON: Final = 1 << 20
_RESULTS: Final = {
    "successfulResults": ResultKind.SUCCESSFUL,
    "failedResults": ResultKind.FAILED,
    "unprocessedrecords": ResultKind.UNPROCESSED,
    "unprocessedRecords": ResultKind.UNPROCESSED,
}


class IngestResources:
    """The handlers of the resources of ingest jobs."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox
        self._jobs = sandbox.ingest

    def routes(self) -> list[Route]:
        """The routes of all resources."""
        return [
            *resource(_JOBS, {"GET": self.list, "POST": self.create}),
            *resource(
                f"{_JOBS}/{{id}}",
                {"GET": self.info, "PATCH": self.change, "DELETE": self.delete},
            ),
            *resource(f"{_JOBS}/{{id}}/batches", {"PUT": self.upload}),
            *(
                route
                for name in _RESULTS
                for route in resource(f"{_JOBS}/{{id}}/{name}", {"GET": self.results})
            ),
        ]

    async def create(self, request: Request) -> Response:
        """POST /jobs/ingest: an open job, or with a multipart body one that has its data."""
        state = request.state
        boundary = boundary_of(request.headers.get("content-type", ""))
        if boundary is None:
            properties = await self._json(request)
            job = await to_thread(self._jobs.create, properties, state.version, state.user)
        else:
            parts = read_multipart(
                await _body(request, 8 * self._sandbox.org.choices.multipart_limit), boundary
            )
            if "job" not in parts or "content" not in parts:
                raise ApiError(400, "INVALIDJOB", "The parts 'job' and 'content' are required")
            job = await to_thread(
                self._jobs.create_with_data,
                self._properties(parts["job"]),
                parts["content"],
                state.version,
                state.user,
            )
        return json_answer(request, created_body(job))

    async def upload(self, request: Request) -> Response:
        """PUT /jobs/ingest/{id}/batches: the data of a job, straight to disk."""
        job_id = request.path_params["id"]
        packed = self._packed(request)
        upload = await to_thread(self._jobs.begin_upload, job_id, request.state.user, packed=packed)
        try:
            async for data in request.stream():
                upload.write(data)
            await to_thread(self._jobs.finish_upload, job_id, upload)
        finally:
            upload.discard()
        return Response(status_code=201)

    async def change(self, request: Request) -> Response:
        """PATCH /jobs/ingest/{id}: close or abort."""
        properties = await self._json(request)
        job = await to_thread(
            self._jobs.change_state,
            request.path_params["id"],
            properties.get("state"),
            request.state.user,
        )
        return json_answer(request, changed_body(job))

    async def info(self, request: Request) -> Response:
        """GET /jobs/ingest/{id}."""
        job = await to_thread(self._jobs.info, request.path_params["id"])
        return json_answer(request, info_body(job))

    async def list(self, request: Request) -> Response:
        """GET /jobs/ingest: a page of jobs."""
        query = request.query_params
        kinds = self._kinds(query.get("jobType"))
        if query.get("isPkChunkingEnabled", "").lower() == "true":
            # No kind of job that the sandbox has is chunked by primary key.
            kinds = ()
        page = await to_thread(self._jobs.page, kinds, _read_locator(query.get("queryLocator")))
        following = None
        if page.next is not None:
            path = _JOBS.format(version=request.state.version)
            following = f"{path}?queryLocator={_locator(page.next)}"
            if "jobType" in query:
                following += f"&jobType={query['jobType']}"
        body = {
            "done": following is None,
            "records": [listed_body(job) for job in page.jobs],
            "nextRecordsUrl": following,
        }
        return json_answer(request, body)

    async def delete(self, request: Request) -> Response:
        """DELETE /jobs/ingest/{id}."""
        await to_thread(self._jobs.delete, request.path_params["id"])
        return Response(status_code=204)

    async def results(self, request: Request) -> Response:
        """GET one of the three result files."""
        name = request.url.path.rstrip("/").rpartition("/")[2]
        blocks = await to_thread(self._jobs.results, request.path_params["id"], _RESULTS[name])
        if blocks is None:
            return Response(status_code=204)
        headers = {}
        if "gzip" in request.headers.get("accept-encoding", ""):
            headers["Content-Encoding"] = "gzip"
            blocks = _compressed(blocks)
        return StreamingResponse(blocks, headers=headers, media_type="text/csv; charset=UTF-8")

    def _kinds(self, name: str | None) -> tuple[JobType, ...]:
        if name is None:
            everything = self._sandbox.org.choices.list_all_kinds
            return tuple(JobType) if everything else (JobType.INGEST,)
        return tuple(kind for kind in JobType if kind.value.lower() == name.lower())

    def _packed(self, request: Request) -> bool:
        encoding = request.headers.get("content-encoding", "identity").lower()
        if encoding == "identity":
            return False
        if encoding == "gzip" and self._sandbox.org.choices.gzip_upload:
            return True
        raise ApiError(415, "UNSUPPORTED_MEDIA_TYPE", f"Content-Encoding not supported: {encoding}")

    async def _json(self, request: Request) -> Mapping[str, object]:
        kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind != "application/json":
            raise self._sandbox.org.choices.content_type_unsupported.error(type=kind)
        return self._properties(await _body(request, _MOST_JSON))

    def _properties(self, body: bytes) -> Mapping[str, object]:
        refusal = self._sandbox.org.choices.body_unreadable
        try:
            properties = json.loads(body)
        except ValueError as error:
            raise refusal.error(problem=f"Unexpected content of the body: {error}") from error
        if not isinstance(properties, dict):
            raise refusal.error(problem="The body is no JSON object")
        return properties


async def _body(request: Request, limit: int) -> bytes:
    body = bytearray()
    async for data in request.stream():
        body += data
        if len(body) > limit:
            raise ApiError(413, "REQUEST_ENTITY_TOO_LARGE", f"The body exceeds {limit} bytes")
    return bytes(body)


def _compressed(blocks: Iterator[bytes]) -> Iterator[bytes]:
    packer = zlib.compressobj(1, wbits=16 + zlib.MAX_WBITS)
    for block in blocks:
        if packed := packer.compress(block):
            yield packed
    yield packer.flush()


def _locator(job_id: str) -> str:
    return f"{to18(LOCATOR_PREFIX + job_id[3:15])}"


def _read_locator(text: str | None) -> str | None:
    if text is None:
        return None
    known = to18(text[:18])
    if known is None or not known.startswith(LOCATOR_PREFIX):
        raise not_found()
    return to18("750" + known[3:15])
