"""Digests of files and parts, computed by a scan and from the bytes."""

from __future__ import annotations

import io
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from xxhash import xxh3_128_hexdigest

from bulkflow_csv import ByteSource, CsvError, PartLimit, compute_digest, scan
from support.alike import Alike

Source = Callable[[bytes], ByteSource]


def plain(data: bytes) -> str:
    return f"xxh3:{xxh3_128_hexdigest(data)}"


@settings(
    max_examples=200,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    lengths=st.lists(st.sampled_from([0, 1, 10, 60, 61, 200, 500]), max_size=30),
    block=st.sampled_from([64, 128, 1024]),
    limit=st.sampled_from(
        [PartLimit(rows=1), PartLimit(rows=4), PartLimit(bytes=700), PartLimit(multiple=3, least=9)]
    ),
    bom=st.booleans(),
    ended=st.booleans(),
    blank=st.integers(0, 150),
)
def test_the_scan_digests_the_file_and_each_part(
    alike: Alike,
    tmp_path: Path,
    lengths: list[int],
    block: int,
    limit: PartLimit,
    bom: bool,
    ended: bool,
    blank: int,
) -> None:
    rows = [b'%d,"%s"' % (number, b"x\n" * (size // 2)) for number, size in enumerate(lengths)]
    data = b"\xef\xbb\xbf" * bom + b"\n".join([b"id,text", *rows]) + b"\n" * (ended + blank * ended)
    path = tmp_path / "data.csv"
    path.write_bytes(data)
    source = ByteSource("data.csv", path)
    found = alike(lambda each: scan(source, limit=limit, block_size=block, backend=each))
    assert found.digest == plain(data) == compute_digest(source)
    for part in found.parts:
        assert part.digest == plain(data[part.start : part.end])
        assert part.digest == compute_digest(source, part.start, part.end)


@pytest.mark.parametrize(("start", "end"), [(0, 5), (3, 3), (7, None), (0, None), (1, 2_000_001)])
def test_a_range_is_digested_by_path_and_by_open_file(
    tmp_path: Path, start: int, end: int | None
) -> None:
    data = bytes(range(251)) * 10_000
    path = tmp_path / "data.csv"
    path.write_bytes(data)
    assert compute_digest(path, start, end) == plain(data[start:end])
    with path.open("rb", buffering=0) as file:
        file.seek(99)
        assert compute_digest(file, start, end) == plain(data[start:end])
        assert not file.closed


def test_a_file_that_ends_before_the_range_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "data.csv"
    path.write_bytes(b"x" * 100)
    with pytest.raises(CsvError, match="it now ends at byte offset 100"):
        compute_digest(path, 10, 101)
    with pytest.raises(CsvError, match="does not exist"):
        compute_digest(tmp_path / "missing.csv")


class Counting(io.FileIO):
    """A file that records the largest requested size."""

    largest = 0

    def readinto(self, buffer: memoryview, /) -> int:
        self.largest = max(self.largest, len(buffer))
        return super().readinto(buffer)


def test_memory_does_not_grow_with_the_range(tmp_path: Path) -> None:
    path = tmp_path / "data.csv"
    with path.open("wb") as out:
        out.truncate(10_000_000)
    with Counting(path) as file:
        compute_digest(file)
        assert 0 < file.largest <= 1 << 20


def test_a_record_of_many_blocks_is_digested_whole(source: Source) -> None:
    where = source(b"a\n" + b"1\n" + b"x" * 50_000 + b"\n" + b"y\n" * 10)
    found = scan(where, limit=PartLimit(rows=1), block_size=64)
    assert [part.digest for part in found.parts[:3]] == [
        plain(b"1\n"),
        plain(b"x" * 50_000 + b"\n"),
        plain(b"y\n"),
    ]


def test_the_package_is_imported_without_xxhash() -> None:
    code = "import sys, bulkflow_csv; sys.exit('xxhash' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)
