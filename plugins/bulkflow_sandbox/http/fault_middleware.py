"""Applies faults to requests: a middleware between authentication and the resources."""

from __future__ import annotations

from asyncio import to_thread
from contextlib import suppress
from typing import TYPE_CHECKING, Final, assert_never

from starlette.datastructures import Headers
from starlette.responses import Response

from bulkflow_sandbox.core.errors import ApiError, make_session_error
from bulkflow_sandbox.faults.fault import (
    CutConnection,
    Delay,
    Drip,
    EndJob,
    Expire,
    HideNewest,
    KeepGzip,
    Moment,
    RepeatPage,
    Respond,
    Shorten,
    ShowOld,
    Truncate,
)
from bulkflow_sandbox.http.endpoint import find_job_id, read_endpoint
from bulkflow_sandbox.http.fault_responses import (
    CutOffError,
    keep_first_rows,
    receive_until,
    remove_jobs,
    repeat_page,
    send_changed,
    send_instead,
    send_nothing,
    send_slowly,
    send_until,
)
from bulkflow_sandbox.http.request_recorder import is_own_path
from bulkflow_sandbox.http.responses import make_error_response
from bulkflow_sandbox.jobs.job_table import list_latest_jobs

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from starlette.types import ASGIApp, Receive, Scope, Send

    from bulkflow_sandbox.faults.fault import Effect
    from bulkflow_sandbox.sandbox import Sandbox

CUT: Final = "bulkflow_sandbox.cut"
"""The extension of the scope that closes the connection, set by `server`."""

_USUAL: Final = {
    400: ("API_ERROR", "The request was refused on demand"),
    401: ("INVALID_SESSION_ID", "Session expired or invalid"),
    403: ("REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded."),
    404: ("NOT_FOUND", "The requested resource does not exist"),
    408: ("REQUEST_TIMEOUT", "The request was not whole in time"),
    413: ("REQUEST_ENTITY_TOO_LARGE", "The request body is too large"),
    415: ("UNSUPPORTED_MEDIA_TYPE", "Content-Encoding not supported: gzip"),
    500: (
        "UNKNOWN_EXCEPTION",
        "An unexpected error occurred. Please include this ErrorId if you contact support: 1",
    ),
    503: ("SERVER_UNAVAILABLE", "Server temporarily unavailable"),
}


