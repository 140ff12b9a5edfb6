"""The resource of the SOAP login."""

from __future__ import annotations

import re
from asyncio import to_thread
from typing import TYPE_CHECKING, Final

from starlette.responses import Response

from bulkflow_sandbox.http.oauth import get_base_url
from bulkflow_sandbox.http.request_body import read_body
from bulkflow_sandbox.http.routes import make_routes
from bulkflow_sandbox.login.errors import SoapLoginError
from bulkflow_sandbox.login.soap import build_fault, build_login_response, read_login

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.routing import Route

    from bulkflow_sandbox.sandbox import Sandbox

_VERSION: Final = re.compile(r"([0-9]{1,3})(?:\.0)?")
_MAX_XML: Final = 1 << 16
_XML: Final = "text/xml;charset=UTF-8"


class SoapResources:
    """Handles requests of the partner and enterprise APIs, which have only the login operation."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._logins = sandbox.logins
        self._org = sandbox.org
        self._choices = sandbox.org.choices

    def list_routes(self) -> list[Route]:
        """List the routes of both APIs."""
        return [
            route
            for kind in ("u", "c")
            for end in ("", "/{org}")
            for route in make_routes(
                f"/services/Soap/{kind}/{{version}}{end}", {"POST": self.answer}
            )
        ]

    async def answer(self, request: Request) -> Response:
        """Answer POST /services/Soap/u/XX.X."""
        version = request.path_params["version"]
        try:
            username, password = read_login(await read_body(request, _MAX_XML))
            self._check_version(version)
            user, token = await to_thread(self._logins.log_in, username, password)
        except SoapLoginError as error:
            return Response(build_fault(error), 500, media_type=_XML)
        body = build_login_response(user, token, get_base_url(request), version, self._org.id)
        return Response(body, media_type=_XML)

    def _check_version(self, version: str) -> None:
        match = _VERSION.fullmatch(version)
        if match is None or int(match[1]) < self._choices.oldest_version:
            raise SoapLoginError("UNSUPPORTED_API_VERSION", "Invalid Api version specified on URL")
        if int(match[1]) > self._choices.newest_soap_login:
            message = self._choices.soap_login_gone.format(version=version)
            raise SoapLoginError("INVALID_OPERATION", message)
