"""The page at `/` and the data that it asks for again and again: `/_sandbox/view/...`.

Nothing here wants a token, because a browser that is sent to the page has none, and nothing here
changes anything. No other site can read it: there are no CORS headers, and a request must name this
machine or an address as its host, so that no foreign name can be made to lead here.
"""

from __future__ import annotations

import ipaddress
from asyncio import to_thread
from importlib import resources
from typing import TYPE_CHECKING, Final

from starlette.responses import Response

from bulkflow_sandbox.errors import ApiError, not_found
from bulkflow_sandbox.http.answers import json_answer
from bulkflow_sandbox.http.routes import resource
from bulkflow_sandbox.page.view import View

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.routing import Route

    from bulkflow_sandbox.http.routes import Handler
    from bulkflow_sandbox.sandbox import Sandbox

_FILES: Final = {
    "index.html": "text/html; charset=utf-8",
    "page.css": "text/css; charset=utf-8",
    "page.js": "text/javascript; charset=utf-8",
}
_POLICY: Final = (
    "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; "
    "img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_PAGE_RECORDS: Final = 50
_MOST_DIGITS: Final = 19


class PageResources:
    """The handlers of the page."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._view = View(sandbox)

    def routes(self) -> list[Route]:
        """The routes of all resources."""
        table: dict[str, Handler] = {
            "/_sandbox/view": self.overview,
            "/_sandbox/view/jobs/{id}": self.job,
            "/_sandbox/view/records/{object}": self.records,
            "/_sandbox/view/requests": self.requests,
            "/_sandbox/page/{name}": self.file,
        }
        routes = [
            route
            for path, handler in table.items()
            for route in resource(path, {"GET": _guarded(handler)})
        ]
        # "/" has no other spelling.
        return [resource("/", {"GET": _guarded(self.index)})[0], *routes]

    async def index(self, request: Request) -> Response:
        """GET /."""
        return _file("index.html")

    async def file(self, request: Request) -> Response:
        """GET /_sandbox/page/{name}."""
        return _file(request.path_params["name"])

    async def overview(self, request: Request) -> Response:
        """GET /_sandbox/view."""
        return json_answer(request, await to_thread(self._view.overview))

    async def job(self, request: Request) -> Response:
        """GET /_sandbox/view/jobs/{id}."""
        return json_answer(request, await to_thread(self._view.job, request.path_params["id"]))

    async def records(self, request: Request) -> Response:
        """GET /_sandbox/view/records/{object}?after=ID."""
        after = request.query_params.get("after", "")
        name = request.path_params["object"]
        return json_answer(request, await to_thread(self._view.records, name, after, _PAGE_RECORDS))

    async def requests(self, request: Request) -> Response:
        """GET /_sandbox/view/requests?after=NUMBER."""
        after = request.query_params.get("after", "")
        number = int(after) if after.isdecimal() and len(after) < _MOST_DIGITS else 0
        return json_answer(request, self._view.requests(number))


def _guarded(handler: Handler) -> Handler:
    async def guarded(request: Request) -> Response:
        if not _local(request.url.hostname or ""):
            raise ApiError(
                403,
                "SANDBOX_ERROR",
                "The page is shown at an address, such as 127.0.0.1, or at a name without dots",
            )
        return await handler(request)

    return guarded


def _local(host: str) -> bool:
    if host == "localhost" or "." not in host.strip("."):
        # A name without a dot is one of this machine's network, such as a container's.
        return True
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return host.endswith(".localhost")
    return True


def _file(name: str) -> Response:
    if name not in _FILES:
        raise not_found()
    content = resources.files("bulkflow_sandbox.page").joinpath(name).read_bytes()
    headers = {"Content-Security-Policy": _POLICY, "Referrer-Policy": "no-referrer"}
    return Response(content, headers=headers, media_type=_FILES[name])
