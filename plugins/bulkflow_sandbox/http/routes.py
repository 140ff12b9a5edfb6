"""Resources as routes: one path, a handler for each of its methods."""

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
    """The routes of a resource, with and without a slash at its end.

    A path has one route for all of its methods, so that the refusal of another method can name
    them all. HEAD is answered where GET is.

    Args:
        path: The path without that slash.
        handlers: Method to handler.
        since: The first API version that has the resource.
    """

    async def answer(request: Request) -> Response:
        if since and float(request.state.version) < since:
            raise make_not_found_error()
        method = "GET" if request.method == "HEAD" else request.method
        return await handlers[method](request)

    return [Route(path + slash, answer, methods=list(handlers)) for slash in ("", "/")]
