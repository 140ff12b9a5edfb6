"""The page at `/`, and the data that it polls: `/_sandbox/view/...`.

A browser opens the link that the sandbox printed, and gets a cookie for the token in it. Other
clients send a token as for the admin resources. These resources are read-only, and other sites
cannot read them: there are no CORS headers, and the cookie is only for this site.
"""

from __future__ import annotations

from asyncio import to_thread
from importlib import resources
from typing import TYPE_CHECKING, Final

from starlette.responses import Response

from bulkflow_sandbox.core.errors import make_not_found_error
from bulkflow_sandbox.http.access import check_reader, exchange_token
from bulkflow_sandbox.http.request_body import read_number
from bulkflow_sandbox.http.responses import make_json_response
from bulkflow_sandbox.http.routes import make_routes
from bulkflow_sandbox.page.data import PageData

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


class PageResources:
    """Handles requests of the page."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._view = PageData(sandbox)
        self._access = sandbox.access

    def list_routes(self) -> list[Route]:
        """List the routes of all resources."""
        table: dict[str, Handler] = {
            "/_sandbox/view": self.show_overview,
            "/_sandbox/view/jobs/{id}": self.show_job,
            "/_sandbox/view/records/{object}": self.list_records,
            "/_sandbox/view/requests": self.list_requests,
            "/_sandbox/page/{name}": self.send_file,
        }
        routes = [
            route
            for path, handler in table.items()
            for route in make_routes(path, {"GET": self._guard(handler)})
        ]
        # "/" has no form with another slash.
        return [make_routes("/", {"GET": self.enter})[0], *routes]

    def _guard(self, handler: Handler) -> Handler:
        async def handle(request: Request) -> Response:
            check_reader(request, self._access)
            return await handler(request)

        return handle

    async def enter(self, request: Request) -> Response:
        """Answer GET / with the page, or GET /?token=TOKEN with a cookie in exchange."""
        answer = exchange_token(request, self._access)
        if answer is not None:
            return answer
        check_reader(request, self._access)
        return _make_file_response("index.html")

    async def send_file(self, request: Request) -> Response:
        """Answer GET /_sandbox/page/{name}."""
        return _make_file_response(request.path_params["name"])

    async def show_overview(self, request: Request) -> Response:
        """Answer GET /_sandbox/view."""
        return make_json_response(request, await to_thread(self._view.read_overview))

    async def show_job(self, request: Request) -> Response:
        """Answer GET /_sandbox/view/jobs/{id}."""
        return make_json_response(
            request, await to_thread(self._view.read_job, request.path_params["id"])
        )

    async def list_records(self, request: Request) -> Response:
        """Answer GET /_sandbox/view/records/{object}?after=ID."""
        after = request.query_params.get("after", "")
        name = request.path_params["object"]
        return make_json_response(
            request, await to_thread(self._view.read_records, name, after, _PAGE_RECORDS)
        )

    async def list_requests(self, request: Request) -> Response:
        """Answer GET /_sandbox/view/requests?after=NUMBER."""
        after = request.query_params.get("after", "")
        return make_json_response(request, self._view.read_requests(read_number(after) or 0))


def _make_file_response(name: str) -> Response:
    if name not in _FILES:
        raise make_not_found_error()
    content = resources.files("bulkflow_sandbox.page").joinpath(name).read_bytes()
    headers = {"Content-Security-Policy": _POLICY, "Referrer-Policy": "no-referrer"}
    return Response(content, headers=headers, media_type=_FILES[name])
