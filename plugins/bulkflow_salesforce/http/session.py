"""A session with one org: each request is sent, retried if that is safe, and read."""

from __future__ import annotations

import copy
import os
import random
import time
from functools import partial
from math import inf
from typing import TYPE_CHECKING, BinaryIO, Self

from attrs import define, evolve, field, validators

from bulkflow import __version__
from bulkflow_salesforce.http import bounds
from bulkflow_salesforce.http.dispatcher import Dispatcher
from bulkflow_salesforce.http.echo_filter import EchoError
from bulkflow_salesforce.http.network import Network
from bulkflow_salesforce.http.request import BytesBody, Request, Timeouts
from bulkflow_salesforce.http.response import Response
from bulkflow_salesforce.http.retry import RetryPolicy
from bulkflow_salesforce.http.throttle import RetryBudget, Throttle
from bulkflow_salesforce.http.tokens import SharedToken

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from bulkflow.model.org import TokenProvider
    from bulkflow_salesforce.http.download import DownloadInfo
    from bulkflow_salesforce.http.headers import LimitInfo
    from bulkflow_salesforce.http.org_address import OrgAddress
    from bulkflow_salesforce.http.request import Body
    from bulkflow_salesforce.http.retry import RetryNotice
    from bulkflow_salesforce.http.transport import Transport

JSON = "application/json"
CSV = "text/csv"
_JSON_UTF8 = "application/json; charset=UTF-8"


def _ignore(_: object) -> None:
    pass


def _read_network() -> Network:
    return Network.of(os.environ)


