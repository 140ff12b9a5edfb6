"""Where an org is: its host, its API version, and the paths below them."""

from __future__ import annotations

import re
from urllib.parse import quote, urlsplit

from attrs import field, frozen

from bulkflow.errors import UsageError
from bulkflow_salesforce.http.errors import ForeignUrlError
from bulkflow_salesforce.http.origin import URL_HELP, Origin, is_host, origin_url
from bulkflow_salesforce.http.redaction import redact

DEFAULT_API_VERSION = "66.0"
_FIRST_API_VERSION = 41  # ingest jobs came with Winter '18

_API_VERSION = re.compile(r"[vV]?([0-9]{1,3})(?:\.0)?")
_ID = re.compile(r"[a-zA-Z0-9]{15}(?:[a-zA-Z0-9]{3})?")
_TARGET = re.compile(r"/[\x21\x23-\x7e]*")

_LOGIN_HOSTS = frozenset({"login.salesforce.com", "test.salesforce.com"})


def _instance_url(value: str) -> str:
    """The origin of an org in its one spelling."""
    url = origin_url(value)
    host = urlsplit(url).hostname
    if host in _LOGIN_HOSTS:
        raise UsageError(f"{host} is where one logs in; it is not an org's address", help=URL_HELP)
    return url


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
        origin: The server to connect to.

    Raises:
        UsageError: Either value cannot be used.
    """

    instance_url: str = field(converter=_instance_url)
    api_version: str = field(default=DEFAULT_API_VERSION, converter=_api_version)

    origin: Origin = field(init=False, repr=False, eq=False)

    @origin.default
    def _server(self) -> Origin:
        return Origin(self.instance_url)

    @property
    def host(self) -> str:
        """The host, with its port where that is not the scheme's own; for messages."""
        return self.origin.host

    @property
    def hostname(self) -> str:
        """The host alone, an IPv6 address without brackets."""
        return self.origin.hostname

    @property
    def port(self) -> int:
        """The port to connect to."""
        return self.origin.port

    @property
    def secure(self) -> bool:
        """Whether TLS is spoken; if not, the host is this machine."""
        return self.origin.secure

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
                    f"{self.host} named an address on another host{_host_in(origin)}",
                    help="nothing was sent there; check that the instance URL is the org's own",
                )
            target = rest
        target = "/" + target.removeprefix("/")
        parts = target.partition("?")[0].split("/")
        if not is_target(target) or parts[1] != "services" or {".", ".."} & set(parts):
            raise ForeignUrlError(
                f"{self.host} named an address outside its API",
                help="nothing was sent there; check that the instance URL is the org's own",
            )
        return target


def _host_in(origin: str) -> str:
    """The host of an address that a server named, where that is all it is; its words may be any."""
    return f": {redact(origin)}" if "." in origin and is_host(origin) else ""


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
