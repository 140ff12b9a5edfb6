"""The journal: one SQLite file in the state directory.

Invariants that the code sending requests relies on:

1. When `intend` returns, the intent is on disk and survives a killed process and a power cut. So a
   request that changes something in an org leaves a trace even if nothing after it does.
2. An intent without an outcome means that the request may or may not have been sent. If the process
   ended before `settle`, it stays that way: `resume` asks the org, and records the result as
   further intents and states.
3. A remote id is on disk before anything more is sent for its part.
4. A step that is recorded as finished, or as failed and handled, is never run again for the same
   run. A step that halted the run, or is recorded as started only, is run again and finds out
   itself how far it came. Commands on a past run, such as `undo`, are not steps of the run and are
   not recorded as such.
5. Records are added, never changed. The exceptions are an intent's outcome and the end of an
   attempt, which are written once, and the end of a run, which another attempt clears. Commands on
   a run that reached its end may change whether its rows failed.

This gives the order of writes for a part: sources and parts, intent to create, its outcome with the
id, intent to upload, its outcome, intent to close, its outcome, then each state that is seen. Parts
of a job that is sent while it is read are recorded one by one, each before its own intents and all
of them before the first intent to close, so such an intent proves that every row was read.

Write-ahead logging with `synchronous=FULL` gives the first invariant: a commit is synced before it
returns. Outcomes and seen states are committed without a sync and reach the disk with the next
synced commit at the latest. A power cut before that is equivalent to one before the response
arrived, and the log never has a record without all earlier ones. A killed process loses at most the
responses it received while another of its threads was committing, which is also equivalent to
receiving none.

Threads that write at the same time share a commit. The thread that holds the lock commits
everything that is queued, in order, so one sync serves many parts.
"""

from __future__ import annotations

import sqlite3
from collections import deque
from collections.abc import Mapping
from contextlib import contextmanager
from threading import Lock
from typing import TYPE_CHECKING, TypeAlias

from attrs import define, field

from bulkflow.errors import BulkflowError
from bulkflow.journal.database import (
    FILE_NAME,
    KEEP,
    connect_to_read,
    connect_to_write,
    transaction,
)
from bulkflow.path_checks import resolved
from bulkflow.system_errors import find_shortage_at

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

Statement: TypeAlias = tuple[str, "Sequence[object]"]
"""An SQL statement and its values."""


class JournalError(BulkflowError):
    """Something cannot be recorded, so nothing more is sent."""


