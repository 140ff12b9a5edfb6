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

from bulkflow.errors import BulkflowError
from bulkflow.journal.database import (
    FILE_NAME,
    KEEP,
    connect_to_read,
    connect_to_write,
    transaction,
)
from bulkflow.system_errors import find_shortage_at

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

Statement: TypeAlias = tuple[str, "Sequence[object]"]
"""A statement of SQL, and its values."""


class JournalError(BulkflowError):
    """Something cannot be recorded, so nothing more is sent."""


@define(eq=False, repr=False)
class _Record:
    """Statements that are to be committed together."""

    statements: Sequence[Statement]
    synced: bool
    then: Callable[[int], None] | None = None
    """Called once it is committed, in the order of the commits, with the row that was inserted."""
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
            UsageError: the directory cannot be written, the file is not a journal, or it was
                written by a newer bulkflow.
        """
        return cls(directory / FILE_NAME, time, connect_to_write(directory))

    @classmethod
    def read(cls, directory: Path, time: Callable[[], float]) -> Journal:
        """Open the journal of a state directory, which need not be one that can be written.

        Nothing can be recorded in it. Where there is none yet, it has no runs.

        Raises:
            UsageError: it cannot be read, the file is not a journal, or it was written by a newer
                bulkflow.
        """
        return cls(directory / FILE_NAME, time, connect_to_read(directory))

    def close(self) -> None:
        """Close the file. Raises `JournalError` if something noted cannot be kept."""
        with self._lock:
            try:
                self._commit_waiting()
            finally:
                self._connection.close()
                while self._at_close:
                    self._at_close.pop()()

    def call_at_close(self, close: Callable[[], None]) -> None:
        """Call something when the file is closed."""
        self._at_close.append(close)

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """A transaction that is on the disk when the block is left.

        Raises:
            JournalError: the disk is full, or another process keeps the file to itself.
        """
        with self._turn():
            self._sync(True)
            with transaction(self._connection):
                yield self._connection

    @property
    def home(self) -> Path:
        """The state directory, absolute and without links."""
        return self.path.parent.resolve()

    def query(self, query: str, *values: object) -> list[tuple[object, ...]]:
        """The rows that a query gives; one mapping has values by name. Raises `JournalError`."""
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
        """Commit one statement, and more with it, in a transaction that is on the disk then.

        Args:
            statement: The first one.
            values: Its values.
            more: The others.
            then: Called when it is committed and before any thread goes on, in the order of the
                commits, with the number of the row. If it raises OSError, that is told as
                something that cannot be kept.

        Returns:
            The number of the row that the first one inserted.

        Raises:
            JournalError: as `writing`.
        """
        record = _Record([(statement, values), *more], synced=True, then=then)
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
        """Whether the next commits are synced; cannot be changed within a transaction."""
        if synced != self._synced:
            self._connection.execute(f"PRAGMA synchronous = {'FULL' if synced else 'NORMAL'}")
            self._synced = synced

    def checkpoint(self) -> None:
        """Bring what is in the log into the file, as far as nobody reads it. Raises `JournalError`.

        A copy of the file alone has it from then on.
        """
        with self._turn():
            self._connection.execute("PRAGMA wal_checkpoint(PASSIVE)")

    def check_integrity(self) -> None:
        """Look through the file for what SQLite can tell to be wrong. Raises `JournalError`."""
        for (found,) in self.query("PRAGMA quick_check(1)"):
            if found != "ok":
                raise self.make_damage_error(str(found))

    def make_damage_error(self, why: Exception | str) -> JournalError:
        """The error for something in the journal that is not as it was written."""
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
        remedy = short.remedy if short else "make room for it"
        return JournalError(
            f"the journal {self.path} cannot be kept: {short.what if short else error}",
            help=f"nothing is sent that is not recorded first; {remedy}, leave the journal where "
            "it is, for it knows which rows were sent, and run again",
        )
