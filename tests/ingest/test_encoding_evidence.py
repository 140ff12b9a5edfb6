"""A clause `encoding` that the bytes contradict is refused, never loaded as mojibake."""

from __future__ import annotations

import codecs
import json
from pathlib import Path

import pytest

from support.workshop import Workshop

TEXT = "Name,BillingCity\nMüller,Köln\nGröße,Zürich\n"


@pytest.fixture
def desk(tmp_path: Path) -> Workshop:
    return Workshop(tmp_path, {})


def find(desk: Workshop, data: bytes, encoding: str | None, *command: str) -> list[tuple[str, str]]:
    desk.write("rows.csv", data)
    clause = "" if encoding is None else f'    encoding "{encoding}"\n'
    text = f'org sandbox\n\njob a\n    insert Account\n    from "rows.csv"\n{clause}\nload job a\n'
    ran = desk.command(*command, "--format", "json", str(desk.write("t.bulkflow", text)))
    found = json.loads(ran.out)
    listed = found["diagnostics"] if isinstance(found, dict) else found
    assert ran.code == (2 if listed else 0)
    return [(each["code"], f"{each['message']} {each['help']}") for each in listed]


@pytest.mark.parametrize("command", [("plan",), ("check", "--sources")], ids=" ".join)
@pytest.mark.parametrize(
    ("data", "encoding", "evidence"),
    [
        (TEXT.encode(), "windows-1252", "its 5 characters beyond ASCII are valid UTF-8"),
        (TEXT.encode("utf-8-sig"), "latin-1", "the byte order mark of UTF-8"),
        (TEXT.encode("utf-16"), "windows-1252", "the byte order mark of UTF-16"),
        (TEXT.encode("utf-16"), "utf-8", "the byte order mark of UTF-16"),
        (TEXT.encode("utf-8-sig"), "utf-16", "the byte order mark of UTF-8"),
        (codecs.BOM_UTF16_BE + TEXT.encode("utf-16-be"), "cp850", "of UTF-16"),
    ],
)
def test_a_contradiction_is_refused(
    desk: Workshop, data: bytes, encoding: str, evidence: str, command: tuple[str, ...]
) -> None:
    ((code, message),) = find(desk, data, encoding, *command)
    assert code == "B428"
    assert evidence in message


@pytest.mark.parametrize(
    ("data", "encoding"),
    [
        (TEXT.encode("windows-1252"), "windows-1252"),
        (TEXT.encode("utf-16"), "utf-16"),
        (TEXT.encode("utf-16-le"), "utf-16-le"),
        (TEXT.encode("cp850"), "cp850"),
        ("Name\n表,ソ\n".replace(",", "").encode("shift_jis"), "shift_jis"),
        # One pair of characters of windows-1252 that is valid UTF-8 by chance.
        ("Name\nÃ¼\n".encode("windows-1252"), "windows-1252"),
        (b"Name\nMuller\n", "windows-1252"),
        (TEXT.encode(), "utf-8"),
    ],
)
def test_what_the_bytes_agree_with_is_loaded(desk: Workshop, data: bytes, encoding: str) -> None:
    assert find(desk, data, encoding, "plan") == []


def test_one_damaged_byte_does_not_lead_to_another_encoding(desk: Workshop) -> None:
    data = TEXT.encode().replace("Größe".encode(), b"Gr\xf6sse")
    ((_, message),) = find(desk, data, None, "plan")
    assert "line 3" in message
    assert "windows-1252" not in message


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be"])
def test_utf_16_is_named_with_the_clause_that_reads_it(desk: Workshop, encoding: str) -> None:
    ((_, message),) = find(desk, TEXT.encode(encoding), None, "plan")
    assert "UTF-16" in message
    assert 'encoding "utf-16' in message
