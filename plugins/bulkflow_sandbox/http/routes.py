"""Resources as routes: one path, a handler for each of its methods."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.routing import Route

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from starlette.requests import Request
    from starlette.responses import Response

    Handler = Callable[[Request], Awaitable[Response]]


def resource(path: str, handlers: Mapping[str, Handler]) -> list[Route]:
    """The routes of a resource, with and without a slash at its end.

    A path has one route for all of its methods, so that the refusal of another method can name
    them all. HEAD is answered where GET is.
    """

    async def answer(request: Request) -> Response:
        method = "GET" if request.method == "HEAD" else request.method
        return await handlers[method](request)

    return [Route(path + slash, answer, methods=list(handlers)) for slash in ("", "/")]
