"""Properties of the scan, tested with generated files and with raw bytes."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import TypeAlias

import attrs
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from bulkflow_csv import (
    ByteSource,
    CsvError,
    FormatLimits,
    PartLimit,
    Scan,
    iter_parts,
    read_head,
    scan,
)
from bulkflow_csv.scanning.protocol import RowFormat
from bulkflow_csv.validator import RecordValidator
from support.alike import Alike

BLOCKS = st.sampled_from([64, 128, 192, 1024])
LAW = settings(
    max_examples=250,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)

# Pieces that are hard to handle at block borders: quotes, half line ends, partial UTF-8.
SCRAPS = st.sampled_from(
    [
        b'"',
        b'""',
        b",",
        b";",
        b"\n",
        b"\r\n",
        b"\r",
        b"a",
        b"bc",
        b" ",
        "é".encode(),
        "東".encode(),
        b"\xe6",
        b"\x9d",
        b"\xf0\x9f",
        b"\xff",
        b"\x00",
        b'",',
        b'\n"',
        b'"\n',
        b"x" * 61,
        b"1,2\n" * 9,
    ]
)


@pytest.fixture
def place(tmp_path: Path) -> Path:
    return tmp_path / "data.csv"


def source(place: Path, data: bytes) -> ByteSource:
    place.write_bytes(data)
    return ByteSource("data.csv", place)


Fault: TypeAlias = "tuple[str, int | None, int | None, int | None, int | None, tuple[str, ...]]"


def fault(error: CsvError) -> Fault:
    return (error.message, error.offset, error.line, error.record, error.column, error.notes)


def bodies(found: Scan) -> list[bytes]:
    result = []
    for part in found.parts:
        with part.open() as body:
            result.append(body.read())
            assert len(result[-1]) == len(body) == part.size
    return result


# --- valid files ---------------------------------------------------------------------------


@attrs.frozen
class Sample:
    """A valid file and its contents."""

    data: bytes
    rows: list[list[str]]
    records: list[bytes]
    header: bytes


def cell_text(newline: str) -> st.SearchStrategy[str]:
    letters = st.sampled_from(
        ["a", "b", '"', ",", ";", "|", "\t", "^", "`", " ", newline, "é", "東", "🎈", "x" * 20]
    )
    return st.lists(letters, max_size=6).map("".join)


def render(cell: str, delimiter: str, *, quoted: bool) -> str:
    if quoted or any(mark in cell for mark in ('"', delimiter, "\n", "\r")):
        return '"' + cell.replace('"', '""') + '"'
    return cell


@st.composite
def samples(draw: st.DrawFn, *, columns: st.SearchStrategy[int] | None = None) -> Sample:
    newline = draw(st.sampled_from(["\n", "\r\n"]))
    delimiter = draw(st.sampled_from([",", ";", "|", "\t", "^", "`"]))
    width = draw(columns if columns is not None else st.integers(1, 4))
    names = [f"c{number}" + "_" * draw(st.integers(0, 30)) for number in range(width)]
    rows = draw(
        st.lists(
            st.lists(cell_text(newline), min_size=width, max_size=width), min_size=0, max_size=40
        )
    )
    lines = []
    for row in [names, *rows]:
        record = delimiter.join(
            render(cell, delimiter, quoted=draw(st.booleans()) or width == 1) for cell in row
        )
        lines.append((record + newline).encode())
    if draw(st.booleans()):
        lines[-1] = lines[-1].removesuffix(newline.encode())
    start = b"\xef\xbb\xbf" if draw(st.booleans()) else b""
    blank = newline.encode() * draw(st.integers(0, 3)) if lines[-1].endswith(b"\n") else b""
    return Sample(start + b"".join(lines) + blank, rows, lines[1:], lines[0])


DELIMITERS = (",", ";", "|", "\t", "^", "`")


@LAW
@given(
    sample=samples(),
    block=BLOCKS,
    fill=st.none() | st.tuples(st.integers(1, 20), st.integers(-1, 1)),
    rows=st.integers(1, 9),
)
def test_parts_are_the_file_cut_greedily_between_records(
    alike: Alike, place: Path, sample: Sample, block: int, fill: tuple[int, int] | None, rows: int
) -> None:
    delimiter = next((mark for mark in DELIMITERS if mark.encode() in sample.header), ",")
    largest = max(map(len, sample.records), default=0)
    # The size of the first rows, or one byte more or less, so that parts fit exactly.
    count, over = fill or (0, 0)
    room = max(largest, sum(map(len, sample.records[:count])) + over)
    limit = PartLimit(
        bytes=len(sample.header) + room + (not room) if fill else None,
        rows=rows if rows < 9 else None,
    )
    where = source(place, sample.data)
    found = alike(
        lambda each: scan(where, limit=limit, delimiter=delimiter, block_size=block, backend=each)
    )
    assert found.header.raw == sample.header
    expected: list[list[bytes]] = []
    for record in sample.records:
        size = len(sample.header) + sum(map(len, expected[-1])) if expected else 0
        full = limit.bytes is not None and size + len(record) > limit.bytes
        if not expected or full or len(expected[-1]) == limit.rows:
            expected.append([])
        expected[-1].append(record)
    assert bodies(found) == [b"".join([sample.header, *part]) for part in expected]
    assert [part.rows for part in found.parts] == [len(part) for part in expected]
    assert found.rows == len(sample.records)
    first_row = 1
    for index, part in enumerate(found.parts):
        assert part.index == index
        assert part.first_row == first_row
        assert part.first_line == 1 + sample.data[: part.start].count(b"\n")
        first_row += part.rows


@LAW
@given(
    sample=samples(),
    block=BLOCKS,
    multiple=st.integers(1, 5),
    least=st.sampled_from([1, 50, 1_000_000]),
    room=st.none() | st.integers(0, 2_000),
)
def test_balanced_parts_are_alike_and_hold_every_record_once(
    alike: Alike,
    place: Path,
    sample: Sample,
    block: int,
    multiple: int,
    least: int,
    room: int | None,
) -> None:
    delimiter = next((mark for mark in DELIMITERS if mark.encode() in sample.header), ",")
    largest = max(map(len, sample.records), default=0)
    most = None if room is None else len(sample.header) + largest + room + 1
    limit = PartLimit(bytes=most, multiple=multiple, least=least)
    where = source(place, sample.data)
    found = alike(
        lambda each: scan(where, limit=limit, delimiter=delimiter, block_size=block, backend=each)
    )
    rows = [body.removeprefix(sample.header) for body in bodies(found)]
    assert b"".join(rows) == b"".join(sample.records)
    ends = {0, *(sum(map(len, sample.records[: count + 1])) for count in range(found.rows))}
    assert {sum(map(len, rows[:count])) for count in range(len(rows) + 1)} <= ends
    assert all(most is None or part.size <= most for part in found.parts)
    size = sum(map(len, rows))
    shares = limit.count_shares(size, None if most is None else most - len(sample.header))
    share = size / shares
    if rows and share > 2 * largest and (room is None or share <= room):
        assert len(rows) == shares
        assert all(abs(len(part) - share) <= largest + 1 for part in rows)


@pytest.mark.parametrize(
    ("size", "room", "shares"),
    [
        (10_000, 100_000_000, 1),
        (2_500_000, 100_000_000, 2),
        (40_000_000, 100_000_000, 4),
        (390_000_000, 100_000_000, 4),
        # A share plus one record would not fit.
        (399_000_000, 100_000_000, 8),
        (1_000_000_000, 100_000_000, 12),
        (1_000_000_000, None, 4),
    ],
)
def test_shares_are_as_many_as_connections_and_fit(
    size: int, room: int | None, shares: int
) -> None:
    assert PartLimit(multiple=4).count_shares(size, room) == shares
    assert PartLimit().count_shares(size, room) == 1


@LAW
@given(sample=samples(columns=st.integers(2, 4)), block=BLOCKS)
def test_rows_are_those_of_the_csv_module(
    alike: Alike, place: Path, sample: Sample, block: int
) -> None:
    where = source(place, sample.data)
    found = alike(lambda each: scan(where, block_size=block, limit=PartLimit(rows=3), backend=each))
    read = []
    for body in bodies(found):
        reader = csv.reader(
            io.StringIO(body.decode(), newline=""), delimiter=found.dialect.delimiter, strict=True
        )
        header, *rows = reader
        assert tuple(header) == found.header.columns
        read += rows
    assert read == sample.rows


@LAW
@given(sample=samples(columns=st.integers(2, 4)))
def test_valid_files_are_not_suspect(alike: Alike, place: Path, sample: Sample) -> None:
    head = read_head(source(place, sample.data))
    row_format = RowFormat(
        delimiter=head.dialect.delimiter,
        crlf=head.dialect.line_ending == "CRLF",
        columns=len(head.header.columns),
        start=head.start.offset,
        limits=FormatLimits(),
    )
    rows = sample.data[head.start.offset : head.end]
    for each in alike.backends:
        reader = each.make_row_reader(row_format, 64)
        for offset in range(0, len(rows), 64):
            block = rows[offset : offset + 64]
            reader.buffer[: len(block)] = block
            reader.read(len(block))
            assert not reader.suspect, each


@LAW
@given(sample=samples(columns=st.integers(2, 4)))
def test_form_is_detected(place: Path, sample: Sample) -> None:
    dialect = read_head(source(place, sample.data)).dialect
    assert dialect.delimiter in sample.header.decode()
    if b"\n" in sample.header:
        assert dialect.line_end == (b"\r\n" if b"\r\n" in sample.header else b"\n")
    assert dialect.bom == sample.data.startswith(b"\xef\xbb\xbf")


# --- possibly invalid files ----------------------------------------------------------------


def outcome(
    alike: Alike, place: Path, data: bytes, block: int, limits: FormatLimits
) -> Fault | list[bytes]:
    try:
        where = source(place, data)
        found = alike(
            lambda each: scan(
                where, limit=PartLimit(bytes=4096), limits=limits, block_size=block, backend=each
            )
        )
    except CsvError as error:
        return fault(error)
    return [len(found.parts).to_bytes(2, "big"), str(found.rows).encode(), *bodies(found)]


def validated(place: Path, data: bytes, limits: FormatLimits) -> Fault | None:
    """Validate the whole file at once."""
    try:
        head = read_head(source(place, data), limits=limits)
        validator = RecordValidator(
            name="data.csv",
            data=data[head.start.offset : head.end],
            at=head.start,
            delimiter=head.dialect.delimiter.encode(),
            line_end=head.dialect.line_end,
            columns=head.header.columns,
            limits=limits,
            final=True,
        )
        for _ in validator.read_records():
            pass
    except CsvError as error:
        return fault(error)
    return None


MESSES = st.lists(SCRAPS, max_size=60).map(b"".join)
HEADS = st.sampled_from([b"a,b\n", b"a,b\r\n", b"a\n", b'"a","b"\n', b"a;b;c\r\n", b""])


@LAW
@given(head=HEADS, mess=MESSES, block=BLOCKS)
@example(head=b"a\n", mess=b"x" * 61 + b"\r" + b"\n", block=64)
@example(head=b"a\r\n", mess=b"x" * 60 + b"\r" + b"\n", block=64)
@example(head=b"a\n", mess=b"x" * 62 + b'"' + b"\n", block=64)
@example(head=b"a\n", mess=b"x" * 63 + b"\xc3" + b"\xa9\n", block=64)
@example(head=b"a\n", mess=b'"' + b"x" * 61 + b'"' + b"\xf0\x9f", block=64)
@example(head=b"a\n", mess=b'"' + b"x" * 61 + b'"' + b"\xc3\xa9\n", block=64)
def test_fast_reading_and_careful_reading_agree(
    alike: Alike, place: Path, head: bytes, mess: bytes, block: int
) -> None:
    limits = FormatLimits(field=128, record=300)
    quick = outcome(alike, place, head + mess, block, limits)
    careful = validated(place, head + mess, limits)
    if careful is None:
        assert isinstance(quick, list)
    else:
        assert quick == careful


@LAW
@given(data=st.binary(max_size=600), block=BLOCKS)
def test_raw_bytes_meet_nothing_but_csv_errors(
    alike: Alike, place: Path, data: bytes, block: int
) -> None:
    quick = outcome(alike, place, data, block, FormatLimits())
    assert isinstance(quick, list) or quick == validated(place, data, FormatLimits())


@LAW
@given(sample=samples(), at=st.integers(0, 2000), scrap=SCRAPS, block=BLOCKS)
def test_one_scrap_in_a_right_file_is_judged_alike(
    alike: Alike, place: Path, sample: Sample, at: int, scrap: bytes, block: int
) -> None:
    at %= len(sample.data) + 1
    data = sample.data[:at] + scrap + sample.data[at:]
    limits = FormatLimits()
    quick = outcome(alike, place, data, block, limits)
    careful = validated(place, data, limits)
    assert (careful is None and isinstance(quick, list)) or quick == careful


# --- a reference that shares no code with the scan ------------------------------------------


def reference(data: bytes, delimiter: int, newline: bytes, columns: int) -> tuple[str, int] | int:
    """Count the rows of `data` byte by byte, or return (kind, offset) of the first error."""
    try:
        data.decode()
        bad = len(data)
    except UnicodeDecodeError as error:
        bad = error.start
    nul = data.find(0)
    stop = min(bad, nul) if nul >= 0 else bad
    rows, position, start, fields = 0, 0, 0, 1
    state, opened = "start", 0
    while position < stop:
        byte = data[position]
        breaks = byte in (10, 13)
        right = data[position : position + len(newline)] == newline
        if breaks and not right and position + 1 == stop < len(data) and byte == 13:
            break
        if state == "quoted":
            if byte == 34:
                state = "closed"
            elif breaks:
                if not right:
                    return ("break", position)
                position += len(newline) - 1
        elif breaks:
            if not right:
                return ("break", position)
            if fields != columns:
                return ("columns", start)
            position += len(newline) - 1
            rows, start, fields, state = rows + 1, position + 1, 1, "start"
        elif byte == delimiter:
            fields, state = fields + 1, "start"
        elif byte == 34:
            if state == "plain":
                return ("stray", position)
            if state == "start":
                opened = position
            state = "quoted"
        elif state == "closed":
            return ("text", position)
        else:
            state = "plain"
        position += 1
    if stop < len(data):
        return ("bytes", stop)
    if state == "quoted":
        return ("open", opened)
    if start < len(data):
        if fields != columns:
            return ("columns", start)
        rows += 1
    return rows


KINDS = {
    "this line ends": "break",
    "a line break": "break",
    "the record has": "columns",
    "there is a blank": "columns",
    "there is a quote": "stray",
    "there is text": "text",
    "the quote that": "open",
    "byte 0x": "bytes",
    "there is a NUL": "bytes",
}


@LAW
@given(
    mess=MESSES, newline=st.sampled_from([b"\n", b"\r\n"]), width=st.integers(1, 3), block=BLOCKS
)
def test_scan_agrees_with_a_reading_byte_by_byte(
    alike: Alike, place: Path, mess: bytes, newline: bytes, width: int, block: int
) -> None:
    header = b",".join(b"c%d" % number for number in range(width)) + newline
    # Blank lines at the end are tested elsewhere.
    mess = mess.rstrip(b"\r\n") + newline if mess.rstrip(b"\r\n") else b""
    expected = reference(mess, 44, newline, width)
    got: tuple[str, int] | int
    try:
        where = source(place, header + mess)
        got = alike(lambda each: scan(where, delimiter=",", block_size=block, backend=each)).rows
    except CsvError as error:
        kind = next(kind for start, kind in KINDS.items() if error.message.startswith(start))
        assert error.offset is not None  # noqa: PT017 - the outcome is compared below
        got = kind, error.offset - len(header)
    assert got == expected


@LAW
@given(sample=samples(), block=BLOCKS)
def test_parts_come_as_a_stream(alike: Alike, place: Path, sample: Sample, block: int) -> None:
    delimiter = next((mark for mark in DELIMITERS if mark.encode() in sample.header), ",")
    where = source(place, sample.data)
    limit = PartLimit(rows=2)
    head = read_head(where, delimiter=delimiter)
    streamed = alike(
        lambda each: tuple(iter_parts(head, limit=limit, block_size=block, backend=each))
    )
    whole = scan(where, limit=limit, delimiter=delimiter, block_size=block)
    assert streamed == whole.parts
