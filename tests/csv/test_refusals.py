"""Every error in a file is reported with its exact position."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import attrs
import pytest

from bulkflow.errors import DataError, ExitCode
from bulkflow_csv import ByteSource, CsvError, FormatLimits, PartLimit, iter_parts, read_head, scan
from support.alike import Alike

Source = Callable[[bytes], ByteSource]
BOM = b"\xef\xbb\xbf"


@attrs.frozen
class Case:
    data: bytes
    message: str
    offset: int | None
    line: int | None
    record: int | None
    column: int | None = None
    limits: FormatLimits = attrs.field(factory=FormatLimits)


FILL = b"".join(b"%d,some value\n" % number for number in range(1, 501))
"""500 rows, more than fit into a block of 64 bytes."""

CASES = {
    "empty file": Case(b"", "the file is empty", None, None, None),
    "mark only": Case(BOM, "the file is empty", None, None, None),
    "blank lines only": Case(b"\n\r\n\n", "the file contains only blank lines", None, None, None),
    "UTF-16 little": Case(b"\xff\xfea\0", "the file is UTF-16 (little-endian)", 0, 1, None),
    "UTF-16 big": Case(b"\xfe\xff\0a", "the file is UTF-16 (big-endian)", 0, 1, None),
    "UTF-32 little": Case(b"\xff\xfe\0\0", "the file is UTF-32 (little-endian)", 0, 1, None),
    "UTF-32 big": Case(b"\0\0\xfe\xff", "the file is UTF-32 (big-endian)", 0, 1, None),
    "Excel workbook": Case(
        b"PK\x03\x04\x14\0\x06\0\b\0[Content_Types].xml",
        "the file is an Excel workbook",
        0,
        1,
        None,
    ),
    "archive": Case(b"PK\x03\x04\x14\0\x06\0" + bytes(90), "the file is a ZIP archive", 0, 1, None),
    "old Excel workbook": Case(
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(90), "the file is an Excel workbook", 0, 1, None
    ),
    "line for Excel": Case(
        BOM + b"sep=;\r\na;b\r\n1;2\r\n",
        "the first line is an Excel directive, `sep=;`",
        3,
        1,
        None,
    ),
    "blank first line": Case(b"\na,b\n1,2\n", "a column in the header has no name", 0, 1, 0, 1),
    "nameless column": Case(b"a,,c\n", "a column in the header has no name", 0, 1, 0, 2),
    "blank name": Case(b'a," "\n', "a column in the header has no name", 0, 1, 0, 2),
    "column twice": Case(
        BOM + b"Name,Phone,NAME\n", "column NAME appears twice in the header", 3, 1, 0, 3
    ),
    "header too long": Case(
        b"aaaa,bbbb,cccc\n1,2,3\n",
        "the header is longer than 13 characters",
        0,
        1,
        0,
        limits=FormatLimits(header=13),
    ),
    "header never ends": Case(
        b'"a,b\n' + b"1,2\n" * 200_000,
        "the header is longer than 32000 characters",
        0,
        1,
        0,
    ),
    "too many columns": Case(
        b"a,b,c\n1,2,3\n",
        "the header has 3 columns, more than 2",
        0,
        1,
        0,
        limits=FormatLimits(columns=2),
    ),
    "gzip under another name": Case(
        b"\x1f\x8b\x08\x00abc\n", "the file is compressed with gzip", 0, 1, None
    ),
    "bad byte in the header": Case(b"a,\xe9\n", "byte 0xE9 is not valid UTF-8", 2, 1, 0, 2),
    "unclosed quote in the header": Case(b'a,"b\n', "the quote that opens here", 2, 1, 0, 2),
    "lone CR after the header": Case(b"a,b\r1,2\r", "this line ends in a lone CR", 3, 1, 0, 2),
    "fewer columns": Case(b"a,b\n1,2\n3\n", "the record has 1 column, but the", 8, 3, 2),
    "more columns": Case(b"a,b\n1,2,3\n", "the record has 3 columns, but the header", 4, 2, 1),
    "fewer columns at the end": Case(b"a,b\n1,2\n3", "the record has 1 column, but", 8, 3, 2),
    "blank line": Case(b"a,b\n1,2\n\n3,4\n", "there is a blank line", 8, 3, 2),
    "CRLF in a file of LF": Case(b"a,b\n1,2\r\n", "this line ends in CRLF, but", 7, 2, 1, 2),
    "LF in a file of CRLF": Case(b"a,b\r\n1,2\n", "this line ends in LF, but", 8, 2, 1, 2),
    "lone CR": Case(b"a,b\n1,2\r3,4\n", "this line ends in a lone CR, but", 7, 2, 1, 2),
    "CRLF in a value": Case(
        b'a,b\n1,"x\ny\r\nz"\n', "a line break inside this quoted value is CRLF", 10, 3, 1, 2
    ),
    "LF in a value": Case(
        b'a,b\r\n1,"x\r\ny\nz"\r\n', "a line break inside this quoted value is LF", 12, 3, 1, 2
    ),
    "lone CR in a value": Case(
        b'a,b\n1,"x\ry"\n', "a line break inside this quoted value is a lone CR", 8, 2, 1, 2
    ),
    "unclosed quote": Case(
        b'a,b\n1,2\n3,"x\n5,6\n', "the quote that opens here is never closed", 10, 3, 2, 2
    ),
    "stray quote": Case(b'a,b\n5" pipe,1\n', "there is a quote inside a value", 5, 2, 1, 1),
    "space before a quote": Case(b'a,b\n1, "x"\n', "there is a quote inside a value", 7, 2, 1, 2),
    "text after a value": Case(b'a,b\n"x"y,1\n', "there is text after the closing", 7, 2, 1, 1),
    "space after a value": Case(b'a,b\n1,"x" \n', "there is text after the closing", 9, 2, 1, 2),
    "NUL": Case(b"a,b\n1,\0\n", "there is a NUL byte", 6, 2, 1, 2),
    "Latin-1": Case("a,b\n1,Jos\xe9 B\n".encode("latin-1"), "byte 0xE9 is not", 9, 2, 1, 2),
    "cut sequence at the end": Case(b"a,b\n1,\xe6\x9d", "byte 0xE6 is not", 6, 2, 1, 2),
    "bad byte first in a record": Case(b"a,b\n1,2\n\xff,2\n", "byte 0xFF", 8, 3, 2, 1),
    "surrogate": Case(b"a,b\n1,\xed\xa0\x80\n", "byte 0xED is not", 6, 2, 1, 2),
    "overlong sequence": Case(b"a,b\n1,\xc0\xaf\n", "byte 0xC0 is not", 6, 2, 1, 2),
    "value too long": Case(
        b"a,b\n1," + b"x" * 131_073 + b"\n", "the value is longer than 131072", 6, 2, 1, 2
    ),
    "quoted value too long": Case(
        b'a,b\n1,"' + b'""' * 131_073 + b'"\n', "the value is longer than 131072", 6, 2, 1, 2
    ),
    "value too long in wide characters": Case(
        b"a,b\n1," + "東".encode() * 131_073 + b"\n", "the value is longer than", 6, 2, 1, 2
    ),
    "record too long": Case(
        b"a,b,c,d\n1,2,3,4\n" + b",".join([b"x" * 120_000] * 4) + b"\n",
        "the record is longer than 400000 characters",
        16,
        3,
        2,
    ),
}


Refused = Callable[[ByteSource, Case, int], CsvError]


@pytest.fixture
def refused(alike: Alike) -> Refused:
    """Scan a file with all backends and return their common error."""

    def refuse(where: ByteSource, case: Case, size: int) -> CsvError:
        with pytest.raises(CsvError) as caught:
            alike(
                lambda each: scan(
                    where, delimiter=",", limits=case.limits, block_size=size, backend=each
                )
            )
        return caught.value

    return refuse


@pytest.mark.parametrize("block_size", [64, 1 << 20])
@pytest.mark.parametrize("name", CASES)
def test_a_fault_is_refused_with_its_place(
    refused: Refused, source: Source, name: str, block_size: int
) -> None:
    case = CASES[name]
    # With small blocks, long values are validated again for every block, which is slow.
    block_size = max(block_size, 8192 if len(case.data) > 1000 else 64)
    error = refused(source(case.data), case, block_size)
    assert error.message.startswith(case.message)
    assert (error.offset, error.line, error.record, error.column) == (
        case.offset,
        case.line,
        case.record,
        case.column,
    )
    assert error.help


LATER = [name for name, case in CASES.items() if case.record and len(case.data) < 100]


@pytest.mark.parametrize("name", LATER)
def test_a_fault_far_into_the_file_has_the_place_it_has_there(
    refused: Refused, source: Source, name: str
) -> None:
    case = CASES[name]
    header, rest = case.data.split(b"\n", 1)
    fill = FILL.replace(b"\n", b"\r\n") if header.endswith(b"\r") else FILL
    error = refused(source(header + b"\n" + fill + rest), case, 64)
    assert error.message.startswith(case.message)
    assert case.offset is not None
    assert case.line is not None
    assert case.record is not None
    assert (error.offset, error.line, error.record, error.column) == (
        case.offset + len(fill),
        case.line + 500,
        case.record + 500,
        case.column,
    )


NEEDS_THE_END = [name for name in LATER if name == "unclosed quote" or "at the end" in name]


@pytest.mark.parametrize("name", LATER)
def test_a_fault_is_found_wherever_a_block_ends(
    refused: Refused, source: Source, name: str
) -> None:
    case = CASES[name]
    header, rest = case.data.split(b"\n", 1)
    line_end = b"\r\n" if header.endswith(b"\r") else b"\n"
    more = b"" if name in NEEDS_THE_END else (b"1,2" + line_end) * 40
    assert case.offset is not None
    for shift in range(64):
        fill = b"x" * shift + b",y" + line_end
        error = refused(source(header + b"\n" + fill + rest + more), case, 64)
        assert error.message.startswith(case.message)
        assert error.offset == case.offset + len(fill)


def test_a_record_too_long_is_found_wherever_a_block_ends(alike: Alike, source: Source) -> None:
    limits = FormatLimits(record=300)
    for shift in range(0, 1024, 50):
        data = b"a,b\n" + b"x" * (shift % 290) + b",y\n" + b"1,2\n" * (shift // 4)
        where = source(data + b"x," + b"y" * 299 + b"\n" + b"1,2\n" * 300)
        with pytest.raises(CsvError, match="the record is longer than 300") as caught:
            alike(lambda each: scan(where, limits=limits, block_size=1024, backend=each))  # noqa: B023 - called at once
        assert caught.value.offset == len(data)


def test_a_file_that_changes_before_the_rows_are_read_is_refused(source: Source) -> None:
    head = read_head(source(b"a,b\n1,2\n3,4\n"))
    source(b"a,b\n1,2\n3,4\n5,6\n")
    with pytest.raises(CsvError, match="the file changed"):
        next(iter_parts(head, limit=PartLimit(rows=1)))


def test_the_place_is_spelled_out(refused: Refused, source: Source) -> None:
    error = refused(source(b"a,b\n1,\xe9\n"), CASES["Latin-1"], 64)
    assert error.place == "data.csv:line 2 (record 1, column 2), byte offset 6"
    assert str(error) == f"{error.place}: byte 0xE9 is not valid UTF-8"
    assert error.notes == ("column 2 is b",)


def test_the_place_in_the_header_is_spelled_out(refused: Refused, source: Source) -> None:
    error = refused(source(b"a,A\n"), CASES["column twice"], 64)
    assert error.place == "data.csv:line 1 (header, column 2), byte offset 0"


def test_text_after_a_value_says_where_the_value_opens(refused: Refused, source: Source) -> None:
    # The usual cause is an unclosed quote several records earlier.
    error = refused(source(b'a,b\n1,"x\n2,"y"\n'), CASES["text after a value"], 64)
    assert (error.line, error.offset) == (3, 12)
    assert "the value starts at line 2, byte offset 6" in error.notes


def test_the_first_of_several_faults_is_told(refused: Refused, source: Source) -> None:
    error = refused(source(b"a,b\n1,2\r\n3\n4,\0\n"), CASES["CRLF in a file of LF"], 64)
    assert error.offset == 7


def test_refusals_are_data_errors_that_end_with_the_code_for_wrong_input(
    refused: Refused, source: Source
) -> None:
    error = refused(source(b""), CASES["empty file"], 64)
    assert isinstance(error, DataError)
    assert error.exit_code is ExitCode.WRONG


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"a,b\n1," + b"x" * 131_072 + b"\n", id="longest value"),
        pytest.param(b'a,b\n1,"' + b'""' * 131_072 + b'"\n', id="longest value, all quotes"),
        pytest.param(b"a,b\n1," + "🎈".encode() * 131_072 + b"\n", id="longest value, wide"),
        pytest.param(
            b"a,b,c,d\n" + b",".join(["é".encode() * 99_999] * 4) + b"xyz\n"[3:],
            id="longest record, wide",
        ),
        pytest.param(b'a,b\n"",\n"\n\n","""\n"""\n', id="breaks and quotes in values"),
        pytest.param(b"a,b\n , x \n", id="spaces around values"),
        pytest.param(b'a\n"x"', id="closing quote at the end of the file"),
    ],
)
@pytest.mark.parametrize("block_size", [8192, 1 << 20])
def test_what_the_api_takes_is_not_refused(
    alike: Alike, source: Source, data: bytes, block_size: int
) -> None:
    where = source(data)
    found = alike(lambda each: scan(where, delimiter=",", block_size=block_size, backend=each))
    (part,) = found.parts
    with part.open() as body:
        assert body.read() == data


@pytest.mark.parametrize("block_size", [64, 1 << 20])
def test_a_record_larger_than_a_part_is_refused_where_it_starts(
    alike: Alike, source: Source, block_size: int
) -> None:
    data = b"a,b\n" + b"1,2\n" * 40 + b"3," + b"x" * 100 + b"\n4,5\n"
    where, limit = source(data), PartLimit(bytes=50)
    with pytest.raises(CsvError, match="do not fit into a part of 50 bytes") as caught:
        alike(lambda each: scan(where, limit=limit, block_size=block_size, backend=each))
    assert (caught.value.offset, caught.value.line, caught.value.record) == (164, 42, 41)


def test_a_last_record_without_line_end_may_be_too_large_too(source: Source) -> None:
    with pytest.raises(CsvError, match="do not fit") as caught:
        scan(source(b"a,b\n1,2\n3," + b"x" * 100), limit=PartLimit(bytes=50), block_size=64)
    assert caught.value.record == 2


def test_a_header_that_fills_a_part_is_refused(source: Source) -> None:
    with pytest.raises(CsvError, match="the header has 4 bytes, so no row fits") as caught:
        scan(source(b"a,b\n1,2\n"), limit=PartLimit(bytes=4))
    assert caught.value.record == 0


def test_a_named_delimiter_or_line_ending_overrules_the_bytes(source: Source) -> None:
    with pytest.raises(CsvError, match="this line ends in LF, but the file's lines end in CRLF"):
        read_head(source(b"a,b\n1,2\n"), line_ending="CRLF")
    head = read_head(source(b"a,b;c\n1,2;3\n"), delimiter=";")
    assert head.header.columns == ("a,b", "c")


@pytest.mark.parametrize("kind", ["missing", "folder"])
def test_a_path_that_is_no_file_is_refused(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "missing.csv" if kind == "missing" else tmp_path
    with pytest.raises(
        CsvError, match="does not exist" if kind == "missing" else "this is a folder"
    ):
        scan(ByteSource.of(path))
