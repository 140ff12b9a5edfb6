"""The database of a sandbox: one writer, any number of readers, and counters.

Invariants:

- All changes are made in `writing()` blocks, one at a time. Each block is one transaction.
- A reader sees the last committed state, and never waits for the writer (write-ahead log).
- A batch of records and the progress of its job are committed together. So a sandbox that was
  stopped in the middle of a job resumes it after the last committed batch.
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
"""The version of the tables. A folder with another version is refused."""

_TABLES: Final = """
CREATE TABLE IF NOT EXISTS counters (name TEXT PRIMARY KEY, next INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS facts (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
"""


class RecordDatabase:
    """The database and the folder of job files next to it.

    Args:
        folder: Where to keep everything; `None` for a temporary folder that `close` removes.

    Raises:
        SandboxError: The folder cannot be used.
    """

    def __init__(self, folder: Path | None) -> None:
        self._temporary = folder is None
        try:
            self.folder = folder or Path(tempfile.mkdtemp(prefix="bulkflow-sandbox-"))
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            (self.folder / "jobs").mkdir(mode=0o700, exist_ok=True)
            # SQLite gives its other files the mode of the database.
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
        """Create the missing tables, and return the version of the database."""
        try:
            self._writer.execute("PRAGMA page_size = 8192")
            self._writer.execute("PRAGMA journal_mode = WAL")
            # A temporary database only has to outlive the process, not a power cut.
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
        """Get the folder for the files of a job. It may not exist."""
        return self.folder / "jobs" / job_id

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """Run a transaction: commit it after the block, or roll it back if the block raises."""
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
        """Open a connection to read with. The statements in the block see one state."""
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
        """Close the connections, and remove a temporary folder."""
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
    """Take the next `count` numbers of a counter, and return the first."""
    (next_serial,) = connection.execute(
        "INSERT INTO counters VALUES (:counter, :count) "
        "ON CONFLICT (name) DO UPDATE SET next = next + :count RETURNING next",
        {"counter": counter, "count": count},
    ).fetchone()
    return int(next_serial) - count
