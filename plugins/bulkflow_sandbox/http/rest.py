"""The REST resources: versions, limits, objects, records and queries."""

from __future__ import annotations

import re
from asyncio import to_thread
from typing import TYPE_CHECKING, Final

from starlette.responses import Response

from bulkflow_sandbox.core.errors import make_not_found_error
from bulkflow_sandbox.http.oauth import get_base_url
from bulkflow_sandbox.http.request_body import read_json
from bulkflow_sandbox.http.responses import make_json_response
from bulkflow_sandbox.http.routes import make_routes
from bulkflow_sandbox.login.identity import build_identity_url
from bulkflow_sandbox.rest.describe import (
    build_describe,
    build_global_describe,
    build_short_describe,
)
from bulkflow_sandbox.rest.limits import build_limits
from bulkflow_sandbox.rest.versions import list_resources, list_versions

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.routing import Route

    from bulkflow_sandbox.http.routes import Handler
    from bulkflow_sandbox.rest.queries import QueryPage
    from bulkflow_sandbox.rest.records import Saved
    from bulkflow_sandbox.sandbox import Sandbox

_BASE: Final = "/services/data/v{version}"
_BATCH_SIZE: Final = re.compile(r"batchSize\s*=\s*(\d{1,6})", re.IGNORECASE)
_OTHER_RESOURCES: Final = frozenset(
    {"deleted", "describe", "eventschema", "listviews", "quickactions", "updated"}
)
"""Resources of an object that the sandbox does not have. They are not keys or ids."""

_UPSERT_BODY_SINCE: Final = 46
"""The first version in which the response to an upsert of an existing record has a body."""


