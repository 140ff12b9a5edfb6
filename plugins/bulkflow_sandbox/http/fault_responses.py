"""Wrappers that cut off, replace, slow down or change requests and responses."""

from __future__ import annotations

import json
from itertools import accumulate
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Collection

    from starlette.responses import Response
    from starlette.types import Message, Receive, Scope, Send

    from bulkflow_sandbox.faults.fault import Drip


class CutOffError(Exception):
    """A fault closes the connection, so nothing more must be sent."""


def receive_until(receive: Receive, size: int) -> Receive:
    """Cut the connection after `size` bytes of the request's body."""
    left = size

    async def receive_some() -> Message:
        nonlocal left
        message = await receive()
        left -= len(message.get("body", b""))
        if left <= 0 or not message.get("more_body"):
            raise CutOffError
        return message

    return receive_some


async def send_nothing(message: Message) -> None:
    """Swallow a response, and cut the connection where the response would have ended."""
    if message["type"] == "http.response.body" and not message.get("more_body"):
        raise CutOffError


def send_instead(response: Response, scope: Scope, receive: Receive, send: Send) -> Send:
    """Send another response instead of the real one."""

    async def send_other(message: Message) -> None:
        if message["type"] == "http.response.body" and not message.get("more_body"):
            await response(scope, receive, send)

    return send_other


def send_until(send: Send, size: int) -> Send:
    """Cut the connection after `size` bytes of the response's body."""
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
        raise CutOffError

    return send_some


def send_slowly(send: Send, effect: Drip, sleep: Callable[[float], Awaitable[None]]) -> Send:
    """Send the response's body a few bytes at a time."""

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


def send_changed(send: Send, change: Callable[[bytes], bytes]) -> Send:
    """Change the whole body of a successful response."""
    start: Message = {}
    body = bytearray()

    async def send_whole(message: Message) -> None:
        if message["type"] == "http.response.start":
            start.update(message)
            return
        body.extend(message.get("body", b""))
        if message.get("more_body"):
            return
        changed = change(bytes(body)) if start["status"] == 200 else bytes(body)
        headers = [pair for pair in start["headers"] if pair[0] != b"content-length"]
        if start["status"] != 204:
            headers.append((b"content-length", str(len(changed)).encode()))
        await send({**start, "headers": headers})
        await send({**message, "body": changed})

    return send_whole


def keep_first_rows(body: bytes, rows: int) -> bytes:
    """Keep the header of a CSV text and its first rows, which may have quoted line breaks."""
    lines = body.splitlines(keepends=True)
    quotes = accumulate(line.count(b'"') for line in lines)
    ends = [place for place, seen in enumerate(quotes, 1) if seen % 2 == 0]
    return b"".join(lines[: ends[rows]]) if rows < len(ends) else body


def repeat_page(body: bytes, scope: Scope) -> bytes:
    """Change the address of the next page in a page of a list to the page's own."""
    page = json.loads(body)
    query = scope["query_string"].decode("latin-1")
    page["done"] = False
    page["nextRecordsUrl"] = scope["path"] + (f"?{query}" if query else "")
    return _to_json(page)


def remove_jobs(body: bytes, hidden: Collection[str]) -> bytes:
    """Remove the jobs with some ids from a page of a list."""
    page = json.loads(body)
    page["records"] = [job for job in page["records"] if job["id"] not in hidden]
    return _to_json(page)


def _to_json(page: object) -> bytes:
    return json.dumps(page, ensure_ascii=False, separators=(",", ":")).encode()
