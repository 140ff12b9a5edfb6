"""Sources that cannot be read: folders, odd names, a closed standard input."""

from __future__ import annotations

import gzip
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from bulkflow.errors import DataError
from bulkflow.plugin import SourceRequest
from bulkflow_csv import ByteSource, CsvError, scan
from bulkflow_csv.locations import open_files
from support.workshop import Workshop

PIPELINE = """
org sandbox
job a
    insert Account
    from "%s"
load job a
require failed rows under 1
"""
COMMANDS = [("plan",), ("check", "--sources"), ("run", "--json")]


@pytest.fixture
def workshop(tmp_path: Path) -> Workshop:
    return Workshop(tmp_path, {})


def refused(workshop: Workshop, location: str, command: tuple[str, ...]) -> str:
    file = workshop.write("x.bulkflow", PIPELINE % location)
    ran = workshop.command(*command, str(file))
    assert ran.code == 2, ran.err
    assert "fault of the plugin" not in ran.err + ran.out
    assert "internal error" not in ran.err + ran.out
    return ran.err + ran.out


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_a_folder_is_called_a_folder(workshop: Workshop, command: tuple[str, ...]) -> None:
    (workshop.folder / "export").mkdir()
    words = refused(workshop, "export/", command)
    assert "this is a folder" in words
    assert "export/*.csv" in words


@pytest.mark.skipif(sys.platform != "linux", reason="names are any bytes there only")
@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_a_name_that_is_not_utf_8_is_refused(workshop: Workshop, command: tuple[str, ...]) -> None:
    Path(os.fsdecode(os.fsencode(workshop.folder) + b"/\xff.csv")).write_text("Name\nA\n")
    words = refused(workshop, "*.csv", command)
    assert "the name of the file is not UTF-8" in words


@pytest.mark.skipif(sys.platform != "linux", reason="names are any bytes there only")
def test_a_loop_over_names_that_are_not_utf_8_is_refused(workshop: Workshop) -> None:
    Path(os.fsdecode(os.fsencode(workshop.folder) + b"/\xff.csv")).write_text("Name\nA\n")
    file = workshop.write("x.bulkflow", 'for f in "*.csv"\n    log f\n')
    ran = workshop.command("run", "--json", str(file))
    assert ran.code == 2
    assert "is not UTF-8" in ran.out


@pytest.mark.skipif(sys.platform != "linux", reason="names are any bytes there only")
@pytest.mark.parametrize("command", ["check", "plan", "run", "graph", "fmt"])
def test_a_pipeline_file_whose_name_is_not_utf_8_is_refused(tmp_path: Path, command: str) -> None:
    file = Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff.bulkflow"))
    file.write_text("log 1\n")
    ran = Workshop(tmp_path, {}).command(command, str(file))
    assert ran.code == 2
    assert "is not UTF-8" in ran.err


def test_a_closed_standard_input_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", None)
    with pytest.raises(DataError, match="standard input is closed"):
        list(open_files(SourceRequest("-", tmp_path, {})))


def test_no_encoding_is_advised_where_most_values_are_utf_8(tmp_path: Path) -> None:
    path = tmp_path / "mixed.csv"
    path.write_bytes("Name\nMüller\nCafé\n".encode() + b"Ol\xe9\n")
    with pytest.raises(CsvError, match="0xE9 is not valid UTF-8") as caught:
        scan(ByteSource.of(path))
    assert "the other values are UTF-8" in str(caught.value.help)
    path.write_bytes("Name\nMüller\nCafé\n".encode("cp1252"))
    with pytest.raises(CsvError) as caught:
        scan(ByteSource.of(path))
    assert 'encoding "windows-1252"' in str(caught.value.help)


def test_data_that_is_not_csv_is_rejected_before_it_is_decompressed_completely(
    workshop: Workshop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(temporary))
    size = 64 << 20
    with gzip.open(tmp_path / "nul.csv.gz", "wb", compresslevel=1) as file:
        for _ in range(size >> 20):
            file.write(bytes(1 << 20))
    largest = 0
    from bulkflow_csv import source

    copy = source.shutil.copyfileobj

    def counted(stream, out, length):
        nonlocal largest
        copy(stream, out, length)
        largest = max(largest, out.tell())

    monkeypatch.setattr(source.shutil, "copyfileobj", counted)
    words = refused(workshop, "nul.csv.gz", ("plan",))
    assert "NUL" in words
    assert largest <= 1 << 20
    assert list(temporary.iterdir()) == []


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no FIFOs")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=["SIGTERM", "SIGINT"])
@pytest.mark.parametrize("command", [("plan",)], ids=" ".join)
def test_copies_of_a_plan_that_is_ended_do_not_stay(
    tmp_path: Path, command: tuple[str, ...], number: signal.Signals
) -> None:
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    os.mkfifo(tmp_path / "pipe.csv")
    (tmp_path / "x.bulkflow").write_text(PIPELINE % "pipe.csv")
    child = subprocess.Popen(
        [sys.executable, "-m", "bulkflow", *command, "x.bulkflow"],
        cwd=tmp_path,
        env={**os.environ, "TMPDIR": str(temporary)},
        stderr=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
    )
    with (tmp_path / "pipe.csv").open("wb", buffering=0) as pipe:
        # More than the pipe buffer: when the write returns, some of it was copied.
        pipe.write(b"Name\n" + b"A\n" * 1_000_000)
        assert list(temporary.rglob("*.csv"))
        child.send_signal(number)
    _, words = child.communicate(timeout=60)
    assert child.returncode == 130
    assert b"interrupted" in words
    assert list(temporary.iterdir()) == []
