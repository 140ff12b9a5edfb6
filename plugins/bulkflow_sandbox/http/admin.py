"""The sandbox's own resources, for tests that are not written in Python: `/_sandbox/...`.

They accept and return JSON. They need the token of the page's link, or the access token that the
sandbox was started with, even if faults made it invalid for the API.

    GET     /_sandbox            states, limits, faults that struck
    POST    /_sandbox/faults      {"faults": ["upload#2=503"]}
    DELETE  /_sandbox/faults
    POST    /_sandbox/refresh     empties the org and changes its id; {"orgId", "token"}
    POST    /_sandbox/late        late commits save their rows now
    DELETE  /_sandbox/jobs/{id}   aborts the job and deletes it, as another user
    POST    /_sandbox/jobs/{id}/abort
    POST    /_sandbox/schema      a schema document, whose objects and fields are added
    PUT     /_sandbox/processing  {"processing": "3 polls"}
    POST    /_sandbox/clock       {"advance": 3600}, if the sandbox has a `ManualClock`
    PUT     /_sandbox/limits      {"DailyApiRequests": 10}
    POST    /_sandbox/sessions    {"expire": true}: no token is valid; false: the first one is
    POST    /_sandbox/apps        {"clientId": "x", "certificate": "PEM"}: an app for logins
    PUT     /_sandbox/passwords   {"username": "x", "password": "y", "securityToken": "z"}
"""

from __future__ import annotations

from asyncio import to_thread
from typing import TYPE_CHECKING

from starlette.responses import Response

from bulkflow.errors import BulkflowError
from bulkflow_sandbox.core.clock import ManualClock
from bulkflow_sandbox.core.errors import ApiError
from bulkflow_sandbox.core.json_document import MAX_BYTES, DocumentError, parse_json
from bulkflow_sandbox.faults.syntax import read_fault
from bulkflow_sandbox.http.access import check_token
from bulkflow_sandbox.http.request_body import read_body
from bulkflow_sandbox.http.responses import make_json_response
from bulkflow_sandbox.http.routes import make_routes
from bulkflow_sandbox.jobs.speed_syntax import format_speed, read_speed
from bulkflow_sandbox.login.admin_json import read_app, read_password
from bulkflow_sandbox.org import USER_ID

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.requests import Request
    from starlette.routing import Route

    from bulkflow_sandbox.http.routes import Handler
    from bulkflow_sandbox.sandbox import Sandbox


