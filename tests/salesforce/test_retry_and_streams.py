"""Properties of waits, headers and gzip streams."""

from __future__ import annotations

import gzip
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bulkflow_salesforce import (
    Call,
    Headers,
    LimitInfo,
    LostResponseError,
    RetryPolicy,
    SalesforceError,
    ServerFaultError,
    Timeouts,
    UnreachableError,
)
from bulkflow_salesforce.http.gzip_stream import DamagedGzipError, inflate
from bulkflow_salesforce.http.headers import parse_retry_after

GET = Call("GET", "/x", "org.example")
NOT_SENT = UnreachableError("no", call=GET)


@given(st.integers(1, 5000), st.floats(0, 1))
def test_a_wait_grows_to_its_cap_and_jitter_only_shortens_it(attempt, chance):
    policy = RetryPolicy(attempts=9999, base=0.5, cap=30, jitter=0.5)
    wait = policy.compute_wait(NOT_SENT, attempt, chance)
    full = policy.compute_wait(NOT_SENT, attempt, 0.0)
    assert full / 2 <= wait <= full <= 30
    assert full <= policy.compute_wait(NOT_SENT, attempt + 1, 0.0)


def test_waits_double():
    policy = RetryPolicy(attempts=9, base=0.5, cap=3)
    waits = [policy.compute_wait(NOT_SENT, attempt, 0.0) for attempt in range(1, 10)]
    assert waits == [0.5, 1.0, 2.0, 3.0, 3.0, 3.0, 3.0, 3.0, None]


@given(st.floats(0, 1e9))
def test_retry_after_lengthens_a_wait_up_to_its_cap(asked):
    error = SalesforceError("m", call=GET, status=503, retry_after=asked)
    wait = RetryPolicy(retry_after_cap=60).compute_wait(error, 1, 0.0)
    assert wait == max(0.5, min(asked, 60))


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_an_ambiguous_loss_is_never_repeated_however_patient_the_policy(method):
    call = Call(method, "/x", "h")
    policy = RetryPolicy(attempts=10**6)
    assert policy.compute_wait(LostResponseError("m", call=call), 1, 0.0) is None
    assert policy.compute_wait(ServerFaultError("m", call=call, status=503), 1, 0.0) is None


@pytest.mark.parametrize("bad", [{"attempts": 0}, {"base": -1}, {"jitter": 1.5}, {"cap": -0.1}])
def test_a_policy_that_makes_no_sense_is_refused(bad):
    with pytest.raises(ValueError, match=next(iter(bad))):
        RetryPolicy(**bad)


def test_a_timeout_is_always_set():
    with pytest.raises(ValueError, match="read"):
        Timeouts(read=0)


@pytest.mark.parametrize(
    ("value", "info"),
    [
        ("api-usage=23/5000000", LimitInfo(23, 5_000_000)),
        ("api-usage=18/5000; per-app-api-usage=17/250(appName=sample)", LimitInfo(18, 5000)),
        ("per-app-api-usage=17/250(appName=x)", None),
        ("api-usage=x/y", None),
        ("api-usage=" + "9" * 5000 + "/1", None),
        ("", None),
    ],
)
def test_limit_info_is_read_or_left(value, info):
    assert LimitInfo.parse(Headers([("Sforce-Limit-Info", value)])) == info


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("0", 0.0),
        ("120", 120.0),
        ("Fri, 15 Jan 2027 08:00:10 GMT", 10.0),
        ("Fri, 15 Jan 2027 07:00:00 GMT", 0.0),
        ("-5", None),
        ("1.5", None),
        ("tomorrow", None),
        ("Fri, 99 Jan 2027 08:00:10 GMT", None),
        ("", None),
    ],
)
def test_retry_after_is_seconds_or_a_date(value, seconds):
    assert parse_retry_after(Headers([("Retry-After", value)]), now=1_800_000_000.0) == seconds


def test_headers_are_found_in_any_case_and_hide_their_values():
    headers = Headers([("Set-Cookie", "a=1"), ("set-cookie", "b=2"), ("X", "y")])
    assert headers["SET-COOKIE"] == "a=1, b=2"
    assert len(headers) == 2
    assert headers.get("missing") is None
    assert "a=1" not in repr(headers)


def cut(data, places):
    edges = [0, *sorted(place % (len(data) + 1) for place in places), len(data)]
    return [data[a:b] for a, b in pairwise(edges)]


MEMBERS = st.lists(st.binary(max_size=3000) | st.integers(0, 9000).map(bytes), max_size=3)


@given(MEMBERS, st.lists(st.integers(0, 99_999), max_size=6), st.integers(1, 500))
def test_a_gzip_stream_is_inflated_however_it_is_cut(members, places, size):
    packed = b"".join(gzip.compress(member) for member in members)
    pieces = list(inflate(cut(packed, places), size))
    assert b"".join(pieces) == b"".join(members)
    assert all(0 < len(piece) <= size for piece in pieces)


@given(st.binary(max_size=3000), st.data())
def test_a_gzip_stream_that_ends_too_soon_is_damaged(content, data):
    packed = gzip.compress(content)
    short = packed[: data.draw(st.integers(1, len(packed) - 1))]
    with pytest.raises(DamagedGzipError):
        list(inflate([short], 64))


@given(st.binary(min_size=1, max_size=50).filter(lambda junk: junk[0] != 0x1F))
def test_what_follows_a_gzip_stream_is_damage(junk):
    with pytest.raises(DamagedGzipError):
        list(inflate([gzip.compress(b"rows") + junk], 64))
