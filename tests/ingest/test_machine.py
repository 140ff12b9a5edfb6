"""What a machine runs out of, or lets nobody write, is named as what it is."""

from __future__ import annotations

import errno
import gzip
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import duckdb
import pytest

from bulkflow.errors import BulkflowError
from bulkflow.plugin.error_boundary import attribute_errors
from bulkflow.system_errors import MachineError
from bulkflow_ingest.reconcile.database import ReconcileDatabase
from bulkflow_ingest.reconcile.errors import ReconcileError
from support.proxy import Proxy, answering
from support.workshop import Workshop

PIPELINE = """\
org env
job people
    insert Contact
    from "people.csv"
    parts of 20 rows
load job people
"""
RLIMITS = """
import resource, sys
resource.setrlimit(getattr(resource, sys.argv[1]), (int(sys.argv[2]), int(sys.argv[2])))
from bulkflow.cli import main
sys.exit(main(sys.argv[3:]))
"""


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Callable[[str], Path]]:
    """Mounts a disk of its own, of 1 MB, where that is allowed; and again, in another way."""
    folder = tmp_path / "disk"
    folder.mkdir()

    def mount(options: str) -> Path:
        program = shutil.which("mount")
        if program is None:
            pytest.skip("no disks can be mounted here")
        command = [program, "-t", "tmpfs", "-o", options, "none", str(folder)]
        if subprocess.run(command, capture_output=True, check=False).returncode:
            pytest.skip("no disks can be mounted here")
        return folder

    yield mount
    if os.path.ismount(folder):
        subprocess.run(["umount", str(folder)], check=True)


@contextmanager
def filled(folder: Path) -> Iterator[None]:
    """No byte is free while the block runs."""
    ballast = folder / "ballast"
    with ballast.open("wb", buffering=0) as file:
        for size in (1 << 16, 1 << 12, 1):
            with suppress(OSError):
                while file.write(bytes(size)) == size:
                    pass
    yield
    ballast.unlink()


@pytest.fixture
def unfinished(workshop: Workshop, proxy: Proxy, small_disk: Callable[[str], Path]) -> Path:
    """A disk with the state of a run that is not over."""
    disk = small_disk("size=2m")
    workshop.write("people.csv", "LastName\n" + "".join(f"row {n}\n" for n in range(50)))
    workshop.write("load.bulkflow", PIPELINE)
    proxy.on("PATCH", "/jobs/ingest/[^/]+", answering(403, [{"errorCode": "X", "message": "no"}]))
    ran = workshop.command(
        "run", str(workshop.folder / "load.bulkflow"), "--state-dir", str(disk / "state")
    )
    assert ran.code == 1, ran.err
    return disk


def test_a_full_disk_is_no_broken_journal(workshop: Workshop, unfinished: Path) -> None:
    place = ("--state-dir", str(unfinished / "state"))
    with filled(unfinished):
        for command in (("resume",), ("run", str(workshop.folder / "load.bulkflow"))):
            ran = workshop.command(*command, *place)
            assert ran.code in {1, 2}, ran.err
            assert "the disk is full" in ran.err or "unfinished" in ran.err, ran.err
            assert "move" not in ran.err
            assert "not a journal" not in ran.err
            assert "internal error" not in ran.err
            assert "fault of the plugin" not in ran.err
        listed = workshop.command("runs", *place)
        assert listed.code == 0, listed.err
        assert "unfinished" in listed.out
    ran = workshop.command("resume", *place)
    assert ran.code == 0, ran.err


def test_a_disk_that_is_full_from_the_start(workshop: Workshop, small_disk) -> None:
    disk = small_disk("size=1m")
    workshop.write("people.csv", "LastName\nx\n")
    workshop.write("load.bulkflow", PIPELINE)
    with filled(disk):
        ran = workshop.command(
            "run", str(workshop.folder / "load.bulkflow"), "--state-dir", str(disk / "state")
        )
    assert ran.code == 2, ran.err
    assert "the disk is full" in ran.err
    assert "nothing was sent" in ran.err


def test_what_only_reads_reads_from_a_disk_that_can_only_be_read(
    workshop: Workshop, unfinished: Path, small_disk
) -> None:
    place = ("--state-dir", str(unfinished / "state"))
    (run,) = [line.split()[0] for line in workshop.command("runs", *place).out.splitlines()]
    subprocess.run(["mount", "-o", "remount,ro", str(unfinished)], check=True)
    for command in (("runs",), ("runs", run), ("runs", "--json")):
        listed = workshop.command(*command, *place)
        assert listed.code == 0, listed.err
        assert run in listed.out
    for command in (("resume",), ("run", str(workshop.folder / "load.bulkflow"))):
        ran = workshop.command(*command, *place)
        assert ran.code == 2, ran.err
        assert "the file system is read-only" in ran.err
        assert "nothing was sent" in ran.err


def test_a_list_of_runs_makes_nothing_and_changes_nothing(workshop: Workshop) -> None:
    state = workshop.folder / "state"
    state.mkdir()
    assert workshop.command("runs", "--state-dir", str(state)).code == 0
    assert list(state.iterdir()) == []


SAVING = (
    PIPELINE + 'save all rows of job people to "all.csv"\nsave results of job people to "out/"\n'
)
MISNAMED = (
    *("made a mistake", "fault of the plugin", "Traceback", "[Errno", "move it away"),
    *("unable to open", "not a journal", "IO Error", "libscipy"),
)
"""What is never said where the machine is out of something."""


