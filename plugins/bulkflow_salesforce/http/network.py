"""Network settings: the proxy, the trusted certificate authorities, the client certificate."""

from __future__ import annotations

import re
from base64 import b64encode
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote_to_bytes, urlsplit

from attrs import field, frozen

from bulkflow.errors import UsageError
from bulkflow_salesforce.http.origin import is_host
from bulkflow_salesforce.http.tokens import QUOTES_HELP, is_quoted

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bulkflow_salesforce.http.origin import Origin

CLIENT_CERTIFICATE = "BULKFLOW_CLIENT_CERT"
"""Environment variable: a PEM file with the client certificate, and perhaps its key."""

CLIENT_KEY = "BULKFLOW_CLIENT_KEY"
"""Environment variable: a PEM file with that certificate's key."""

# Lower case first, like curl.
_PROXY_VARIABLES = ("https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY")
_EXCEPTION_VARIABLES = ("no_proxy", "NO_PROXY")


@frozen
class Proxy:
    """An HTTP proxy that tunnels: it sees the host name and none of the traffic.

    Attributes:
        url: Scheme, host and port.
        authorization: The value of its `Proxy-Authorization` header, if it needs one.
    """

    url: str
    authorization: str | None = field(default=None, repr=False)

    @property
    def host(self) -> str:
        """The host and port for messages."""
        return self.url.partition("://")[2]


@frozen
class Network:
    """How to reach servers.

    Attributes:
        proxy: The proxy, if there is one.
        exceptions: Hosts to reach without it: names, `.domain`, addresses, networks, or `*`.
        ca_file: A PEM file of the certificate authorities to trust. Without it, `SSL_CERT_FILE` is
            used if set, and the system's authorities otherwise.
        client_certificate: A PEM file with the client certificate.
        client_key: A PEM file with its key; None if the key is in the same file.
    """

    proxy: Proxy | None = None
    exceptions: tuple[str, ...] = ()
    ca_file: Path | None = None
    client_certificate: Path | None = None
    client_key: Path | None = None

    @classmethod
    def of(cls, environ: Mapping[str, str]) -> Network:
        """Read the settings from `HTTPS_PROXY`, `NO_PROXY` and bulkflow's own variables.

        Raises:
            UsageError: The proxy's address is invalid. The message does not show its password.
        """
        proxy = _find_variable(environ, _PROXY_VARIABLES)
        exceptions = _find_variable(environ, _EXCEPTION_VARIABLES)
        certificate, key = environ.get(CLIENT_CERTIFICATE), environ.get(CLIENT_KEY)
        if key and not certificate:
            raise UsageError(
                f"{CLIENT_KEY} is set without {CLIENT_CERTIFICATE}",
                help=f"set {CLIENT_CERTIFICATE} to the PEM file of the certificate",
            )
        return cls(
            proxy=_parse_proxy(proxy) if proxy else None,
            exceptions=tuple(re.split(r"[\s,]+", exceptions.strip())) if exceptions else (),
            client_certificate=Path(certificate) if certificate else None,
            client_key=Path(key) if key else None,
        )

    def find_proxy(self, origin: Origin) -> Proxy | None:
        """Find the proxy for a server; None for this machine, and for exceptions."""
        if self.proxy is None or not origin.secure or _is_local(origin.hostname):
            return None
        host, port = origin.hostname.lower(), origin.port
        return None if any(_matches(each, host, port) for each in self.exceptions) else self.proxy


def _find_variable(environ: Mapping[str, str], names: tuple[str, ...]) -> str | None:
    return next((environ[name] for name in names if environ.get(name)), None)


def _parse_proxy(value: str) -> Proxy:
    # Messages quote nothing of the address: any part may belong to a password with characters that
    # should have been encoded.
    if is_quoted(value.strip()):
        raise UsageError("the proxy's address is in quotes", help=QUOTES_HELP)
    written = value if "://" in value else f"http://{value}"
    try:
        parts = urlsplit(written)
        host, port = parts.hostname, parts.port
    except ValueError:
        raise UsageError("the proxy's address cannot be read", help=_HELP) from None
    if parts.scheme not in {"http", "https"}:
        kind = "a SOCKS proxy" if parts.scheme.startswith("socks") else "neither http nor https"
        raise UsageError(f"the proxy is {kind}; bulkflow supports HTTP proxies only", help=_HELP)
    if not host:
        raise UsageError("the proxy's address has no host", help=_HELP)
    if parts.path not in {"", "/"} or parts.query or parts.fragment:
        raise UsageError("the proxy's address has more than user, host and port", help=_HELP)
    if not (is_host(host) or ":" in host):
        raise UsageError("the proxy's address has no valid host name", help=_HELP)
    literal = f"[{host}]" if ":" in host else host
    url = f"{parts.scheme}://{literal}:{port or (443 if parts.scheme == 'https' else 80)}"
    if parts.username is None:
        return Proxy(url)
    pair = b":".join(map(_decode, (parts.username, parts.password or "")))
    return Proxy(url, f"Basic {b64encode(pair).decode()}")


def _decode(text: str) -> bytes:
    # Variables may contain bytes that are not UTF-8; a password is sent with its own bytes.
    return unquote_to_bytes(text.encode("utf-8", "surrogateescape"))


_HELP = (
    "set HTTPS_PROXY to an address like http://proxy.example.com:3128, or unset it; in a user or"
    " password, write / ? # @ and % as %2F %3F %23 %40 and %25"
)


def _is_local(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _matches(exception: str, host: str, port: int) -> bool:
    """Check whether an entry of `NO_PROXY` matches a host."""
    if exception == "*":
        return True
    name, colon, wanted = exception.lower().rpartition(":")
    if colon and wanted.isdigit() and "/" not in name and name.count(":") in {0, 7}:
        if int(wanted) != port:
            return False
    else:
        name = exception.lower()
    name = name.strip("[]")
    try:
        return ip_address(host) in ip_network(name, strict=False)
    except ValueError:
        domain = name.removeprefix("*").removeprefix(".")
        return bool(domain) and (host == domain or host.endswith("." + domain))
