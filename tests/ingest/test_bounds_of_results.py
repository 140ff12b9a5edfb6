"""Results without an end: no more is taken than the rows that were sent can come to."""

from __future__ import annotations

import csv
import gzip
import io
import random
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bulkflow_ingest.api import bounds
from bulkflow_ingest.api.bounds import compute_max_result_bytes
from support.proxy import Handler, Proxy
from support.workshop import Workshop

JOB = "/jobs/ingest/[^/]+"
LOAD = (
    'org env\njob people\n    insert Contact\n    from "people.csv"\nload job people\n'
    'save successful rows of job people to "made.csv"\n'
)
_DIGITS = random.Random(1)
# Rows that compress little: what lies in the buffers of a connection is then a small part.
PIECE = b"".join(
    b'"0035g0000000001AAA","true","%b"\n' % _DIGITS.randbytes(60).hex().encode()
    for _ in range(1_000)
)


def endless(sent: list[int], *, packed: bool) -> Callable[[Handler, Callable[[], None]], None]:
    """Sends rows until the client leaves, or a hundred times what it may take."""

    def fault(handler: Handler, forward: Callable[[], None]) -> None:
        handler.send_response(200)
        handler.send_header("Content-Type", "text/csv")
        handler.send_header("Transfer-Encoding", "chunked")
        if packed:
            handler.send_header("Content-Encoding", "gzip")
        handler.end_headers()
        member = gzip.compress(PIECE) if packed else PIECE
        handler.close_connection = True
        while sum(sent) < 100 * bounds.MIN_RESULT_BYTES:
            try:
                handler.wfile.write(b"%x\r\n%b\r\n" % (len(member), member))
            except OSError:
                return
            sent.append(len(PIECE))

    return fault


@pytest.mark.parametrize("packed", [False, True], ids=["plain", "gzip"])
def test_a_result_without_an_end_is_cut_off_by_what_was_sent(
    workshop: Workshop, proxy: Proxy, packed: bool
) -> None:
    workshop.write("people.csv", "LastName\na\n")
    sent: list[int] = []
    proxy.on("GET", f"{JOB}/successfulResults", endless(sent, packed=packed), times=None)
    ran = workshop.run(LOAD)
    assert ran.code == 1, ran.out
    assert f"more than the limit of {bounds.MIN_RESULT_BYTES} bytes" in ran.out
    assert sum(sent) < 100 * bounds.MIN_RESULT_BYTES
    kept = [path for path in workshop.folder.rglob("*") if path.is_file()]
    assert sum(path.stat().st_size for path in kept) < 2 * bounds.MIN_RESULT_BYTES


VALUES = st.text(st.sampled_from('a"\n, é'), max_size=30)


@given(st.lists(st.lists(VALUES, min_size=2, max_size=2), min_size=1, max_size=20))
def test_no_result_that_an_org_writes_is_beyond_its_bound(rows: list[list[str]]) -> None:
    sent = _size(rows, csv.QUOTE_MINIMAL, "\n")
    told = [["0035g0000000001AAA", "false", *row] for row in rows]
    header = ["sf__Id", "sf__Created", "A", "B"]
    got = _size([header, *told], csv.QUOTE_ALL, "\r\n")
    # So many of them that the least that any result may have does not matter.
    many = 10**6
    most = compute_max_result_bytes(many * (len(rows) + 1), many * sent, errors=False)
    assert most > bounds.MIN_RESULT_BYTES
    assert many * got <= most


def _size(rows: list[list[str]], quoting: int, end: str) -> int:
    file = io.StringIO()
    csv.writer(file, quoting=quoting, lineterminator=end).writerows(rows)  # type: ignore[arg-type]
    return len(file.getvalue().encode())


def test_few_rows_may_fail_with_very_long_errors() -> None:
    assert compute_max_result_bytes(3, 24, errors=True) == bounds.MIN_RESULT_BYTES
    assert compute_max_result_bytes(10**6, 10**8, errors=True) > 10**6 * bounds.ERROR_BYTES
