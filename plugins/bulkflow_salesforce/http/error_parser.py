"""From an answer that is no success to the error that says so.

The documented body is a JSON array of `{"errorCode", "message"}`, sometimes with `fields`. An
object in place of the array, OAuth's `{"error", "error_description"}`, the XML of older APIs, plain
text, HTML pages of gateways and empty bodies are met as well.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bulkflow_salesforce.http import bounds
from bulkflow_salesforce.http.api_fault import ApiFault
from bulkflow_salesforce.http.error_advice import (
    ADDRESS,
    CHECK_ADDRESS,
    advise,
    advise_of_loss,
    advise_of_move,
)
from bulkflow_salesforce.http.error_body import is_page, one_line, page_words, read_faults
from bulkflow_salesforce.http.errors import (
    AnswerTimeoutError,
    BadAnswerError,
    ForbiddenError,
    LimitExceededError,
    LostAnswerError,
    NotFoundError,
    OrgError,
    SalesforceError,
    ServerFaultError,
    UnauthorizedError,
)
from bulkflow_salesforce.http.headers import retry_after

if TYPE_CHECKING:
    from bulkflow_salesforce.http.call import Call
    from bulkflow_salesforce.http.headers import Headers

# What servers on the way say with a page, and mean as it stands: too late, too large, not now.
_OF_GATEWAYS = frozenset({408, 413, 420, 429})
_LIMIT_CODES = ("REQUEST_LIMIT_EXCEEDED", "LIMIT_EXCEEDED", "ExceededQuota", "TooManyRequests")


def refusal(call: Call, status: int, headers: Headers, body: bytes, *, now: float) -> OrgError:
    """The error for an answer whose status is not 2xx.

    Args:
        call: What was asked.
        status: The HTTP status.
        headers: The answer's headers.
        body: The beginning of the answer's body, decoded.
        now: The time, in seconds since the epoch, for `Retry-After`.

    Returns:
        A `SalesforceError` of the class that fits; `LostAnswerError`, with such an error as its
        cause, if the request may have been done; `BadAnswerError` for a redirect and for pages
        that the API does not send; as `unusable` for a status that is no answer yet.
    """
    if status < 200:
        return unusable(call, f"the interim status {status}, which bulkflow did not ask for")
    if status < 400:
        return _redirect(call, status, headers)
    page = is_page(headers, body)
    if page and status < 500 and status not in _OF_GATEWAYS:
        return bad_answer(call, f"a page in place of an answer (status {status})", body)
    words = page_words(body.decode("utf-8", "replace"))
    faults = (ApiFault("", words),) if page and words else read_faults(body)
    kind = _class_for(status, faults)
    said = next((str(fault) for fault in faults), "without a word of why")
    error = kind(
        f"{call.host} refused {call}: {status} {one_line(said)}",
        call=call,
        status=status,
        faults=faults,
        retry_after=retry_after(headers, now),
        help=advise(call, status, faults),
        notes=[str(fault) for fault in faults if str(fault) != one_line(said)],
    )
    if status < 500 or not call.changes:
        return error
    lost = lost_answer(call, f"{call.host} answered {status} to {call}: {one_line(said)}")
    lost.__cause__ = error
    return lost


def _class_for(status: int, faults: tuple[ApiFault, ...]) -> type[SalesforceError]:
    if status == 420 or status >= 500:
        return ServerFaultError
    if status == 401:
        return UnauthorizedError
    if status == 429 or any(fault.is_code(*_LIMIT_CODES) for fault in faults):
        return LimitExceededError
    if status == 403:
        return ForbiddenError
    return NotFoundError if status in {404, 410} else SalesforceError


def lost_answer(call: Call, message: str, *, notes: tuple[str, ...] = ()) -> LostAnswerError:
    """The error for a request that went out and whose whole answer did not come."""
    return LostAnswerError(message, call=call, help=advise_of_loss(call), notes=notes)


def late(call: Call, timeout: float) -> AnswerTimeoutError:
    """The error for a request that went out and whose answer did not begin in so many seconds."""
    return AnswerTimeoutError(
        f"{call.host} did not answer {call} within {timeout:g} s",
        call=call,
        help=advise_of_loss(call),
    )


def unfinished(call: Call, timeout: float) -> AnswerTimeoutError:
    """The error for an answer that began and did not end within `timeout` seconds."""
    return AnswerTimeoutError(
        f"{call.host} did not end its answer to {call} within {timeout:g} s",
        call=call,
        help=advise_of_loss(call),
    )


def too_slow(call: Call, rate: float) -> AnswerTimeoutError:
    """The error for a download that came at less than `rate` bytes a second."""
    return AnswerTimeoutError(
        f"{call.host} sent its answer to {call} at less than {rate:,g} bytes a second",
        call=call,
        help=advise_of_loss(call),
    )


def _redirect(call: Call, status: int, headers: Headers) -> BadAnswerError:
    target = headers.get("location", "").partition("?")[0]
    where = f" to {target[:200]}" if target else ""
    return BadAnswerError(
        f"{call.host} answered {call} with a redirect ({status}){where}, which is not followed",
        call=call,
        help=_redirect_help(call, target),
    )


def _redirect_help(call: Call, target: str) -> str:
    moved = ADDRESS.match(target)
    if moved and moved[0] != f"https://{call.host}":
        return advise_of_move(moved)
    return (
        "this is not the API's host, or the My Domain name has changed;"
        " use the org's own address, such as https://mydomain.my.salesforce.com"
    )


def bad_answer(call: Call, what: str, body: bytes = b"") -> BadAnswerError:
    """The error for an answer that the API does not give.

    Args:
        call: What was asked.
        what: What came, after "answered ... with".
        body: Its beginning; its first words are noted.
    """
    words = page_words(body[: bounds.PAGE_CHARACTERS].decode("utf-8", "replace"))
    return BadAnswerError(
        f"{call.host} answered {call} with {what}",
        call=call,
        help=CHECK_ADDRESS,
        notes=[f"it says: {words}"] if words else (),
    )


def unusable(call: Call, what: str, body: bytes = b"") -> OrgError:
    """The error for an answer that says success but cannot be used.

    Returns:
        `BadAnswerError` for a request that changes nothing; else `LostAnswerError` with one as its
        cause, as the org may have done what was asked.
    """
    bad = bad_answer(call, what, body)
    if not call.changes:
        return bad
    lost = lost_answer(call, bad.message, notes=bad.notes)
    lost.__cause__ = bad
    return lost
