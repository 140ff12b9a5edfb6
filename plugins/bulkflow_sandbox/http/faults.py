"""Faults on the wire: a middleware between the gate and the resources."""

from __future__ import annotations

import json
import re
from collections import deque
from typing import TYPE_CHECKING, Final, assert_never

from starlette.datastructures import Headers
from starlette.responses import Response

from bulkflow_sandbox.errors import ApiError, invalid_session
from bulkflow_sandbox.faults.fault import (
    Cut,
    Delay,
    Drip,
    Endpoint,
    Expire,
    Moment,
    Respond,
    Truncate,
)
from bulkflow_sandbox.http.answers import error_answer
from bulkflow_sandbox.http.recorder import is_own

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from bulkflow_sandbox.faults.fault import Effect
    from bulkflow_sandbox.sandbox import Sandbox

CUT: Final = "bulkflow_sandbox.cut"
"""The extension of the scope that closes the connection; `server` puts it there."""

_INGEST: Final = re.compile(r"/services/data/v\d+\.\d/jobs/ingest(?:/([^/]+)(?:/([^/]+))?)?/?")
_QUERY: Final = re.compile(r"/services/data/v\d+\.\d/(?:jobs/query|query|queryAll)(?:/.*)?")
_PARTS: Final = {
    "batches": Endpoint.UPLOAD,
    "successfulResults": Endpoint.SUCCESSES,
    "failedResults": Endpoint.FAILURES,
    "unprocessedrecords": Endpoint.UNPROCESSED,
    "unprocessedRecords": Endpoint.UNPROCESSED,
}
_USUAL: Final = {
    400: ("API_ERROR", "The request was refused on demand"),
    401: ("INVALID_SESSION_ID", "Session expired or invalid"),
    403: ("REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded."),
    404: ("NOT_FOUND", "The requested resource does not exist"),
    500: (
        "UNKNOWN_EXCEPTION",
        "An unexpected error occurred. Please include this ErrorId if you contact support: 1",
    ),
    503: ("SERVER_UNAVAILABLE", "Server temporarily unavailable"),
}
_MOST_JSON: Final = 1 << 20


class _CutOffError(Exception):
    """The connection was closed on purpose; nothing more is to be sent."""


