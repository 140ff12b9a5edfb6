"""The compiled backend gives the same results as numpy for every block, with every kernel."""

from __future__ import annotations

import codecs
import os
import re
import subprocess
import sys
from itertools import product
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from bulkflow_csv import FormatLimits
from bulkflow_csv.scanning.protocol import EndReader, ReaderBackend, RowFormat, RowReader
from bulkflow_csv.scanning.select import NumpyBackend

LAW = settings(
    max_examples=300,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
WORD = 64
CUT_SURROGATE = re.compile(rb"\xed[\xa0-\xbf]\Z")
SIZES = st.sampled_from([64, 128, 192, 1024])
SCRAPS = st.sampled_from(
    [
        *[b'"', b'""', b",", b";", b"\n", b"\r\n", b"\r", b"a", b" ", b"\x00", b'",', b'\n"'],
        *["é".encode(), "東".encode(), "🎈".encode(), b"\xe6", b"\x9d", b"\xf0\x9f", b"\xff"],
        *[b"\xc0\x80", b"\xe0\x80\x80", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\xf5", b"\xc3"],
        *[b"x" * 61, b"x" * 127, b"1,2\n" * 9, b",\n" * 20, b"\n" * 64, "東".encode() * 22],
        *[b'"x"\r\n' * 13, b"y" * 400, b"," * 130, b'"' * 63],
    ]
)
ROWS = st.sampled_from(
    [b"1,2\n", b'"a\n",c\n', 'é,"x""y"\n'.encode(), b"x" * 61 + b",\n", b',""\n']
)
MESSES = st.one_of(st.lists(SCRAPS, max_size=40).map(b"".join), st.binary(max_size=700))


@pytest.fixture
def compiled(compiled: tuple[ReaderBackend, ...], scanner: Path) -> tuple[ReaderBackend, ...]:
    """The compiled backends; skips the test if there are none."""
    return compiled


def is_text_so_far(data: bytes, *, cut: bool) -> bool:
    try:
        codecs.getincrementaldecoder("utf-8")().decode(data, cut)
    except UnicodeDecodeError:
        return False
    return True


def put(reader: EndReader, data: bytes) -> None:
    reader.buffer[: len(data)] = data
    reader.read(len(data))


def read_results(reader: RowReader) -> tuple[int, int, int, list[int]]:
    return reader.records, reader.feeds, reader.last, list(reader.list_record_ends())


def compare_with_numpy(
    compiled: tuple[ReaderBackend, ...], row_format: RowFormat, size: int, data: bytes
) -> None:
    """Read data block by block, up to the first bytes that are not UTF-8."""
    expected = NumpyBackend().make_row_reader(row_format, size)
    readers = [each.make_row_reader(row_format, size) for each in compiled]
    for offset in range(0, len(data), size):
        block = data[offset : offset + size]
        put(expected, block)
        # The file is rejected anyway after invalid UTF-8, so later results do not matter.
        text = is_text_so_far(data[: offset + size], cut=len(block) % WORD != 0)
        for kernel, reader in zip(compiled, readers, strict=True):
            put(reader, block)
            assert read_results(reader) == read_results(expected), kernel
        if CUT_SURROGATE.search(block):
            # Python's decoder rejects a surrogate at its third byte, the kernels at its second.
            assert all(reader.suspect for reader in readers)
            return
        for kernel, reader in zip(compiled, readers, strict=True):
            assert reader.suspect == expected.suspect, kernel
        if not text:
            return


@LAW
@given(
    data=MESSES,
    size=SIZES,
    delimiter=st.sampled_from(",;\t"),
    crlf=st.booleans(),
    columns=st.integers(1, 4),
    start=st.integers(0, 100),
)
def test_blocks_are_answered_alike(
    compiled: tuple[ReaderBackend, ...],
    data: bytes,
    size: int,
    delimiter: str,
    crlf: bool,
    columns: int,
    start: int,
) -> None:
    row_format = RowFormat(delimiter, crlf, columns, start, FormatLimits(field=128, record=300))
    compare_with_numpy(compiled, row_format, size, data)


@LAW
@given(
    rows=st.lists(ROWS, max_size=30).map(b"".join),
    scrap=st.just(b"") | SCRAPS,
    at=st.integers(0, 2000),
    size=SIZES,
    crlf=st.booleans(),
    limits=st.sampled_from([FormatLimits(), FormatLimits(field=128, record=300)]),
)
@example(b"1,2\n" * 99, b"", 0, 1024, False, FormatLimits(field=128, record=300))
@example(b"1,2\n" * 20, b"y" * 400, 2, 512, False, FormatLimits(field=128, record=900))
@example(b"1,2\n" * 20, b"y" * 140, 78, 64, False, FormatLimits(field=128, record=900))
@example(b"1,2\n" * 20, b"y" * 138, 50, 192, False, FormatLimits(field=128, record=900))
def test_blocks_with_one_fault_are_answered_alike(
    compiled: tuple[ReaderBackend, ...],
    rows: bytes,
    scrap: bytes,
    at: int,
    size: int,
    crlf: bool,
    limits: FormatLimits,
) -> None:
    rows = rows.replace(b"\n", b"\r\n") if crlf else rows
    data = rows[: at % (len(rows) + 1)] + scrap + rows[at % (len(rows) + 1) :]
    compare_with_numpy(compiled, RowFormat(",", crlf, 2, 0, limits), size, data)


LEFT = [b"x", b"\r", b'"x"', b"\xe6", b"\xe6\x9d", b"x\n", b'"\r', b"x,"]
TAKEN_UP = [b"x", b"\n", b"\r\n", b'"y"\n', b"\xb1\n", b"\x9d\xb1\n", b'"\n', b'""\n', b",\n"]


@pytest.mark.parametrize("crlf", [False, True])
def test_what_a_block_leaves_is_known_in_the_next(
    compiled: tuple[ReaderBackend, ...], crlf: bool
) -> None:
    row_format = RowFormat(",", crlf, 1, 0, FormatLimits())
    lines = (b"\r\n" if crlf else b"\n") * 12
    for left, taken_up in product(LEFT, TAKEN_UP):
        begins = b'"' if left == b'"\r' else b""
        block = lines + begins + b"x" * (WORD - len(lines) - len(begins) - len(left)) + left
        compare_with_numpy(compiled, row_format, WORD, block + taken_up)


@LAW
@given(data=MESSES, size=SIZES)
def test_ends_are_found_alike(compiled: tuple[ReaderBackend, ...], data: bytes, size: int) -> None:
    expected = NumpyBackend().make_end_reader(size)
    readers = [each.make_end_reader(size) for each in compiled]
    for offset in range(0, len(data), size):
        put(expected, data[offset : offset + size])
        for kernel, reader in zip(compiled, readers, strict=True):
            put(reader, data[offset : offset + size])
            assert (reader.records, reader.last) == (expected.records, expected.last), kernel


@LAW
@given(data=MESSES, byte=st.sampled_from([b'"', b"\n", b"\x00", b"\xff"]))
def test_bytes_are_counted_alike(
    compiled: tuple[ReaderBackend, ...], data: bytes, byte: bytes
) -> None:
    for each in (NumpyBackend(), *compiled):
        assert each.count_byte(data, byte) == data.count(byte), each


@pytest.mark.parametrize("length", [1, 2, 3])
def test_every_sequence_of_bytes_is_text_or_none_as_python_says(
    compiled: tuple[ReaderBackend, ...], length: int
) -> None:
    row_format = RowFormat(",", False, 1, 0, FormatLimits())
    edges = [0x41, 0x7F, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF, 0xC0, 0xC1, 0xC2, 0xDF, 0xE0, 0xE1]
    edges += [0xEC, 0xED, 0xEE, 0xEF, 0xF0, 0xF1, 0xF3, 0xF4, 0xF5, 0xFF]
    heads = [b""] if length == 1 else [bytes([first]) for first in range(0xC0, 0x100)]
    # Quotes and carriage returns are suspect for other reasons.
    single = set(range(1, 256)) - set(b'"\r')
    tails = [bytes([last]) for last in (single if length == 1 else edges)]
    if length == 3:
        heads = [head + tail for head in heads for tail in tails]
    for head in heads:
        for tail in tails:
            data = head + tail + b"\x80" * 2 + b"."
            for cut in range(len(head) + 1, len(data)):
                whole = is_text_so_far(data[:cut], cut=True)
                reader = compiled[0].make_row_reader(row_format, 64)
                put(reader, b"x" * 9 + data[:cut])
                assert reader.suspect != whole, data[:cut]


def test_values_and_records_are_too_long_by_the_same_byte(
    compiled: tuple[ReaderBackend, ...],
) -> None:
    row_format = RowFormat(",", False, 2, 0, FormatLimits(field=1024, record=3000))
    for length in (*range(1000, 1100, 3), *range(2900, 3100, 7)):
        for value in (b"x" * length + b",", b"x" * 700 + b"," + b"y" * (length - 700)):
            data = b"1,2\n" * 20 + value + b"\n" + b"3,4\n" * 300
            expected = NumpyBackend().make_row_reader(row_format, 512)
            readers = [each.make_row_reader(row_format, 512) for each in compiled]
            for offset in range(0, len(data), 512):
                put(expected, data[offset : offset + 512])
                for kernel, reader in zip(compiled, readers, strict=True):
                    put(reader, data[offset : offset + 512])
                    assert reader.suspect == expected.suspect, (kernel, length, offset)


def test_an_unsupported_kernel_is_rejected(compiled: tuple[ReaderBackend, ...]) -> None:
    row_format = RowFormat(",", False, 1, 0, FormatLimits())
    unknown = type(compiled[0])("punched cards")  # type: ignore[call-arg]
    with pytest.raises(ValueError, match="does not support the kernel punched cards"):
        unknown.make_row_reader(row_format, 64)
    with pytest.raises(ValueError, match="does not support the kernel"):
        unknown.count_byte(b"", b"a")


@pytest.mark.parametrize("delimiter", ["", '"', "\n", "\r", "\0", "é", ",,"])
def test_an_invalid_delimiter_is_rejected(
    compiled: tuple[ReaderBackend, ...], delimiter: str
) -> None:
    with pytest.raises((TypeError, ValueError)):
        compiled[0].make_row_reader(RowFormat(delimiter, False, 1, 0, FormatLimits()), 64)


def test_no_byte_after_the_buffer_is_read(compiled: tuple[ReaderBackend, ...]) -> None:
    row_format = RowFormat(",", False, 1, 0, FormatLimits())
    for each in compiled:
        reader = each.make_row_reader(row_format, 64)
        for size in (-1, 65):
            with pytest.raises(ValueError, match="the buffer has 64 bytes"):
                reader.read(size)
            with pytest.raises(ValueError, match="the buffer has 64 bytes"):
                each.make_end_reader(64).read(size)


# --- which backend is selected --------------------------------------------------------------

LOAD = """
import sys
from itertools import product
from pathlib import Path
from bulkflow_csv import ByteSource, count_records, scan
from bulkflow_csv.scanning.select import select_backend
path = Path(sys.argv[1])
print(scan(ByteSource.of(path)).rows, count_records(ByteSource.of(path)))
print(type(select_backend()).__name__, "numpy" in sys.modules)
"""


def loaded(file: Path, *places: Path, first: str = "") -> list[str]:
    file.write_bytes(b"a,b\n1,2\n3,4\n")
    environ = {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, places))}
    return subprocess.run(
        [sys.executable, "-c", first + LOAD, str(file)],
        check=True,
        capture_output=True,
        text=True,
        env=environ,
    ).stdout.split()


def test_with_the_wheel_no_numpy_is_imported(tmp_path: Path, scanner: Path) -> None:
    assert loaded(tmp_path / "a.csv", scanner) == ["2", "3", "NativeBackend", "False"]


def test_without_the_wheel_numpy_reads(tmp_path: Path) -> None:
    first = "import sys; sys.modules['bulkflow_scanner'] = None\n"
    assert loaded(tmp_path / "a.csv", first=first) == ["2", "3", "NumpyBackend", "True"]


def test_a_wheel_of_another_protocol_is_left_alone(tmp_path: Path) -> None:
    other = tmp_path / "bulkflow_scanner.py"
    other.write_text("PROTOCOL = 0\n", "utf-8")
    assert loaded(tmp_path / "a.csv", tmp_path) == ["2", "3", "NumpyBackend", "True"]


def test_a_wheel_that_does_not_load_is_left_alone(tmp_path: Path) -> None:
    other = tmp_path / "bulkflow_scanner.py"
    other.write_text("raise ImportError('made for another machine')\n", "utf-8")
    assert loaded(tmp_path / "a.csv", tmp_path) == ["2", "3", "NumpyBackend", "True"]
