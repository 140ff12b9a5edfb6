"""Makes JSON responses and error responses."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

from starlette.responses import Response

from bulkflow_sandbox.core.errors import ApiError, make_not_found_error

if TYPE_CHECKING:
    from starlette.requests import Request

JSON_TYPE: Final = "application/json;charset=UTF-8"


def make_json_response(request: Request, body: object, status: int = 200) -> Response:
    """Make a JSON response, indented if the request has `X-PrettyPrint: 1`."""
    pretty = request.headers.get("x-prettyprint") in {"1", "true"}
    text = (
        json.dumps(body, ensure_ascii=False, indent=2)
        if pretty
        else json.dumps(body, ensure_ascii=False, separators=(",", ":"))
    )
    return Response(text.encode(), status, media_type=JSON_TYPE)


def make_error_body(error: ApiError) -> bytes:
    """Make the body of an error: an array with one object (recorded)."""
    entry: dict[str, object] = {"errorCode": error.code, "message": error.message}
    if error.fields:
        entry["fields"] = list(error.fields)
    # The message may quote half of a surrogate pair, which a client sent as an escape in JSON.
    return json.dumps([entry], ensure_ascii=False, separators=(",", ":")).encode(errors="replace")


def make_error_response(error: ApiError) -> Response:
    """Make the response to a request that is refused."""
    headers = {"WWW-Authenticate": "Token"} if error.status == 401 else None
    return Response(make_error_body(error), error.status, headers=headers, media_type=JSON_TYPE)


def answer_api_error(request: Request, error: Exception) -> Response:
    """Answer a request that raised an `ApiError`."""
    assert isinstance(error, ApiError), "registered for this class only"
    return make_error_response(error)


def answer_no_route(request: Request, error: Exception) -> Response:
    """Answer a request with an unknown path."""
    return make_error_response(make_not_found_error())


def answer_no_method(request: Request, error: Exception) -> Response:
    """Answer a request with a method that the resource does not have (wording: guide)."""
    headers = getattr(error, "headers", None) or {}
    allowed = ",".join(
        sorted(name for name in headers.get("Allow", "").replace(" ", "").split(",") if name)
    )
    answer = make_error_response(
        ApiError(
            405,
            "METHOD_NOT_ALLOWED",
            f"HTTP Method '{request.method}' not allowed. Allowed are {allowed}",
        )
    )
    answer.headers["Allow"] = allowed
    return answer


def answer_fault(request: Request, error: Exception) -> Response:
    """Answer a request that failed in the sandbox itself. The server's log has the cause."""
    message = "An unexpected error occurred. Please include this ErrorId if you contact support: 1"
    return make_error_response(ApiError(500, "UNKNOWN_EXCEPTION", message))
