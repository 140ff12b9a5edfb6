"""Sources: plain files, and copies of data that cannot be read at any offset."""

from __future__ import annotations

import gzip
import io
import os
import re
import stat
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from bulkflow_csv import ByteSource, CsvError, open_source, scan, spool

DATA = b"a,b\n" + b"1,2\n" * 10_000
POSIX = pytest.mark.skipif(os.name != "posix", reason="has neither modes nor named pipes")


@pytest.fixture
def spools(tmp_path: Path) -> Path:
    folder = tmp_path / "spools"
    folder.mkdir()
    return folder


def test_a_stream_is_copied_whole(spools: Path) -> None:
    source = spool(io.BytesIO(DATA), spools, name="stdin")
    assert source.name == "stdin"
    assert source.spooled
    assert source.path.parent == spools
    assert source.path.read_bytes() == DATA
    assert scan(source).rows == 10_000


@POSIX
def test_a_copy_is_for_its_owner_only(spools: Path) -> None:
    source = spool(io.BytesIO(DATA), spools, name="stdin")
    assert stat.S_IMODE(source.path.stat().st_mode) == 0o600


def test_two_copies_do_not_meet(spools: Path) -> None:
    one = spool(io.BytesIO(b"1"), spools, name="stdin")
    two = spool(io.BytesIO(b"2"), spools, name="stdin")
    assert (one.path.read_bytes(), two.path.read_bytes()) == (b"1", b"2")


class Endless(io.RawIOBase):
    """A stream of `size` bytes that records the largest requested block."""

    def __init__(self, size: int) -> None:
        self.left = size
        self.largest = 0

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        assert size > 0
        self.largest = max(self.largest, size)
        block = b"x" * min(size, self.left)
        self.left -= len(block)
        return block


def test_a_stream_is_never_held_whole(spools: Path) -> None:
    stream = Endless(10_000_000)
    source = spool(stream, spools, name="stdin")
    assert source.path.stat().st_size == 10_000_000
    assert stream.largest <= 1 << 20


class Broken(Endless):
    """A stream that fails."""

    def read(self, size: int = -1) -> bytes:
        if self.left <= 0:
            raise OSError(5, "Input/output error")
        return super().read(size)


def test_a_stream_that_breaks_off_leaves_no_copy(spools: Path) -> None:
    with pytest.raises(CsvError, match="cannot be copied") as caught:
        spool(Broken(5_000_000), spools, name="stdin")
    assert caught.value.place == "stdin"
    assert isinstance(caught.value.__cause__, OSError)
    assert list(spools.iterdir()) == []


def test_an_interrupt_leaves_no_copy(spools: Path) -> None:
    class Interrupted(Endless):
        def read(self, size: int = -1) -> bytes:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        spool(Interrupted(1), spools, name="stdin")
    assert list(spools.iterdir()) == []


def test_a_folder_that_is_missing_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(CsvError, match="cannot be copied"):
        spool(io.BytesIO(DATA), tmp_path / "nowhere", name="stdin")


def test_a_plain_file_is_taken_as_it_is(tmp_path: Path, spools: Path) -> None:
    path = tmp_path / "data.csv"
    path.write_bytes(DATA)
    assert open_source(path, spools, name="export/data.csv") == ByteSource("export/data.csv", path)
    assert list(spools.iterdir()) == []


@pytest.mark.parametrize("name", ["data.csv.gz", "DATA.CSV.GZ"])
def test_a_compressed_file_is_copied_plain(tmp_path: Path, spools: Path, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(gzip.compress(DATA[:100]) + gzip.compress(DATA[100:]))
    source = open_source(path, spools)
    assert source.name == str(path)
    assert source.path.read_bytes() == DATA


@pytest.mark.parametrize(
    ("data", "words"),
    [
        pytest.param(b"a,b\n1,2\n", "ends in .gz, but the content is not gzip", id="plain"),
        pytest.param(gzip.compress(DATA)[:-9], "the gzip file is truncated", id="cut off"),
        pytest.param(gzip.compress(DATA)[:40] + b"\xff" * 40, "the gzip file is ", id="damaged"),
        pytest.param(
            gzip.compress(DATA)[:-8] + bytes(8), "the gzip file is corrupt", id="another checksum"
        ),
    ],
)
def test_a_file_that_is_not_whole_gzip_is_refused(
    tmp_path: Path, spools: Path, data: bytes, words: str
) -> None:
    path = tmp_path / "data.csv.gz"
    path.write_bytes(data)
    with pytest.raises(CsvError, match=re.escape(words)):
        open_source(path, spools, name="data.csv.gz")
    assert list(spools.iterdir()) == []


@POSIX
def test_a_named_pipe_is_copied(tmp_path: Path, spools: Path) -> None:
    path = tmp_path / "pipe"
    os.mkfifo(path)
    writer = threading.Thread(target=path.write_bytes, args=[DATA])
    writer.start()
    source = open_source(path, spools)
    writer.join()
    assert source.spooled
    assert source.path.read_bytes() == DATA


@pytest.mark.parametrize("name", ["missing.csv", "missing.csv.gz"])
def test_a_missing_file_is_refused(tmp_path: Path, spools: Path, name: str) -> None:
    with pytest.raises(CsvError, match="does not exist"):
        open_source(tmp_path / name, spools)


def test_the_package_is_imported_without_numpy() -> None:
    code = "import sys, bulkflow_csv; sys.exit('numpy' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)
