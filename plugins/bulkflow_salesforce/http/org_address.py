"""The address of an org: its host, its API version, and the paths of its resources."""

from __future__ import annotations

import re
from urllib.parse import quote, urlsplit

from attrs import field, frozen

from bulkflow.errors import UsageError
from bulkflow_salesforce.http.errors import ForeignUrlError
from bulkflow_salesforce.http.origin import (
    LOGIN_HOST,
    TEST_HOST,
    URL_HELP,
    Origin,
    is_host,
    normalize_origin,
)
from bulkflow_salesforce.http.redaction import redact

DEFAULT_API_VERSION = "66.0"
_FIRST_API_VERSION = 41  # ingest jobs came with Winter '18

_API_VERSION = re.compile(r"[vV]?([0-9]{1,3})(?:\.0)?")
_ID = re.compile(r"[a-zA-Z0-9]{15}(?:[a-zA-Z0-9]{3})?")
_TARGET = re.compile(r"/[\x21\x23-\x7e]*")

_LOGIN_HOSTS = frozenset({LOGIN_HOST, TEST_HOST})


def _normalize_instance_url(value: str) -> str:
    url = normalize_origin(value)
    host = urlsplit(url).hostname
    if host in _LOGIN_HOSTS:
        raise UsageError(f"{host} is a login host, not an org's address", help=URL_HELP)
    return url


def _normalize_api_version(value: str) -> str:
    found = _API_VERSION.fullmatch(value.strip())
    if not found:
        raise UsageError(
            f"{value!a} is not an API version", help=f"write it like {DEFAULT_API_VERSION}"
        )
    number = int(found[1])
    if number < _FIRST_API_VERSION:
        raise UsageError(
            f"API version {number}.0 does not have Bulk API 2.0",
            help=f"use {_FIRST_API_VERSION}.0 or later, such as {DEFAULT_API_VERSION}",
        )
    return f"{number}.0"


@frozen
class OrgAddress:
    """The address of an org, and the API version to use.

    Attributes:
        instance_url: Normalized scheme, host and port, without a trailing slash:
            `https://mydomain.my.salesforce.com`. Hosts of the user interface are replaced with the
            API's; plain http is accepted for loopback addresses only.
        api_version: Such as `66.0`; `v66.0` and `66` are accepted.
        origin: The server to connect to.

    Raises:
        UsageError: Either value is invalid.
    """

    instance_url: str = field(converter=_normalize_instance_url)
    api_version: str = field(default=DEFAULT_API_VERSION, converter=_normalize_api_version)

    origin: Origin = field(init=False, repr=False, eq=False)

    @origin.default
    def _make_origin(self) -> Origin:
        return Origin(self.instance_url)

    @property
    def host(self) -> str:
        """The host for messages, with its port unless that is the default."""
        return self.origin.host

    @property
    def hostname(self) -> str:
        """The host without its port; IPv6 addresses have no brackets."""
        return self.origin.hostname

    @property
    def port(self) -> int:
        """The port to connect to."""
        return self.origin.port

    @property
    def secure(self) -> bool:
        """Whether TLS is used; if not, the host is this machine."""
        return self.origin.secure

    def build_path(self, *segments: str) -> str:
        """Build the path of a resource, such as `/services/data/v66.0/jobs/ingest`.

        Each segment is percent-encoded, and stays one segment whatever a server or user put into
        it.

        Raises:
            ValueError: A segment is empty, `.` or `..`.
        """
        for segment in segments:
            if segment in {"", ".", ".."}:
                raise ValueError(f"not a path segment: {segment!r}")
        below = "".join("/" + quote(segment, safe="") for segment in segments)
        return f"/services/data/v{self.api_version}{below}"

    def resolve(self, url: str) -> str:
        """Resolve a URL that the org returned, such as a job's `contentUrl`, to a path and query.

        Salesforce returns `services/data/...` without a slash (recorded), and `/services/data/...`
        in `nextRecordsUrl`. Absolute URLs are accepted if they are on this org.

        Raises:
            ForeignUrlError: The URL is on another host, or outside of `/services/`.
        """
        target = url
        if "://" in url or url.startswith("//"):
            origin, _, rest = url.partition("://")[2].partition("/")
            if f"{url.partition('://')[0]}://{origin}".lower() != self.instance_url.lower():
                raise ForeignUrlError(
                    f"{self.host} returned an address on another host{_format_host(origin)}",
                    help="nothing was sent there; check that the instance URL is the org's own",
                )
            target = rest
        target = "/" + target.removeprefix("/")
        parts = target.partition("?")[0].split("/")
        if not is_target(target) or parts[1] != "services" or {".", ".."} & set(parts):
            raise ForeignUrlError(
                f"{self.host} returned an address outside of its API",
                help="nothing was sent there; check that the instance URL is the org's own",
            )
        return target


def _format_host(origin: str) -> str:
    """Format a host from a server for a message; empty unless it is a plain host name."""
    return f": {redact(origin)}" if "." in origin and is_host(origin) else ""


def is_target(text: str) -> bool:
    """Check whether a text is a valid request target: a path without line breaks."""
    return _TARGET.fullmatch(text) is not None and not text.startswith("//")


def check_salesforce_id(text: str) -> str:
    """Return a text that is a Salesforce id of 15 or 18 letters and digits.

    Raises:
        UsageError: It is not.
    """
    if not _ID.fullmatch(text):
        raise UsageError(
            f"{text[:80]!a} is not a Salesforce id",
            help="an id has 15 or 18 letters and digits, such as 7505e000003xAbCAAU",
        )
    return text
