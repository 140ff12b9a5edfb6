"""JWT assertions: their issuer, their subject, and whether they are valid."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from bulkflow.distribution import get_install_command
from bulkflow_sandbox.login.errors import OAuthError

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from datetime import datetime

    from bulkflow_sandbox.core.behavior import Choices
    from bulkflow_sandbox.login.apps import ConnectedApp

_AUDIENCES: Final = frozenset({"https://login.salesforce.com", "https://test.salesforce.com"})


def read_issuer(assertion: str, choices: Choices) -> str:
    """Return the client id in an assertion, without checking its signature.

    Raises:
        OAuthError: The assertion is not a JWT.
    """
    claims = _decode(assertion, None, choices)
    return str(claims.get("iss", ""))


def verify_assertion(
    assertion: str,
    app: ConnectedApp,
    choices: Choices,
    *,
    now: datetime,
    audiences: Collection[str],
) -> str:
    """Verify an assertion, and return the username in it.

    Args:
        assertion: The JWT.
        app: The app that issued it, whose certificate verifies the signature.
        choices: The messages of refusals.
        now: The present moment.
        audiences: The addresses of this server, accepted like those of Salesforce.

    Raises:
        OAuthError: The signature or the audience is wrong, or the assertion has expired.
    """
    if app.certificate is None:
        raise OAuthError("invalid_grant", choices.assertion_text)
    claims = _decode(assertion, app.certificate, choices)
    wanted = {one.rstrip("/") for one in (*_AUDIENCES, *audiences)}
    audience = claims.get("aud")
    named = audience if isinstance(audience, list) else [audience]
    if not any(isinstance(one, str) and one.rstrip("/") in wanted for one in named):
        raise OAuthError("invalid_grant", choices.audience_text)
    # One client sends the seconds as a string, another sends milliseconds: accept a distant time.
    try:
        ends = float(str(claims.get("exp")))
    except ValueError as error:
        raise OAuthError("invalid_grant", choices.assertion_text) from error
    if not ends > now.timestamp():
        raise OAuthError("invalid_grant", choices.assertion_text)
    return str(claims.get("sub", ""))


def _decode(assertion: str, certificate: str | None, choices: Choices) -> Mapping[str, object]:
    """Decode the claims of a JWT; verify the signature if there is a certificate."""
    try:
        import jwt
        from cryptography.x509 import load_pem_x509_certificate
    except ImportError as error:
        raise OAuthError(
            "server_error",
            "this sandbox cannot check signatures without PyJWT and cryptography: "
            f"{get_install_command('sandbox')}",
            status=501,
        ) from error
    # `verify_assertion` checks the time against the sandbox's clock, and the audience.
    options = {"verify_signature": certificate is not None}
    own = ("verify_exp", "verify_aud", "verify_iat", "verify_nbf", "verify_sub")
    options |= dict.fromkeys(own, False)
    try:
        key: object = ""
        if certificate is not None:
            key = certificate
            if "BEGIN CERTIFICATE" in certificate:
                key = load_pem_x509_certificate(certificate.encode()).public_key()
        claims = jwt.decode(assertion, key, algorithms=["RS256"], options=options)  # type: ignore[arg-type]
    except (jwt.PyJWTError, ValueError, TypeError, RecursionError) as error:
        raise OAuthError("invalid_grant", choices.assertion_text) from error
    return claims
