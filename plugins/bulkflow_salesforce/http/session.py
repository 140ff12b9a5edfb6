"""One org, spoken to: each call is sent, repeated where that is safe, and answered or explained."""

from __future__ import annotations

import copy
import os
import random
import time
from functools import partial
from math import inf
from typing import TYPE_CHECKING, BinaryIO, Self
from urllib.parse import urlencode

from attrs import define, evolve, field, validators

from bulkflow import __version__
from bulkflow_salesforce.http import bounds
from bulkflow_salesforce.http.call import Call
from bulkflow_salesforce.http.dispatcher import Calls
from bulkflow_salesforce.http.echo_filter import EchoError, shown
from bulkflow_salesforce.http.error_body import is_page
from bulkflow_salesforce.http.error_parser import unusable
from bulkflow_salesforce.http.network import Network
from bulkflow_salesforce.http.org_address import is_target
from bulkflow_salesforce.http.request import BytesBody, Request, Timeouts
from bulkflow_salesforce.http.response import Response
from bulkflow_salesforce.http.retry import RetryPolicy
from bulkflow_salesforce.http.throttle import RetryBudget, Thrift
from bulkflow_salesforce.http.tokens import SharedToken

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from bulkflow.model.org import TokenProvider
    from bulkflow_salesforce.http.download import DownloadInfo
    from bulkflow_salesforce.http.headers import LimitInfo
    from bulkflow_salesforce.http.org_address import OrgAddress
    from bulkflow_salesforce.http.request import Body
    from bulkflow_salesforce.http.response_stream import Answer
    from bulkflow_salesforce.http.retry import RetryNotice
    from bulkflow_salesforce.http.transport import Wire

JSON = "application/json"
CSV = "text/csv"


def _ignore(_notice: RetryNotice) -> None:
    pass


def _ignore_limits(_info: LimitInfo) -> None:
    pass


def _of_process() -> Network:
    return Network.of(os.environ)


