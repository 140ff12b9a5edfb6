"""The scheme, host and port that a connection is made to."""

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

# Hosts for people, and what the API's host of the same org ends in.
_UI_HOSTS = (
    (".lightning.force.com", ".my.salesforce.com"),
    (".my.salesforce-setup.com", ".my.salesforce.com"),
)
URL_HELP = (
    "write the org's own address, such as https://mydomain.my.salesforce.com"
    " (Setup, My Domain shows it)"
)


def origin_url(value: str, what: str = "instance URL") -> str:
    """The origin in `value` in its one spelling; `what` names it in errors.

    Raises:
        UsageError: It is no origin, or plain http to another machine.
    """
    try:
        parts = urlsplit(value.strip())
        host, port = parts.hostname or "", parts.port
    except ValueError:
        # Without the parser's words, which quote the address.
        raise UsageError(f"the {what} cannot be read", help=URL_HELP) from None
    if parts.username is not None or parts.password is not None:
        raise UsageError(f"the {what} holds a user name or password", help=URL_HELP)
    named = f"the {what}{_quoted(value)}"
    if parts.scheme not in {"https", "http"} or not host:
        raise UsageError(f"{named} is not an https:// address", help=URL_HELP)
    if parts.path not in {"", "/"} or parts.query or parts.fragment:
        raise UsageError(
            f"{named} has more than a host",
            help="leave out what follows the host; " + URL_HELP,
        )
    address = _ip(host)
    if address is None:
        host = _api_host(host, named)
    if parts.scheme == "http" and not _is_loopback(host):
        raise UsageError(
            f"{named} is plain http, which would show the token to the network",
            help="write https://; plain http is taken for this machine (localhost) only",
        )
    literal = f"[{host}]" if address is not None and ":" in host else host
    usual = 443 if parts.scheme == "https" else 80
    return f"{parts.scheme}://{literal}" + (f":{port}" if port not in {None, usual} else "")


def _quoted(value: str) -> str:
    """An address as the user wrote it, where it can hold no secret; else an empty text.

    Anything but a host may be a part of a password, in whose place a `#` or `/` was not encoded.
    """
    plain = _PLAIN.fullmatch(value.strip())
    return f" {redact(value.strip())}" if plain else ""


def is_host(text: str) -> bool:
    """Tell whether a text is a host name, as connections can be made to."""
    return len(text) <= 253 and all(_HOST_LABEL.fullmatch(label) for label in text.split("."))


def _api_host(host: str, named: str) -> str:
    """The API's host for a host name, in lower case; `named` is the URL in messages."""
    host = host.removesuffix(".")
    if not is_host(host):
        raise UsageError(f"{named} has no valid host name", help=URL_HELP)
    for ui, api in _UI_HOSTS:
        if host.endswith(ui):
            return host.removesuffix(ui) + api
    return host


def _ip(host: str) -> str | None:
    try:
        return str(ip_address(host))
    except ValueError:
        return None


def _is_loopback(host: str) -> bool:
    address = _ip(host)
    return host == "localhost" if address is None else ip_address(address).is_loopback


def _login_url(value: str) -> str:
    return origin_url(value, "login URL")


@frozen
class Origin:
    """A server that is spoken to: an org, or where one logs in.

    Attributes:
        url: Scheme, host and port in one spelling, without a slash at the end. Hosts of the user
            interface are turned into the API's; plain http is taken for loopback addresses only.

    Raises:
        UsageError: The URL cannot be used.
    """

    url: str = field(converter=_login_url)

    @property
    def host(self) -> str:
        """The host, with its port where that is not the scheme's own; for messages."""
        return self.url.partition("://")[2]

    @property
    def hostname(self) -> str:
        """The host alone, an IPv6 address without brackets."""
        return urlsplit(self.url).hostname or ""

    @property
    def port(self) -> int:
        """The port to connect to."""
        return urlsplit(self.url).port or (443 if self.secure else 80)

    @property
    def secure(self) -> bool:
        """Whether TLS is spoken; if not, the host is this machine."""
        return self.url.startswith("https:")
