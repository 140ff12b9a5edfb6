"""JWT bearer assertions: a token for a signature instead of a secret."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from bulkflow.errors import UsageError
from bulkflow_salesforce.http.origin import LOGIN_HOST, TEST_HOST

if TYPE_CHECKING:
    from bulkflow_salesforce.http.origin import Origin

GRANT: Final = "urn:ietf:params:oauth:grant-type:jwt-bearer"
_LIFE: Final = 180  # seconds; Salesforce accepts up to five minutes, and clocks differ


def list_audiences(origin: Origin, named: tuple[str, ...]) -> tuple[str, ...]:
    """List the possible audiences of an assertion, the most likely first.

    The login hosts accept themselves. A My Domain accepts `login` in production and `test` in
    sandboxes, and its name does not always reveal which it is.
    """
    if named:
        return named
    login, test = f"https://{LOGIN_HOST}", f"https://{TEST_HOST}"
    if origin.hostname in {LOGIN_HOST, TEST_HOST}:
        return (origin.url,)
    if ".sandbox." in origin.hostname or ".scratch." in origin.hostname:
        return (test, login, origin.url)
    return (login, test, origin.url)


def sign_assertion(*, client_id: str, username: str, audience: str, key: str, now: float) -> str:
    """Sign an assertion that is valid for three minutes.

    Args:
        client_id: The app's consumer key.
        username: The user to log in.
        audience: The host that it is meant for.
        key: The private RSA key, as PEM.
        now: The time, in seconds since the epoch.

    Raises:
        UsageError: The key cannot be used.
    """
    import jwt
    from cryptography.exceptions import UnsupportedAlgorithm

    claims = {"iss": client_id, "sub": username, "aud": audience, "exp": int(now) + _LIFE}
    try:
        return jwt.encode(claims, key, algorithm="RS256")
    except (
        jwt.PyJWTError,
        ValueError,
        TypeError,
        AttributeError,  # a key of another kind, such as a public one
        UnsupportedAlgorithm,
    ) as error:
        # The library's message may quote the key.
        raise UsageError(
            f"the private key cannot sign ({type(error).__name__})",
            help="use an RSA key of 2048 bits or more as PEM, without a password"
            " (openssl genrsa 2048)",
        ) from None
