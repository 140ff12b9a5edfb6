"""The scheme, host and port of a server."""

from __future__ import annotations

import re
from ipaddress import ip_address
from urllib.parse import urlsplit

from attrs import field, frozen

from bulkflow.errors import UsageError
from bulkflow_salesforce.http.redaction import redact

LOGIN_HOST = "login.salesforce.com"
TEST_HOST = "test.salesforce.com"

_HOST_LABEL = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?")

_PLAIN = re.compile(r"(?:https?://)?[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)+/?", re.IGNORECASE)

# Hosts of the user interface, and the API's host of the same org.
_UI_HOSTS = (
    (".lightning.force.com", ".my.salesforce.com"),
    (".my.salesforce-setup.com", ".my.salesforce.com"),
)
URL_HELP = (
    "write the org's own address, such as https://mydomain.my.salesforce.com"
    " (Setup, My Domain shows it)"
)


def normalize_origin(value: str, what: str = "instance URL") -> str:
    """Normalize an origin; errors name it `what`.

    Raises:
        UsageError: It is not an origin, or is plain http to another machine.
    """
    try:
        parts = urlsplit(value.strip())
        host, port = parts.hostname or "", parts.port
    except ValueError:
        # The parser's message quotes the address.
        raise UsageError(f"the {what} cannot be read", help=URL_HELP) from None
    if parts.username is not None or parts.password is not None:
        raise UsageError(f"the {what} contains a user name or password", help=URL_HELP)
    named = f"the {what}{_quote_safely(value)}"
    if parts.scheme not in {"https", "http"} or not host:
        raise UsageError(f"{named} is not an https:// address", help=URL_HELP)
    if parts.path not in {"", "/"} or parts.query or parts.fragment:
        raise UsageError(
            f"{named} has more than a host",
            help="leave out what follows the host; " + URL_HELP,
        )
    address = _normalize_ip(host)
    if address is None:
        host = _to_api_host(host, named)
    if parts.scheme == "http" and not _is_loopback(host):
        raise UsageError(
            f"{named} is plain http, which would reveal the token to the network",
            help="write https://; plain http is accepted for this machine (localhost) only",
        )
    literal = f"[{host}]" if address is not None and ":" in host else host
    usual = 443 if parts.scheme == "https" else 80
    return f"{parts.scheme}://{literal}" + (f":{port}" if port not in {None, usual} else "")


def _quote_safely(value: str) -> str:
    """Quote an address as the user wrote it if it cannot contain a secret; else return "".

    Anything but a host may be part of a password in which `#` or `/` was not encoded.
    """
    plain = _PLAIN.fullmatch(value.strip())
    return f" {redact(value.strip())}" if plain else ""


def is_host(text: str) -> bool:
    """Check whether a text is a valid host name."""
    return len(text) <= 253 and all(_HOST_LABEL.fullmatch(label) for label in text.split("."))


def _to_api_host(host: str, named: str) -> str:
    """Find the API's host for a host; `named` is the URL in messages."""
    host = host.removesuffix(".")
    if not is_host(host):
        raise UsageError(f"{named} has no valid host name", help=URL_HELP)
    for ui, api in _UI_HOSTS:
        if host.endswith(ui):
            return host.removesuffix(ui) + api
    return host


def _normalize_ip(host: str) -> str | None:
    try:
        return str(ip_address(host))
    except ValueError:
        return None


def _is_loopback(host: str) -> bool:
    address = _normalize_ip(host)
    return host == "localhost" if address is None else ip_address(address).is_loopback


def _normalize_login_url(value: str) -> str:
    return normalize_origin(value, "login URL")


@frozen
class Origin:
    """A server to connect to: an org or a login host.

    Attributes:
        url: Normalized scheme, host and port, without a trailing slash. Hosts of the user interface
            are replaced with the API's; plain http is accepted for loopback addresses only.

    Raises:
        UsageError: The URL is invalid.
    """

    url: str = field(converter=_normalize_login_url)

    @property
    def host(self) -> str:
        """The host for messages, with its port unless that is the default."""
        return self.url.partition("://")[2]

    @property
    def hostname(self) -> str:
        """The host without its port; IPv6 addresses have no brackets."""
        return urlsplit(self.url).hostname or ""

    @property
    def port(self) -> int:
        """The port to connect to."""
        return urlsplit(self.url).port or (443 if self.secure else 80)

    @property
    def secure(self) -> bool:
        """Whether TLS is used; if not, the host is this machine."""
        return self.url.startswith("https:")
