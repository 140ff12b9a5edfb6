"""Makes sure that DuckDB finds the same rows in a CSV file as the rest of the program."""

from __future__ import annotations

import logging
from contextlib import contextmanager
from typing import TYPE_CHECKING

from bulkflow.errors import StepError
from bulkflow.system_errors import explained
from bulkflow_rows.csv_relation import copy_plainly, csv_files
from bulkflow_rows.session import open_session

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from bulkflow_csv import ByteSource

logger = logging.getLogger(__name__)


@contextmanager
def make_countable(
    source: ByteSource, width: int, delimiter: str, rows: int, directory: Path
) -> Iterator[tuple[Path, str]]:
    """Return the path and the delimiter of a file whose rows DuckDB finds.

    That is the file itself, or a plainer copy of it for as long as the context lasts.

    Args:
        source: The file.
        width: How many columns it has.
        delimiter: Its column delimiter, one character.
        rows: How many rows the program found.
        directory: An existing folder for the copy.

    Raises:
        StepError: The copy cannot be written.
    """
    if _has_all(source.path, width, delimiter, rows, directory):
        yield source.path, delimiter
        return
    target = directory / f"{source.path.stem}.plain"
    logger.info("%s: copied in a plainer form, for DuckDB", source.name)
    try:
        try:
            copy_plainly(source.path, target, delimiter, width, source.name)
        except OSError as error:
            what, remedy = explained(error, "make room")
            raise StepError(
                f"cannot store a copy of the rows in {directory}: {what}",
                help=f"{remedy}, or choose another folder with --state-dir DIR",
            ) from error
        yield target, ","
    finally:
        target.unlink(missing_ok=True)


def _has_all(path: Path, width: int, delimiter: str, rows: int, directory: Path) -> bool:
    import duckdb

    with open_session(directory, (path,)) as connection:
        try:
            query = f"SELECT count(c0) FROM {csv_files([path], width, delimiter)}"  # noqa: S608
            ((found,),) = connection.execute(query).fetchall()
        except duckdb.Error:
            return False
    return bool(found == rows)
