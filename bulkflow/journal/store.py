"""The journal: one SQLite file in the state directory.

Invariants, which whoever sends requests relies on:

1. When `intend` has returned, the intent is on the disk and survives a killed process and a power
   cut. So a request that changes something in an org leaves a trace even if nothing after it does.
2. An intent without an outcome means: sent or not, nobody knows. Where the process ended before
   `settle`, it stays so: whoever goes on asks the org, and what comes of that are further intents
   and states.
3. A remote id is on the disk before the part that it belongs to is sent anything more.
4. A step that is recorded as finished, or as failed and dealt with, is never run again for the same
   run; one that halted the run, or is recorded as started and no more, is run again, and finds out
   for itself how far it came. What is done with a run afterwards (to take it back, say) is no step
   of it and is not recorded as one.
5. Records are added, never changed; the exceptions are an intent's outcome and the end of an
   attempt, which are written once, and the end of a run, which another attempt takes back; of a run
   that came to its end, what is done afterwards may change whether rows failed.

Hence the order of writes for a part: sources and parts, intent to create, its outcome with the id,
intent to upload, its outcome, intent to close, its outcome, then each state that is seen. Parts of
a job that is sent while it is read are recorded one by one, each before its own intents, and all of
them before the first intent to close: one that is found tells that every row was read.

Write-ahead logging with `synchronous=FULL` gives the first: a commit is synced before it returns.
What an answer told (outcomes, and states that were seen) is committed without that, and reaches the
disk with the next commit that is synced, at the latest: a power cut before leaves what it would
leave if it had come before the answer, and the log is never there without what was written earlier.
A process that is killed loses what it was told while another of its threads was committing, and no
more: that too is as if the answer had not come.

Threads that write at the same time share a commit. Whoever has the turn takes along all that was
handed in, in the order in which it was, so that a sync is made for many parts as often as for one.
"""

from __future__ import annotations

import sqlite3
from collections import deque
from collections.abc import Mapping
from contextlib import contextmanager
from threading import Lock
from typing import TYPE_CHECKING, TypeAlias

from attrs import define, field

from bulkflow.errors import BulkflowError, UsageError
from bulkflow.journal.schema import FORMAT, MIGRATIONS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

FILE_NAME = "journal.sqlite"

LONGEST_TURN = 60.0
"""Seconds to wait for another process that writes: several pipelines may share a journal."""

SWITCHES = 20
"""How often to try for write-ahead logging while others keep the file to themselves."""


Statement: TypeAlias = tuple[str, "Sequence[object]"]
"""A statement of SQL, and its values."""


class JournalError(BulkflowError):
    """Something cannot be recorded, so nothing more is sent."""


@define(eq=False, repr=False)
class _Record:
    """Statements that are to be committed together."""

    statements: Sequence[Statement]
    synced: bool
    done: bool = False
    row: int = 0
    error: Exception | None = None


