"""Writes a response to a file or stream as it arrives."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import frozen

from bulkflow_salesforce.http.bounds import ERROR_BYTES
from bulkflow_salesforce.http.echo_filter import EchoError, EchoFilter, redact_excerpt
from bulkflow_salesforce.http.error_body import is_page
from bulkflow_salesforce.http.error_parser import make_unusable_error

if TYPE_CHECKING:
    from bulkflow_salesforce.http.download_target import DownloadTarget
    from bulkflow_salesforce.http.headers import Headers
    from bulkflow_salesforce.http.request import Request
    from bulkflow_salesforce.http.response_stream import ResponseStream

# Media types of errors and web pages, which are refused unless they were asked for.
_NO_DATA = frozenset(
    {"application/json", "application/xml", "application/xhtml+xml", "text/html", "text/xml"}
)


@frozen
class DownloadInfo:
    """A completed download.

    Attributes:
        bytes: The size after decoding.
        headers: The response headers; names are case-insensitive.
        status: From 200 to 299.
        coding: How the target was written: "gzip", or "identity" for plain data.
    """

    bytes: int
    headers: Headers
    status: int
    coding: str = "identity"


def download(
    request: Request,
    target: DownloadTarget,
    limit: int,
    response: ResponseStream,
    *,
    keep_gzip: bool = False,
) -> DownloadInfo:
    """Write a successful response to a target, from the target's start.

    With `keep_gzip`, a gzip response is written as it is. It is still decoded: that reveals whether
    it is complete, and gives its size.

    Raises:
        EchoError: With `keep_gzip`, the data contain a secret of the request. Download them again
            without it.
        BadResponseError: It is not what was asked for, is larger than `limit` bytes, or has no
            marked end.
        LostResponseError: It is incomplete, damaged or late.
        LocalFileError: The target cannot be written.
    """
    media_type = response.headers.media_type
    if response.status != 204 and media_type in _NO_DATA - {request.accept}:
        start = redact_excerpt(response.read_start(ERROR_BYTES), response.secrets)
        raise make_unusable_error(request.call, f"{media_type} instead of {request.accept}", start)
    if not response.has_marked_end:
        raise make_unusable_error(request.call, "data without a length or another mark of its end")
    target.restart()
    echo = EchoFilter(response.secrets)
    size = 0
    for piece in response.stream(limit, target.write if keep_gzip else None):
        if size == 0 and is_page(response.headers, piece):
            page = redact_excerpt(piece, response.secrets)
            raise make_unusable_error(request.call, f"a page instead of {request.accept}", page)
        if not keep_gzip:
            target.write(echo.filter(piece))
        elif echo.contains_secret(piece):
            raise EchoError
        size += len(piece)
    if not keep_gzip:
        target.write(echo.flush())
    coding = response.coding if keep_gzip else "identity"
    return DownloadInfo(size, response.headers, response.status, coding)
