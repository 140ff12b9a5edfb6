"""Compressed CSV files load as their contents do."""

from __future__ import annotations

import bz2
import gzip
from pathlib import Path

import pytest

from bulkflow_csv import CsvError, find_compression, open_source, read_rows
from bulkflow_csv.compression import load_zstd
from support.workshop import Workshop

ROWS = "External_Id__c\tName\n" + "".join(f"A-{i}\tAccount {i}, Ltd\n" for i in range(500))
CHECKED = {load_zstd().CompressionParameter.checksum_flag: 1}
COMPRESS = {
    ".gz": gzip.compress,
    ".bz2": bz2.compress,
    ".zst": lambda data: load_zstd().compress(data, options=CHECKED),
}
KINDS = {".gz": "gzip", ".bz2": "bzip2", ".zst": "zstd"}


@pytest.mark.parametrize("streamed", ["", "\n    streamed"])
@pytest.mark.parametrize("suffix", COMPRESS)
def test_a_compressed_file_is_loaded(tmp_path: Path, suffix: str, streamed: str) -> None:
    shop = Workshop(tmp_path, {})
    shop.write(f"accounts.tsv{suffix}", COMPRESS[suffix](ROWS.encode()))
    pipeline = (
        f'org sandbox\njob a\n    insert Account\n    from "accounts.tsv{suffix}"{streamed}\nload\n'
    )
    checked = shop.command("check", "--sources", str(shop.write("test.bulkflow", pipeline)))
    assert checked.code == 0, checked.err
    ran = shop.run(pipeline)
    assert ran.code == 0, ran.out
    (job,) = ran.event("run_finished")["jobs"]
    assert (job["loaded"], job["failed"]) == (500, 0)


@pytest.mark.parametrize("suffix", COMPRESS)
def test_several_members_are_one_file(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"a.csv{suffix}"
    path.write_bytes(COMPRESS[suffix](b"a,b\n1,2\n") + COMPRESS[suffix](b"3,4\n"))
    assert open_source(path, tmp_path).path.read_bytes() == b"a,b\n1,2\n3,4\n"
    assert [row.values for row in read_rows(path)] == [["a", "b"], ["1", "2"], ["3", "4"]]


@pytest.mark.parametrize("suffix", COMPRESS)
def test_a_truncated_file_is_refused(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"a.csv{suffix}"
    path.write_bytes(COMPRESS[suffix](ROWS.encode())[:-8])
    for read in (lambda: open_source(path, tmp_path, name="a"), lambda: list(read_rows(path))):
        with pytest.raises(CsvError, match=f"the {KINDS[suffix]} file is truncated"):
            read()
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("suffix", COMPRESS)
def test_a_name_that_promises_too_much_is_told(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"a.csv{suffix}"
    path.write_bytes(b"a,b\n1,2\n" * 4)
    with pytest.raises(CsvError, match=f"ends in {suffix}, but the content is not") as raised:
        open_source(path, tmp_path)
    assert f"remove {suffix} from its name" in str(raised.value.help)


@pytest.mark.parametrize("suffix", COMPRESS)
def test_damage_in_the_middle_is_refused(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"a.csv{suffix}"
    packed = bytearray(COMPRESS[suffix](ROWS.encode()))
    packed[len(packed) // 2] ^= 0xFF
    path.write_bytes(packed)
    with pytest.raises(CsvError, match=KINDS[suffix]):
        open_source(path, tmp_path)


def test_other_names_are_not_compressed() -> None:
    assert find_compression(Path("gz/a.csv")) is None
    assert find_compression(Path("A.CSV.GZ")) is not None
