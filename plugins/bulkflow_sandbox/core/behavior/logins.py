"""Behaviours of sessions and logins."""

from __future__ import annotations

from attrs import frozen

from bulkflow_sandbox.core.behavior.choice import Provenance, define


@frozen(slots=False)
class LoginChoices:
    """How sessions and logins behave."""

    session_hours: float = define(
        2,
        Provenance.DOCUMENTED,
        "Hours without a request after which a token from a login is no longer valid; the token "
        "that the sandbox was started with has no end",
    )
    authorize_at_once: bool = define(
        True,
        Provenance.CHOSEN,
        "The authorize resource sends the browser back with a code immediately, as if the user had "
        "logged in and allowed it; else, it refuses with access_denied",
    )
    code_minutes: float = define(
        15, Provenance.DOCUMENTED, "Minutes for which an authorization code is good"
    )
    device_minutes: float = define(
        10, Provenance.DOCUMENTED, "Minutes for which a device code is good"
    )
    device_interval: int = define(
        5,
        Provenance.DOCUMENTED,
        "Seconds between two polls of a device; a faster one gets slow_down",
    )
    rotate_refresh_tokens: bool = define(
        False, Provenance.DOCUMENTED, "A refresh gives a new refresh token, and ends the old one"
    )
    secret_for_refresh: bool = define(
        True, Provenance.CHOSEN, "An app that has a secret must give it to refresh a token"
    )
    assertion_text: str = define(
        "invalid assertion",
        Provenance.CHOSEN,
        "The error_description for a JWT with a bad signature, form or time",
    )
    audience_text: str = define(
        "audience is invalid",
        Provenance.CHOSEN,
        "The error_description for a JWT for somebody else",
    )
    code_text: str = define(
        "expired authorization code",
        Provenance.CHOSEN,
        "The error_description for a code that is unknown, used, too old or another app's",
    )
    newest_soap_login: int = define(64, Provenance.CHOSEN, "Newest API version with the SOAP login")
    soap_login_gone: str = define(
        "SOAP API login() is not available in API version {version}",
        Provenance.CHOSEN,
        "The fault message of a SOAP login in a newer version",
    )
