"""Apps and passwords as JSON, for tests in other languages than Python."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from bulkflow_sandbox.core.errors import SandboxError
from bulkflow_sandbox.login.apps import ConnectedApp
from bulkflow_sandbox.org import USERNAME

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

_APP: Final = ("clientId", "clientSecret", "certificate", "redirectUris", "runAs", "approved")
_PASSWORD: Final = ("username", "password", "securityToken")


def read_app(document: Mapping[str, object]) -> ConnectedApp:
    """Read a connected app: `{"clientId": "...", "certificate": "PEM", ...}`.

    Raises:
        SandboxError: A property is unknown, or its value has the wrong type.
    """
    _check_names(document, _APP)
    client_id = _get_text(document, "clientId", None)
    if not client_id:
        raise SandboxError("an app needs a 'clientId'", help='send {"clientId": "NAME", ...}')
    uris = document.get("redirectUris", [])
    if not isinstance(uris, list) or not all(isinstance(one, str) for one in uris):
        raise SandboxError(
            "'redirectUris' must be a list of strings", help='write ["http://...", ...]'
        )
    return ConnectedApp(
        client_id=client_id,
        client_secret=_get_text(document, "clientSecret", None),
        certificate=_get_text(document, "certificate", None),
        redirect_uris=tuple(uris),
        run_as=_get_text(document, "runAs", USERNAME),
        approved=document.get("approved", True) is True,
    )


def read_password(document: Mapping[str, object]) -> tuple[str, str, str]:
    """Read the username, password and security token of a user.

    Raises:
        SandboxError: The username or password is missing, or a value is not a string.
    """
    _check_names(document, _PASSWORD)
    username, password = _get_text(document, "username", ""), _get_text(document, "password", "")
    if not username or not password:
        raise SandboxError(
            "a user needs a 'username' and a 'password'",
            help='send {"username": "NAME", "password": "..."}',
        )
    return username, password, _get_text(document, "securityToken", "") or ""


def _check_names(document: Mapping[str, object], known: Collection[str]) -> None:
    for name in document:
        if name not in known:
            raise SandboxError(f"unknown property {name!r}", help=f"use one of {', '.join(known)}")


def _get_text(document: Mapping[str, object], name: str, default: str | None) -> str | None:
    value = document.get(name, default)
    if value is None or isinstance(value, str):
        return value
    raise SandboxError(f"{name!r} must be a string", help="put it in quotes")
