"""Checks the Host header, as a protection against DNS rebinding.

A page in a browser may resolve its own host name to the address of this machine, and then counts as
the same site as the sandbox. Its requests have that name in the Host header.
"""

from __future__ import annotations

import re
from ipaddress import ip_address
from typing import TYPE_CHECKING, Final

from bulkflow_sandbox.core.errors import ApiError
from bulkflow_sandbox.http.responses import make_error_response

if TYPE_CHECKING:
    from collections.abc import Iterable

    from starlette.types import ASGIApp, Receive, Scope, Send

_HOST: Final = re.compile(r"(?:\[([0-9A-Fa-f:.]+)\]|([A-Za-z0-9._-]+))(?::[0-9]{1,5})?")


class HostCheckMiddleware:
    """The outermost middleware. It refuses requests for other hosts.

    Args:
        app: The application that handles the requests.
        names: The host names of the sandbox, in addition to names of this machine.
    """

    def __init__(self, app: ASGIApp, names: Iterable[str] = ()) -> None:
        self._app = app
        self._names = frozenset(name.lower() for name in names)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or refuse it."""
        if scope["type"] == "http":
            hosts = [value for name, value in scope["headers"] if name == b"host"]
            if len(hosts) != 1 or not self._is_own(hosts[0].decode("latin-1")):
                error = ApiError(
                    403,
                    "SANDBOX_ERROR",
                    "The sandbox answers at an address such as 127.0.0.1, at a name without dots, "
                    "and at a name that --tls-name gives",
                )
                await make_error_response(error)(scope, receive, send)
                return
        await self._app(scope, receive, send)

    def _is_own(self, header: str) -> bool:
        match = _HOST.fullmatch(header)
        if match is None:
            return False
        address, name = match.groups()
        if address is not None:
            return _is_address(address)
        name = name.lower().removesuffix(".")
        # A name without a dot is in this machine's network, such as that of a container.
        local = "." not in name or name.endswith(".localhost")
        return local or name in self._names or _is_address(name)


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True
