"""Properties of reading uploads: line endings, quotes, and where the unread rows begin."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bulkflow_sandbox.core.behavior import Choices
from bulkflow_sandbox.ingest.rows import UploadRows
from bulkflow_sandbox.ingest.scan_upload import scan_upload
from bulkflow_sandbox.jobs.job import (
    BulkJob,
    BulkJobState,
    ColumnDelimiter,
    JobType,
    LineEnding,
    Operation,
)

CHOICES = Choices()


def job(ending: LineEnding = LineEnding.LF, delimiter=ColumnDelimiter.COMMA) -> BulkJob:
    return BulkJob(
        id="7505g0000000000AAA",
        job_type=JobType.INGEST,
        operation=Operation.INSERT,
        object="Account",
        created_by="",
        created="",
        modified="",
        state=BulkJobState.UPLOAD_COMPLETE,
        api_version="66.0",
        line_ending=ending,
        column_delimiter=delimiter,
    )


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    return tmp_path_factory.mktemp("csv") / "upload.csv"


def quotes_are_right(data: bytes, delimiter: int) -> bool:
    """Check each byte: a quote opens a value, or is within a quoted one.

    Spaces before an opening quote are accepted; what follows them is a plain value.
    """
    state = "start"
    for byte in data:
        if state == "inside":
            state = "quote" if byte == 0x22 else "inside"
        elif byte in (delimiter, 0x0A):
            state = "start"
        elif byte == 0x22:
            if state in ("start", "spaces", "quote"):
                state = "inside"
            else:
                return False
        elif state == "quote":
            if byte != 0x0D:
                return False
        elif byte == 0x20 and state in ("start", "spaces"):
            state = "spaces"
        else:
            state = "plain"
    return state != "inside"


TEXTS = st.text(alphabet='"", ;a\n', max_size=40)


@settings(max_examples=400, deadline=None)
@given(text=TEXTS, block=st.integers(1, 9))
@example(text='"a","b"', block=3)
@example(text=', "a"', block=1)
def test_quotes_are_judged_as_byte_by_byte_wherever_a_block_ends(path, text, block):
    path.write_bytes(text.encode())
    found = scan_upload(path, job(), CHOICES, block_size=block)
    assert (found.problem is None) == quotes_are_right(text.encode(), ord(","))


@settings(max_examples=300, deadline=None)
@given(
    parts=st.lists(st.sampled_from(["a", ",", "\n", "\r", "\r\n"]), max_size=30),
    ending=st.sampled_from(LineEnding),
    block=st.integers(1, 5),
)
def test_every_line_end_must_be_that_of_the_job_wherever_a_block_ends(path, parts, ending, block):
    data = "".join(parts).encode()
    path.write_bytes(data)
    found = scan_upload(path, job(ending), CHOICES, block_size=block)
    if ending is LineEnding.LF:
        good = b"\r" not in data
    else:
        good = not data.replace(b"\r\n", b"").strip(b"a,")
    assert (found.problem is None) == good


VALUES = st.text(alphabet='ab"\n, é', max_size=6)
TABLES = st.lists(st.lists(VALUES, min_size=2, max_size=2), max_size=12)


@settings(max_examples=200, deadline=None)
@given(
    table=TABLES,
    blanks=st.lists(st.integers(0, 12), max_size=4),
    steps=st.lists(st.integers(1, 5), max_size=12),
    ending=st.sampled_from(LineEnding),
)
def test_the_rows_taken_and_the_bytes_that_are_left_are_the_whole_file(
    path, table, blanks, steps, ending
):
    lines = io.StringIO(newline="")
    writer = csv.writer(lines, quoting=csv.QUOTE_ALL, lineterminator=ending.text)
    records = []
    for row in table:
        writer.writerow([value.replace("\n", ending.text) for value in row])
        records.append(lines.getvalue())
        lines.seek(0)
        lines.truncate()
    for blank in sorted(blanks, reverse=True):
        records.insert(min(blank, len(records)), ending.text)
    data = ("A,B" + ending.text + "".join(records)).encode()
    path.write_bytes(data)
    last = max((at for at, record in enumerate(records) if record != ending.text), default=-1)
    rows = UploadRows(path, job(ending))
    try:
        assert rows.header == ["A", "B"]
        assert rows.read_header_bytes() == b"A,B"
        taken = 0
        for step in steps:
            taken += len(rows.take(step))
            if not rows.ended:
                rest = data[rows.find_offset() :].decode()
                assert rest == "".join(records[taken:])
        assert taken == min(sum(steps), last + 1)
    finally:
        rows.close()
