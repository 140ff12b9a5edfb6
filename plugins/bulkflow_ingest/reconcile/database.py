"""The database on disk in which rows and results are joined: DuckDB, with limited memory.

Its tables:

    source_rows    a source row: row, line, h, k (the key of the whole row)
    slices         a part: p, part, file, first (the number of its first row), rows
    result_rows    a row of a result file: res, p, failed, id, created, error, h, k (a view)
    source_keys, result_keys    the keys of both in the form of the current round
    pairs          a source row and its result: row, res, loose
    doubts         a source row that cannot be distinguished from another: row
    listed         a source row that the org lists as unprocessed: row
    strays         results without a source row: p, n
    loose_parts    a part with pairs that did not agree in all columns: p
    distinct_outcomes    a distinct outcome of results: said, failed, created, error
    outcomes          a source row with its outcome, the result of the join
    origins        a resent row and the source row that it came from: row, origin
"""

# ruff: noqa: S608 - all of it is SQL, made of numbers, names of our own and quoted texts

from __future__ import annotations

import shutil
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from attrs import define, field

from bulkflow.system_errors import find_named_shortage
from bulkflow_ingest.output_files import make_unwritable_error
from bulkflow_ingest.reconcile.errors import ReconcileError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    import duckdb
    from numpy.typing import NDArray

SOURCE_CHANGED: Final = "a source file changed while its rows were saved"
"""The error of queries that meet a row other than the one that was joined."""

_FILE = "reconcile.duckdb"
_SPILL = "reconcile.spill"
_COPIES = "reconcile.copies"


@define(eq=False)
class ReconcileDatabase:
    """A temporary database; it is deleted when it is closed."""

    directory: Path
    _connection: duckdb.DuckDBPyConnection = field(repr=False)

    @classmethod
    def open(cls, directory: Path, *, memory: int, threads: int | None) -> ReconcileDatabase:
        """Make the database.

        Args:
            directory: An existing folder for it, and for data that does not fit into memory.
            memory: How many bytes of memory it may use.
            threads: How many processors it may use; None for all.

        Raises:
            ReconcileError: The folder cannot be written.
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
            ReconcileError: The database refuses.
        """
        import duckdb

        with _converted(duckdb):
            self._connection.execute(sql, list(values) or None)

    def rows(self, sql: str, *values: object) -> list[tuple[Any, ...]]:
        """Return all rows of a query."""
        import duckdb

        with _converted(duckdb):
            return self._connection.execute(sql, list(values) or None).fetchall()

    def number(self, sql: str, *values: object) -> int:
        """Return the single number of a query; 0 if there is none."""
        ((found,),) = self.rows(sql, *values)
        return int(found or 0)

    def make_table(self, table: str, columns: str, relation: str) -> int:
        """Make or replace a table of expressions of each row; return how many rows it has.

        The place of a row, from 0, is its `rowid`: nothing is ever removed from the table.
        """
        self.run(f"CREATE OR REPLACE TABLE {table} AS SELECT {columns} FROM {relation}")
        return self.number(f"SELECT count(*) FROM {table}")

    def stream(self, sql: str, size: int) -> Iterator[list[tuple[Any, ...]]]:
        """Yield the rows of a query, at most `size` at a time."""
        import duckdb

        with _converted(duckdb):
            self._connection.execute(sql)
            while rows := self._connection.fetchmany(size):
                yield rows

    def arrays(self, sql: str, *values: object) -> dict[str, NDArray[Any]]:
        """Return the columns of a query by name: numbers and booleans without nulls."""
        import duckdb

        with _converted(duckdb):
            return self._connection.execute(sql, list(values) or None).fetchnumpy()

    def name_rows(self, sql: str) -> str:
        """Make a table of the rows of a query, and return its name."""
        self.run(f"CREATE OR REPLACE TEMP TABLE named_rows AS {sql}")
        return "named_rows"

    def relate(self, table: str) -> duckdb.DuckDBPyRelation:
        """Return a table as a relation."""
        return self._connection.table(table)

    @contextmanager
    def lent(self, name: str, columns: Mapping[str, NDArray[Any]]) -> Iterator[None]:
        """Make a table of arrays for as long as the context lasts."""
        import duckdb

        with _converted(duckdb):
            self._connection.register(name, dict(columns))
        try:
            yield
        finally:
            with _converted(duckdb):
                self._connection.unregister(name)

    def scratch(self, name: str) -> Path:
        """Return a path for a temporary file of the database.

        Raises:
            ReconcileError: Its folder cannot be made.
        """
        folder = self.directory / _COPIES
        try:
            folder.mkdir(exist_ok=True)
        except OSError as error:
            raise make_unwritable_error(folder, error, ReconcileError) from error
        return folder / name

    def close(self) -> None:
        """Close and delete it. Raises `ReconcileError`."""
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


def _named(error: Exception, duckdb: Any) -> ReconcileError:
    """Explain an error of DuckDB; its message is only a note if the cause is not known."""
    said = str(error)
    short = find_named_shortage(said)
    if "max_temp_directory_size" in said:
        # DuckDB reports it as a lack of memory: data that does not fit there goes to a full disk.
        what, remedy = "the disk is full", "free some space in the folder of the run"
    elif short is not None:
        what, remedy = short.what, short.remedy
    elif isinstance(error, duckdb.OutOfMemoryException):
        what, remedy = "memory is used up", "allow more memory, or load smaller parts"
    elif SOURCE_CHANGED in said:
        what, remedy = SOURCE_CHANGED, "put the file back as it was"
    else:
        return ReconcileError(
            "the results cannot be joined: the database that joins them failed",
            help="see that the folder of the run has space, and resume the run; report it with its "
            "note if it fails again. The results stay in the org for seven days",
            notes=[line.strip()[:300] for line in said.splitlines() if line.strip()][:3],
        )
    return ReconcileError(
        f"the results cannot be joined: {what}",
        help=f"{remedy}; the results stay in the org for seven days",
    )


def _remove(directory: Path) -> None:
    for name in (_FILE, f"{_FILE}.wal"):
        try:
            (directory / name).unlink(missing_ok=True)
        except OSError as error:
            raise make_unwritable_error(directory / name, error, ReconcileError) from error
    for name in (_SPILL, _COPIES):
        shutil.rmtree(directory / name, ignore_errors=True)