class RestResources:
    """Handles requests on REST resources."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox
        self._records = sandbox.records
        self._queries = sandbox.queries

    def list_routes(self) -> list[Route]:
        """List the routes of all resources."""
        table: dict[str, dict[str, Handler]] = {
            "/services/data": {"GET": self.list_versions},
            _BASE: {"GET": self.list_resources},
            f"{_BASE}/limits": {"GET": self.show_limits},
            f"{_BASE}/query": {"GET": self.query},
            f"{_BASE}/queryAll": {"GET": self.query_all},
            f"{_BASE}/query/{{locator}}": {"GET": self.query_more},
            f"{_BASE}/queryAll/{{locator}}": {"GET": self.query_more},
            f"{_BASE}/sobjects": {"GET": self.list_objects},
            f"{_BASE}/sobjects/{{name}}": {"GET": self.show_object, "POST": self.create},
            f"{_BASE}/sobjects/{{name}}/describe": {"GET": self.describe},
            f"{_BASE}/sobjects/{{name}}/{{id}}": {
                "GET": self.read,
                "PATCH": self.update,
                "DELETE": self.delete,
            },
            f"{_BASE}/sobjects/{{name}}/{{key}}/{{value:path}}": {
                "GET": self.read_by_key,
                "PATCH": self.upsert,
                "DELETE": self.delete_by_key,
            },
        }
        return [route for path, handlers in table.items() for route in make_routes(path, handlers)]

    async def list_versions(self, request: Request) -> Response:
        """Answer GET /services/data with the API versions. This needs no token."""
        choices = self._sandbox.org.choices
        return make_json_response(
            request, list_versions(choices.oldest_version, choices.newest_version)
        )

    async def list_resources(self, request: Request) -> Response:
        """Answer GET /services/data/vXX.X with the resources of a version."""
        identity = build_identity_url(
            get_base_url(request), self._sandbox.org.id, request.state.user
        )
        return make_json_response(request, list_resources(request.state.version, identity))

    async def show_limits(self, request: Request) -> Response:
        """Answer GET /limits."""
        shown = self._sandbox.limits.list_shown()
        return make_json_response(request, build_limits(shown, request.state.version))

    # Queries.

    async def query(self, request: Request) -> Response:
        """Answer GET /query?q=."""
        return await self._query(request, deleted=False)

    async def query_all(self, request: Request) -> Response:
        """Answer GET /queryAll?q=, including deleted records."""
        return await self._query(request, deleted=True)

    async def query_more(self, request: Request) -> Response:
        """Answer GET /query/{locator} with a further page."""
        page = await to_thread(self._queries.read_more, request.path_params["locator"])
        return self._make_page(request, page)

    async def _query(self, request: Request, *, deleted: bool) -> Response:
        if request.query_params.get("columns") == "true":
            text = request.query_params.get("q", "")
            return make_json_response(
                request, await to_thread(self._queries.describe_columns, text)
            )
        wanted = _BATCH_SIZE.search(request.headers.get("sforce-query-options", ""))
        page = await to_thread(
            self._queries.query,
            request.query_params.get("q", ""),
            request.state.version,
            page=int(wanted[1]) if wanted else None,
            deleted=deleted,
        )
        return self._make_page(request, page)

    @staticmethod
    def _make_page(request: Request, page: QueryPage) -> Response:
        body: dict[str, object] = {"totalSize": page.total, "done": page.next is None}
        if page.next is not None:
            base = _BASE.format(version=request.state.version)
            body["nextRecordsUrl"] = f"{base}/query/{page.next}"
        body["records"] = page.records
        return make_json_response(request, body)

    # Objects.

    async def list_objects(self, request: Request) -> Response:
        """Answer GET /sobjects."""
        return make_json_response(
            request, build_global_describe(self._sandbox.org.schema, request.state.version)
        )

    async def show_object(self, request: Request) -> Response:
        """Answer GET /sobjects/X."""
        item = self._records.find_object(request.path_params["name"])
        short = build_short_describe(self._sandbox.org.schema, item, request.state.version)
        return make_json_response(request, {"objectDescribe": short, "recentItems": []})

    async def describe(self, request: Request) -> Response:
        """Answer GET /sobjects/X/describe."""
        item = self._records.find_object(request.path_params["name"])
        body = build_describe(self._sandbox.org.schema, item, request.state.version)
        return make_json_response(request, body)

    # Records.

    async def create(self, request: Request) -> Response:
        """Answer POST /sobjects/X."""
        properties = await read_json(request, self._sandbox.org.choices)
        saved = await to_thread(
            self._records.create, request.path_params["name"], properties, request.state.user
        )
        return make_json_response(request, {"id": saved.id, "success": True, "errors": []}, 201)

    async def read(self, request: Request) -> Response:
        """Answer GET /sobjects/X/{id}?fields=."""
        _check_key(request.path_params["id"])
        return await self._read(request, request.path_params["id"])

    async def update(self, request: Request) -> Response:
        """Answer PATCH /sobjects/X/{id}."""
        _check_key(request.path_params["id"])
        properties = await read_json(request, self._sandbox.org.choices)
        path = request.path_params
        await to_thread(
            self._records.update, path["name"], path["id"], properties, request.state.user
        )
        return Response(status_code=204)

    async def delete(self, request: Request) -> Response:
        """Answer DELETE /sobjects/X/{id}."""
        _check_key(request.path_params["id"])
        path = request.path_params
        await to_thread(self._records.delete, path["name"], path["id"], request.state.user)
        return Response(status_code=204)

    async def read_by_key(self, request: Request) -> Response:
        """Answer GET /sobjects/X/{external id field}/{value}."""
        ids = await self._find_ids(request)
        if len(ids) > 1:
            return self._answer_several(request, ids)
        return await self._read(request, _get_first(ids))

    async def upsert(self, request: Request) -> Response:
        """Answer PATCH /sobjects/X/{external id field}/{value}, with 201 for a new record."""
        path, value = request.path_params, _get_value(request)
        _check_key(path["key"])
        properties = await read_json(request, self._sandbox.org.choices)
        if path["key"].lower() == "id":
            await to_thread(
                self._records.update, path["name"], value, properties, request.state.user
            )
            return Response(status_code=204)
        ids = await self._find_ids(request)
        if len(ids) > 1:
            return self._answer_several(request, ids)
        saved: Saved = await to_thread(
            self._records.upsert,
            path["name"],
            path["key"],
            value,
            properties,
            request.state.user,
        )
        if not saved.created and float(request.state.version) < _UPSERT_BODY_SINCE:
            return Response(status_code=204)
        body = {"id": saved.id, "success": True, "errors": [], "created": saved.created}
        return make_json_response(request, body, 201 if saved.created else 200)

    async def delete_by_key(self, request: Request) -> Response:
        """Answer DELETE /sobjects/X/{external id field}/{value}."""
        ids = await self._find_ids(request)
        if len(ids) > 1:
            return self._answer_several(request, ids)
        name = request.path_params["name"]
        await to_thread(self._records.delete, name, _get_first(ids), request.state.user)
        return Response(status_code=204)

    async def _find_ids(self, request: Request) -> list[str]:
        path = request.path_params
        _check_key(path["key"])
        return await to_thread(
            self._records.find_by_key, path["name"], path["key"], _get_value(request)
        )

    async def _read(self, request: Request, record_id: str) -> Response:
        named = request.query_params.get("fields", "")
        record = await to_thread(
            self._records.read,
            request.path_params["name"],
            record_id,
            [name.strip() for name in named.split(",") if name.strip()],
            request.state.version,
        )
        return make_json_response(request, record)

    def _answer_several(self, request: Request, ids: list[str]) -> Response:
        """Answer with the addresses of several records that have an external id (documented)."""
        item = self._records.find_object(request.path_params["name"])
        base = f"{_BASE.format(version=request.state.version)}/sobjects/{item.name}"
        return make_json_response(request, [f"{base}/{one}" for one in ids], 300)


def _check_key(text: str) -> None:
    """Refuse the name of another resource as a key or an id in a path."""
    if text.lower() in _OTHER_RESOURCES:
        raise make_not_found_error()


def _get_value(request: Request) -> str:
    """Get the external id in the path. It may have encoded slashes."""
    value: str = request.path_params["value"]
    return value.removesuffix("/")


def _get_first(ids: list[str]) -> str:
    if not ids:
        raise make_not_found_error()
    return ids[0]
