"""Adds each request of a client to the request log."""

from __future__ import annotations

import json
from time import perf_counter
from typing import TYPE_CHECKING, Final

from starlette.datastructures import Headers

from bulkflow_sandbox.core.request_log import RequestEntry

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from bulkflow_sandbox.sandbox import Sandbox

_OWN: Final = "/_sandbox"

_MAX_ERROR: Final = 2000


class RequestRecorder:
    """The middleware that measures requests and adds them to the log.

    Args:
        app: The application that handles the requests.
        sandbox: The sandbox with the log.
        timer: Returns seconds, for measuring.
    """

    def __init__(
        self, app: ASGIApp, sandbox: Sandbox, timer: Callable[[], float] = perf_counter
    ) -> None:
        self._app = app
        self._sandbox = sandbox
        self._timer = timer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, and add it to the log when it ends."""
        path = scope.get("path", "")
        if scope["type"] != "http" or is_own_path(path):
            await self._app(scope, receive, send)
            return
        started = self._timer()
        at = self._sandbox.org.clock.now()
        received = sent = 0
        status: int | None = None
        written = False
        refusal = bytearray()

        async def counted_receive() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            return message

        async def counted_send(message: Message) -> None:
            nonlocal sent, status
            if message["type"] == "http.response.start":
                status = message["status"]
            elif message["type"] == "http.response.body":
                body = message.get("body", b"")
                sent += len(body)
                if status is not None and status >= 400:
                    refusal.extend(body[: _MAX_ERROR - len(refusal)])
                if not message.get("more_body"):
                    # Before the client has the whole response, so it finds its own request.
                    write()
            await send(message)

        def write() -> None:
            nonlocal written
            if written:
                return
            written = True
            self._sandbox.requests.add(
                RequestEntry(
                    at=at,
                    method=scope["method"],
                    path=_format_path(path, scope["query_string"]),
                    status=status,
                    milliseconds=round((self._timer() - started) * 1000, 2),
                    received=received,
                    sent=sent,
                    client=Headers(scope=scope).get("user-agent", ""),
                    error=_read_error(bytes(refusal)),
                )
            )

        try:
            await self._app(scope, counted_receive, counted_send)
        finally:
            write()


def is_own_path(path: str) -> bool:
    """Check whether a path is the page or one of the sandbox's own resources.

    These are not part of the org, so the log does not show them, and faults do not strike them.
    """
    return path in {"/", _OWN} or path.startswith(f"{_OWN}/")


def _format_path(path: str, query: bytes) -> str:
    # The queries of logins and logouts have secrets.
    if not query or not path.lstrip("/").startswith("services/data/"):
        return path
    return f"{path}?{query.decode('latin-1')}"


def _read_error(body: bytes) -> str | None:
    """Read the code and message of an error body, which is an array (API) or an object (OAuth)."""
    try:
        document = json.loads(body)
    except ValueError:
        return None
    entry = document[0] if isinstance(document, list) and document else document
    if not isinstance(entry, dict):
        return None
    code = entry.get("errorCode") or entry.get("error")
    message = entry.get("message") or entry.get("error_description")
    return ": ".join(str(part) for part in (code, message) if part) or None