class FaultyWire:
    """Lets the faults of a sandbox strike the requests that they are for.

    Args:
        app: What answers the requests.
        sandbox: Whose faults they are.
        sleep: Waits for seconds.
    """

    def __init__(
        self, app: ASGIApp, sandbox: Sandbox, sleep: Callable[[float], Awaitable[None]]
    ) -> None:
        self._app = app
        self._sandbox = sandbox
        self._sleep = sleep

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Passes a request on, with what goes wrong on its way."""
        own = is_own(scope.get("path", ""))
        if scope["type"] != "http" or own or not self._sandbox.faults.armed:
            await self._app(scope, receive, send)
            return
        endpoint, receive = await _endpoint(scope, receive)
        effects = self._sandbox.faults.effects(endpoint)
        whole = receive
        try:
            for effect in effects:
                if await self._before(effect, scope, receive, send):
                    return
            for effect in reversed(effects):
                receive, send = self._around(effect, scope, receive, send)
            await self._app(scope, receive, send)
        except _CutOffError:
            # As it was before the faults were laid around it: one of them would strike again.
            await _cut(scope, whole)

    async def _before(self, effect: Effect, scope: Scope, receive: Receive, send: Send) -> bool:
        """What an effect does before the request is looked at; whether that was the answer."""
        match effect:
            case Delay():
                await self._sleep(effect.seconds)
            case Respond() if effect.moment is Moment.BEFORE:
                await _drain(receive)
                await _answer(effect)(scope, receive, send)
                return True
            case Expire():
                _, _, token = Headers(scope=scope).get("authorization", "").partition(" ")
                self._sandbox.sessions.revoke(token.strip())
                await _drain(receive)
                await error_answer(invalid_session())(scope, receive, send)
                return True
            case Cut() if effect.moment is Moment.BEFORE and effect.received is None:
                await _drain(receive)
                raise _CutOffError
            case Respond() | Cut() | Truncate() | Drip():
                pass
            case _:
                assert_never(effect)
        return False

    def _around(
        self, effect: Effect, scope: Scope, receive: Receive, send: Send
    ) -> tuple[Receive, Send]:
        """Wraps the two directions of a request in what an effect does to them."""
        match effect:
            case Cut() if effect.received is not None:
                return _receive_until(receive, effect.received), send
            case Cut() if effect.moment is Moment.AFTER:
                return receive, _send_nothing
            case Respond() if effect.moment is Moment.AFTER:
                return receive, _send_instead(_answer(effect), scope, receive, send)
            case Truncate():
                return receive, _send_until(send, effect.size)
            case Drip():
                return receive, _send_slowly(send, effect, self._sleep)
            case Respond() | Cut() | Delay() | Expire():
                return receive, send
            case _:
                assert_never(effect)


async def _endpoint(scope: Scope, receive: Receive) -> tuple[Endpoint, Receive]:
    """What kind of request it is, and its body again, as far as that had to be read."""
    path, method = scope["path"], scope["method"]
    match = _INGEST.fullmatch(path)
    if match is None:
        if path.rstrip("/").endswith("/services/oauth2/token"):
            return Endpoint.TOKEN, receive
        return (Endpoint.QUERY if _QUERY.fullmatch(path) else Endpoint.OTHER), receive
    job_id, part = match.groups()
    if part is not None:
        return _PARTS.get(part, Endpoint.OTHER), receive
    if job_id is None:
        return (Endpoint.CREATE if method == "POST" else Endpoint.LIST), receive
    if method != "PATCH":
        return (Endpoint.DELETE if method == "DELETE" else Endpoint.INFO), receive
    messages: deque[Message] = deque()
    body = b""
    while len(body) < _MOST_JSON:
        message = await receive()
        messages.append(message)
        body += message.get("body", b"")
        if message["type"] != "http.request" or not message.get("more_body"):
            break

    async def again() -> Message:
        return messages.popleft() if messages else await receive()

    return (Endpoint.ABORT if _state(body) == "Aborted" else Endpoint.CLOSE), again


def _state(body: bytes) -> object:
    try:
        properties = json.loads(body)
    except ValueError:
        return None
    return properties.get("state") if isinstance(properties, dict) else None


def _answer(effect: Respond) -> Response:
    if effect.body is None:
        code, message = _USUAL.get(effect.status, ("UNKNOWN_EXCEPTION", "On demand"))
        answer = error_answer(ApiError(effect.status, code, message))
    else:
        answer = Response(effect.body, effect.status, media_type=effect.content_type)
    for name, value in effect.headers:
        answer.headers[name] = value
    return answer


def _receive_until(receive: Receive, size: int) -> Receive:
    left = size

    async def receive_some() -> Message:
        nonlocal left
        message = await receive()
        left -= len(message.get("body", b""))
        if left <= 0 or not message.get("more_body"):
            raise _CutOffError
        return message

    return receive_some


async def _send_nothing(message: Message) -> None:
    """Swallows an answer, and cuts the connection where it would have ended."""
    if message["type"] == "http.response.body" and not message.get("more_body"):
        raise _CutOffError


def _send_instead(answer: Response, scope: Scope, receive: Receive, send: Send) -> Send:
    async def send_other(message: Message) -> None:
        if message["type"] == "http.response.body" and not message.get("more_body"):
            await answer(scope, receive, send)

    return send_other


def _send_until(send: Send, size: int) -> Send:
    left = size

    async def send_some(message: Message) -> None:
        nonlocal left
        if message["type"] != "http.response.body":
            await send(message)
            return
        body = message.get("body", b"")
        if len(body) < left and message.get("more_body"):
            left -= len(body)
            await send(message)
            return
        await send({**message, "body": body[:left], "more_body": True})
        raise _CutOffError

    return send_some


def _send_slowly(send: Send, effect: Drip, sleep: Callable[[float], Awaitable[None]]) -> Send:
    async def send_drops(message: Message) -> None:
        if message["type"] != "http.response.body":
            await send(message)
            return
        body = message.get("body", b"")
        for start in range(0, len(body), effect.size):
            await send({**message, "body": body[start : start + effect.size], "more_body": True})
            await sleep(effect.seconds)
        await send({**message, "body": b""})

    return send_drops


async def _drain(receive: Receive) -> None:
    """Reads the request's body to its end, so that the client can finish sending it."""
    while (message := await receive())["type"] == "http.request" and message.get("more_body"):
        pass


async def _cut(scope: Scope, receive: Receive) -> None:
    """Closes the connection, and waits until the server has seen that."""
    close = scope.get("extensions", {}).get(CUT)
    if close is not None:
        close["close"]()
        while (await receive())["type"] != "http.disconnect":
            pass
