"""Opens DuckDB for the rows of a job: limited memory, and no files but those of the job."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from bulkflow.errors import DataError
from bulkflow.plugin import quote_text
from bulkflow.system_errors import find_named_shortage
from bulkflow_rows.spelling import REFUSED

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator
    from pathlib import Path

    from duckdb import DuckDBPyConnection

MEMORY: Final = 192 << 20
"""Bytes that DuckDB may use; the process with it stays below 300 MB."""


@contextmanager
def open_session(
    directory: Path, files: Collection[Path] = (), *, memory: int = MEMORY
) -> Iterator[DuckDBPyConnection]:
    """Open a database in memory for as long as the context lasts.

    Statements can read the given files, and read and write in `directory`. They can read no other
    file, load no extension and see no environment variable.

    Args:
        directory: An existing folder for files that are written, and for what exceeds the memory.
        files: Files that may be read.
        memory: How many bytes of memory the database may use.
    """
    # Here, because importing it takes longer than most commands do.
    import duckdb

    config: dict[str, str | bool | int | float | list[str]] = {
        "memory_limit": f"{memory}B",
        "temp_directory": str(directory / "rows.spill"),
        "preserve_insertion_order": True,
        "autoinstall_known_extensions": False,
        "autoload_known_extensions": False,
    }
    connection = duckdb.connect(config=config)
    try:
        connection.execute("SET enable_progress_bar = false")
        # A moment without a zone means UTC (guide v66).
        connection.execute("SET TimeZone = 'UTC'")
        # As they are, and as patterns, which is how the functions that read files take them.
        allowed = [text for each in files for text in (str(each.absolute()), _escape(each))]
        connection.execute("SET allowed_paths = $1", [allowed])
        connection.execute("SET allowed_directories = $1", [[str(directory.absolute())]])
        connection.execute("SET enable_external_access = false")
        connection.execute("SET lock_configuration = true")
        yield connection
    finally:
        connection.close()


def quote_path(path: Path) -> str:
    """Quote a path for a function of DuckDB that reads files: as a pattern of this file only."""
    return quote_text(_escape(path))


def _escape(path: Path) -> str:
    return "".join(f"[{sign}]" if sign in "*?[" else sign for sign in str(path.absolute()))


@contextmanager
def convert_errors(name: str, advice: str | None = None) -> Iterator[None]:
    """Convert the errors of DuckDB to `DataError`.

    Args:
        name: The name of the source, the place of the errors.
        advice: What to do if the rows cannot be read.
    """
    import duckdb

    try:
        yield
    except duckdb.Error as error:
        raise _convert(error, name, advice) from error


def _convert(error: Exception, name: str, advice: str | None) -> DataError:
    """Explain an error of DuckDB; its own message is only a note."""
    import duckdb

    text = str(error)
    if REFUSED in text:
        message = text.partition(REFUSED)[2].splitlines()[0]
        return DataError(message, place=name, help="correct the value, or leave the row out")
    short = find_named_shortage(text)
    if "max_temp_directory_size" in text:
        return DataError(
            "the rows cannot be prepared: the disk is full",
            place=name,
            help="free some space in the folder of the run",
        )
    if short is not None:
        return DataError(
            f"the rows cannot be prepared: {short.what}", place=name, help=short.remedy
        )
    if isinstance(error, duckdb.OutOfMemoryException):
        return DataError(
            "the rows cannot be prepared: memory is used up",
            place=name,
            help="split the source into smaller files",
        )
    return DataError(
        "the rows cannot be read",
        place=name,
        help=advice or "check that the file is complete and of the format that its name says",
        notes=[line.strip()[:300] for line in text.splitlines() if line.strip()][:2],
    )
