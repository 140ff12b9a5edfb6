"""The resources of OAuth logins."""

from __future__ import annotations

import binascii
from asyncio import to_thread
from base64 import b64decode
from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qsl

from starlette.responses import PlainTextResponse, RedirectResponse, Response

from bulkflow_sandbox.http.request_body import read_body
from bulkflow_sandbox.http.responses import make_json_response
from bulkflow_sandbox.http.routes import make_routes
from bulkflow_sandbox.login.errors import OAuthError, make_missing_parameter_error
from bulkflow_sandbox.login.identity import build_identity, build_userinfo
from bulkflow_sandbox.org import USER_ID

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from starlette.requests import Request
    from starlette.routing import Route

    from bulkflow_sandbox.http.routes import Handler
    from bulkflow_sandbox.login.users import User
    from bulkflow_sandbox.sandbox import Sandbox

_OAUTH: Final = "/services/oauth2"
_MAX_FORM: Final = 1 << 16


class OAuthResources:
    """Handles requests of OAuth logins."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._org = sandbox.org
        self._logins = sandbox.logins

    def list_routes(self) -> list[Route]:
        """List the routes of all resources."""
        table: dict[str, dict[str, Handler]] = {
            f"{_OAUTH}/token": {"POST": _guard(self.issue_token)},
            f"{_OAUTH}/authorize": {
                "GET": _guard(self.authorize),
                "POST": _guard(self.authorize),
            },
            f"{_OAUTH}/revoke": {"GET": _guard(self.revoke), "POST": _guard(self.revoke)},
            f"{_OAUTH}/userinfo": {"GET": self.show_userinfo, "POST": self.show_userinfo},
            "/id/{org}/{user}": {"GET": self.show_identity, "POST": self.show_identity},
            "/setup/connect": {"GET": self.connect, "POST": self.connect},
        }
        return [route for path, handlers in table.items() for route in make_routes(path, handlers)]

    async def issue_token(self, request: Request) -> Response:
        """Answer POST /services/oauth2/token."""
        parameters = await _read_parameters(request)
        scheme, _, encoded = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() == "basic":
            parameters |= _read_basic(encoded)
        answer = await to_thread(self._logins.grant_token, parameters, get_base_url(request))
        return make_json_response(request, answer)

    async def authorize(self, request: Request) -> Response:
        """Answer GET /services/oauth2/authorize with a redirect back to the app."""
        parameters = await _read_parameters(request)
        return RedirectResponse(await to_thread(self._logins.authorize, parameters), 302)

    async def revoke(self, request: Request) -> Response:
        """Answer POST /services/oauth2/revoke."""
        token = (await _read_parameters(request)).get("token")
        if not token:
            raise make_missing_parameter_error("token")
        await to_thread(self._logins.revoke, token)
        return Response()

    async def show_userinfo(self, request: Request) -> Response:
        """Answer GET /services/oauth2/userinfo."""
        user = await self._find_user(request)
        if isinstance(user, Response):
            return user
        return make_json_response(
            request, build_userinfo(user, get_base_url(request), self._org.id)
        )

    async def show_identity(self, request: Request) -> Response:
        """Answer GET /id/{org}/{user}."""
        user = await self._find_user(request)
        if isinstance(user, Response):
            return user
        path = request.path_params
        if path["org"][:15] != self._org.id[:15] or path["user"][:15] != user.id[:15]:
            return PlainTextResponse("Wrong_Org", 403)
        return make_json_response(
            request, build_identity(user, get_base_url(request), self._org.id)
        )

    async def connect(self, request: Request) -> Response:
        """Answer GET /setup/connect: accept the code of a device, or refuse it with `deny`."""
        parameters = await _read_parameters(request)
        code = parameters.get("user_code", "")
        allowed = "deny" not in parameters
        if self._logins.grants.answer_device(code, USER_ID, allowed=allowed):
            return PlainTextResponse("The device is connected." if allowed else "Denied.")
        return PlainTextResponse("Give the code of a device: /setup/connect?user_code=CODE", 400)

    async def _find_user(self, request: Request) -> User | Response:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() not in {"bearer", "oauth"}:
            token = (await _read_parameters(request)).get("access_token", "")
        if not token.strip():
            return PlainTextResponse("Missing_OAuth_Token", 403)
        user = await to_thread(self._logins.find_user, token.strip())
        return user if user is not None else PlainTextResponse("Bad_OAuth_Token", 403)


def get_base_url(request: Request) -> str:
    """Get the address that the client used for this server, without a trailing slash."""
    return str(request.base_url).rstrip("/")


async def _read_parameters(request: Request) -> dict[str, str]:
    """Read the parameters of the address, and of the form in the body."""
    body = await read_body(request, _MAX_FORM)
    form = parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True)
    return dict(request.query_params) | dict(form)


def _read_basic(encoded: str) -> dict[str, str]:
    try:
        client_id, _, secret = b64decode(encoded, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError) as error:
        raise OAuthError("invalid_client", "invalid client credentials") from error
    return {"client_id": client_id, "client_secret": secret}


def _guard(
    handler: Callable[[Request], Awaitable[Response]],
) -> Callable[[Request], Awaitable[Response]]:
    """Make a handler answer its errors in the form of OAuth."""

    async def handle(request: Request) -> Response:
        try:
            return await handler(request)
        except OAuthError as error:
            body = {"error": error.code, "error_description": error.message}
            return make_json_response(request, body, error.status)

    return handle
