"""Checks the API version, token and limits of requests, and adds headers to all responses."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import ClientDisconnect

from bulkflow_sandbox.core.errors import ApiError, make_not_found_error, make_session_error
from bulkflow_sandbox.core.limits import API_REQUESTS
from bulkflow_sandbox.http.responses import make_error_response

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from bulkflow_sandbox.sandbox import Sandbox

_VERSIONS: Final = "/services/data/"
_API_PATH: Final = re.compile(r"/services/data/v([1-9][0-9]{0,2})\.0(?:/.*)?", re.DOTALL)


class AuthenticationMiddleware:
    """The middleware in front of all routes.

    Resources of an API version need a token (`Authorization: Bearer` or `OAuth`). For handlers, the
    request's `state.user` is the id of the token's user, and `state.version` is the version, such
    as `"66.0"`. A version in another form, such as `v66`, is not found.
    """

    def __init__(self, app: ASGIApp, sandbox: Sandbox) -> None:
        self._app = app
        self._sandbox = sandbox

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or refuse it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        sandbox = self._sandbox
        choices = sandbox.org.choices
        path = scope["path"]
        if path.startswith("//") and choices.leading_slashes:
            path = "/" + path.lstrip("/")
            scope["path"] = path
        match = _API_PATH.fullmatch(path)
        counted = match is not None

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers["Cache-Control"] = "no-cache,must-revalidate,max-age=0,no-store,private"
                headers["X-Content-Type-Options"] = "nosniff"
                headers["X-Robots-Tag"] = "none"
                if match is not None and int(match[1]) <= choices.newest_deprecated_version:
                    headers["Warning"] = choices.deprecation_text
                if counted:
                    used, maximum = sandbox.limits.get_usage(API_REQUESTS)
                    headers["Sforce-Limit-Info"] = f"api-usage={used}/{maximum}"
            await send(message)

        try:
            if path.startswith(_VERSIONS) and path != _VERSIONS:
                self._check(scope, match)
        except ApiError as error:
            await make_error_response(error)(scope, receive, send_with_headers)
            return
        try:
            await self._app(scope, receive, send_with_headers)
        except ClientDisconnect:
            # The client cannot receive a response, and nothing was changed.
            return

    def _check(self, scope: Scope, match: re.Match[str] | None) -> None:
        choices = self._sandbox.org.choices
        if match is None or (major := int(match[1])) > choices.newest_version:
            raise make_not_found_error()
        if major < choices.oldest_version:
            raise choices.version_retired.make_error(version=f"{major}.0")
        headers = Headers(scope=scope)
        scheme, _, token = headers.get("authorization", "").partition(" ")
        if scheme and scheme.lower() not in {"bearer", "oauth"}:
            raise ApiError(401, "INVALID_AUTH_HEADER", "INVALID_HEADER_TYPE")
        user = self._sandbox.sessions.find_user_id(token.strip())
        if user is None:
            raise make_session_error()
        self._sandbox.limits.count_request()
        scope.setdefault("state", {}).update(user=user, version=f"{major}.0")