@define(eq=False, repr=False)
class _Record:
    """Statements to commit together."""

    statements: Sequence[Statement]
    synced: bool
    then: Callable[[int], None] | None = None
    """Called after the commit, in commit order, with the number of the inserted row."""
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
    _at_close: list[Callable[[], None]] = field(factory=list, init=False, repr=False)

    @classmethod
    def open(cls, directory: Path, time: Callable[[], float]) -> Journal:
        """Open or create the journal of a state directory.

        Raises:
            UsageError: The directory cannot be written, the file is not a journal, or a newer
                bulkflow wrote it.
        """
        return cls(directory / FILE_NAME, time, connect_to_write(directory))

    @classmethod
    def read(cls, directory: Path, time: Callable[[], float]) -> Journal:
        """Open the journal of a state directory for reading only; empty if there is none.

        Works on a read-only directory.

        Raises:
            UsageError: It cannot be read, is not a journal, or was written by a newer bulkflow.
        """
        return cls(directory / FILE_NAME, time, connect_to_read(directory))

    def close(self) -> None:
        """Close the file. Raises `JournalError` if a note cannot be written."""
        with self._lock:
            try:
                self._commit_waiting()
            finally:
                self._connection.close()
                while self._at_close:
                    self._at_close.pop()()

    def call_at_close(self, close: Callable[[], None]) -> None:
        """Register a function to call when the file is closed."""
        self._at_close.append(close)

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Run a transaction that is on disk when the block ends.

        Raises:
            JournalError: The disk is full, or another process locks the file.
        """
        with self._turn():
            self._sync(True)
            with transaction(self._connection):
                yield self._connection

    @property
    def home(self) -> Path:
        """The state directory, absolute and with links resolved."""
        return resolved(self.path.parent)

    def query(self, query: str, *values: object) -> list[tuple[object, ...]]:
        """Return the rows of a query; a mapping gives values by name. Raises `JournalError`."""
        named = values[0] if len(values) == 1 and isinstance(values[0], Mapping) else None
        with self._turn():
            return self._connection.execute(query, named or values).fetchall()

    def write(
        self,
        statement: str,
        values: Sequence[object],
        *more: Statement,
        then: Callable[[int], None] | None = None,
    ) -> int:
        """Commit statements in one synced transaction.

        Args:
            statement: The first statement.
            values: Its values.
            more: The other statements.
            then: Called with the number of the inserted row after the commit, in commit order,
                before any thread continues. If it raises OSError, that is raised as `JournalError`.

        Returns:
            The number of the row that the first statement inserted.

        Raises:
            JournalError: The disk is full, or another process locks the file.
        """
        record = _Record([(statement, values), *more], synced=True, then=then)
        self._waiting.append(record)
        with self._lock:
            # The thread that held the lock before may have committed it.
            if not record.done:
                self._commit_waiting()
        self._catch_up()
        self._check(record)
        return record.row

    def note(self, statement: str, values: Sequence[object]) -> None:
        """Queue a statement; commits it now if nobody holds the lock, and before any later write.

        Once committed, it survives the process; after the next `write`, also a power cut.

        Raises:
            JournalError: The disk is full, or another process locks the file. If another thread
                commits, that thread raises; this one raises at its next write unless the note could
                be written.
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
        """Commit notes that were queued while the lock was held; call it after releasing it."""
        while self._waiting and self._lock.acquire(blocking=False):
            try:
                self._commit_waiting()
            finally:
                self._lock.release()

    def _commit_waiting(self) -> None:
        """Commit everything that is queued, or nothing of it."""
        # Records stay queued until they are done, because this thread may be interrupted anywhere.
        handed_in = [self._waiting[index] for index in range(len(self._waiting))]
        records = [each for each in handed_in if not each.done]
        try:
            if records:
                self._commit(records)
        except sqlite3.OperationalError as error:
            for each in records:
                if each.synced:
                    each.error, each.done = error, True
            # Threads that wait for a record raise themselves. Notes stay queued: their thread may
            # not know of the failure, and nothing it writes later may be kept without them.
            if not all(each.synced for each in records):
                raise self._unkept(error) from error
        except Exception:  # noqa: BLE001 - a value that SQLite refuses: its owner gets the error
            self._commit_singly(records)
        while self._waiting and self._waiting[0].done:
            self._waiting.popleft()

    def _commit_singly(self, records: Sequence[_Record]) -> None:
        """Commit each record by itself, so a bad one does not fail the others."""
        for each in records:
            try:
                self._commit([each])
            except Exception as error:  # noqa: BLE001 - raised where it is waited for
                each.error, each.done = error, True
        for each in records:
            if not each.synced:
                self._check(each)

    def _check(self, record: _Record) -> None:
        """Raise the error of a record that could not be written."""
        if isinstance(record.error, sqlite3.Error | OSError):
            raise self._unkept(record.error) from record.error
        if record.error is not None:
            raise record.error

    def _commit(self, records: Sequence[_Record]) -> None:
        self._sync(any(each.synced for each in records))
        with transaction(self._connection):
            for each in records:
                rows = [self._connection.execute(*one).lastrowid for one in each.statements]
                each.row = rows[0] or 0
        for each in records:
            if each.then is not None:
                try:
                    each.then(each.row)
                except OSError as error:
                    each.error = error
            each.done = True

    def _sync(self, synced: bool) -> None:
        """Turn syncing of the next commits on or off; not possible within a transaction."""
        if synced != self._synced:
            self._connection.execute(f"PRAGMA synchronous = {'FULL' if synced else 'NORMAL'}")
            self._synced = synced

    def checkpoint(self) -> None:
        """Copy the log into the file, as far as no reader needs it. Raises `JournalError`.

        After that, a copy of the file alone has the content.
        """
        with self._turn():
            self._connection.execute("PRAGMA wal_checkpoint(PASSIVE)")

    def check_integrity(self) -> None:
        """Let SQLite check the file for damage. Raises `JournalError`."""
        for (found,) in self.query("PRAGMA quick_check(1)"):
            if found != "ok":
                raise self.make_damage_error(str(found))

    def make_damage_error(self, why: Exception | str) -> JournalError:
        """Build the error for content that is not what was written."""
        return JournalError(
            f"the journal {self.path} is damaged: {why}", help=f"nothing was sent; {KEEP}"
        )

    def _unkept(self, error: sqlite3.Error | OSError) -> JournalError:
        if getattr(error, "sqlite_errorcode", 0) & 0xFF in {
            sqlite3.SQLITE_CORRUPT,
            sqlite3.SQLITE_NOTADB,
        }:
            return self.make_damage_error(error)
        short = find_shortage_at(error, self.path.parent)
        remedy = short.remedy if short else "free some space"
        return JournalError(
            f"cannot write the journal {self.path}: {short.what if short else error}",
            help=f"nothing is sent without being recorded first; {remedy}, leave the journal where "
            "it is, and run again",
        )
