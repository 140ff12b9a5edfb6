"""Mixed line endings are normalized; line breaks in values are preserved where possible."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bulkflow_csv import ByteSource, choose_line_ending, normalize_line_endings, scan, write_copy
from bulkflow_csv.rewriting import line_endings


def normalize(path: Path, data: bytes, wanted: str | None = None) -> bytes | None:
    path.write_bytes(data)
    source = ByteSource.of(path)
    line_end = choose_line_ending(source, wanted)
    if line_end is None:
        return None
    made = write_copy(
        source, path.parent, lambda file: normalize_line_endings(file, line_end), prefix="lines-"
    )
    return made.path.read_bytes()


@pytest.mark.parametrize(
    ("data", "made"),
    [
        (b"A\n1\n", None),
        (b"A\r\n1\r\n", None),
        (b"A", None),
        (b"A\r\n1\n2\r\n", b"A\n1\n2\n"),
        (b"A\r1\r2\r", b"A\n1\n2\n"),
        (b"A\n1\r2\n", b"A\n1\n2\n"),
        # Common on Windows: line breaks in quotes keep their bytes.
        (b'A\r\n"x\ny"\r\n', b'A\n"x\ny"\n'),
        (b'A\n"x\r\ny"\n', b'A\r\n"x\r\ny"\r\n'),
        (b'A\n"x\r\ny"\n"x\ny"\n', b'A\n"x\ny"\n"x\ny"\n'),
        (b'A\n"x"\r\n""\n', b'A\n"x"\n""\n'),
    ],
)
def test_the_line_breaks_in_quotes_decide(tmp_path: Path, data: bytes, made) -> None:
    assert normalize(tmp_path / "a.csv", data) == made


def test_the_line_ending_of_the_user_is_used(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    assert normalize(path, b"A\n1\n", "CRLF") == b"A\r\n1\r\n"
    assert normalize(path, b"A\n1\r\n", "CRLF") == b"A\r\n1\r\n"
    assert normalize(path, b"A\n1\n", "LF") is None


@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow], deadline=None
)
@given(
    rows=st.lists(
        st.tuples(
            st.sampled_from(["x", '"a\nb"', '"a\r\nb"', '"""\r"', "é"]),
            st.sampled_from(["\n", "\r\n", "\r"]),
        ),
        min_size=1,
    ),
    block=st.integers(1, 9),
)
def test_a_normalized_file_can_be_loaded(tmp_path: Path, rows, block: int) -> None:
    data = "".join(cell + end for cell, end in [("A", "\n"), *rows]).encode()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(line_endings, "_BLOCK", block)
        made = normalize(tmp_path / "a.csv", data) or data
    (tmp_path / "b.csv").write_bytes(made)
    assert scan(ByteSource.of(tmp_path / "b.csv")).rows == len(rows)
    assert _flat(made) == _flat(data)


def _flat(data: bytes) -> bytes:
    return data.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
