"""Refused logins: the cause and the cure of each OAuth error, in plain words.

The errors and their texts are those that clients of Salesforce have met (`invalid_grant` stands
for a dozen different mistakes); what is not known is passed on in the org's own words.
"""

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
    """No token was given: the org, or the Salesforce CLI, refused the login.

    Args:
        message: What is wrong.
        call: What was asked of which host.
        error: The OAuth error, such as `invalid_grant`; empty where there was none.
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


def refused(call: Call, error: str, description: str, *, notes: Sequence[str] = ()) -> LoginError:
    """The error for a login that the host refused, with what it means and what helps."""
    found = next(
        (
            cause
            for cause in CAUSES
            if cause.error in {"", error.lower()} and cause.words in description.lower()
        ),
        None,
    )
    said = ": ".join(part for part in (error, description) if part) or "without a word of why"
    cause = f": {found.cause}" if found else ""
    return LoginError(
        f"{call.host} refused the login{cause} ({said})",
        call=call,
        error=error,
        description=description,
        help=found.cure if found else "look the error up in Salesforce's help on OAuth errors",
        notes=[*notes, *_wrong_host(call.host, error)],
    )


def _wrong_host(host: str, error: str) -> tuple[str, ...]:
    """What else it may be: the hosts no longer say that a user belongs to another one."""
    if error not in {"invalid_grant", "invalid_client_id", "invalid_client", "app_not_found"}:
        return ()
    if host == LOGIN_HOST:
        return (f"asked was {host}; users of a sandbox log in at https://{TEST_HOST}",)
    if host == TEST_HOST:
        return (f"asked was {host}; users of production log in at https://{LOGIN_HOST}",)
    return (f"asked was {host}; only users and apps of that org are known there",)
