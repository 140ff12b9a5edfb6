"""Reads CSV files with DuckDB: every option is given, nothing is guessed."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING, Final

from bulkflow.plugin import quote_text
from bulkflow_csv import CsvError, read_rows
from bulkflow_rows.session import quote_path

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

_LONGEST_LINE: Final = 4 << 20
"""Bytes: a record of 400,000 characters of four bytes each, and its error."""
_BUFFER: Final = 8 << 20
"""Bytes that each thread reads at a time."""


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
        "delim": quote_text(delimiter),
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
    files = ", ".join(quote_path(path) for path in paths)
    return f"read_csv([{files}], {', '.join(f'{key}={value}' for key, value in options.items())})"


def copy_plainly(path: Path, target: Path, delimiter: str, columns: int, name: str) -> Path:
    """Rewrite a CSV file in the plainest form: all values quoted, commas.

    For files that DuckDB reads differently from the program.

    Args:
        path: The file.
        target: The file to write.
        delimiter: The column delimiter, one character.
        columns: How many columns it has.
        name: The name of the file that the user knows.

    Raises:
        CsvError: The file is not CSV with so many columns.
        OSError: The copy cannot be written.
    """
    with target.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n", quoting=csv.QUOTE_ALL)
        for row in read_rows(path, delimiter=delimiter, name=name):
            if len(row.values) != columns:
                raise CsvError(
                    f"the row has {len(row.values)} values, but the header has {columns} columns",
                    name=name,
                    line=row.line,
                )
            writer.writerow(row.values)
    return target
