"""JWT assertions: who signed one, for whom, and whether it is still good."""

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
    """The client id that an assertion names, before its signature is checked.

    Raises:
        OAuthError: It is no JWT.
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
    """The username that an assertion is about, when all of it is good.

    Args:
        assertion: The JWT.
        app: The app that it names, with the certificate that it must be signed for.
        choices: The texts of the refusals.
        now: The present moment.
        audiences: The addresses of this server, which a JWT may be for besides Salesforce's own.

    Raises:
        OAuthError: The signature, the audience or the time is wrong.
    """
    if app.certificate is None:
        raise OAuthError("invalid_grant", choices.assertion_text)
    claims = _decode(assertion, app.certificate, choices)
    wanted = {one.rstrip("/") for one in (*_AUDIENCES, *audiences)}
    audience = claims.get("aud")
    named = audience if isinstance(audience, list) else [audience]
    if not any(isinstance(one, str) and one.rstrip("/") in wanted for one in named):
        raise OAuthError("invalid_grant", choices.audience_text)
    # One client sends the seconds as text, another sends milliseconds: a time far ahead is good.
    try:
        ends = float(str(claims.get("exp")))
    except ValueError as error:
        raise OAuthError("invalid_grant", choices.assertion_text) from error
    if not ends > now.timestamp():
        raise OAuthError("invalid_grant", choices.assertion_text)
    return str(claims.get("sub", ""))


def _decode(assertion: str, certificate: str | None, choices: Choices) -> Mapping[str, object]:
    """The claims of a JWT; the signature is checked where there is a certificate."""
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
    # The time is checked by the sandbox's own clock, the audience by its own rules.
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
