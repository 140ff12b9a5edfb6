"""Converts a response that is not a success, or not usable, into the error to raise."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bulkflow_salesforce.http import bounds
from bulkflow_salesforce.http.api_fault import ApiFault
from bulkflow_salesforce.http.error_advice import (
    ADDRESS,
    CHECK_ADDRESS,
    advise,
    advise_lost_response,
    advise_new_address,
)
from bulkflow_salesforce.http.error_body import extract_page_text, is_page, read_faults, to_line
from bulkflow_salesforce.http.errors import (
    BadResponseError,
    ForbiddenError,
    LimitExceededError,
    LostResponseError,
    NotFoundError,
    OrgError,
    ResponseTimeoutError,
    SalesforceError,
    ServerFaultError,
    UnauthorizedError,
)
from bulkflow_salesforce.http.headers import parse_retry_after

if TYPE_CHECKING:
    from bulkflow_salesforce.http.call import Call
    from bulkflow_salesforce.http.headers import Headers

# Gateways send these with a page, and the status is right: too late, too large, not now.
_OF_GATEWAYS = frozenset({408, 413, 420, 429})
_LIMIT_CODES = ("REQUEST_LIMIT_EXCEEDED", "LIMIT_EXCEEDED", "ExceededQuota", "TooManyRequests")


def parse_error_response(
    call: Call, status: int, headers: Headers, body: bytes, *, now: float
) -> OrgError:
    """Make the error for a response whose status is not 2xx.

    Args:
        call: The request.
        status: The HTTP status.
        headers: The response headers.
        body: The beginning of the response body, decoded.
        now: The time, in seconds since the epoch, for `Retry-After`.

    Returns:
        A `SalesforceError` of the matching class; `LostResponseError`, with such an error as its
        cause, if the request may have been processed; `BadResponseError` for a redirect and for
        pages that the API does not send; what `make_unusable_error` makes for an interim status.
    """
    if status < 200:
        return make_unusable_error(
            call, f"the interim status {status}, which bulkflow did not ask for"
        )
    if status < 400:
        return _make_redirect_error(call, status, headers)
    page = is_page(headers, body)
    if page and status < 500 and status not in _OF_GATEWAYS:
        return make_bad_response_error(
            call, f"a page instead of a response (status {status})", body
        )
    words = extract_page_text(body.decode("utf-8", "replace"))
    faults = (ApiFault("", words),) if page and words else read_faults(body)
    kind = _choose_class(status, faults)
    said = next((str(fault) for fault in faults), "no reason given")
    error = kind(
        f"{call.host} refused {call}: {status} {to_line(said)}",
        call=call,
        status=status,
        faults=faults,
        retry_after=parse_retry_after(headers, now),
        help=advise(call, status, faults),
        notes=[str(fault) for fault in faults if str(fault) != to_line(said)],
    )
    if status < 500 or not call.changes:
        return error
    lost = make_lost_error(call, f"{call.host} responded to {call} with {status}: {to_line(said)}")
    lost.__cause__ = error
    return lost


def _choose_class(status: int, faults: tuple[ApiFault, ...]) -> type[SalesforceError]:
    if status == 420 or status >= 500:
        return ServerFaultError
    if status == 401:
        return UnauthorizedError
    if status == 429 or any(fault.is_code(*_LIMIT_CODES) for fault in faults):
        return LimitExceededError
    if status == 403:
        return ForbiddenError
    return NotFoundError if status in {404, 410} else SalesforceError


def make_lost_error(call: Call, message: str, *, notes: tuple[str, ...] = ()) -> LostResponseError:
    """Make the error for a request that was sent and got no complete response."""
    return LostResponseError(message, call=call, help=advise_lost_response(call), notes=notes)


def make_late_error(call: Call, timeout: float) -> ResponseTimeoutError:
    """Make the error for a response that did not begin within `timeout` seconds."""
    return _make_timeout_error(call, f"{call.host} did not respond to {call} within {timeout:g} s")


def make_unfinished_error(call: Call, timeout: float) -> ResponseTimeoutError:
    """Make the error for a response that did not end within `timeout` seconds."""
    return _make_timeout_error(
        call, f"{call.host} did not finish its response to {call} within {timeout:g} s"
    )


def make_slow_error(call: Call, rate: float) -> ResponseTimeoutError:
    """Make the error for a download that arrived at less than `rate` bytes per second."""
    return _make_timeout_error(
        call, f"{call.host} sent its response to {call} at less than {rate:,g} bytes per second"
    )


def _make_timeout_error(call: Call, message: str) -> ResponseTimeoutError:
    return ResponseTimeoutError(message, call=call, help=advise_lost_response(call))


def _make_redirect_error(call: Call, status: int, headers: Headers) -> BadResponseError:
    target = headers.get("location", "").partition("?")[0]
    where = f" to {target[:200]}" if target else ""
    return BadResponseError(
        f"{call.host} responded to {call} with a redirect ({status}){where}, which bulkflow does"
        " not follow",
        call=call,
        help=_advise_redirect(call, target),
    )


def _advise_redirect(call: Call, target: str) -> str:
    moved = ADDRESS.match(target)
    if moved and moved[0] != f"https://{call.host}":
        return advise_new_address(moved)
    return (
        "this is not the API's host, or the My Domain name has changed;"
        " use the org's own address, such as https://mydomain.my.salesforce.com"
    )


def make_bad_response_error(call: Call, what: str, body: bytes = b"") -> BadResponseError:
    """Make the error for a response that the API does not send.

    Args:
        call: The request.
        what: What was received, after "responded to ... with".
        body: Its beginning; a note quotes its first words.
    """
    words = extract_page_text(body[: bounds.PAGE_CHARACTERS].decode("utf-8", "replace"))
    return BadResponseError(
        f"{call.host} responded to {call} with {what}",
        call=call,
        help=CHECK_ADDRESS,
        notes=[f"it says: {words}"] if words else (),
    )


def make_unusable_error(call: Call, what: str, body: bytes = b"") -> OrgError:
    """Make the error for a response that reports success but cannot be used.

    Returns:
        `BadResponseError` for a request that changes nothing; otherwise `LostResponseError` with
        one as its cause, because the org may have processed the request.
    """
    bad = make_bad_response_error(call, what, body)
    if not call.changes:
        return bad
    lost = make_lost_error(call, bad.message, notes=bad.notes)
    lost.__cause__ = bad
    return lost
