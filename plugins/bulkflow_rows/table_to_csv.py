"""Writes a typed table as a CSV file that an ingest job accepts."""

from __future__ import annotations

import logging
import os
from pathlib import Path
from tempfile import mkstemp
from typing import TYPE_CHECKING

from bulkflow.errors import DataError
from bulkflow.plugin import quote_name, quote_text
from bulkflow.system_errors import explained
from bulkflow_rows.interruption import interrupt_with
from bulkflow_rows.session import convert_errors, open_session, quote_path
from bulkflow_rows.spelling import flatten_relation, spell_relation

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from duckdb import DuckDBPyConnection, DuckDBPyRelation

    from bulkflow.plugin import SourceTable
    from bulkflow_rows.spelling import SpelledColumn

logger = logging.getLogger(__name__)


def write_table(
    table: SourceTable, directory: Path, checkpoint: Callable[[], None] | None = None
) -> Path:
    """Write a table to a new CSV file, with each value as Salesforce expects it.

    The table is read once, in its order, in constant memory.

    Args:
        table: The table.
        directory: An existing folder for the file, which only its owner can read.
        checkpoint: Raises `RunInterruptedError` if the user asked the run to stop; called from
            another thread.

    Raises:
        RunInterruptedError: The user asked the run to stop. No file remains.
        DataError: The table cannot be read, a value has no form that Salesforce accepts, or the
            file cannot be written.
    """
    path = make_rows_file(directory, table.name)
    try:
        with (
            open_session(directory, table.files) as connection,
            convert_errors(table.name, table.advice),
            interrupt_with(connection, checkpoint),
        ):
            relation = table.relate(connection)
            columns = spell_relation(relation)
            relation.create_view("source", replace=True)
            write_csv(connection, "source", columns, path)
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    logger.info("%s: written as CSV to %s", table.name, path)
    return path


def stage_table(table: SourceTable, directory: Path) -> tuple[Path, Path]:
    """Write a table to a new CSV file as `write_table` does, and to a Parquet file with its types.

    The columns of both have the same names. The table is read once.

    Raises:
        DataError: As `write_table`.
    """
    path = make_rows_file(directory, table.name)
    typed = path.with_suffix(".parquet")
    try:
        with open_session(directory, table.files) as connection, convert_errors(table.name):
            relate_flat(table, connection).create_view("source", replace=True)
            connection.execute(
                f"COPY source TO {quote_text(str(typed))} (FORMAT parquet, ROW_GROUP_SIZE 30720)"
            )
            staged = connection.sql(f"SELECT * FROM read_parquet({quote_path(typed)})")  # noqa: S608
            staged.create_view("staged", replace=True)
            write_csv(connection, "staged", spell_relation(staged), path)
    except BaseException:
        path.unlink(missing_ok=True)
        typed.unlink(missing_ok=True)
        raise
    return path, typed


def relate_flat(table: SourceTable, connection: DuckDBPyConnection) -> DuckDBPyRelation:
    """Make the relation of a table; each field of a struct becomes a column."""
    relation = table.relate(connection)
    flat = flatten_relation(relation)
    return relation.project(", ".join(f"{each.sql} AS {quote_name(each.name)}" for each in flat))


def read_table_columns(table: SourceTable, directory: Path) -> tuple[str, ...]:
    """Read the names that the columns of a table have in CSV. Raises `DataError`."""
    with (
        open_session(directory, table.files) as connection,
        convert_errors(table.name, table.advice),
    ):
        return tuple(each.name for each in spell_relation(table.relate(connection)))


def write_csv(
    connection: DuckDBPyConnection, rows: str, columns: Iterable[SpelledColumn], path: Path
) -> None:
    """Write a view or table as CSV: UTF-8, commas, LF, with a header."""
    connection.execute(build_copy(rows, columns, path))


def build_copy(
    rows: str, columns: Iterable[SpelledColumn], path: Path, compression: str = "none"
) -> str:
    """Build the statement that writes a view or table as CSV.

    Args:
        rows: The name of the view or table.
        columns: Its columns as text.
        path: The file.
        compression: "none", "gzip" or "zstd".
    """
    made = list(columns)
    # A record with one empty value would be a blank line; an empty text is written with quotes.
    values = [f"coalesce({each.sql}, '')" if len(made) == 1 else each.sql for each in made]
    selected = ", ".join(
        f"{value} AS {quote_name(each.name)}" for value, each in zip(values, made, strict=True)
    )
    return (
        f"COPY (SELECT {selected} FROM {rows}) TO {quote_text(str(path))}"  # noqa: S608 - names and texts are quoted
        " (FORMAT csv, HEADER true, DELIMITER ',', QUOTE '\"', ESCAPE '\"', NULLSTR '',"
        # The file is there already, and nobody sees it before it is complete.
        " USE_TMP_FILE false,"
        f" COMPRESSION '{compression}')"
    )


def make_rows_file(directory: Path, name: str) -> Path:
    """Make an empty file for rows, which only its owner can read. Raises `DataError`.

    Its name is unique, because parallel branches share the folder.
    """
    try:
        descriptor, made = mkstemp(prefix="rows-", suffix=".csv", dir=directory)
    except OSError as error:
        what, remedy = explained(error, "make room")
        raise DataError(
            f"the rows cannot be copied to {directory}: {what}",
            place=name,
            help=f"{remedy}, or choose another folder with --state-dir DIR",
        ) from error
    os.close(descriptor)
    return Path(made)