@define(eq=False, repr=False)
class Session:
    """Requests to one org, from any number of threads.

    Every method sends its request once, and again only if `RetryPolicy` says that this cannot do
    anything twice. After a 401, the token is renewed once for all threads and the request sent
    again once, because the org did nothing. Redirects are never followed.

    All methods may raise, in addition to the errors that they document:

    - `UnreachableError`, `TlsError`: nothing was sent.
    - `LostResponseError`: the request was sent and no usable response arrived. If `ambiguous`, the
      org may have processed it; look before sending it again.
    - `SalesforceError` and its subclasses: the org, or a gateway, refused. Check with
      `was_never_started` that nothing was done.
    - `BadResponseError`: the server is not the API.
    - `UsageError`: the token cannot be sent.

    Attributes:
        address: The org.
        tokens: Provides the access token, once for all threads.
        policy: When and how patiently a request is retried.
        timeouts: The timeouts in seconds.
        connections: The maximum number of connections; further threads wait for a free one.
        network: Proxy and certificates; by default from the environment.
        ca_file: A PEM file of the certificate authorities to trust instead of the system's.
        response_limit: The maximum size of a response in memory, after decoding.
        client_name: The client's name in the org's logs.
        budget: The retries that all threads share.
        throttle: Slows the session down before the org's daily API requests are used up.
        on_retry: Called before each wait, in the thread that waits.
        on_slow: Called with the limits when the session begins to slow down.
        sleep: Waits for some seconds. May raise, to end the wait and the call.
        random: Returns a number from 0 to 1, for the jitter of waits.
        now: Returns the seconds since the epoch, for dates in `Retry-After`.
        clock: Returns monotonic seconds, for idle connections and for patience.
    """

    address: OrgAddress
    _tokens: TokenProvider = field(repr=False)
    policy: RetryPolicy = field(factory=RetryPolicy, kw_only=True, repr=False)
    timeouts: Timeouts = field(factory=Timeouts, kw_only=True, repr=False)
    connections: int = field(default=16, kw_only=True, repr=False, validator=validators.ge(1))
    network: Network = field(factory=_read_network, kw_only=True, repr=False)
    ca_file: Path | None = field(default=None, kw_only=True, repr=False)
    response_limit: int = field(default=bounds.RESPONSE_BYTES, kw_only=True, repr=False)
    client_name: str = field(
        default=f"bulkflow/{__version__}",
        kw_only=True,
        repr=False,
        validator=validators.matches_re(r"[\w./-]+"),
    )
    budget: RetryBudget = field(factory=RetryBudget, kw_only=True, repr=False)
    throttle: Throttle = field(factory=Throttle, kw_only=True, repr=False)
    _on_slow: Callable[[LimitInfo], None] = field(default=_ignore, kw_only=True, repr=False)
    _on_retry: Callable[[RetryNotice], None] = field(default=_ignore, kw_only=True, repr=False)
    _sleep: Callable[[float], None] = field(default=time.sleep, kw_only=True, repr=False)
    _random: Callable[[], float] = field(default=random.random, kw_only=True, repr=False)
    _now: Callable[[], float] = field(default=time.time, kw_only=True, repr=False)
    _clock: Callable[[], float] = field(default=time.monotonic, kw_only=True, repr=False)
    _transport: Transport = field(init=False, repr=False)
    _dispatcher: Dispatcher = field(init=False, repr=False)

    @_transport.default
    def _open_transport(self) -> Transport:
        # Imported here: commands that reach no org do not need urllib3.
        from bulkflow_salesforce.http.transport import Transport

        return Transport(
            self.address.origin,
            self.timeouts,
            connections=self.connections,
            network=self.network
            if self.ca_file is None
            else evolve(self.network, ca_file=self.ca_file),
            clock=self._clock,
        )

    @_dispatcher.default
    def _make_dispatcher(self) -> Dispatcher:
        return Dispatcher(
            self._transport,
            SharedToken(self._tokens),
            self.policy,
            self.budget,
            self.throttle,
            client_name=self.client_name,
            on_slow=self._on_slow,
            on_retry=self._on_retry,
            sleep=self._sleep,
            random=self._random,
            now=self._now,
            clock=self._clock,
        )

    def with_patience(self, seconds: float, *, until: float = inf) -> Session:
        """Make a view of this session that waits out transient failures (`is_transient`).

        The view shares connections, token, budget and limits; closing either closes both. A change
        with an unknown outcome is not sent again, however patient the view.

        Args:
            seconds: How long to keep trying each call, from its own start.
            until: When all calls of the view fail, by the session's `clock`.
        """
        view = copy.copy(self)
        view._dispatcher = self._dispatcher.with_patience(seconds, until)
        return view

    @property
    def limit_info(self) -> LimitInfo | None:
        """The org's API requests according to the latest response; None before the first."""
        return self._dispatcher.limit_info

    def build_path(self, *segments: str) -> str:
        """Build the path of a resource (see `OrgAddress.build_path`)."""
        return self.address.build_path(*segments)

    def resolve(self, url: str) -> str:
        """Resolve a URL that the org returned to a path (see `OrgAddress.resolve`)."""
        return self.address.resolve(url)

    def get(
        self,
        path: str,
        *,
        query: Mapping[str, str | int] | None = None,
        limit: int | None = None,
    ) -> Response:
        """Read a resource.

        Args:
            path: From `build_path` or `resolve`.
            query: Parameters, not yet encoded.
            limit: The maximum size after decoding, instead of `response_limit`.
        """
        return self._exchange(self._make_request("GET", path, query=query), limit)

    def post_json(self, path: str, content: object) -> Response:
        """Create something. After an ambiguous `LostResponseError`, it may exist in the org."""
        return self._send("POST", path, BytesBody.of_json(content), _JSON_UTF8)

    def patch_json(self, path: str, content: object) -> Response:
        """Change something. After an ambiguous `LostResponseError`, `get` shows the state."""
        return self._send("PATCH", path, BytesBody.of_json(content), _JSON_UTF8)

    def put_body(
        self, path: str, body: Body, content_type: str, *, content_encoding: str = ""
    ) -> Response:
        """Send data while reading them, with 256 KiB in memory.

        Args:
            path: From `build_path`.
            body: The data.
            content_type: Their media type.
            content_encoding: "gzip" if they are compressed.

        Raises:
            LocalFileError: The body cannot be read or is shorter than its length. The upload is cut
                short, and the org does not accept it.
        """
        return self._send("PUT", path, body, content_type, content_encoding)

    def delete(self, path: str) -> Response:
        """Delete something. After an ambiguous `LostResponseError`, it may be gone."""
        return self._exchange(self._make_request("DELETE", path))

    def download(
        self,
        path: str,
        sink: BinaryIO | Path,
        *,
        accept: str = CSV,
        query: Mapping[str, str | int] | None = None,
        limit: int = bounds.DOWNLOAD_BYTES,
        keep_gzip: bool = False,
    ) -> DownloadInfo:
        """Write a resource to a file or stream as it arrives, in constant memory.

        An incomplete download is discarded and tried again. A file appears when it is complete; a
        stream that cannot seek is tried again only while nothing was written to it. Tokens that the
        org echoes are hidden if they are plain, URL-encoded or in base64.

        Args:
            path: From `build_path` or `resolve`.
            sink: A file to make or replace, or a stream, which stays open at the end of the data.
            accept: The media type.
            query: Parameters, not yet encoded.
            limit: The maximum size after decoding.
            keep_gzip: Write a gzip response as it is; `DownloadInfo.coding` is "gzip" then. It is
                still checked, and its size after decoding is counted.


        Raises:
            LocalFileError: The file or stream cannot be written.
        """
        # Imported here: a load without failed rows downloads nothing.
        from bulkflow_salesforce.http.download import download
        from bulkflow_salesforce.http.download_target import open_target

        request = self._make_request("GET", path, accept=accept, query=query)
        with open_target(sink) as target:

            def fetch(*, keep_gzip: bool) -> DownloadInfo:
                return self._dispatcher.dispatch(
                    request,
                    partial(download, request, target, limit, keep_gzip=keep_gzip),
                    may_repeat=lambda: target.restartable,
                )

            try:
                return fetch(keep_gzip=keep_gzip)
            except EchoError:
                # Nothing can be removed from compressed data.
                return fetch(keep_gzip=False)

    def redact(self, text: str) -> str:
        """Redact a text of a downloaded file, including the tokens of this session."""
        return self._dispatcher.redact(text)

    def close(self) -> None:
        """Close the connections. Calls in progress finish normally."""
        self._transport.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _send(
        self, method: str, path: str, body: Body, content_type: str, content_encoding: str = ""
    ) -> Response:
        request = self._make_request(method, path)
        return self._exchange(
            evolve(request, body=body, content_type=content_type, content_encoding=content_encoding)
        )

    def _exchange(self, request: Request, limit: int | None = None) -> Response:
        limit = self.response_limit if limit is None else limit
        return self._dispatcher.dispatch(request, partial(Response.of, limit=limit))

    def _make_request(
        self,
        method: str,
        path: str,
        *,
        accept: str = JSON,
        query: Mapping[str, str | int] | None = None,
    ) -> Request:
        timeout = self.timeouts.upload if method == "PUT" else self.timeouts.read
        return Request.of(
            method, self.address.host, path, query, accept=accept, read_timeout=timeout
        )
