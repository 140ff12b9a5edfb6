"""The journal: one SQLite file in the state directory.

Invariants, which whoever sends requests relies on:

1. When `intend` has returned, the intent is on the disk and survives a killed process and a power
   cut. So a request that changes something in an org leaves a trace even if nothing after it does.
2. An intent without an outcome means: sent or not, nobody knows. Only `settle` ends that.
3. A remote id is recorded before the part that it belongs to is sent anything more.
4. Records are added, never changed; the exceptions are a run's end and an intent's outcome, which
   are written once.

Hence the order of writes for a part: parts, then intent to create, its outcome with the remote id,
intent to upload, its outcome, intent to close, its outcome, then each state that is seen.

Write-ahead logging with `synchronous=FULL` gives the first: a commit is synced before it returns.
"""

from __future__ import annotations

import json
import os
import socket
import sqlite3
from contextlib import contextmanager
from threading import Lock
from typing import TYPE_CHECKING

from attrs import define, field

from bulkflow.errors import BulkflowError, UsageError
from bulkflow.journal.schema import FORMAT, MIGRATIONS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from bulkflow.model.part import Part

FILE_NAME = "journal.sqlite"

SWITCHES = 20
"""How often to try for write-ahead logging while others keep the file to themselves."""


class JournalError(BulkflowError):
    """Something cannot be recorded, so nothing more is sent."""


@define(eq=False)
class Journal:
    """An open journal. Safe to use from several threads."""

    path: Path
    time: Callable[[], float] = field(repr=False)
    _connection: sqlite3.Connection = field(repr=False)
    _lock: Lock = field(factory=Lock, repr=False)

    @classmethod
    def open(cls, directory: Path, time: Callable[[], float]) -> Journal:
        """Open or create the journal of a state directory.

        Raises:
            UsageError: the directory cannot be written, the file is no journal, or it was written
                by a newer bulkflow.
        """
        path = directory / FILE_NAME
        try:
            directory.mkdir(parents=True, exist_ok=True)
            path.touch(mode=0o600)
            connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        except (OSError, sqlite3.Error) as error:
            raise UsageError(
                f"cannot keep a journal in {directory}: {error}",
                help="choose a folder that can be written with --state-dir DIR",
            ) from error
        try:
            _migrate(connection, path)
        except sqlite3.DatabaseError as error:
            connection.close()
            raise UsageError(
                f"{path} is not a journal that can be read: {error}",
                help="move it away, or choose another folder with --state-dir DIR",
            ) from error
        except UsageError:
            connection.close()
            raise
        return cls(path, time, connection)

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    def begin(
        self,
        run: str,
        *,
        pipeline: str,
        text_digest: str,
        org: str | None,
        parameters: Mapping[str, str],
        version: str,
    ) -> RunJournal:
        """Record the start of a run."""
        with self.writing() as connection:
            connection.execute(
                "INSERT INTO run (id, pipeline, text_digest, org, parameters, bulkflow, host, pid,"
                " started) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    run,
                    pipeline,
                    text_digest,
                    org,
                    json.dumps(dict(parameters), sort_keys=True),
                    version,
                    socket.gethostname(),
                    os.getpid(),
                    self.time(),
                ),
            )
        return RunJournal(self, run)

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """A transaction that is on the disk when the block is left.

        Raises:
            JournalError: the disk is full, or another process keeps the file to itself.
        """
        with self._lock, self._converted(), _transaction(self._connection):
            yield self._connection

    def reading(self, query: str, *values: object) -> list[tuple[object, ...]]:
        """The rows that a query gives. Raises `JournalError`."""
        with self._lock, self._converted():
            return self._connection.execute(query, values).fetchall()

    @contextmanager
    def _converted(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise JournalError(
                f"the journal {self.path} cannot be kept: {error}",
                help="nothing is sent that is not recorded first; make room for it, or choose "
                "another folder with --state-dir DIR, and run again",
            ) from error


@define(eq=False)
class RunJournal:
    """The journal of one run; implements `bulkflow.plugin.Recorder`."""

    _journal: Journal
    run: str

    def parts(self, job: str, parts: tuple[Part, ...]) -> None:
        """The parts that a job was cut into."""
        with self._journal.writing() as connection:
            connection.executemany(
                "INSERT INTO part (run, job, number, source, start, end, first_row, first_line,"
                " rows, bytes) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    (
                        self.run,
                        job,
                        part.index,
                        part.source,
                        part.start,
                        part.end,
                        part.first_row,
                        part.first_line,
                        part.rows,
                        part.bytes,
                    )
                    for part in parts
                ),
            )

    def intend(self, job: str, part: int, action: str, detail: Mapping[str, object]) -> int:
        """A request that changes something is about to be sent; returns the intent's number."""
        with self._journal.writing() as connection:
            cursor = connection.execute(
                "INSERT INTO intent (run, job, part, action, detail, at) VALUES (?, ?, ?, ?, ?, ?)",
                (self.run, job, part, action, json.dumps(dict(detail)), self._journal.time()),
            )
            number = cursor.lastrowid
        assert number is not None
        return number

    def settle(self, intent: int, outcome: str, detail: Mapping[str, object]) -> None:
        """The request of an intent was answered, or its fate was found out."""
        with self._journal.writing() as connection:
            connection.execute(
                "UPDATE intent SET outcome = ?, outcome_detail = ?, settled = ?"
                " WHERE number = ? AND outcome IS NULL",
                (outcome, json.dumps(dict(detail)), self._journal.time(), intent),
            )

    def remote(self, job: str, part: int, remote_id: str, state: str) -> None:
        """The id of a part's job in the org, and the state that was last seen."""
        with self._journal.writing() as connection:
            connection.execute(
                "INSERT INTO remote_state (run, job, part, remote_id, state, at)"
                " VALUES (?, ?, ?, ?, ?, ?)",
                (self.run, job, part, remote_id, state, self._journal.time()),
            )

    def finish(self, exit_code: int) -> None:
        """The run is over."""
        with self._journal.writing() as connection:
            connection.execute(
                "UPDATE run SET finished = ?, exit_code = ? WHERE id = ? AND finished IS NULL",
                (self._journal.time(), exit_code, self.run),
            )

    def anything_intended(self) -> bool:
        """Whether any request that changes something was sent, and not refused by the org."""
        return bool(
            self._journal.reading(
                "SELECT 1 FROM intent WHERE run = ? AND outcome IS NOT 'refused' LIMIT 1", self.run
            )
        )


