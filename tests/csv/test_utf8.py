"""Validating UTF-8 in blocks, and detecting the delimiter."""

from __future__ import annotations

import codecs

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bulkflow_csv.scanning.utf8 import Utf8Check
from bulkflow_csv.sniff import sniff_delimiter

PIECES = st.one_of(
    st.integers(1, 130).map(lambda size: b"x" * size),
    st.sampled_from([mark.encode() for mark in "\u00e9\u6771\U0001f388"]),
    st.sampled_from(
        [b"\xe6", b"\xe6\x9d", b"\xb1", b"\x80", b"\xf0\x9f", b"\xff", b"\xed\xa0\x80"]
    ),
)


def is_text(data: bytes, *, final: bool) -> bool:
    try:
        codecs.getincrementaldecoder("utf-8")().decode(data, final)
    except UnicodeDecodeError:
        return False
    return True


def check(data: bytes, block_size: int) -> bool:
    buffer = np.zeros(block_size, np.uint8)
    text = Utf8Check(buffer, np.empty(block_size, np.bool_))
    for offset in range(0, len(data), block_size):
        block = data[offset : offset + block_size]
        buffer[:] = 0
        buffer[: len(block)] = np.frombuffer(block, np.uint8)
        if not text.feed(len(block)):
            return False
    return True


@settings(max_examples=400, deadline=None)
@given(data=st.lists(PIECES, max_size=30).map(b"".join), block_size=st.sampled_from([64, 128, 512]))
@example(data=b"x" * 63 + b"\xc3" + b"y" * 64, block_size=64)
@example(data=b"x" * 63 + b"\xc3\xa9" + b"y" * 64, block_size=64)
@example(data=b"x" * 7 + b"\xc3" + b"y" * 57 + b"\xc3\xa9", block_size=128)
@example(data=b"x" * 7 + b"\xc3" + b"y" * 56 + b"\xa9", block_size=128)
@example(data=b"x" * 70 + b"\xe6\x9d", block_size=128)
def test_blocks_are_text_exactly_if_the_whole_is(data: bytes, block_size: int) -> None:
    # Zeros pad the last 64 bytes, and no sequence continues in them.
    assert check(data, block_size) == is_text(data, final=len(data) % 64 != 0)


@pytest.mark.parametrize(
    ("sample", "whole", "delimiter"),
    [
        (b"a,b\n1,2\n", True, ","),
        (b"a\tb\n1\t2\n", True, "\t"),
        (b"Id;Name\n1;Smith, John\n2;Doe\n", True, ";"),
        (b'"a,b";"c,d"\n1;2\n', True, ";"),
        (b'a^b\n"1,1,1"^2\n', True, "^"),
        (b"Name\nSmith, John\n", True, ","),
        (b"", True, ","),
        (b"a,b|c\n1,2|3\n4,5|6|7\n", True, ","),
        (b"a,b;c\n1,2;3\n4;", False, ","),
        (b"a,b;c\n1,2;3\n4;", True, ";"),
        (b'a,b;c\n5,6;7\n4,"x;\n;\n;\n', False, ","),
    ],
)
def test_the_delimiter_splits_the_header_and_all_records_alike(
    sample: bytes, whole: bool, delimiter: str
) -> None:
    assert sniff_delimiter(sample, whole=whole) == delimiter
