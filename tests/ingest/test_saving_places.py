"""Output goes to what its path is, and nothing half-written stays in the user's folders."""

from __future__ import annotations

import os
import shutil
import signal
import stat
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from bulkflow.atomic_files import FOLDER, clear_drafts, deliver_file, replace_file
from bulkflow_salesforce.http.download_target import open_target
from support.workshop import Workshop

pytestmark = pytest.mark.skipif(os.name != "posix", reason="links and devices are POSIX's")

PIPELINE = """\
org env
job people
    insert Contact
    from "people.csv"
load job people
save all rows of job people to "{0}"
"""


def save_to(workshop: Workshop, place: str) -> None:
    workshop.write("people.csv", "LastName\nx\n")
    ran = workshop.run(PIPELINE.format(place), "--fresh")
    assert ran.code == 0, ran.out


def test_a_link_is_followed_and_stays(workshop: Workshop) -> None:
    workshop.write("days/monday.csv", "old\n")
    link = workshop.folder / "latest.csv"
    link.symlink_to("days/monday.csv")
    save_to(workshop, "latest.csv")
    assert link.readlink() == Path("days/monday.csv")
    assert link.read_text("utf-8").startswith("LastName,_file")
    assert [each.name for each in (workshop.folder / "days").iterdir()] == ["monday.csv"]


def test_a_link_to_a_file_that_is_not_there_yet_is_followed(workshop: Workshop) -> None:
    link = workshop.folder / "latest.csv"
    link.symlink_to("tuesday.csv")
    save_to(workshop, "latest.csv")
    assert link.is_symlink()
    assert (workshop.folder / "tuesday.csv").read_text("utf-8").startswith("LastName,_file")


def test_a_device_stays_a_device(workshop: Workshop) -> None:
    # Not /dev/null itself: were it replaced, the machine would suffer.
    device = workshop.folder / "null"
    try:
        os.mknod(device, 0o600 | stat.S_IFCHR, os.makedev(1, 3))
        device.write_bytes(b"x")
    except OSError:
        pytest.skip("no devices can be made here")
    save_to(workshop, "null")
    assert stat.S_ISCHR(device.lstat().st_mode)


@pytest.mark.parametrize("name", ["rows", "rows.gz"])
def test_who_reads_a_fifo_gets_the_rows(workshop: Workshop, name: str) -> None:
    fifo = workshop.folder / name
    os.mkfifo(fifo)
    read: list[bytes] = []
    reader = threading.Thread(target=lambda: read.append(fifo.read_bytes()), daemon=True)
    reader.start()
    save_to(workshop, name)
    reader.join(30)
    assert stat.S_ISFIFO(fifo.lstat().st_mode)
    assert read[0].startswith(b"\x1f\x8b" if name.endswith(".gz") else b"LastName,_file")


def test_result_files_go_where_links_lead(workshop: Workshop) -> None:
    elsewhere = workshop.write("elsewhere.csv", "")
    (workshop.folder / "out").mkdir()
    (workshop.folder / "out" / "people-1-successful.csv").symlink_to(elsewhere)
    workshop.write("people.csv", "LastName\nx\n")
    pipeline = PIPELINE.replace("save all rows of job people", "save results of job people")
    assert workshop.run(pipeline.format("out"), "--fresh").code == 0
    assert (workshop.folder / "out" / "people-1-successful.csv").is_symlink()
    assert elsewhere.read_text("utf-8").startswith('"sf__Id"')


def test_a_download_is_written_through_a_link(tmp_path: Path) -> None:
    target = tmp_path / "target"
    (tmp_path / "link").symlink_to(target)
    with open_target(tmp_path / "link") as sink:
        sink.write(b"x")
    assert (tmp_path / "link").is_symlink()
    assert target.read_bytes() == b"x"


def test_a_long_name_can_be_saved_to(workshop: Workshop) -> None:
    name = "x" * 251 + ".csv"
    save_to(workshop, name)
    assert (workshop.folder / name).exists()


KILLED = """
import os, shutil, signal, sys
from pathlib import Path
from bulkflow import atomic_files

def killed(*_):
    os.kill(os.getpid(), signal.SIGKILL)

if sys.argv[3] == "copying":
    def elsewhere(self, target):
        if self.parent.name == atomic_files.FOLDER:
            raise OSError(18, "Invalid cross-device link")
        killed()
    Path.replace = elsewhere

with atomic_files.deliver_file(Path(sys.argv[1]), Path(sys.argv[2])) as scratch:
    scratch.write_text("half")
    if sys.argv[3] == "writing":
        killed()
"""


@pytest.mark.parametrize("when", ["writing", "copying"])
def test_what_a_killed_run_left_is_removed(tmp_path: Path, when: str) -> None:
    out, run = tmp_path / "out", tmp_path / "state" / "runs" / "20260101-000000-aaaa"
    command = [sys.executable, "-c", KILLED, str(out / "rows.csv"), str(run), when]
    killed = subprocess.run(command, check=False)
    assert killed.returncode == -signal.SIGKILL
    left = list(out.iterdir())
    assert len(left) == (1 if when == "copying" else 0)
    assert list((run / FOLDER).iterdir())
    theirs = out / ".bulkflow-20260101-000000-bbbb-0123456789abcdef.part"
    theirs.write_text("of another run", "utf-8")
    clear_drafts(run)
    assert list(out.iterdir()) == [theirs]
    assert list((run / FOLDER).iterdir()) == []


def test_a_note_that_somebody_else_wrote_removes_nothing(tmp_path: Path) -> None:
    run, precious = tmp_path / "runs" / "r1", tmp_path / "precious"
    (run / FOLDER).mkdir(parents=True)
    precious.write_text("precious", "utf-8")
    (run / FOLDER / "0123.note").write_text(str(precious), "utf-8")
    clear_drafts(run)
    assert precious.exists()


def test_a_run_clears_what_the_one_before_it_left(workshop: Workshop) -> None:
    save_to(workshop, "rows.csv")
    (run,) = (workshop.folder / "state" / "runs").iterdir()
    left = workshop.folder / f".bulkflow-{run.name}-0123.part"
    left.write_text("half", "utf-8")
    (run / FOLDER / "0123.note").write_text(str(left), "utf-8")
    save_to(workshop, "rows.csv")
    assert not left.exists()


def test_another_disk_takes_a_file_whole(tmp_path: Path, other_disk: Path) -> None:
    with deliver_file(other_disk / "rows.csv", tmp_path / "r1") as scratch:
        scratch.write_text("rows", "utf-8")
    assert [each.name for each in other_disk.iterdir()] == ["rows.csv"]
    assert (other_disk / "rows.csv").read_text("utf-8") == "rows"
    assert list((tmp_path / "r1" / FOLDER).iterdir()) == []


@pytest.fixture
def other_disk(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "disk"
    folder.mkdir()
    program = shutil.which("mount")
    command = [str(program), "-t", "tmpfs", "none", str(folder)]
    if program is None or subprocess.run(command, capture_output=True, check=False).returncode:
        pytest.skip("no disks can be mounted here")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def test_formatting_removes_what_a_killed_one_left(tmp_path: Path) -> None:
    file = tmp_path / "x.bulkflow"
    file.write_text("old", "utf-8")
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    left = tmp_path / f".x.bulkflow.bulkflow-{ended.pid}-abc.part"
    alive = tmp_path / f".x.bulkflow.bulkflow-{os.getppid()}-abc.part"
    for each in (left, alive):
        each.write_text("half", "utf-8")
    replace_file(file, b"new")
    assert {each.name for each in tmp_path.iterdir()} == {"x.bulkflow", alive.name}
