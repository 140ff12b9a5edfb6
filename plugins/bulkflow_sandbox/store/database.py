"""The database of a sandbox: one writer, any number of readers, and counters.

Invariants:

- All changes go through `writing()`, one at a time, each block one transaction.
- A reader sees the last committed state and never waits for the writer (write-ahead log).
- A batch of records and the progress of its job are committed together, so that a sandbox that
  was ended in the middle of a job goes on after the last batch that was committed.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
import tempfile
from contextlib import contextmanager
from pathlib import Path
from queue import Empty, LifoQueue
from threading import RLock
from typing import TYPE_CHECKING, Final

from bulkflow_sandbox.core.errors import SandboxError

if TYPE_CHECKING:
    from collections.abc import Iterator

FORMAT: Final = 1
"""The version of the tables; a folder written by another one is refused."""

_TABLES: Final = """
CREATE TABLE IF NOT EXISTS counters (name TEXT PRIMARY KEY, next INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS facts (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
"""


class RecordDatabase:
    """The database and the folder of job files beside it.

    Args:
        folder: Where to keep everything; `None` is a temporary folder that `close` removes.

    Raises:
        SandboxError: The folder cannot be used.
    """

    def __init__(self, folder: Path | None) -> None:
        self._temporary = folder is None
        try:
            self.folder = folder or Path(tempfile.mkdtemp(prefix="bulkflow-sandbox-"))
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            (self.folder / "jobs").mkdir(mode=0o700, exist_ok=True)
            # The files beside the database get its mode.
            os.close(os.open(self.folder / "sandbox.db", os.O_RDWR | os.O_CREAT, 0o600))
            self._lock = RLock()
            self._readers: LifoQueue[sqlite3.Connection] = LifoQueue()
            self._writer = self._connect()
            version = self._prepare_writer()
        except (OSError, sqlite3.Error) as error:
            raise SandboxError(
                f"cannot use the sandbox's folder {folder}: {error}",
                help="give --data a folder that can be written to",
            ) from error
        if version not in {0, FORMAT}:
            self._writer.close()
            raise SandboxError(
                f"the folder {folder} was written by another version of the sandbox",
                help="give --data another folder, or remove this one",
                notes=[f"its format is {version}, this version writes {FORMAT}"],
            )
        self._writer.execute(f"PRAGMA user_version = {FORMAT}")

    def _prepare_writer(self) -> int:
        """Make the tables that are missing, and return the version of the database."""
        try:
            self._writer.execute("PRAGMA page_size = 8192")
            self._writer.execute("PRAGMA journal_mode = WAL")
            # A temporary database need not survive the machine, only the process.
            self._writer.execute(f"PRAGMA synchronous = {'OFF' if self._temporary else 'NORMAL'}")
            self._writer.execute("PRAGMA wal_autocheckpoint = 20000")
            self._writer.executescript(_TABLES)
            return int(self._writer.execute("PRAGMA user_version").fetchone()[0])
        except sqlite3.Error:
            self._writer.close()
            raise

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(
            self.folder / "sandbox.db",
            isolation_level=None,
            check_same_thread=False,
            cached_statements=256,
            timeout=60,
        )
        try:
            connection.execute("PRAGMA cache_size = -32768")
            connection.execute("PRAGMA temp_store = MEMORY")
        except sqlite3.Error:
            connection.close()
            raise
        return connection

    def get_job_folder(self, job_id: str) -> Path:
        """The folder for the files of a job; nobody promises that it exists."""
        return self.folder / "jobs" / job_id

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """One transaction: committed at the end of the block, rolled back when it raises."""
        with self._lock:
            if self._writer.in_transaction:
                yield self._writer
                return
            self._writer.execute("BEGIN IMMEDIATE")
            try:
                yield self._writer
            except BaseException:
                self._writer.execute("ROLLBACK")
                raise
            self._writer.execute("COMMIT")

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """A connection to read with; the statements of the block see one state."""
        try:
            connection = self._readers.get_nowait()
        except Empty:
            connection = self._connect()
            connection.execute("PRAGMA query_only = ON")
        connection.execute("BEGIN")
        try:
            yield connection
        finally:
            connection.execute("COMMIT")
            self._readers.put(connection)

    def close(self) -> None:
        """Closes the connections, and removes a temporary folder."""
        with self._lock:
            while True:
                try:
                    self._readers.get_nowait().close()
                except Empty:
                    break
            self._writer.close()
        if self._temporary:
            shutil.rmtree(self.folder, ignore_errors=True)


def take_serials(connection: sqlite3.Connection, counter: str, count: int) -> int:
    """Takes the next `count` numbers of a counter; the first of them."""
    (following,) = connection.execute(
        "INSERT INTO counters VALUES (:counter, :count) "
        "ON CONFLICT (name) DO UPDATE SET next = next + :count RETURNING next",
        {"counter": counter, "count": count},
    ).fetchone()
    return int(following) - count
