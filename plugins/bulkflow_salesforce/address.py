"""Where an org is: its host, its API version, and the paths below them."""

from __future__ import annotations

import re
from ipaddress import ip_address
from urllib.parse import quote, urlsplit

from attrs import field, frozen

from bulkflow.errors import UsageError
from bulkflow_salesforce.errors import ForeignUrlError

DEFAULT_API_VERSION = "66.0"
_FIRST_API_VERSION = 41  # ingest jobs came with Winter '18

_HOST_LABEL = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?")
_API_VERSION = re.compile(r"[vV]?([0-9]{1,3})(?:\.0)?")
_ID = re.compile(r"[a-zA-Z0-9]{15}(?:[a-zA-Z0-9]{3})?")
_TARGET = re.compile(r"/[\x21\x23-\x7e]*")

# Hosts for people, and what the API's host of the same org ends in.
_UI_HOSTS = (
    (".lightning.force.com", ".my.salesforce.com"),
    (".my.salesforce-setup.com", ".my.salesforce.com"),
)
_LOGIN_HOSTS = frozenset({"login.salesforce.com", "test.salesforce.com"})
_URL_HELP = (
    "write the org's own address, such as https://mydomain.my.salesforce.com"
    " (Setup, My Domain shows it)"
)


def _instance_url(value: str) -> str:
    """The origin of an org in its one spelling."""
    try:
        parts = urlsplit(value.strip())
        host, port = parts.hostname or "", parts.port
    except ValueError as error:
        raise UsageError(f"the instance URL cannot be read: {error}", help=_URL_HELP) from error
    if parts.username is not None or parts.password is not None:
        # Not quoted: what stands before the @ is likely to be a secret.
        raise UsageError("the instance URL holds a user name or password", help=_URL_HELP)
    shown = ascii(value.strip())
    if parts.scheme not in {"https", "http"} or not host:
        raise UsageError(f"the instance URL {shown} is not an https:// address", help=_URL_HELP)
    if parts.path not in {"", "/"} or parts.query or parts.fragment:
        raise UsageError(
            f"the instance URL {shown} has more than a host",
            help="leave out what follows the host; " + _URL_HELP,
        )
    address = _ip(host)
    if address is None:
        host = _api_host(host, shown)
    if parts.scheme == "http" and not _is_loopback(host):
        raise UsageError(
            f"the instance URL {shown} is plain http, which would show the token to the network",
            help="write https://; plain http is taken for this machine (localhost) only",
        )
    literal = f"[{host}]" if address is not None and ":" in host else host
    usual = 443 if parts.scheme == "https" else 80
    return f"{parts.scheme}://{literal}" + (f":{port}" if port not in {None, usual} else "")


def _api_host(host: str, shown: str) -> str:
    """The API's host for a host name, in lower case; `shown` is the URL as the user wrote it."""
    host = host.removesuffix(".")
    if len(host) > 253 or not all(_HOST_LABEL.fullmatch(label) for label in host.split(".")):
        raise UsageError(f"the instance URL {shown} has no valid host name", help=_URL_HELP)
    if host in _LOGIN_HOSTS:
        raise UsageError(f"{host} is where one logs in; it is not an org's address", help=_URL_HELP)
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


def _api_version(value: str) -> str:
    found = _API_VERSION.fullmatch(value.strip())
    if not found:
        raise UsageError(f"{value!a} is no API version", help=f"write one as {DEFAULT_API_VERSION}")
    number = int(found[1])
    if number < _FIRST_API_VERSION:
        raise UsageError(
            f"API version {number}.0 has no Bulk API 2.0",
            help=f"it came with {_FIRST_API_VERSION}.0; {DEFAULT_API_VERSION} is a good choice",
        )
    return f"{number}.0"


@frozen
class OrgAddress:
    """Where an org answers, and in which API version it is asked.

    Attributes:
        instance_url: Scheme, host and port in one spelling, without a slash at the end:
            `https://mydomain.my.salesforce.com`. Hosts of the user interface are turned into the
            API's; plain http is taken for loopback addresses only.
        api_version: Such as `66.0`; `v66.0` and `66` are understood.

    Raises:
        UsageError: Either value cannot be used.
    """

    instance_url: str = field(converter=_instance_url)
    api_version: str = field(default=DEFAULT_API_VERSION, converter=_api_version)

    @property
    def host(self) -> str:
        """The host, with its port where that is not the scheme's own; for messages."""
        return self.instance_url.partition("://")[2]

    @property
    def hostname(self) -> str:
        """The host alone, an IPv6 address without brackets."""
        return urlsplit(self.instance_url).hostname or ""

    @property
    def port(self) -> int:
        """The port to connect to."""
        return urlsplit(self.instance_url).port or (443 if self.secure else 80)

    @property
    def secure(self) -> bool:
        """Whether TLS is spoken; if not, the host is this machine."""
        return self.instance_url.startswith("https:")

    def path(self, *segments: str) -> str:
        """The path of a resource: `path("jobs", "ingest")` is `/services/data/v66.0/jobs/ingest`.

        Each segment is percent-quoted, so that a name which came from a server or a user stays one
        segment.

        Raises:
            ValueError: A segment is empty, `.` or `..`.
        """
        for segment in segments:
            if segment in {"", ".", ".."}:
                raise ValueError(f"not a path segment: {segment!r}")
        below = "".join("/" + quote(segment, safe="") for segment in segments)
        return f"/services/data/v{self.api_version}{below}"

    def resolve(self, url: str) -> str:
        """The path (and query) of a URL that the org gave, such as a job's `contentUrl`.

        Salesforce gives `services/data/...` without a slash (recorded), `/services/data/...` in
        `nextRecordsUrl`, and whole URLs are taken if they are on this org.

        Raises:
            ForeignUrlError: The URL leads to another host, or out of `/services/`.
        """
        target = url
        if "://" in url or url.startswith("//"):
            origin, _, rest = url.partition("://")[2].partition("/")
            if f"{url.partition('://')[0]}://{origin}".lower() != self.instance_url.lower():
                raise ForeignUrlError(
                    f"{self.host} named an address on another host: {url[:200]!a}",
                    help="nothing was sent there; check that the instance URL is the org's own",
                )
            target = rest
        target = "/" + target.removeprefix("/")
        parts = target.partition("?")[0].split("/")
        if not is_target(target) or parts[1] != "services" or {".", ".."} & set(parts):
            raise ForeignUrlError(
                f"{self.host} named an address outside its API: {url[:200]!a}",
                help="nothing was sent there; check that the instance URL is the org's own",
            )
        return target


def is_target(text: str) -> bool:
    """Whether `text` can stand as a request's target: a path, and nothing that ends the line."""
    return _TARGET.fullmatch(text) is not None and not text.startswith("//")


def salesforce_id(text: str) -> str:
    """`text`, which is a Salesforce id of 15 or 18 letters and digits.

    Raises:
        UsageError: It is not.
    """
    if not _ID.fullmatch(text):
        raise UsageError(
            f"{text[:80]!a} is not a Salesforce id",
            help="an id has 15 or 18 letters and digits, as 7505e000003xAbCAAU",
        )
    return text
