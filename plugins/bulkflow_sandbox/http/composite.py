"""The resources for up to 200 records in one request: `composite/sobjects`."""

from __future__ import annotations

from asyncio import to_thread
from typing import TYPE_CHECKING, Final

from bulkflow_sandbox.http.request_body import read_json
from bulkflow_sandbox.http.responses import make_json_response
from bulkflow_sandbox.http.routes import make_routes

if TYPE_CHECKING:
    from collections.abc import Sequence

    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.routing import Route

    from bulkflow_sandbox.http.job_json import Body
    from bulkflow_sandbox.http.routes import Handler
    from bulkflow_sandbox.rest.collections import SaveOutcome
    from bulkflow_sandbox.sandbox import Sandbox

_BASE: Final = "/services/data/v{version}/composite/sobjects"
_SINCE: Final = 42
"""The first API version with these resources (documented)."""

_UPSERT_SINCE: Final = 46
"""The first API version with the upsert (seen in a client)."""


class CollectionResources:
    """Handles requests on several records."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox
        self._collections = sandbox.collections

    def list_routes(self) -> list[Route]:
        """List the routes of all resources."""
        several: dict[str, Handler] = {
            "POST": self.create,
            "PATCH": self.update,
            "DELETE": self.delete,
        }
        return [
            *make_routes(_BASE, several, since=_SINCE),
            *make_routes(
                f"{_BASE}/{{name}}",
                {"GET": self.read_by_address, "POST": self.read_by_body},
                since=_SINCE,
            ),
            *make_routes(f"{_BASE}/{{name}}/{{key}}", {"PATCH": self.upsert}, since=_UPSERT_SINCE),
        ]

    async def create(self, request: Request) -> Response:
        """Answer POST /composite/sobjects."""
        body = await read_json(request, self._sandbox.org.choices)
        outcomes = await to_thread(self._collections.create, body, request.state.user)
        return _make_response(request, outcomes)

    async def update(self, request: Request) -> Response:
        """Answer PATCH /composite/sobjects."""
        body = await read_json(request, self._sandbox.org.choices)
        outcomes = await to_thread(self._collections.update, body, request.state.user)
        return _make_response(request, outcomes)

    async def upsert(self, request: Request) -> Response:
        """Answer PATCH /composite/sobjects/X/{external id field}."""
        body = await read_json(request, self._sandbox.org.choices)
        path = request.path_params
        outcomes = await to_thread(
            self._collections.upsert, path["name"], path["key"], body, request.state.user
        )
        return _make_response(request, outcomes, upsert=True)

    async def delete(self, request: Request) -> Response:
        """Answer DELETE /composite/sobjects?ids=&allOrNone=."""
        query = request.query_params
        outcomes = await to_thread(
            self._collections.delete,
            _split_words(query.get("ids")),
            request.state.user,
            all_or_none=query.get("allOrNone", "").lower() == "true",
        )
        return _make_response(request, outcomes)

    async def read_by_address(self, request: Request) -> Response:
        """Answer GET /composite/sobjects/X?ids=&fields=."""
        query = request.query_params
        return await self._read(
            request, _split_words(query.get("ids")), _split_words(query.get("fields"))
        )

    async def read_by_body(self, request: Request) -> Response:
        """Answer POST /composite/sobjects/X with `ids` and `fields`."""
        choices = self._sandbox.org.choices
        body = await read_json(request, choices)
        lists: list[list[str]] = []
        for name in ("ids", "fields"):
            value = body.get(name)
            if not isinstance(value, list):
                raise choices.body_unreadable.make_error(problem=f"{name} must be a list")
            lists.append([str(one) for one in value])
        return await self._read(request, *lists)

    async def _read(self, request: Request, ids: Sequence[str], fields: Sequence[str]) -> Response:
        records = await to_thread(
            self._collections.read, request.path_params["name"], ids, fields, request.state.version
        )
        return make_json_response(request, records)


def _split_words(text: str | None) -> list[str]:
    return [one.strip() for one in (text or "").split(",") if one.strip()]


def _make_response(
    request: Request, outcomes: Sequence[SaveOutcome], *, upsert: bool = False
) -> Response:
    return make_json_response(request, [_make_body(one, upsert=upsert) for one in outcomes])


def _make_body(outcome: SaveOutcome, *, upsert: bool) -> Body:
    body: Body = {} if outcome.id is None else {"id": outcome.id}
    body["success"] = outcome.error is None
    error = outcome.error
    body["errors"] = (
        []
        if error is None
        else [{"statusCode": error.code, "message": error.message, "fields": list(error.fields)}]
    )
    if upsert:
        body["created"] = outcome.created
    return body