@define(eq=False, repr=False)
class Journal:
    """An open journal. Safe to use from several threads."""

    path: Path
    time: Callable[[], float] = field(repr=False)
    _connection: sqlite3.Connection = field(repr=False)
    _synced: bool = field(default=True, init=False, repr=False)
    _lock: Lock = field(factory=Lock, repr=False)
    _waiting: deque[_Record] = field(factory=deque, init=False, repr=False)

    @classmethod
    def open(cls, directory: Path, time: Callable[[], float]) -> Journal:
        """Open or create the journal of a state directory.

        Raises:
            UsageError: the directory cannot be written, the file is no journal, or it was written
                by a newer bulkflow.
        """
        path = directory / FILE_NAME
        try:
            directory.mkdir(parents=True, exist_ok=True, mode=0o700)
            path.touch(mode=0o600)
            connection = sqlite3.connect(
                path, timeout=LONGEST_TURN, isolation_level=None, check_same_thread=False
            )
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
        """Close the file. Raises `JournalError` if something noted cannot be kept."""
        with self._lock:
            try:
                self._commit_waiting()
            finally:
                self._connection.close()

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """A transaction that is on the disk when the block is left.

        Raises:
            JournalError: the disk is full, or another process keeps the file to itself.
        """
        with self._turn():
            self._sync(True)
            with _transaction(self._connection):
                yield self._connection

    @property
    def home(self) -> Path:
        """The state directory, absolute and without links."""
        return self.path.parent.resolve()

    def reading(self, query: str, *values: object) -> list[tuple[object, ...]]:
        """The rows that a query gives; one mapping has values by name. Raises `JournalError`."""
        named = values[0] if len(values) == 1 and isinstance(values[0], Mapping) else None
        with self._turn():
            return self._connection.execute(query, named or values).fetchall()

    def write(self, statement: str, values: Sequence[object], *more: Statement) -> int:
        """Commit one statement, and more with it, in a transaction that is on the disk then.

        Returns:
            The number of the row that the first one inserted.

        Raises:
            JournalError: as `writing`.
        """
        record = _Record([(statement, values), *more], synced=True)
        self._waiting.append(record)
        with self._lock:
            # Whoever had the turn before may have taken it along.
            if not record.done:
                self._commit_waiting()
        self._catch_up()
        self._check(record)
        return record.row

    def note(self, statement: str, values: Sequence[object]) -> None:
        """Have one statement committed before all that is written later, and at once if nobody is.

        It survives the process when it is committed, and a power cut after the next `write`.

        Raises:
            JournalError: as `writing`; where another thread commits it, that one is told, and this
                one when it writes next, unless it could be kept by then.
        """
        self._waiting.append(_Record([(statement, values)], synced=False))
        self._catch_up()

    @contextmanager
    def _turn(self) -> Iterator[None]:
        with self._lock:
            self._commit_waiting()
            try:
                yield
            except sqlite3.Error as error:
                raise self._unkept(error) from error
        self._catch_up()

    def _catch_up(self) -> None:
        """Commit what was noted while nobody else could; to be called whenever a turn is over."""
        while self._waiting and self._lock.acquire(blocking=False):
            try:
                self._commit_waiting()
            finally:
                self._lock.release()

    def _commit_waiting(self) -> None:
        """Commit all that was handed in; if that cannot be kept, none of it is."""
        # It stays in the queue until it is done with, for this thread may be interrupted anywhere.
        handed_in = [self._waiting[index] for index in range(len(self._waiting))]
        records = [each for each in handed_in if not each.done]
        try:
            if records:
                self._commit(records)
        except sqlite3.OperationalError as error:
            for each in records:
                if each.synced:
                    each.error, each.done = error, True
            # Whoever waits for one is told there. What was noted waits on: the thread that noted it
            # may not know, and what that one writes next is not to be kept without it.
            if not all(each.synced for each in records):
                raise self._unkept(error) from error
        except Exception:  # noqa: BLE001 - a value that is none for SQLite: told to its owner
            self._commit_singly(records)
        while self._waiting and self._waiting[0].done:
            self._waiting.popleft()

    def _commit_singly(self, records: Sequence[_Record]) -> None:
        """Commit each by itself, so that one that cannot be is no fault of the others."""
        for each in records:
            try:
                self._commit([each])
            except Exception as error:  # noqa: BLE001 - raised where it is waited for
                each.error, each.done = error, True
        for each in records:
            if not each.synced:
                self._check(each)

    def _check(self, record: _Record) -> None:
        """Raise what became of a record that is done with, if it is not kept."""
        if isinstance(record.error, sqlite3.Error):
            raise self._unkept(record.error) from record.error
        if record.error is not None:
            raise record.error

    def _commit(self, records: Sequence[_Record]) -> None:
        self._sync(any(each.synced for each in records))
        with _transaction(self._connection):
            for each in records:
                rows = [self._connection.execute(*one).lastrowid for one in each.statements]
                each.row = rows[0] or 0
        for each in records:
            each.done = True

    def _sync(self, synced: bool) -> None:
        """Whether the next commits are synced; cannot be changed within a transaction."""
        if synced != self._synced:
            self._connection.execute(f"PRAGMA synchronous = {'FULL' if synced else 'NORMAL'}")
            self._synced = synced

    def _unkept(self, error: sqlite3.Error) -> JournalError:
        return JournalError(
            f"the journal {self.path} cannot be kept: {error}",
            help="nothing is sent that is not recorded first; make room for it, or choose "
            "another folder with --state-dir DIR, and run again",
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
