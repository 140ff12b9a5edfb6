"""Converts urllib3's failures to connect into errors that name the call and the cause."""

from __future__ import annotations

import re
import ssl
from http.client import HTTPException, RemoteDisconnected, responses
from typing import TYPE_CHECKING, NoReturn

from urllib3.exceptions import InvalidHeader, NewConnectionError

from bulkflow_salesforce.http.errors import ProxyRefusedError, TlsError, UnreachableError

if TYPE_CHECKING:
    from urllib3.exceptions import ConnectTimeoutError, HTTPError

    from bulkflow_salesforce.http.call import Call
    from bulkflow_salesforce.http.network import Proxy

_BUSY = frozenset({408, 425, 429})
_PROXY_HELP = {
    407: "check the user and the password in HTTPS_PROXY, percent-encoded as in any URL; bulkflow"
    " supports Basic authentication only, not NTLM or Negotiate. It was tried only once, because"
    " each further try may lock the account",
    403: "ask the administrator of the proxy to allow this host, or add it to NO_PROXY",
}
_ANY_PROXY_HELP = "check HTTPS_PROXY; list hosts that need no proxy in NO_PROXY"


def is_malformed(error: Exception) -> bool:
    """Check whether the server sent something that is not a response head, or an endless one."""
    reasons = (error, *error.args)
    return any(
        isinstance(reason, HTTPException | InvalidHeader)
        and not isinstance(reason, RemoteDisconnected)
        for reason in reasons
    )


def raise_proxy_unreachable(call: Call, proxy: Proxy | None, error: HTTPError) -> NoReturn:
    """Raise the error for a proxy that cannot be reached or that refuses.

    Raises:
        ProxyRefusedError: The proxy refused, and would refuse again.
        UnreachableError: The proxy is down or busy.
    """
    # http.client reports a status other than 200 in these words. The rest of that line comes from
    # the proxy, which may echo what it was sent.
    found = re.search(r"Tunnel connection failed: (\d{3})", str(error.__cause__ or error))
    where = f"the proxy {proxy.host if proxy else ''} on the way to {call.host}"
    if found is None:
        raise UnreachableError(
            f"{where} cannot be reached", call=call, help=_ANY_PROXY_HELP
        ) from error
    status = int(found[1])
    kind = UnreachableError if status >= 500 or status in _BUSY else ProxyRefusedError
    raise kind(
        f"{where} does not let bulkflow through: {status} {responses.get(status, '')}".rstrip(),
        call=call,
        help=_PROXY_HELP.get(status, _ANY_PROXY_HELP),
    ) from None


def raise_unreachable(call: Call, error: ConnectTimeoutError, timeout: float) -> NoReturn:
    """Raise the error for a server that cannot be connected to.

    Raises:
        TlsError: The certificate is not trusted, or the handshake failed.
        UnreachableError: No connection was made.
    """
    cause = error.__cause__
    if isinstance(cause, ssl.SSLError) and not isinstance(cause, ssl.SSLEOFError):
        if isinstance(cause, ssl.SSLCertVerificationError):
            what = f"the TLS certificate of {call.host} is not trusted: {cause.verify_message}"
        else:
            what = f"the TLS handshake with {call.host} failed: {cause.reason or cause}"
        raise TlsError(
            what,
            call=call,
            help="check the instance URL; if your network inspects TLS, set SSL_CERT_FILE to the"
            " PEM file of its certificate authority",
        ) from error
    if isinstance(cause, TimeoutError) or not isinstance(error, NewConnectionError):
        what = f"{call.host} accepted no connection within {timeout:g} s"
    else:
        reason = cause.strerror if isinstance(cause, OSError) else None
        if reason is None or isinstance(cause, ssl.SSLError):
            reason = "it closed the connection during the TLS handshake"
        what = f"{call.host} cannot be reached: {reason}"
    raise UnreachableError(
        what,
        call=call,
        help="check the instance URL and the network; this request was not sent",
    ) from error
