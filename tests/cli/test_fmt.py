"""`bulkflow fmt`, as a whole command."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from bulkflow.source import LARGEST
from support.workshop import Workshop

UGLY = "org   sandbox # where to\njob a\n  insert Account\n  from 'a.csv'\n".replace("'", '"')
NEAT = 'org sandbox  # where to\njob a\n    insert Account\n    from "a.csv"\n'


@pytest.fixture
def workshop(tmp_path: Path) -> Workshop:
    return Workshop(tmp_path, {})


def test_a_file_is_rewritten_and_its_neighbours_are_left_alone(workshop: Workshop) -> None:
    ugly = workshop.write("ugly.bulkflow", UGLY)
    neat = workshop.write("neat.bulkflow", NEAT)
    before = neat.stat()
    ran = workshop.command("fmt", str(ugly), str(neat))
    assert (ran.code, ran.out) == (0, "")
    assert ran.err == f"reformatted {ugly.as_posix()}\n1 file reformatted, 1 file left unchanged\n"
    assert ugly.read_text("utf-8") == NEAT
    assert (neat.stat().st_mtime_ns, neat.stat().st_ino) == (before.st_mtime_ns, before.st_ino)
    assert sorted(path.name for path in workshop.folder.iterdir()) == [neat.name, ugly.name]


def test_a_check_changes_nothing_and_tells(workshop: Workshop) -> None:
    ugly = workshop.write("ugly.bulkflow", UGLY)
    ran = workshop.command("fmt", "--check", str(ugly))
    assert (ran.code, ran.out) == (1, "")
    assert "would reformat" in ran.err
    assert ugly.read_text("utf-8") == UGLY
    assert workshop.command("fmt", str(ugly)).code == 0
    assert workshop.command("fmt", "--check", str(ugly)).code == 0


def test_a_difference_is_shown_and_not_made(workshop: Workshop) -> None:
    ugly = workshop.write("ugly.bulkflow", UGLY.rstrip("\n"))
    ran = workshop.command("fmt", "--diff", str(ugly))
    assert ran.code == 1
    assert "-org   sandbox # where to\n+org sandbox  # where to\n" in ran.out
    assert "\n\\ No newline at end of file\n" in ran.out
    assert ugly.read_text("utf-8") == UGLY.rstrip("\n")
    neat = workshop.write("neat.bulkflow", NEAT)
    assert workshop.command("fmt", "--diff", str(neat)).code == 0


def test_what_a_terminal_acts_upon_is_shown_and_not_passed_on(workshop: Workshop) -> None:
    file = workshop.write("odd.bulkflow", 'log   "\x1b]0;owned\x07\t\u202e"\n')
    ran = workshop.command("fmt", "--diff", str(file))
    assert ran.code == 1
    assert '+log "\\x1b]0;owned\\x07\t\\u202e"\n' in ran.out


def test_a_standard_input_without_an_end_is_not_read_to_it(workshop: Workshop) -> None:
    ran = workshop.command("fmt", "-", stdin=b"#" * (LARGEST + 2))
    assert ran.code == 2
    assert "stdin is too large" in ran.err


def test_stdin_is_written_to_stdout(workshop: Workshop) -> None:
    ran = workshop.command("fmt", "-", stdin=UGLY.encode())
    assert (ran.code, ran.out, ran.err) == (0, NEAT, "")
    checked = workshop.command("fmt", "--check", "-", stdin=UGLY.encode())
    assert (checked.code, checked.out) == (1, "")
    assert workshop.command("fmt", "-", stdin=b"\xff").code == 2
    utf16 = workshop.command("fmt", "-", stdin=UGLY.encode("utf-16"))
    assert utf16.code == 2
    assert "stdin is UTF-16" in utf16.err
    assert workshop.command("fmt", "-", "other.bulkflow").code == 2


def test_a_file_with_mistakes_is_left_alone_and_the_others_are_not(workshop: Workshop) -> None:
    wrong = workshop.write("wrong.bulkflow", UGLY + 'log "a\n')
    ugly = workshop.write("ugly.bulkflow", UGLY)
    ran = workshop.command("fmt", str(wrong), str(workshop.folder / "none"), str(ugly))
    assert ran.code == 2
    assert "error[B103]" in ran.err
    assert "none" in ran.err
    assert "1 file reformatted, 2 files left alone because of errors" in ran.err
    assert wrong.read_text("utf-8") == UGLY + 'log "a\n'
    assert ugly.read_text("utf-8") == NEAT


def test_line_ends_of_windows_stay(workshop: Workshop) -> None:
    file = workshop.write("file.bulkflow", b"\xef\xbb\xbf" + UGLY.replace("\n", "\r\n").encode())
    assert workshop.command("fmt", str(file)).code == 0
    assert file.read_bytes() == NEAT.replace("\n", "\r\n").encode()
    assert workshop.command("fmt", "--check", str(file)).code == 0


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no permission bits to keep")
def test_permissions_and_links_stay(workshop: Workshop) -> None:
    file = workshop.write("real/file.bulkflow", UGLY)
    file.chmod(0o640)
    link = workshop.folder / "link.bulkflow"
    link.symlink_to(file)
    assert workshop.command("fmt", str(link)).code == 0
    assert link.is_symlink()
    assert file.read_text("utf-8") == NEAT
    assert file.stat().st_mode & 0o777 == 0o640


@pytest.mark.skipif(
    sys.platform == "win32" or os.geteuid() == 0, reason="no folder refuses this user"
)
def test_a_folder_that_cannot_be_written_is_told(workshop: Workshop) -> None:
    file = workshop.write("closed/file.bulkflow", UGLY)
    file.parent.chmod(0o500)
    try:
        ran = workshop.command("fmt", str(file))
    finally:
        file.parent.chmod(0o700)
    assert ran.code == 2
    assert "cannot write" in ran.err
    assert file.read_text("utf-8") == UGLY


def test_a_replacement_that_fails_leaves_the_file_and_no_litter(
    workshop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = workshop.write("file.bulkflow", UGLY)

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    ran = workshop.command("fmt", str(file))
    assert ran.code == 2
    assert "no room is left on the disk" in ran.err
    assert file.read_text("utf-8") == UGLY
    assert [path.name for path in workshop.folder.iterdir()] == [file.name]