@define(eq=False, repr=False)
class Session:
    """The calls to one org, from any number of threads.

    Every method sends its request once, and again only where `RetryPolicy` says that this cannot do
    anything twice. A 401 has the token renewed, once for all threads, and the request repeated
    once, as the org does nothing for it. Redirects are never followed.

    All methods raise, besides what they name:

    - `UnreachableError`, `TlsError`: nothing was sent.
    - `LostAnswerError`: the request went out and no usable answer came. If `ambiguous`, the org
      may have done it; ask before doing it again.
    - `SalesforceError` and its subclasses: the org, or a server on the way, refused; that nothing
      was done is certain where `not_begun` says so.
    - `BadAnswerError`: what answered is not the API.
    - `UsageError`: the token cannot be sent.

    Attributes:
        address: The org.
        tokens: Gives the access token; asked once for all threads.
        policy: When and how patiently a request is repeated.
        timeouts: How long is waited, in seconds.
        connections: The most connections at a time; further threads wait for one.
        network: Proxy and certificates; as the environment says, if not given.
        ca_file: A PEM file of the certificate authorities to trust in place of the system's.
        answer_limit: The most bytes taken of an answer that is held in memory, after decoding.
        client_name: What the org's logs show.
        budget: The repeats that all threads have together.
        thrift: How it slows down before the org's requests of the day are gone.
        on_retry: Told before each wait, in the thread that waits.
        on_slow: Told when the session begins to slow down, with what is left.
        sleep: Waits for so many seconds. May raise, to end the wait and the call.
        random: Gives a number from 0 to 1, for the jitter of waits.
        now: The time in seconds since the epoch, for dates in `Retry-After`.
        clock: Seconds that only grow, for connections that lay idle and for patience.
    """

    address: OrgAddress
    _tokens: TokenProvider = field(repr=False)
    policy: RetryPolicy = field(factory=RetryPolicy, kw_only=True, repr=False)
    timeouts: Timeouts = field(factory=Timeouts, kw_only=True, repr=False)
    connections: int = field(default=16, kw_only=True, repr=False, validator=validators.ge(1))
    network: Network = field(factory=_of_process, kw_only=True, repr=False)
    ca_file: Path | None = field(default=None, kw_only=True, repr=False)
    answer_limit: int = field(default=bounds.ANSWER_BYTES, kw_only=True, repr=False)
    client_name: str = field(
        default=f"bulkflow/{__version__}",
        kw_only=True,
        repr=False,
        validator=validators.matches_re(r"[\w./-]+"),
    )
    budget: RetryBudget = field(factory=RetryBudget, kw_only=True, repr=False)
    thrift: Thrift = field(factory=Thrift, kw_only=True, repr=False)
    _on_slow: Callable[[LimitInfo], None] = field(default=_ignore_limits, kw_only=True, repr=False)
    _on_retry: Callable[[RetryNotice], None] = field(default=_ignore, kw_only=True, repr=False)
    _sleep: Callable[[float], None] = field(default=time.sleep, kw_only=True, repr=False)
    _random: Callable[[], float] = field(default=random.random, kw_only=True, repr=False)
    _now: Callable[[], float] = field(default=time.time, kw_only=True, repr=False)
    _clock: Callable[[], float] = field(default=time.monotonic, kw_only=True, repr=False)
    _wire: Wire = field(init=False, repr=False)
    _calls: Calls = field(init=False, repr=False)

    @_wire.default
    def _open_wire(self) -> Wire:
        # Here and not above, so that commands which reach no org do not load urllib3.
        from bulkflow_salesforce.http.transport import Wire

        return Wire(
            self.address.origin,
            self.timeouts,
            connections=self.connections,
            network=self.network
            if self.ca_file is None
            else evolve(self.network, ca_file=self.ca_file),
            clock=self._clock,
        )

    @_calls.default
    def _make_calls(self) -> Calls:
        return Calls(
            self._wire,
            SharedToken(self._tokens),
            self.policy,
            self.budget,
            self.thrift,
            client_name=self.client_name,
            on_slow=self._on_slow,
            on_retry=self._on_retry,
            sleep=self._sleep,
            random=self._random,
            now=self._now,
            clock=self._clock,
        )

    def patient(self, seconds: float, *, until: float = inf) -> Session:
        """Make a view of this session whose calls wait out faults that may pass (`is_passing`).

        It shares connections, token, budget and limits; closing either closes both. A change of
        which it is not known whether it was done is not repeated, however patient the view.

        Args:
            seconds: How long each call is tried for, from its own beginning.
            until: When all calls of the view give up, by the session's `clock`.
        """
        view = copy.copy(self)
        view._calls = self._calls.patient(seconds, until)
        return view

    @property
    def limit_info(self) -> LimitInfo | None:
        """The org's API requests as the latest answer told them; None before the first."""
        return self._calls.limit_info

    def path(self, *segments: str) -> str:
        """The path of a resource, each segment quoted (see `OrgAddress.path`)."""
        return self.address.path(*segments)

    def resolve(self, url: str) -> str:
        """The path of a URL that the org gave, as `contentUrl` (see `OrgAddress.resolve`)."""
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
            path: From `path` or `resolve`.
            query: Parameters, not yet quoted.
            limit: The most bytes that are taken, after decoding, where `answer_limit` is too few.
        """
        return self._held("GET", path, query=query, limit=limit)

    def post_json(self, path: str, content: object) -> Response:
        """Create something. An ambiguous `LostAnswerError` may have left it in the org."""
        return self._held("POST", path, body=BytesBody.of_json(content), content_type=_JSON_UTF8)

    def patch_json(self, path: str, content: object) -> Response:
        """Change something. After an ambiguous `LostAnswerError`, a `get` tells what is so."""
        return self._held("PATCH", path, body=BytesBody.of_json(content), content_type=_JSON_UTF8)

    def put_body(
        self, path: str, body: Body, content_type: str, *, content_encoding: str = ""
    ) -> Response:
        """Send data, read as it is sent; 256 KiB of it are held at a time.

        Args:
            path: From `path`.
            body: The data.
            content_type: Their media type.
            content_encoding: "gzip" if they are compressed.

        Raises:
            LocalFileError: The body cannot be read or is shorter than its length; the connection
                is cut before its end, which the org does not take for an upload.
        """
        return self._held(
            "PUT", path, body=body, content_type=content_type, content_encoding=content_encoding
        )

    def delete(self, path: str) -> Response:
        """Delete something. After an ambiguous `LostAnswerError`, a second try may find nothing."""
        return self._held("DELETE", path)

    def download(
        self,
        path: str,
        sink: BinaryIO | Path,
        *,
        accept: str = CSV,
        query: Mapping[str, str | int] | None = None,
        limit: int = bounds.DOWNLOAD_BYTES,
        packed: bool = False,
    ) -> DownloadInfo:
        """Write a resource to a file or stream as it comes, in steady memory.

        What is cut on the way is taken back and asked for again. A file gets its name when it is
        whole; a stream that cannot seek is asked for again only while nothing was written to it.
        Tokens that the org gives back are hidden where they stand as they are, in a URL or base64.

        Args:
            path: From `path` or `resolve`.
            sink: A file to make or replace, or a stream, which is left open at the end of the data.
            accept: The media type.
            query: Parameters, not yet quoted.
            limit: The most bytes that are taken, after decoding.
            packed: Write what comes compressed with gzip as it comes; `DownloadInfo.coding` tells
                whether it did. It is checked, and its bytes are counted, as if it were decoded.

        Raises:
            LocalFileError: The file or stream cannot be written.
        """
        # Here, as a load whose rows are all taken downloads nothing.
        from bulkflow_salesforce.http.download import download
        from bulkflow_salesforce.http.download_target import opened

        request = self._request("GET", path, accept=accept, query=query)
        with opened(sink) as target:

            def fetched(*, packed: bool) -> DownloadInfo:
                return self._calls.settle(
                    request,
                    partial(download, request, target, limit, packed=packed),
                    may_repeat=lambda: target.restartable,
                )

            try:
                return fetched(packed=packed)
            except EchoError:
                # Out of compressed data nothing can be taken.
                return fetched(packed=False)

    def hide(self, text: str) -> str:
        """Redact a text of a file that the org gave, the tokens of this session included."""
        return self._calls.hide(text)

    def close(self) -> None:
        """Close the connections. Calls that are under way end as they would have."""
        self._wire.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _held(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str | int] | None = None,
        body: Body | None = None,
        content_type: str = "",
        content_encoding: str = "",
        limit: int | None = None,
    ) -> Response:
        request = self._request(
            method,
            path,
            query=query,
            body=body,
            content_type=content_type,
            content_encoding=content_encoding,
        )

        def receive(answer: Answer) -> Response:
            content = answer.read(self.answer_limit if limit is None else limit)
            if is_page(answer.headers, content):
                page = shown(content, answer.secrets)
                raise unusable(request.call, "a page in place of an answer", page)
            return Response(
                request.call, answer.status, answer.headers, content, secrets=answer.secrets
            )

        return self._calls.settle(request, receive)

    def _request(
        self,
        method: str,
        path: str,
        *,
        accept: str = JSON,
        query: Mapping[str, str | int] | None = None,
        body: Body | None = None,
        content_type: str = "",
        content_encoding: str = "",
    ) -> Request:
        target = path
        if query:
            target += ("&" if "?" in path else "?") + urlencode(query)
        if not is_target(target):
            raise ValueError(f"not the path of a request: {path!r}")
        return Request(
            call=Call(method, path.partition("?")[0], self.address.host),
            target=target,
            accept=accept,
            read_timeout=self.timeouts.upload if method == "PUT" else self.timeouts.read,
            body=body,
            content_type=content_type,
            content_encoding=content_encoding,
        )


_JSON_UTF8 = "application/json; charset=UTF-8"
