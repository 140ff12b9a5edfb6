"""Finds the endpoint of a request, for faults."""

from __future__ import annotations

import re
from collections import deque
from typing import TYPE_CHECKING, Final

from bulkflow_sandbox.core.json_document import DocumentError, parse_json
from bulkflow_sandbox.faults.fault import Endpoint

if TYPE_CHECKING:
    from starlette.types import Message, Receive, Scope

_INGEST: Final = re.compile(r"/services/data/v\d+\.\d/jobs/ingest(?:/([^/]+)(?:/([^/]+))?)?/?")
_QUERY: Final = re.compile(r"/services/data/v\d+\.\d/(?:jobs/query|query|queryAll)(?:/.*)?")
_QUERY_JOB: Final = re.compile(r"/services/data/v\d+\.\d/jobs/query/([^/]+)(?:/([^/]+))?/?")
_LIMITS: Final = re.compile(r"/services/data/v\d+\.\d/limits/?")
_PARTS: Final = {
    "batches": Endpoint.UPLOAD,
    "successfulResults": Endpoint.SUCCESSES,
    "failedResults": Endpoint.FAILURES,
    "unprocessedrecords": Endpoint.UNPROCESSED,
    "unprocessedRecords": Endpoint.UNPROCESSED,
}
_MAX_JSON: Final = 1 << 20


def find_job_id(path: str) -> str | None:
    """Find the id of the job in a path."""
    match = _INGEST.fullmatch(path) or _QUERY_JOB.fullmatch(path)
    return None if match is None else match[1]


async def read_endpoint(scope: Scope, receive: Receive) -> tuple[Endpoint, Receive]:
    """Find the endpoint of a request. The returned `Receive` repeats the body that was read."""
    path, method = scope["path"], scope["method"]
    match = _INGEST.fullmatch(path)
    if match is None:
        return _find_other(path), receive
    job_id, part = match.groups()
    if part is not None:
        return _PARTS.get(part, Endpoint.OTHER), receive
    if job_id is None:
        return (Endpoint.CREATE if method == "POST" else Endpoint.LIST), receive
    if method != "PATCH":
        return (Endpoint.DELETE if method == "DELETE" else Endpoint.INFO), receive
    messages: deque[Message] = deque()
    body = b""
    while len(body) < _MAX_JSON:
        message = await receive()
        messages.append(message)
        body += message.get("body", b"")
        if message["type"] != "http.request" or not message.get("more_body"):
            break

    async def repeat() -> Message:
        return messages.popleft() if messages else await receive()

    return (Endpoint.ABORT if _read_state(body) == "Aborted" else Endpoint.CLOSE), repeat


def _find_other(path: str) -> Endpoint:
    """Find the endpoint of a path that is not about ingest jobs."""
    if path.rstrip("/").endswith("/services/oauth2/token"):
        return Endpoint.TOKEN
    if _LIMITS.fullmatch(path):
        return Endpoint.LIMITS
    job = _QUERY_JOB.fullmatch(path)
    if job is not None and job[2] == "results":
        return Endpoint.PAGES
    return Endpoint.QUERY if _QUERY.fullmatch(path) else Endpoint.OTHER


def _read_state(body: bytes) -> object:
    try:
        properties = parse_json(body)
    except DocumentError:
        return None
    return properties.get("state") if isinstance(properties, dict) else None
