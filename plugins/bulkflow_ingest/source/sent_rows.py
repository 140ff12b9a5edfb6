"""The rows of a job as they are sent, for checks: a view of DuckDB over the files of its parts."""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from itertools import groupby
from typing import TYPE_CHECKING

from attrs import define

from bulkflow.plugin import quote_text
from bulkflow_csv import locate
from bulkflow_ingest.source.plain_rows import make_countable
from bulkflow_ingest.source.row_places import read_places
from bulkflow_rows.csv_relation import csv_files
from bulkflow_rows.session import convert_errors, open_session, quote_path

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from duckdb import DuckDBPyConnection

    from bulkflow_ingest.source.sent_parts import SentPart

VIEW = "sent"
"""The view: `file` (from 0), `row` (from 1 in its file), and the columns `c0`, `c1`, …, as text
that is never null."""


@define
class _File:
    parts: list[SentPart]
    path: Path
    delimiter: str

    @property
    def name(self) -> str:
        return self.parts[0].data.source.name

    @property
    def rows(self) -> int:
        return sum(each.data.rows for each in self.parts)


@define(eq=False)
class SentRows:
    """The rows of a job in a database.

    Attributes:
        connection: The database, with the view `sent`.
        columns: The names of the columns that are sent.
    """

    connection: DuckDBPyConnection
    columns: tuple[str, ...]
    _files: list[_File]

    def describe_place(self, file: int, row: int) -> str:
        """Describe where a row is in the user's file: `line 7`, or `row 6` of rewritten rows."""
        parts = self._files[file].parts
        original = parts[0].original
        first = parts[0].data
        places = read_places(first.source.path if original is None else original.path)
        if places is not None:
            if original is not None and original.numbers is not None:
                row = self._find_number(original.numbers, row)
            return f"{places.unit} {row - 1 + places.first:,}"
        if original is None or original.path == first.source.path.absolute():
            with first.source.open() as opened:
                for found in locate(
                    opened,
                    [row - 1],
                    start=first.start,
                    end=parts[-1].data.end,
                    line=first.first_line,
                ):
                    return f"line {found.line:,}"
        elif original.numbers is not None:
            row = self._find_number(original.numbers, row)
        return f"row {row:,}"

    def _find_number(self, numbers: Path, row: int) -> int:
        """Return the number in the source of a row that was sent."""
        query = f"SELECT row FROM read_parquet({quote_path(numbers)}) LIMIT 1 OFFSET {row - 1}"  # noqa: S608
        ((number,),) = self.connection.execute(query).fetchall()
        return int(number)


@contextmanager
def open_sent_rows(parts: Sequence[SentPart], directory: Path) -> Iterator[SentRows]:
    """Open the rows of a job, for as long as the context lasts.

    Args:
        parts: All parts of the job, in their order; at least one.
        directory: An existing folder for what exceeds the memory.

    Raises:
        DataError: A file cannot be read.
    """
    columns = parts[0].data.header.columns
    width = len(columns)
    grouped = groupby(parts, key=lambda each: each.data.source.path)
    with ExitStack() as stack:
        files = [_open_file(list(found), width, directory, stack) for _, found in grouped]
        numbers = [
            each.original.numbers
            for each in parts
            if each.original is not None and each.original.numbers is not None
        ]
        paths = [*(each.path for each in files), *numbers]
        with open_session(directory, paths) as connection, convert_errors(files[0].name):
            selects = [
                f"SELECT {index} AS file, row_number() OVER () AS row, *"  # noqa: S608
                f" FROM {csv_files([each.path], width, each.delimiter)}"
                for index, each in enumerate(files)
            ]
            connection.execute(f"CREATE TEMP VIEW {VIEW} AS {' UNION ALL '.join(selects)}")
            yield SentRows(connection, columns, files)


def _open_file(parts: list[SentPart], width: int, directory: Path, stack: ExitStack) -> _File:
    data, delimiter = parts[0].data, parts[0].dialect.delimiter
    rows = sum(each.data.rows for each in parts)
    path, delimiter = stack.enter_context(
        make_countable(data.source, width, delimiter, rows, directory)
    )
    return _File(parts, path, delimiter)


def quote_list(texts: Sequence[str]) -> str:
    """Return the SQL for a list of texts."""
    return ", ".join(quote_text(each) for each in texts)