def packed_rows(workshop: Workshop, number: int) -> None:
    """A source that has to be copied, which most of a run's writes follow from."""
    rows = "".join(f"{'row' * (n % 7 > 0)},{n:060}\n" for n in range(number))
    workshop.write("people.csv.gz", gzip.compress(f"LastName,Phone\n{rows}".encode()))
    workshop.write("load.bulkflow", SAVING.replace("people.csv", "people.csv.gz"))


@pytest.mark.parametrize("kib", [64, 224, 448, 768, 1024, 1280, 1536, 2048, 2560])
def test_a_disk_that_fills_up_on_the_way(workshop: Workshop, small_disk, kib: int) -> None:
    disk = small_disk(f"size={kib}k")
    packed_rows(workshop, 3000)
    place = ("--state-dir", str(disk / "state"))
    ran = workshop.command("run", str(workshop.folder / "load.bulkflow"), *place)
    for each in (ran, workshop.command("resume", *place)):
        said = each.err + each.out
        assert not [words for words in MISNAMED if words in said], said
        if each.code == 1 or "disk is full" in said:
            assert "the disk is full" in said
            assert "free some space" in said


@pytest.mark.skipif(os.name != "posix", reason="limits are POSIX's")
@pytest.mark.parametrize(
    ("limit", "value"),
    [
        *(("RLIMIT_NOFILE", value) for value in (4, 6, 7, 8, 9, 10, 11, 12, 14, 16, 18, 20, 22)),
        *(("RLIMIT_FSIZE", value) for value in (0, 4096, 70_000, 140_000, 270_000)),
    ],
)
def test_what_a_process_may_not_have_is_named(workshop: Workshop, limit: str, value: int) -> None:
    packed_rows(workshop, 1000)
    program = RLIMITS.replace("\nresource", "\nfrom bulkflow.cli import main\nresource")
    ran = subprocess.run(
        [sys.executable, "-c", program, limit, str(value), "run", "load.bulkflow"],
        cwd=workshop.folder,
        env={**os.environ, **workshop.environ},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert ran.returncode in {1, 2, 3}, ran.stderr
    assert not [words for words in MISNAMED if words in ran.stderr], ran.stderr


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (duckdb.OutOfMemoryException("failed to pin block (1 MB/1 MB used)"), "memory is used up"),
        (
            duckdb.OutOfMemoryException("the 'max_temp_directory_size' setting"),
            "the disk is full",
        ),
        (duckdb.IOException('IO Error: "x.duckdb": No space left on device'), "the disk is full"),
        (duckdb.IOException("IO Error: Cannot open: Too many open files"), "open more files"),
        (duckdb.InternalException("INTERNAL Error: vector\n\nStack Trace: ..."), "failed"),
    ],
)
def test_what_duckdb_lacks_is_named(tmp_path: Path, error: Exception, words: str) -> None:
    database = ReconcileDatabase.open(tmp_path, memory=64 << 20, threads=1)
    with pytest.raises(ReconcileError, match=words) as caught, patched(database, error):
        database.run("SELECT 1")
    assert "Error" not in caught.value.message
    assert caught.value.help
    assert "seven days" in caught.value.help
    database.close()


@contextmanager
def patched(database: ReconcileDatabase, error: Exception) -> Iterator[None]:
    """The database's next statement fails."""

    class Failing:
        def execute(self, *_: object) -> None:
            raise error

    kept, database._connection = database._connection, Failing()
    try:
        yield
    finally:
        database._connection = kept


@pytest.mark.skipif(os.name != "posix", reason="limits are POSIX's")
@pytest.mark.parametrize(
    ("limit", "value", "words"),
    [
        ("RLIMIT_FSIZE", 4096, "ulimit -f"),
        ("RLIMIT_NOFILE", 12, "may not open more files"),
    ],
)
def test_a_limit_of_the_system_is_named(
    workshop: Workshop, limit: str, value: int, words: str
) -> None:
    workshop.write("people.csv", "LastName\n" + "".join(f"row {n}\n" for n in range(2000)))
    file = workshop.write("load.bulkflow", PIPELINE)
    ran = subprocess.run(
        [sys.executable, "-c", RLIMITS, limit, str(value), "run", str(file)],
        env={**os.environ, **workshop.environ},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode in {1, 2}
    assert words in ran.stderr, ran.stderr
    assert "Traceback" not in ran.stderr
    for text in ("internal error", "fault of the plugin", "move it away"):
        assert text not in ran.stderr


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (MemoryError(), "memory is used up"),
        (RuntimeError("can't start new thread"), "cannot start more threads"),
        (ImportError("x.so: failed to map segment from shared object"), "memory is used up"),
        (ImportError("x.so: cannot open shared object file: Too many open files"), "open more"),
        (OSError(errno.ENOSPC, "No space left on device", "/data/x"), "/data/x: the disk is full"),
        (OSError(errno.EMFILE, "Too many open files"), "may not open more files"),
        (OSError(errno.EFBIG, "File too large"), "larger than the system allows"),
        (OSError(errno.EIO, "Input/output error"), "the disk failed"),
        (OSError(errno.EROFS, "Read-only file system"), "file system is read-only"),
    ],
)
def test_what_a_machine_is_out_of_is_no_fault_of_a_plugin(error: Exception, words: str) -> None:
    from bulkflow.cli.failure import to_bulkflow_error

    with (
        pytest.raises(BulkflowError, match=words) as caught,
        attribute_errors(None, "running `load`"),
    ):
        raise error
    assert isinstance(caught.value, MachineError)
    assert caught.value.help
    assert words in to_bulkflow_error(error).message
