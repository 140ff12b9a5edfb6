"""The database on disk in which rows and results meet: DuckDB, with a bound on its memory."""

from __future__ import annotations

import shutil
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from attrs import define, field

from bulkflow.system_errors import shortage_told
from bulkflow_ingest.reconcile.errors import FatesError
from bulkflow_ingest.reconcile.output_files import unwritable

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    import duckdb
    from numpy.typing import NDArray

SOURCE_CHANGED: Final = "a source file changed while its rows were saved"
"""What queries fail with where a row is not the one that was joined."""

_FILE = "fates.duckdb"
_SPILL = "fates.spill"
_COPIES = "fates.copies"


@define(eq=False)
class Database:
    """A database that lives as long as it is open; nothing of it is kept."""

    directory: Path
    _connection: duckdb.DuckDBPyConnection = field(repr=False)

    @classmethod
    def open(cls, directory: Path, *, memory: int, threads: int | None) -> Database:
        """Make the database.

        Args:
            directory: An existing folder for it, and for what does not fit into memory.
            memory: How many bytes of memory it may take.
            threads: How many processors it may use; None for all.

        Raises:
            FatesError: The folder cannot be written.
        """
        # Here, because importing it takes longer than most commands do.
        import duckdb

        _remove(directory)
        config: dict[str, str | bool | int | float | list[str]] = {
            "memory_limit": f"{memory}B",
            "temp_directory": str(directory / _SPILL),
            "preserve_insertion_order": True,
            # Nothing is fetched from anywhere.
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
        }
        if threads is not None:
            config["threads"] = threads
        with _converted(duckdb):
            connection = duckdb.connect(str(directory / _FILE), config=config)
            # The tables are numbers that do not compress, and are read once or twice.
            connection.execute("PRAGMA force_compression='uncompressed'")
            connection.execute("SET enable_progress_bar = false")
            # A moment without a zone means UTC (guide v66).
            connection.execute("SET TimeZone = 'UTC'")
        return cls(directory, connection)

    def run(self, sql: str, *values: object) -> None:
        """Execute a statement.

        Raises:
            FatesError: The database refuses.
        """
        import duckdb

        with _converted(duckdb):
            self._connection.execute(sql, list(values) or None)

    def rows(self, sql: str, *values: object) -> list[tuple[Any, ...]]:
        """All rows of a query."""
        import duckdb

        with _converted(duckdb):
            return self._connection.execute(sql, list(values) or None).fetchall()

    def number(self, sql: str, *values: object) -> int:
        """The one number that a query gives; 0 for nothing."""
        ((found,),) = self.rows(sql, *values)
        return int(found or 0)

    def stream(self, sql: str, size: int) -> Iterator[list[tuple[Any, ...]]]:
        """The rows of a query, at most `size` at a time."""
        import duckdb

        with _converted(duckdb):
            self._connection.execute(sql)
            while rows := self._connection.fetchmany(size):
                yield rows

    def arrays(self, sql: str, *values: object) -> dict[str, NDArray[Any]]:
        """The columns of a query, numbers and truths that are never null, by their names."""
        import duckdb

        with _converted(duckdb):
            return self._connection.execute(sql, list(values) or None).fetchnumpy()

    @contextmanager
    def lent(self, name: str, columns: Mapping[str, NDArray[Any]]) -> Iterator[None]:
        """Have arrays as the columns of a table, for as long as the context lasts."""
        import duckdb

        with _converted(duckdb):
            self._connection.register(name, dict(columns))
        try:
            yield
        finally:
            with _converted(duckdb):
                self._connection.unregister(name)

    def scratch(self, name: str) -> Path:
        """A path for a file that goes with the database.

        Raises:
            FatesError: Its folder cannot be made.
        """
        folder = self.directory / _COPIES
        try:
            folder.mkdir(exist_ok=True)
        except OSError as error:
            raise unwritable(folder, error, FatesError) from error
        return folder / name

    def close(self) -> None:
        """Close and remove it. Raises `FatesError`."""
        import duckdb

        with _converted(duckdb):
            self._connection.close()
        _remove(self.directory)


@contextmanager
def _converted(duckdb: Any) -> Iterator[None]:
    try:
        yield
    except duckdb.Error as error:
        raise _named(error, duckdb) from error


def _named(error: Exception, duckdb: Any) -> FatesError:
    """What a failure of DuckDB's comes from; its words are a note where they do not tell that."""
    said = str(error)
    short = shortage_told(said)
    if "max_temp_directory_size" in said:
        # Called a lack of memory: what does not fit there is to be put on a disk that is full.
        what, remedy = "the disk is full", "free some space in the folder of the run"
    elif short is not None:
        what, remedy = short.what, short.remedy
    elif isinstance(error, duckdb.OutOfMemoryException):
        what, remedy = "memory is used up", "allow more memory, or load smaller parts"
    elif SOURCE_CHANGED in said:
        what, remedy = SOURCE_CHANGED, "put the file back as it was"
    else:
        return FatesError(
            "the results cannot be joined: the database that joins them failed",
            help="see that the folder of the run has space, and resume the run; report it with its "
            "note if it fails again. The results stay in the org for seven days",
            notes=[line.strip()[:300] for line in said.splitlines() if line.strip()][:3],
        )
    return FatesError(
        f"the results cannot be joined: {what}",
        help=f"{remedy}; the results stay in the org for seven days",
    )


def _remove(directory: Path) -> None:
    for name in (_FILE, f"{_FILE}.wal"):
        try:
            (directory / name).unlink(missing_ok=True)
        except OSError as error:
            raise unwritable(directory / name, error, FatesError) from error
    for name in (_SPILL, _COPIES):
        shutil.rmtree(directory / name, ignore_errors=True)
