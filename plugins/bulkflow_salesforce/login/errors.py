"""The error for a refused login, with its cause and remedy if they are known."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bulkflow.errors import ExitCode
from bulkflow_salesforce.http.errors import OrgError
from bulkflow_salesforce.http.origin import LOGIN_HOST, TEST_HOST
from bulkflow_salesforce.login.error_causes import CAUSES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bulkflow_salesforce.http.call import Call


class LoginError(OrgError):
    """The org, or the Salesforce CLI, refused the login.

    Args:
        message: What is wrong.
        call: The request.
        error: The OAuth error, such as `invalid_grant`, or an empty text.
        description: Its `error_description`.
        help: What to do about it.
        notes: Further facts.
    """

    exit_code = ExitCode.WRONG

    def __init__(
        self,
        message: str,
        *,
        call: Call,
        error: str = "",
        description: str = "",
        help: str | None = None,  # noqa: A002 - the word that users see
        notes: Sequence[str] = (),
    ) -> None:
        super().__init__(message, call=call, help=help, notes=notes)
        self.error = error
        self.description = description


def make_login_error(
    call: Call, error: str, description: str, *, notes: Sequence[str] = ()
) -> LoginError:
    """Make the error for a login that a host refused, with its cause and remedy if known."""
    found = next(
        (
            cause
            for cause in CAUSES
            if cause.error in {"", error.lower()} and cause.words in description.lower()
        ),
        None,
    )
    said = ": ".join(part for part in (error, description) if part) or "no reason given"
    cause = f": {found.cause}" if found else ""
    return LoginError(
        f"{call.host} refused the login{cause} ({said})",
        call=call,
        error=error,
        description=description,
        help=found.remedy if found else "look up the error in Salesforce's help on OAuth errors",
        notes=[*notes, *_explain_hosts(call.host, error)],
    )


def _explain_hosts(host: str, error: str) -> tuple[str, ...]:
    """Explain which users a host knows; hosts do not say that a user belongs to another one."""
    if error not in {"invalid_grant", "invalid_client_id", "invalid_client", "app_not_found"}:
        return ()
    if host == LOGIN_HOST:
        return (f"login host: {host}; users of a sandbox log in at https://{TEST_HOST}",)
    if host == TEST_HOST:
        return (f"login host: {host}; users of production log in at https://{LOGIN_HOST}",)
    return (f"login host: {host}, which knows only users and apps of that org",)
