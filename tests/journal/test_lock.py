"""One run at a time of a pipeline file, whatever became of the one before."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from bulkflow.errors import UsageError
from bulkflow.journal import StateLockedError, lock_pipeline
from bulkflow.journal.lock import FOLDER

HOLDER = """
import sys
from pathlib import Path
from bulkflow.journal import lock_pipeline
with lock_pipeline(Path(sys.argv[1]), "/jobs/a.bulkflow"):
    print("held", flush=True)
    sys.stdin.read()
"""


FILE = "/jobs/a.bulkflow"


@pytest.fixture
def holder(tmp_path: Path):
    command = [sys.executable, "-c", HOLDER, str(tmp_path / "state")]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    with process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        yield process
        process.kill()


def lock_in(state: Path) -> Path:
    """The only lock of a state folder."""
    (owner,) = (state / FOLDER).glob("*.owner")
    return owner.with_suffix("")


def test_a_second_process_is_refused_and_told_who_holds_it(tmp_path: Path, holder) -> None:
    refused = pytest.raises(StateLockedError, match=f"process {holder.pid} on ")
    with refused, lock_pipeline(tmp_path / "state", FILE):
        pytest.fail("two at a time")


def test_the_lock_of_a_killed_process_holds_nobody_up(tmp_path: Path, holder) -> None:
    holder.kill()
    holder.wait()
    with lock_pipeline(tmp_path / "state", FILE):
        assert lock_in(tmp_path / "state").exists()


def test_other_files_of_a_project_are_free_meanwhile(tmp_path: Path) -> None:
    with lock_pipeline(tmp_path, FILE), lock_pipeline(tmp_path, "/jobs/b.bulkflow"):
        pass


def test_it_is_the_same_lock_after_the_project_was_moved(tmp_path: Path) -> None:
    before, after = tmp_path / "before", tmp_path / "after"
    with lock_pipeline(before / ".bulkflow", str(before / "a.bulkflow")):
        name = lock_in(before / ".bulkflow").name
    before.rename(after)
    with lock_pipeline(after / ".bulkflow", str(after / "a.bulkflow")):
        assert lock_in(after / ".bulkflow").name == name


def test_it_is_free_after_the_block_and_after_an_error_in_it(tmp_path: Path) -> None:
    def work(outcome: object) -> None:
        with lock_pipeline(tmp_path, FILE):
            with pytest.raises(StateLockedError), lock_pipeline(tmp_path, FILE):
                pytest.fail("two at a time")
            if isinstance(outcome, Exception):
                raise outcome

    with pytest.raises(RuntimeError):
        work(RuntimeError())
    work(None)


@pytest.mark.skipif(os.name == "nt", reason="links are a privilege there")
def test_a_link_in_the_lock_s_place_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "precious").write_text("kept", "utf-8")
    with lock_pipeline(tmp_path, FILE):
        lock = lock_in(tmp_path)
    lock.unlink(missing_ok=True)
    lock.symlink_to("../precious")
    with pytest.raises(UsageError, match="cannot lock"), lock_pipeline(tmp_path, FILE):
        pytest.fail("it followed the link")
    assert (tmp_path / "precious").read_text("utf-8") == "kept"
