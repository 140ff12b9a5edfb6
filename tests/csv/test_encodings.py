"""Files in other encodings are converted without loss, or rejected with a position."""

from __future__ import annotations

import encodings
import pkgutil
from contextlib import suppress
from encodings.aliases import aliases
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bulkflow_csv import ByteSource, CsvError, is_encoding, recode
from bulkflow_csv.rewriting import encoding as recoding


@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow], deadline=None
)
@given(
    encoding=st.sampled_from(["utf-8", "utf-16", "utf-16-be", "utf-32", "latin-1", "shift_jis"]),
    text=st.text(st.sampled_from('aé東"\n\r,')),
    block=st.integers(1, 9),
)
def test_text_stays_as_it_is(tmp_path: Path, encoding: str, text: str, block: int) -> None:
    data = text.encode(encoding, "ignore")
    place = tmp_path / "data.csv"
    place.write_bytes(data)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(recoding, "_BLOCK", block)
        made = recode(ByteSource.of(place), tmp_path, encoding)
    assert made.path.read_bytes() == data.decode(encoding).encode()
    assert (made.name, made.spooled) == (str(place), True)
    made.path.unlink()


def test_an_invalid_byte_is_reported_with_its_position(tmp_path: Path) -> None:
    place = tmp_path / "data.csv"
    place.write_bytes(b"Name\nA\nB\x81\n")
    with pytest.raises(CsvError, match="0x81 is not valid windows-1252") as caught:
        recode(ByteSource.of(place), tmp_path, "windows-1252")
    assert (caught.value.offset, caught.value.line) == (8, 3)
    assert list(tmp_path.iterdir()) == [place]


@pytest.mark.parametrize(
    ("name", "known"), [("utf-16", True), ("cp1252", True), ("utf-9", False), ("base64", False)]
)
def test_encodings_are_those_of_text(name: str, *, known: bool) -> None:
    assert is_encoding(name) == known


NAMES = sorted({each.name for each in pkgutil.iter_modules(encodings.__path__)} | set(aliases))
BYTES = [b"Name\nA\n", b"Na\xe9me\n\xff\xfe\x80\n", b"\0" * 5, b"\xff\xfeN\0", b"\\N{x} \\x9\n"]


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize("data", BYTES, ids=repr)
def test_every_codec_reads_a_file_or_refuses_it(tmp_path: Path, data: bytes) -> None:
    place = tmp_path / "data.csv"
    place.write_bytes(data)
    for name in filter(is_encoding, NAMES):
        with suppress(CsvError):
            recode(ByteSource.of(place), tmp_path, name).path.unlink()
    assert list(tmp_path.iterdir()) == [place]


@pytest.mark.parametrize("name", ["utf-16", "UTF16", "utf_16", "U16"])
def test_a_missing_byte_order_mark_is_reported(tmp_path: Path, name: str) -> None:
    place = tmp_path / "data.csv"
    place.write_bytes("Name\nAB\n".encode("utf-16-le"))
    with pytest.raises(CsvError, match="byte order mark") as caught:
        recode(ByteSource.of(place), tmp_path, name)
    assert f'encoding "utf-{name[-2:]}-le"' in str(caught.value.help)
