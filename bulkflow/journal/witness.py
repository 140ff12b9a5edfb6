"""A second count of a run's requests outside of the journal, which reveals losses of the journal.

SQLite silently drops a log from the point where it is damaged, and a copy of the journal's file may
lack its log. So each run keeps the number of its recorded requests and a digest over them in its
own folder. The file is written when requests are committed, before any of them is sent: it never
counts more than the journal was given, so a journal with fewer has lost something.

The file has a fixed size and is overwritten. It is not synced, unlike the journal, so after a
power cut it may count fewer, which is not an error.
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
"""The folder of a state directory that has a folder for each run."""

NAME: Final = "witness"

_MARK: Final = "bulkflow-witness-1"
_HEAD: Final = len(f"{_MARK} {0:012d} {'':64}\n")


@frozen
class WitnessRecord:
    """The content of a witness file.

    Attributes:
        run: The run's id.
        count: How many requests the run recorded; None if the file cannot be understood.
        digest: A digest over them, in order.
        pipeline: The resolved pipeline file; empty if the file cannot be understood.
        started: When the run started, in seconds since the epoch.
    """

    run: str
    count: int | None
    digest: str = ""
    pipeline: str = ""
    started: float = 0.0


@define(eq=False, repr=False)
class Witness:
    """Counts a run's requests in the run's folder. The journal serializes the calls."""

    _file: FileIO
    _count: int = 0
    _sum: hashlib._Hash = field(factory=hashlib.sha256)

    @classmethod
    def make(cls, journal: Journal, run: str, pipeline: str, started: float) -> Witness:
        """Make the witness of a run from the journal's records. Raises OSError."""
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
        # Its size is on disk from now on; the content may follow later.
        os.fsync(made._file.fileno())
        return made

    def record(self, number: int, job: str, part: int, action: str, detail: str) -> None:
        """Count a recorded request. Raises OSError."""
        self._add((number, job, part, action, detail))
        self._write(self._head())

    def forget(self) -> None:
        """Reset the count, because nothing was sent. Raises OSError."""
        self._count, self._sum = 0, hashlib.sha256()
        self._write(self._head())

    def close(self) -> None:
        """Close the file."""
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
    """Read the witness files of all runs of a state directory.

    A run without one is of an older bulkflow, or has lost it. Raises OSError.
    """
    folder = directory / RUNS
    if not folder.is_dir():
        return
    for each in sorted(folder.iterdir()):
        # The name of a folder that is being deleted starts with a dot.
        if each.name.startswith(".") or not each.is_dir():
            continue
        found = read_witness(directory, each.name)
        if found is not None:
            yield found
        elif any(other.name != NAME for other in each.iterdir()):
            yield WitnessRecord(each.name, None)


def read_witness(directory: Path, run: str) -> WitnessRecord | None:
    """Read the witness file of a run; None if there is none. Raises OSError."""
    try:
        text = (directory / RUNS / run / NAME).read_text("utf-8")
    except (FileNotFoundError, NotADirectoryError):
        return None
    except UnicodeDecodeError:
        return WitnessRecord(run, None)
    if not text:
        # Its process was killed before the run was recorded.
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


def matches_journal(journal: Journal, witness: WitnessRecord) -> bool:
    """Whether the journal has every request of a witness, unchanged."""
    if witness.count is None:
        return False
    found, count = hashlib.sha256(), 0
    for intent in _intents(journal, witness.run, witness.count):
        found.update(_as_bytes(intent))
        count += 1
    return count == witness.count and found.hexdigest() == witness.digest


def _intents(journal: Journal, run: str, limit: int = -1) -> list[tuple[object, ...]]:
    return journal.query(
        "SELECT number, job, part, action, detail FROM intent WHERE run = ?"
        " ORDER BY number LIMIT ?",
        run,
        limit,
    )


def _as_bytes(intent: tuple[object, ...]) -> bytes:
    return json.dumps(intent).encode() + b"\n"