class AdminResources:
    """Handles requests on the sandbox's own resources."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox

    def list_routes(self) -> list[Route]:
        """List the routes of all resources."""
        table: dict[str, dict[str, Handler]] = {
            "": {"GET": self.show},
            "/faults": {"POST": self.add_faults, "DELETE": self.clear_faults},
            "/refresh": {"POST": self.refresh},
            "/late": {"POST": self.commit_late},
            "/jobs/{id}": {"DELETE": self.delete_job},
            "/jobs/{id}/abort": {"POST": self.abort_job},
            "/schema": {"POST": self.change_schema},
            "/processing": {"PUT": self.change_processing},
            "/clock": {"POST": self.move_clock},
            "/limits": {"PUT": self.change_limits},
            "/sessions": {"POST": self.change_sessions},
            "/apps": {"POST": self.add_app},
            "/passwords": {"PUT": self.change_password},
        }
        return [
            route
            for path, handlers in table.items()
            for route in make_routes(
                f"/_sandbox{path}", {name: self._guard(one) for name, one in handlers.items()}
            )
        ]

    def _guard(self, handler: Handler) -> Handler:
        async def handle(request: Request) -> Response:
            check_token(request, self._sandbox.access)
            try:
                return await handler(request)
            except ApiError:
                raise
            except BulkflowError as error:
                text = "; ".join([error.message, *error.notes])
                raise ApiError(400, "SANDBOX_ERROR", text) from error

        return handle

    async def show(self, request: Request) -> Response:
        """Answer GET /_sandbox."""
        sandbox = self._sandbox
        body = {
            "now": sandbox.org.clock.now().isoformat(),
            "orgId": sandbox.org.id,
            "processing": format_speed(sandbox.worker.speed),
            "objects": sorted(sandbox.org.schema.objects),
            "limits": {name: list(pair) for name, pair in sandbox.limits.list_shown().items()},
            "struck": [[endpoint.value, str(effect)] for endpoint, effect in sandbox.faults.struck],
        }
        return make_json_response(request, body)

    async def add_faults(self, request: Request) -> Response:
        """Answer POST /_sandbox/faults."""
        texts = (await _read_document(request)).get("faults")
        if not isinstance(texts, list):
            raise _make_admin_error("'faults' must be a list of texts")
        self._sandbox.inject(*[read_fault(str(text)) for text in texts])
        return Response(status_code=204)

    async def clear_faults(self, request: Request) -> Response:
        """Answer DELETE /_sandbox/faults."""
        self._sandbox.faults.clear()
        return Response(status_code=204)

    async def refresh(self, request: Request) -> Response:
        """Answer POST /_sandbox/refresh."""
        await to_thread(self._sandbox.refresh)
        return make_json_response(
            request, {"orgId": self._sandbox.org.id, "token": self._sandbox.token}
        )

    async def commit_late(self, request: Request) -> Response:
        """Answer POST /_sandbox/late."""
        await to_thread(self._sandbox.commit_late)
        return Response(status_code=204)

    async def abort_job(self, request: Request) -> Response:
        """Answer POST /_sandbox/jobs/{id}/abort."""
        await to_thread(self._sandbox.ingest.end, request.path_params["id"], delete=False)
        return Response(status_code=204)

    async def delete_job(self, request: Request) -> Response:
        """Answer DELETE /_sandbox/jobs/{id}."""
        await to_thread(self._sandbox.ingest.end, request.path_params["id"], delete=True)
        return Response(status_code=204)

    async def change_schema(self, request: Request) -> Response:
        """Answer POST /_sandbox/schema."""
        document = await _read_document(request)
        await to_thread(self._sandbox.change_schema, document)
        return Response(status_code=204)

    async def change_processing(self, request: Request) -> Response:
        """Answer PUT /_sandbox/processing."""
        text = (await _read_document(request)).get("processing")
        self._sandbox.worker.set_speed(read_speed(str(text)))
        return Response(status_code=204)

    async def move_clock(self, request: Request) -> Response:
        """Answer POST /_sandbox/clock."""
        seconds = (await _read_document(request)).get("advance")
        clock = self._sandbox.org.clock
        if not isinstance(clock, ManualClock):
            raise _make_admin_error("this sandbox uses the machine's clock")
        if isinstance(seconds, bool) or not isinstance(seconds, int | float) or seconds < 0:
            raise _make_admin_error("'advance' must be a number of seconds")
        await to_thread(clock.advance, seconds)
        return Response(status_code=204)

    async def change_limits(self, request: Request) -> Response:
        """Answer PUT /_sandbox/limits."""
        maxima: dict[str, int] = {}
        for name, maximum in (await _read_document(request)).items():
            if isinstance(maximum, bool) or not isinstance(maximum, int):
                raise _make_admin_error(f"{name!r} must be a whole number")
            maxima[name] = maximum
        self._sandbox.limits.set_all(maxima)
        return Response(status_code=204)

    async def change_sessions(self, request: Request) -> Response:
        """Answer POST /_sandbox/sessions."""
        if (await _read_document(request)).get("expire") is True:
            self._sandbox.sessions.revoke_all()
        else:
            self._sandbox.sessions.admit(self._sandbox.token, USER_ID)
        return Response(status_code=204)

    async def add_app(self, request: Request) -> Response:
        """Answer POST /_sandbox/apps."""
        self._sandbox.logins.register(read_app(await _read_document(request)))
        return Response(status_code=204)

    async def change_password(self, request: Request) -> Response:
        """Answer PUT /_sandbox/passwords."""
        username, password, token = read_password(await _read_document(request))
        self._sandbox.logins.users.set_password(username, password, token)
        return Response(status_code=204)


async def _read_document(request: Request) -> Mapping[str, object]:
    body = await read_body(request, MAX_BYTES)
    try:
        document = parse_json(body)
    except DocumentError as error:
        raise _make_admin_error(f"the body is not JSON: {error}") from error
    if not isinstance(document, dict):
        raise _make_admin_error("the body must be a JSON object")
    return document


def _make_admin_error(problem: str) -> ApiError:
    return ApiError(400, "SANDBOX_ERROR", problem)
