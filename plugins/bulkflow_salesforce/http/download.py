"""An answer that is written to a file or stream as it comes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import frozen

from bulkflow_salesforce.http.bounds import REFUSAL_BYTES
from bulkflow_salesforce.http.echo_filter import EchoError, Veil, shown
from bulkflow_salesforce.http.error_body import is_page
from bulkflow_salesforce.http.error_parser import unusable

if TYPE_CHECKING:
    from bulkflow_salesforce.http.download_target import Sink
    from bulkflow_salesforce.http.headers import Headers
    from bulkflow_salesforce.http.request import Request
    from bulkflow_salesforce.http.response_stream import Answer

# What a download must not turn out to be if it was not asked for: errors, and pages for people.
_NO_DATA = frozenset(
    {"application/json", "application/xml", "application/xhtml+xml", "text/html", "text/xml"}
)


@frozen
class DownloadInfo:
    """A download that is complete.

    Attributes:
        bytes: How many bytes came, after decoding.
        headers: The answer's headers, found in any case.
        status: From 200 to 299.
        coding: What they were written in: "identity", which is as they are, or "gzip".
    """

    bytes: int
    headers: Headers
    status: int
    coding: str = "identity"


def download(
    request: Request, target: Sink, limit: int, answer: Answer, *, packed: bool = False
) -> DownloadInfo:
    """Write an answer of success to where it goes, from the start.

    With `packed`, what comes as gzip is written so. It is decoded all the same: that is how a cut
    is told, and how many bytes there are.

    Raises:
        EchoError: With `packed`, it has a secret of the request. It is to be fetched without.
        BadAnswerError: It is not what was asked for, is larger than `limit` bytes, or its end could
            not be told from a cut.
        LostAnswerError: It is cut, damaged or late.
        LocalFileError: It cannot be written.
    """
    media_type = answer.headers.media_type
    if answer.status != 204 and media_type in _NO_DATA - {request.accept}:
        start = shown(answer.start(REFUSAL_BYTES), answer.secrets)
        raise unusable(request.call, f"{media_type} in place of {request.accept}", start)
    if not answer.framed:
        raise unusable(request.call, "data whose end cannot be told from a cut")
    target.restart()
    veil = Veil(answer.secrets)
    size = 0
    for piece in answer.stream(limit, target.write if packed else None):
        if size == 0 and is_page(answer.headers, piece):
            page = shown(piece, answer.secrets)
            raise unusable(request.call, f"a page in place of {request.accept}", page)
        if not packed:
            target.write(veil.passed(piece))
        elif veil.tells(piece):
            raise EchoError
        size += len(piece)
    if not packed:
        target.write(veil.rest())
    coding = answer.coding if packed else "identity"
    return DownloadInfo(size, answer.headers, answer.status, coding)
