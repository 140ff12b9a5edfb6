"""A journal that is only read is not touched, whatever its format and its folder's permissions."""

from __future__ import annotations

import os
import sqlite3
import stat
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from bulkflow.errors import UsageError
from bulkflow.journal import Journal, list_runs, lock_pipeline, read_run_details
from bulkflow.journal.lock import FOLDER
from bulkflow.journal.store import FILE_NAME

DATA = Path(__file__).with_name("data")
posix = pytest.mark.skipif(os.name != "posix", reason="modes and links are POSIX's")


@pytest.mark.parametrize("dump", sorted(DATA.glob("format-*.sql")), ids=lambda path: path.stem)
def test_a_journal_of_an_older_format_is_read_and_left_as_it_is(tmp_path: Path, dump: Path) -> None:
    path = tmp_path / FILE_NAME
    connection = sqlite3.connect(path)
    connection.executescript(dump.read_text("utf-8"))
    connection.close()
    before = path.read_bytes()
    journal = Journal.read(tmp_path, lambda: 1.0)
    try:
        assert [each.exit_code for each in list_runs(journal)] == [None, 1]
        story = read_run_details(journal, "20260103-020000-a1b2")
        assert story is not None
        assert list(story.jobs) == ["accounts"]
    finally:
        journal.close()
    assert path.read_bytes() == before
    assert [each.name for each in tmp_path.glob("*.sqlite")] == [FILE_NAME]


def test_where_there_is_no_journal_there_are_no_runs(tmp_path: Path) -> None:
    journal = Journal.read(tmp_path, lambda: 1.0)
    assert list_runs(journal) == []
    journal.close()
    assert list(tmp_path.iterdir()) == []


@pytest.fixture(params=[0, 0o777])
def umask(request: pytest.FixtureRequest) -> Iterator[int]:
    before = os.umask(request.param)
    yield request.param
    os.umask(before)


@posix
def test_state_is_the_owners_alone_whatever_the_umask(
    tmp_path: Path, umask: int, begin: Callable[..., object]
) -> None:
    state = tmp_path / "a" / "b" / "state"
    with lock_pipeline(state, "/data/x.bulkflow"):
        journal = Journal.open(state, lambda: 1.0)
        begin(journal)
        modes = {
            str(each.relative_to(tmp_path)): stat.S_IMODE(each.stat().st_mode)
            for each in tmp_path.rglob("*")
        }
        journal.close()
    assert "a/b/state/runs/r1/witness" in modes
    for name, mode in modes.items():
        assert mode == (0o700 if (tmp_path / name).is_dir() else 0o600), name


@posix
@pytest.mark.parametrize("name", [FILE_NAME, "lock", "owner"])
def test_nothing_is_written_through_somebodys_link(tmp_path: Path, name: str) -> None:
    state, precious = tmp_path / "state", tmp_path / "precious"
    with lock_pipeline(state, "/data/x.bulkflow"):
        pass
    (owner,) = (state / FOLDER).glob("*.owner")
    link = {
        FILE_NAME: state / FILE_NAME,
        "lock": owner.with_suffix(""),
        "owner": owner,
    }[name]
    precious.write_text("precious", "utf-8")
    link.unlink(missing_ok=True)
    link.symlink_to(precious)
    with pytest.raises(UsageError, match="is a link"), lock_pipeline(state, "/data/x.bulkflow"):
        Journal.open(state, lambda: 1.0)
    assert precious.read_text("utf-8") == "precious"
