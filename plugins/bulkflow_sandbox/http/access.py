"""Access control of the page and the admin resources."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlencode

from starlette.responses import RedirectResponse

from bulkflow_sandbox.core.errors import ApiError, make_session_error

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from bulkflow_sandbox.login.admin_access import AdminAccess


def check_token(request: Request, access: AdminAccess) -> None:
    """Refuse a request without a token for the admin resources.

    Raises:
        ApiError: The header `Authorization` has no such token.
    """
    if not _has_token(request, access):
        raise make_session_error()


def check_reader(request: Request, access: AdminAccess) -> None:
    """Refuse a request with neither the page's cookie nor a token for the admin resources.

    Raises:
        ApiError: The request has neither.
    """
    cookie = request.cookies.get(_get_cookie_name(request), "")
    if not access.is_cookie(cookie) and not _has_token(request, access):
        raise ApiError(
            401,
            "INVALID_SESSION_ID",
            "Open the link that the sandbox printed when it started: it has the page's token",
        )


def exchange_token(request: Request, access: AdminAccess) -> Response | None:
    """Exchange the token in the page's address for a cookie; `None` if there is no token.

    Raises:
        ApiError: The token is invalid.
    """
    token = request.query_params.get("token")
    if token is None:
        return None
    if not access.is_link_token(token):
        raise make_session_error()
    rest = [pair for pair in request.query_params.multi_items() if pair[0] != "token"]
    answer = RedirectResponse(f"/?{urlencode(rest)}" if rest else "/", 303)
    answer.headers["Referrer-Policy"] = "no-referrer"
    answer.set_cookie(
        _get_cookie_name(request),
        access.cookie,
        httponly=True,
        samesite="strict",
        secure=request.url.scheme == "https",
    )
    return answer


def _has_token(request: Request, access: AdminAccess) -> bool:
    _, _, token = request.headers.get("authorization", "").partition(" ")
    return access.is_admin_token(token.strip())


def _get_cookie_name(request: Request) -> str:
    # Cookies do not depend on the port, and several sandboxes may run on one machine.
    return f"bulkflow_sandbox_{request.url.port or request.url.scheme}"
