"""Requests and answers on their way, bent: cut off, replaced, slow, or changed."""

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
    """The connection was closed on purpose; nothing more is to be sent."""


def receive_until(receive: Receive, size: int) -> Receive:
    """Cuts the connection when that many bytes of the request's body have come."""
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
    """Swallows an answer, and cuts the connection where it would have ended."""
    if message["type"] == "http.response.body" and not message.get("more_body"):
        raise CutOffError


def send_instead(answer: Response, scope: Scope, receive: Receive, send: Send) -> Send:
    """Sends another answer where the true one would have ended."""

    async def send_other(message: Message) -> None:
        if message["type"] == "http.response.body" and not message.get("more_body"):
            await answer(scope, receive, send)

    return send_other


def send_until(send: Send, size: int) -> Send:
    """Cuts the connection after `size` bytes of the answer's body."""
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
    """Sends the answer's body a few bytes at a time."""

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
    """Sends a good answer whole, with another body."""
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
    """The header of a CSV text and its first rows: a line ends where no quote is open."""
    lines = body.splitlines(keepends=True)
    quotes = accumulate(line.count(b'"') for line in lines)
    ends = [place for place, seen in enumerate(quotes, 1) if seen % 2 == 0]
    return b"".join(lines[: ends[rows]]) if rows < len(ends) else body


def repeat_page(body: bytes, scope: Scope) -> bytes:
    """Makes a page of a list name its own address as that of the next page."""
    page = json.loads(body)
    query = scope["query_string"].decode("latin-1")
    page["done"] = False
    page["nextRecordsUrl"] = scope["path"] + (f"?{query}" if query else "")
    return _as_json(page)


def remove_jobs(body: bytes, hidden: Collection[str]) -> bytes:
    """Takes the jobs with some ids out of a page of a list."""
    page = json.loads(body)
    page["records"] = [job for job in page["records"] if job["id"] not in hidden]
    return _as_json(page)


def _as_json(page: object) -> bytes:
    return json.dumps(page, ensure_ascii=False, separators=(",", ":")).encode()
