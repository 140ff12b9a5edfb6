"""Reads CSV files with DuckDB: every option is given, nothing is guessed."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING, Final

from bulkflow_csv import CsvError, read_rows
from bulkflow_ingest.output_files import make_unwritable_error
from bulkflow_ingest.reconcile.errors import ReconcileError, UnreadableError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

_LONGEST_LINE: Final = 4 << 20
"""Bytes: a record of 400,000 characters of four bytes each, and its error."""
_BUFFER: Final = 8 << 20
"""Bytes that each thread reads at a time."""


def text(value: str) -> str:
    """Quote a text for SQL."""
    return "'" + value.replace("'", "''") + "'"


def csv_files(
    paths: Sequence[Path],
    columns: int,
    delimiter: str,
    *,
    packed: bool = False,
    divided: bool = True,
) -> str:
    r"""Return the SQL for the rows of files of one form: text columns `c0`, `c1`, ..., never null.

    DuckDB detects the line ending: with `\r\n` given, 2.0.0 silently reads no row.

    Args:
        paths: The files, each with a header.
        columns: How many columns each has.
        delimiter: The column delimiter.
        packed: Whether they are compressed with gzip. DuckDB refuses truncated ones.
        divided: Whether several processors may read one file. DuckDB guesses where each of them
            finds a record, and refuses the file if that is within a value of several lines.
    """
    names = [f"'c{index}'" for index in range(columns)]
    options = {
        "columns": "{" + ", ".join(f"{name}: 'VARCHAR'" for name in names) + "}",
        "force_not_null": f"[{', '.join(names)}]",
        "delim": text(delimiter),
        "quote": "'\"'",
        "escape": "'\"'",
        "comment": "''",
        "header": "true",
        "auto_detect": "false",
        "strict_mode": "true",
        "compression": "'gzip'" if packed else "'none'",
        "parallel": "true" if divided else "false",
        "max_line_size": str(_LONGEST_LINE),
        "buffer_size": str(_BUFFER),
    }
    files = ", ".join(text(_literal(path)) for path in paths)
    return f"read_csv([{files}], {', '.join(f'{key}={value}' for key, value in options.items())})"


def plain_copy(path: Path, target: Path, delimiter: str, columns: int) -> Path:
    """Rewrite a CSV file in the plainest form: all values quoted, commas.

    For files that DuckDB reads differently from the program.

    Raises:
        UnreadableError: The file is not CSV with so many columns.
        ReconcileError: The copy cannot be written.
    """
    try:
        with target.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, lineterminator="\n", quoting=csv.QUOTE_ALL)
            for row in read_rows(path, delimiter=delimiter):
                if len(row.values) != columns:
                    raise UnreadableError(
                        f"line {row.line} of {path} has {len(row.values)} values, its header has "
                        f"{columns} columns"
                    )
                writer.writerow(row.values)
    except CsvError as error:
        raise UnreadableError(f"{error.place}: {error.message}") from error
    except OSError as error:
        raise make_unwritable_error(target, error, ReconcileError) from error
    return target


def _literal(path: Path) -> str:
    """Escape a path as a glob pattern that matches only this path."""
    escaped = str(path.absolute())
    return "".join(f"[{sign}]" if sign in "*?[" else sign for sign in escaped)
