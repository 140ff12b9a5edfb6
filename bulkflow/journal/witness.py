"""What a run sent, attested outside of the journal, so that what the journal lost is noticed.

SQLite drops the rest of a log from where it is damaged, and says nothing; a copy of the journal's
file may lack its log. So each run keeps in its own folder how many requests it recorded, and a
digest over them. It is written when they are committed, and before any of them is sent: a witness
never tells of more than the journal was given, and a journal that has less has lost something.

The file has a fixed size and is written in place. It is not synced: the journal is, so after a
power cut the witness may know of less, which is no contradiction.
"""

from __future__ import annotations

import hashlib
import json
import os
from io import FileIO
from typing import TYPE_CHECKING, Final

from attrs import define, field, frozen

from bulkflow.private_files import make_private_file, make_private_folder

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from bulkflow.journal.store import Journal

RUNS: Final = "runs"
"""The folder of a state directory with a folder for each run."""

NAME: Final = "witness"

_MARK: Final = "bulkflow-witness-1"
_HEAD: Final = len(f"{_MARK} {0:012d} {'':64}\n")


@frozen
class WitnessRecord:
    """What a witness says.

    Attributes:
        run: The run's id.
        count: How many requests the run recorded; None where the file cannot be understood.
        digest: A digest over them, in their order.
        pipeline: The pipeline file, resolved; blank where it cannot be understood.
        started: When the run began, in seconds since the epoch.
    """

    run: str
    count: int | None
    digest: str = ""
    pipeline: str = ""
    started: float = 0.0


@define(eq=False, repr=False)
class Witness:
    """Counts what a run sends, in the run's folder. The journal calls it one call at a time."""

    _file: FileIO
    _count: int = 0
    _sum: hashlib._Hash = field(factory=hashlib.sha256)

    @classmethod
    def make(cls, journal: Journal, run: str, pipeline: str, started: float) -> Witness:
        """Make the witness of a run, of what the journal has of it. Raises OSError."""
        folder = journal.path.parent / RUNS / run
        make_private_folder(folder)
        path = folder / NAME
        make_private_file(path)
        made = cls(FileIO(os.open(path, os.O_RDWR | getattr(os, "O_NOFOLLOW", 0)), "r+"))
        for intent in _intents(journal, run):
            made._add(intent)
        about = json.dumps({"run": run, "pipeline": pipeline, "started": started})
        made._write(made._head() + about.encode() + b"\n")
        made._file.truncate()
        # Its size is on the disk from then on; what it says may come later.
        os.fsync(made._file.fileno())
        return made

    def record(self, number: int, job: str, part: int, action: str, detail: str) -> None:
        """A request was recorded. Raises OSError."""
        self._add((number, job, part, action, detail))
        self._write(self._head())

    def forget(self) -> None:
        """Nothing was sent, after all. Raises OSError."""
        self._count, self._sum = 0, hashlib.sha256()
        self._write(self._head())

    def close(self) -> None:
        """Give the file back."""
        self._file.close()

    def _write(self, content: bytes) -> None:
        self._file.seek(0)
        self._file.write(content)

    def _add(self, intent: tuple[object, ...]) -> None:
        self._count += 1
        self._sum.update(_as_bytes(intent))

    def _head(self) -> bytes:
        return f"{_MARK} {self._count:012d} {self._sum.hexdigest()}\n".encode()


def read_witnesses(directory: Path) -> Iterator[WitnessRecord]:
    """What the folders of all runs of a state directory attest.

    One without a witness is of an older bulkflow, or has lost it. Raises OSError.
    """
    folder = directory / RUNS
    if not folder.is_dir():
        return
    for each in sorted(folder.iterdir()):
        # A folder that is being deleted has a dot before its name.
        if each.name.startswith(".") or not each.is_dir():
            continue
        told = read_witness(directory, each.name)
        if told is not None:
            yield told
        elif any(other.name != NAME for other in each.iterdir()):
            yield WitnessRecord(each.name, None)


def read_witness(directory: Path, run: str) -> WitnessRecord | None:
    """What the witness of a run says; None where there is none. Raises OSError."""
    try:
        text = (directory / RUNS / run / NAME).read_text("utf-8")
    except (FileNotFoundError, NotADirectoryError):
        return None
    except UnicodeDecodeError:
        return WitnessRecord(run, None)
    if not text:
        # Whoever made it was killed before the run was recorded.
        return None
    try:
        mark, count, digest = text[: _HEAD - 1].split(" ")
        about = json.loads(text[_HEAD:])
        if mark != _MARK or about["run"] != run:
            return WitnessRecord(run, None)
        return WitnessRecord(
            run, int(count), digest, str(about["pipeline"]), float(about["started"])
        )
    except (ValueError, KeyError, TypeError):
        return WitnessRecord(run, None)


def matches_journal(journal: Journal, told: WitnessRecord) -> bool:
    """Whether the journal has every request that a run recorded, as it recorded it."""
    if told.count is None:
        return False
    found, count = hashlib.sha256(), 0
    for intent in _intents(journal, told.run, told.count):
        found.update(_as_bytes(intent))
        count += 1
    return count == told.count and found.hexdigest() == told.digest


def _intents(journal: Journal, run: str, limit: int = -1) -> list[tuple[object, ...]]:
    return journal.query(
        "SELECT number, job, part, action, detail FROM intent WHERE run = ?"
        " ORDER BY number LIMIT ?",
        run,
        limit,
    )


def _as_bytes(intent: tuple[object, ...]) -> bytes:
    return json.dumps(intent).encode() + b"\n"
