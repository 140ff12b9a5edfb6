"""Makes the routes of a resource, with a handler for each method."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.routing import Route

from bulkflow_sandbox.core.errors import make_not_found_error

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from starlette.requests import Request
    from starlette.responses import Response

    Handler = Callable[[Request], Awaitable[Response]]


def make_routes(path: str, handlers: Mapping[str, Handler], *, since: int = 0) -> list[Route]:
    """Make the routes of a resource, with and without a trailing slash.

    A path has one route for all of its methods, so the error for another method can list them.
    HEAD is handled like GET.

    Args:
        path: The path without a trailing slash.
        handlers: The handlers by method.
        since: The first API version that has the resource.
    """

    async def handle(request: Request) -> Response:
        if since and float(request.state.version) < since:
            raise make_not_found_error()
        method = "GET" if request.method == "HEAD" else request.method
        return await handlers[method](request)

    return [Route(path + slash, handle, methods=list(handlers)) for slash in ("", "/")]