def _migrate(connection: sqlite3.Connection, path: Path) -> None:
    _log_ahead(connection)
    connection.execute("PRAGMA synchronous = FULL")
    # Without it macOS leaves what was synced in the drive's own cache; others ignore it.
    connection.execute("PRAGMA fullfsync = ON")
    connection.execute("PRAGMA foreign_keys = ON")
    # Within the transaction, for two processes may begin with the same empty file.
    with _transaction(connection):
        (found,) = connection.execute("PRAGMA user_version").fetchone()
        if found > FORMAT:
            raise UsageError(
                f"{path} was written by a newer bulkflow (format {found}, this one knows {FORMAT})",
                help="upgrade bulkflow, or choose another folder with --state-dir DIR",
            )
        # Not executescript: that would commit first.
        for migration in MIGRATIONS[found:]:
            for statement in migration.split(";"):
                connection.execute(statement)
        connection.execute(f"PRAGMA user_version = {FORMAT}")


def _log_ahead(connection: sqlite3.Connection) -> None:
    """Switch to write-ahead logging, also while others switch to it in the same moment."""
    for _ in range(SWITCHES):
        try:
            connection.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY:
                raise
            # The switch does not wait for others as a transaction does, so wait with one of these.
            with _transaction(connection):
                pass
        else:
            return
    connection.execute("PRAGMA journal_mode = WAL")


@contextmanager
def _transaction(connection: sqlite3.Connection) -> Iterator[None]:
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        # Some errors, such as a full disk, make SQLite roll back by itself.
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise
