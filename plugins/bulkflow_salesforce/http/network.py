"""The way to a server: the proxy before it, whom to trust, and the certificate to show."""

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
from bulkflow_salesforce.http.tokens import QUOTES_HELP, in_quotes

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bulkflow_salesforce.http.origin import Origin

CLIENT_CERTIFICATE = "BULKFLOW_CLIENT_CERT"
"""Environment variable: a PEM file with the certificate to show, and its key if it is in there."""

CLIENT_KEY = "BULKFLOW_CLIENT_KEY"
"""Environment variable: a PEM file with that certificate's key."""

# As curl reads them: lower case first.
_PROXY_VARIABLES = ("https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY")
_EXCEPTION_VARIABLES = ("no_proxy", "NO_PROXY")


@frozen
class Proxy:
    """An HTTP proxy, which makes tunnels: it sees the host's name and nothing of what is said.

    Attributes:
        url: Scheme, host and port.
        authorization: What it wants to be told, if anything.
    """

    url: str
    authorization: str | None = field(default=None, repr=False)

    @property
    def host(self) -> str:
        """Host and port, for messages."""
        return self.url.partition("://")[2]


@frozen
class Network:
    """The way to servers.

    Attributes:
        proxy: The proxy, if there is one.
        exceptions: Where it is not used: names, `.domain`, addresses, networks, or `*`.
        ca_file: A PEM file of the certificate authorities to trust in place of the system's.
            Without it the system's are trusted, or those of `SSL_CERT_FILE` if that is set.
        client_certificate: A PEM file with the certificate to show.
        client_key: A PEM file with its key; None if that is in the same file.
    """

    proxy: Proxy | None = None
    exceptions: tuple[str, ...] = ()
    ca_file: Path | None = None
    client_certificate: Path | None = None
    client_key: Path | None = None

    @classmethod
    def of(cls, environ: Mapping[str, str]) -> Network:
        """What environment variables say: `HTTPS_PROXY`, `NO_PROXY` and bulkflow's own.

        Raises:
            UsageError: The proxy's address cannot be used. The message does not show its password.
        """
        proxy = _first(environ, _PROXY_VARIABLES)
        exceptions = _first(environ, _EXCEPTION_VARIABLES)
        certificate, key = environ.get(CLIENT_CERTIFICATE), environ.get(CLIENT_KEY)
        if key and not certificate:
            raise UsageError(
                f"{CLIENT_KEY} is set without {CLIENT_CERTIFICATE}",
                help=f"set {CLIENT_CERTIFICATE} to the PEM file of the certificate",
            )
        return cls(
            proxy=_proxy(proxy) if proxy else None,
            exceptions=tuple(re.split(r"[\s,]+", exceptions.strip())) if exceptions else (),
            client_certificate=Path(certificate) if certificate else None,
            client_key=Path(key) if key else None,
        )

    def proxy_to(self, origin: Origin) -> Proxy | None:
        """The proxy on the way to a server; None for this machine, and where none is to be used."""
        if self.proxy is None or not origin.secure or _is_here(origin.hostname):
            return None
        host, port = origin.hostname.lower(), origin.port
        return None if any(_fits(each, host, port) for each in self.exceptions) else self.proxy


def _first(environ: Mapping[str, str], names: tuple[str, ...]) -> str | None:
    return next((environ[name] for name in names if environ.get(name)), None)


def _proxy(value: str) -> Proxy:
    # Nothing of the address is quoted: where a password is not encoded, any part may belong to it.
    if in_quotes(value.strip()):
        raise UsageError("the proxy's address is in quotes", help=QUOTES_HELP)
    written = value if "://" in value else f"http://{value}"
    try:
        parts = urlsplit(written)
        host, port = parts.hostname, parts.port
    except ValueError:
        raise UsageError("the proxy's address cannot be read", help=_HELP) from None
    if parts.scheme not in {"http", "https"}:
        what = "SOCKS" if parts.scheme.startswith("socks") else "neither http nor https"
        raise UsageError(f"the proxy speaks {what}, which bulkflow does not", help=_HELP)
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
    pair = b":".join(map(_decoded, (parts.username, parts.password or "")))
    return Proxy(url, f"Basic {b64encode(pair).decode()}")


def _decoded(text: str) -> bytes:
    # Variables may hold bytes that are not UTF-8; a password is sent with the bytes that it has.
    return unquote_to_bytes(text.encode("utf-8", "surrogateescape"))


_HELP = (
    "set HTTPS_PROXY as http://proxy.example.com:3128, or unset it; in a user or password write"
    " / ? # @ and % as %2F %3F %23 %40 and %25"
)


def _is_here(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _fits(exception: str, host: str, port: int) -> bool:
    """Whether an entry of `NO_PROXY` is about a host."""
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
