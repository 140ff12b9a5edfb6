"""Opens the journal's file, for writing or for reading without any change."""

from __future__ import annotations

import sqlite3
from contextlib import contextmanager
from pathlib import Path
from shutil import copyfile
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Final

from bulkflow.errors import UsageError
from bulkflow.journal.schema import FORMAT, MIGRATIONS
from bulkflow.path_checks import is_there, is_utf8
from bulkflow.private_files import make_private_file, make_private_folder, refuse_link
from bulkflow.system_errors import find_shortage, find_shortage_at

if TYPE_CHECKING:
    from collections.abc import Iterator

FILE_NAME = "journal.sqlite"

LONGEST_TURN = 60.0
"""Seconds to wait for another process that writes; several pipelines may share a journal."""

SWITCHES = 20
"""How often to try to switch to write-ahead logging while other processes lock the file."""

KEEP = (
    "keep the file: it records which rows were sent, and without it they may be loaded twice. "
    f"Restore {FILE_NAME} and {FILE_NAME}-wal from the same backup"
)
"""What to do with a damaged journal."""


def connect_to_write(directory: Path) -> sqlite3.Connection:
    """Open or create the journal of a state directory.

    Raises:
        UsageError: It cannot be written, is not a journal, or was written by a newer bulkflow.
    """
    path = directory / FILE_NAME
    if not is_utf8(path):
        raise UsageError(
            f"the name of the state folder {directory} is not UTF-8, or that of a folder above it",
            help="choose another with --state-dir DIR; the journal of runs holds UTF-8 only",
        )
    try:
        make_private_folder(directory)
        make_private_file(path)
        connection = sqlite3.connect(
            path, timeout=LONGEST_TURN, isolation_level=None, check_same_thread=False
        )
    except (OSError, sqlite3.Error) as error:
        raise _unkept(directory, error) from error
    try:
        _prepare(connection, path)
    except sqlite3.Error as error:
        connection.close()
        raise _unusable(path, error) from error
    except UsageError:
        connection.close()
        raise
    return connection


def connect_to_read(directory: Path) -> sqlite3.Connection:
    """Open the journal of a state directory without changing it; empty if there is none.

    Works on a read-only folder. A journal of an older format is migrated in memory.

    Raises:
        UsageError: It cannot be read, is not a journal, or was written by a newer bulkflow.
    """
    path = directory / FILE_NAME
    try:
        if not is_there(path):
            return _migrated(_in_memory())
        refuse_link(path)
        found = _opened_to_read(path)
    except OSError as error:
        raise _unread(path, error) from error
    except sqlite3.Error as error:
        raise _unusable(path, error) from error
    try:
        if _format(found, path) == FORMAT:
            return found
        copy = _in_memory()
        found.backup(copy)
        found.close()
        return _migrated(copy)
    except sqlite3.Error as error:
        found.close()
        raise _unusable(path, error) from error
    except UsageError:
        found.close()
        raise


def make_damage_error(path: Path, error: Exception | str) -> UsageError:
    """Build the error for a journal with content that bulkflow does not write."""
    return UsageError(f"cannot read {path} as a journal: {error}", help=KEEP)


def _opened_to_read(path: Path) -> sqlite3.Connection:
    try:
        return _looked_at(path, "mode=ro")
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode & 0xFF not in _NO_INDEX:
            raise
    # SQLite cannot create the index of the log, as on a full or read-only disk.
    log = path.with_name(f"{path.name}-wal")
    if not log.exists() or not log.stat().st_size:
        return _looked_at(path, "mode=ro&immutable=1")
    with TemporaryDirectory(prefix="bulkflow-") as folder:
        copy = Path(folder, FILE_NAME)
        copyfile(path, copy)
        copyfile(log, copy.with_name(log.name))
        found, memory = sqlite3.connect(copy), _in_memory()
        try:
            found.backup(memory)
        finally:
            found.close()
    return memory


_NO_INDEX: Final = {
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_FULL,
}


def _looked_at(path: Path, how: str) -> sqlite3.Connection:
    connection = sqlite3.connect(
        f"{path.absolute().as_uri()}?{how}",
        uri=True,
        timeout=LONGEST_TURN,
        isolation_level=None,
        check_same_thread=False,
    )
    try:
        connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    except sqlite3.Error:
        connection.close()
        raise
    return connection


def _in_memory() -> sqlite3.Connection:
    return sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)


def _prepare(connection: sqlite3.Connection, path: Path) -> None:
    _log_ahead(connection)
    connection.execute("PRAGMA synchronous = FULL")
    # Without it, macOS leaves synced data in the drive's cache; other systems ignore it.
    connection.execute("PRAGMA fullfsync = ON")
    connection.execute("PRAGMA foreign_keys = ON")
    if _format(connection, path) < FORMAT:
        _migrated(connection, path)
        # A copy of the file without its log should still list the runs.
        connection.execute("PRAGMA wal_checkpoint(PASSIVE)")


def _migrated(connection: sqlite3.Connection, path: Path | None = None) -> sqlite3.Connection:
    # Inside the transaction, because two processes may start with the same empty file.
    with transaction(connection):
        found = _format(connection, path)
        # Not executescript, which would commit first.
        for migration in MIGRATIONS[found:]:
            for statement in migration.split(";"):
                connection.execute(statement)
        connection.execute(f"PRAGMA user_version = {FORMAT}")
    return connection


def _format(connection: sqlite3.Connection, path: Path | None) -> int:
    """Read the format of a journal. Raises `UsageError` if a newer bulkflow wrote it."""
    found: int = connection.execute("PRAGMA user_version").fetchone()[0]
    if found > FORMAT:
        raise UsageError(
            f"{path} was written by a newer bulkflow (format {found}, this one knows {FORMAT})",
            help="upgrade bulkflow, or choose another folder with --state-dir DIR",
        )
    return found


def _log_ahead(connection: sqlite3.Connection) -> None:
    """Switch to write-ahead logging, even while other processes do the same."""
    for _ in range(SWITCHES):
        try:
            connection.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY:
                raise
            # The switch does not wait for locks as a transaction does, so wait with a transaction.
            with transaction(connection):
                pass
        else:
            return
    connection.execute("PRAGMA journal_mode = WAL")


@contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """Run a transaction that is committed if the block succeeds."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        # After some errors, such as a full disk, SQLite has already rolled back.
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def _unkept(directory: Path, error: OSError | sqlite3.Error) -> UsageError:
    short = find_shortage_at(error, directory)
    if short is None:
        return UsageError(
            f"cannot write a journal in {directory}: {getattr(error, 'strerror', None) or error}",
            help="choose a writable folder with --state-dir DIR",
        )
    return UsageError(
        f"cannot write a journal in {directory}: {short.what}",
        help=f"nothing was sent; {short.remedy}. Leave an existing journal where it is: it "
        "records which rows were sent",
    )


def _unread(path: Path, error: OSError) -> UsageError:
    short = find_shortage(error)
    return UsageError(
        f"cannot read the journal {path}: {short.what if short else error.strerror or error}",
        help=short.remedy if short else "check the folder and its permissions",
    )


def _unusable(path: Path, error: sqlite3.Error) -> UsageError:
    """Build the error for a file that SQLite cannot use."""
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if find_shortage(error) is not None or code in {
        sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_PERM,
        sqlite3.SQLITE_BUSY,
        sqlite3.SQLITE_LOCKED,
    }:
        return _unkept(path.parent, error)
    return make_damage_error(path, error)