class FaultMiddleware:
    """Applies the faults of a sandbox to its requests.

    Args:
        app: The application that handles the requests.
        sandbox: The sandbox with the faults.
        sleep: Waits for a number of seconds.
    """

    def __init__(
        self, app: ASGIApp, sandbox: Sandbox, sleep: Callable[[float], Awaitable[None]]
    ) -> None:
        self._app = app
        self._sandbox = sandbox
        self._sleep = sleep

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, with the effects of faults."""
        own = is_own_path(scope.get("path", ""))
        if scope["type"] != "http" or own or not self._sandbox.faults.armed:
            await self._app(scope, receive, send)
            return
        endpoint, receive = await read_endpoint(scope, receive)
        effects = self._sandbox.faults.strike(endpoint)
        unwrapped = receive
        try:
            for effect in effects:
                if await self._apply_before(effect, scope, receive, send):
                    return
            for effect in reversed(effects):
                receive, send = self._wrap(effect, scope, receive, send)
            await self._app(scope, receive, send)
        except CutOffError:
            # The unwrapped `receive`, because a wrapped one would raise the error again.
            await _cut(scope, unwrapped)

    async def _apply_before(
        self, effect: Effect, scope: Scope, receive: Receive, send: Send
    ) -> bool:
        """Apply an effect before the request is handled, and return whether it was answered."""
        match effect:
            case Delay():
                await self._sleep(effect.seconds)
            case Respond() if effect.moment is Moment.BEFORE:
                await _drain(receive)
                await _make_response(effect)(scope, receive, send)
                return True
            case Expire():
                _, _, token = Headers(scope=scope).get("authorization", "").partition(" ")
                self._sandbox.sessions.revoke(token.strip())
                await _drain(receive)
                await make_error_response(make_session_error())(scope, receive, send)
                return True
            case CutConnection() if effect.moment is Moment.BEFORE and effect.received is None:
                await _drain(receive)
                raise CutOffError
            case EndJob():
                await self._end_job(scope, delete=effect.delete)
            case KeepGzip():
                _remove_header(scope, b"content-encoding")
            case Shorten():
                # The response must not be compressed, so its rows can be counted.
                _remove_header(scope, b"accept-encoding")
            case ShowOld():
                scope.setdefault("state", {})["before"] = True
            case Respond() | CutConnection() | Truncate() | Drip() | RepeatPage() | HideNewest():
                pass
            case _:
                assert_never(effect)
        return False

    def _wrap(
        self, effect: Effect, scope: Scope, receive: Receive, send: Send
    ) -> tuple[Receive, Send]:
        """Wrap the two directions of a request with an effect."""
        match effect:
            case CutConnection() if effect.received is not None:
                return receive_until(receive, effect.received), send
            case CutConnection() if effect.moment is Moment.AFTER:
                return receive, send_nothing
            case Respond() if effect.moment is Moment.AFTER:
                return receive, send_instead(_make_response(effect), scope, receive, send)
            case Truncate():
                return receive, send_until(send, effect.size)
            case Drip():
                return receive, send_slowly(send, effect, self._sleep)
            case Shorten() | RepeatPage() | HideNewest():
                return receive, send_changed(
                    send, lambda body: self._change_body(effect, body, scope)
                )
            case (
                Respond() | CutConnection() | Delay() | Expire() | EndJob() | KeepGzip() | ShowOld()
            ):
                return receive, send
            case _:
                assert_never(effect)

    async def _end_job(self, scope: Scope, *, delete: bool) -> None:
        job_id = find_job_id(scope["path"])
        if job_id is not None:
            # If the job does not exist, the request itself will report it.
            with suppress(ApiError):
                await to_thread(self._sandbox.ingest.end, job_id, delete=delete)
            with suppress(ApiError):
                await to_thread(self._sandbox.query.end, job_id, delete=delete)

    def _change_body(
        self, effect: Shorten | RepeatPage | HideNewest, body: bytes, scope: Scope
    ) -> bytes:
        match effect:
            case Shorten():
                return keep_first_rows(body, effect.rows)
            case RepeatPage():
                return repeat_page(body, scope)
            case HideNewest():
                with self._sandbox.database.reading() as connection:
                    newest = list_latest_jobs(connection, effect.jobs)
                return remove_jobs(body, {job.id for job in newest})
            case _:
                assert_never(effect)


def _make_response(effect: Respond) -> Response:
    if effect.body is not None:
        answer = Response(effect.body, effect.status, media_type=effect.content_type)
    elif effect.status < 300:
        answer = Response(status_code=effect.status)
    else:
        code, message = _USUAL.get(effect.status, ("UNKNOWN_EXCEPTION", "On demand"))
        error = ApiError(effect.status, effect.code or code, effect.message or message)
        answer = make_error_response(error)
    for name, value in effect.headers:
        answer.headers[name] = value
    return answer


def _remove_header(scope: Scope, name: bytes) -> None:
    scope["headers"] = [pair for pair in scope["headers"] if pair[0] != name]


async def _drain(receive: Receive) -> None:
    """Read the whole body of the request, so the client can finish sending it."""
    while (message := await receive())["type"] == "http.request" and message.get("more_body"):
        pass


async def _cut(scope: Scope, receive: Receive) -> None:
    """Close the connection, and wait until the server has noticed it."""
    close = scope.get("extensions", {}).get(CUT)
    if close is not None:
        close["close"]()
        while (await receive())["type"] != "http.disconnect":
            pass
