"""Applies the row clauses of a job to a file of its source."""

from __future__ import annotations

import logging
from contextlib import ExitStack
from typing import TYPE_CHECKING

from attrs import evolve, frozen

from bulkflow.plugin import Problem, quote_name, quote_text
from bulkflow.plugin.source_errors import ProblemsError
from bulkflow_csv import NULL, ByteSource, locate
from bulkflow_ingest.source.plain_rows import make_countable
from bulkflow_ingest.source.row_places import read_places
from bulkflow_rows.csv_relation import csv_files
from bulkflow_rows.session import quote_path
from bulkflow_rows.statement import (
    FailedClauseError,
    FaultyRowsError,
    RowStatement,
    SentColumn,
    find_problems,
    make_rows,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from bulkflow_csv import DelimiterAlias, Layout, Scan
    from bulkflow_ingest.settings import IngestSettings
    from bulkflow_rows.statement import FaultyRows, MadeRows, Relate

logger = logging.getLogger(__name__)

UNREADABLE = "B440"
MISFIT = "B441"


@frozen
class ChangedRows:
    """The rows that row clauses made of a file.

    Attributes:
        source: The file with the rows.
        numbers: The file with the number in the source of each row; None if none was left out.
        notes: How many rows each clause left out.
    """

    source: ByteSource
    numbers: Path | None
    notes: tuple[str, ...]


def apply_row_clauses(
    scan: Scan,
    typed: Path | None,
    alias: DelimiterAlias | None,
    layout: Layout,
    settings: IngestSettings,
    directory: Path,
) -> ChangedRows:
    """Write the rows that the clauses of a job make of a file.

    Args:
        scan: The scan of the whole file.
        typed: A Parquet file with the typed rows of the file; None for text.
        alias: The character that replaces the delimiter in the file.
        layout: The columns to send.
        settings: The job's settings.
        directory: An existing folder for the rows.

    Raises:
        ProblemsError: Clauses cannot deal with some rows.
        DataError: The rows cannot be read or written.
    """
    head = scan.head
    columns = head.header.columns
    name = head.source.name
    with ExitStack() as stack:
        if typed is not None:
            relate, files = _relate_typed(typed), (typed,)
        else:
            path, delimiter = stack.enter_context(
                make_countable(
                    head.source, len(columns), head.dialect.delimiter, scan.rows, directory
                )
            )
            breaks = head.dialect.line_end.decode()
            relate, files = _relate_text(path, delimiter, columns, alias, breaks), (path,)
        statement = RowStatement(
            name,
            relate,
            files,
            settings.row_clauses,
            convert_layout(layout, columns),
            settings.nulls,
            NULL,
        )
        problems = list(find_problems(statement, directory))
        if problems:
            raise ProblemsError([evolve(each, code=each.code or MISFIT) for each in problems], name)
        try:
            made = make_rows(statement, directory)
        except FaultyRowsError as error:
            raise ProblemsError([*_explain_faults(error.faulty, scan, typed)], name) from error
        except FailedClauseError as error:
            problem = Problem(error.message, error.help, error.use.setting, MISFIT)
            raise ProblemsError([problem], name) from error
    return ChangedRows(
        ByteSource(name, made.path, spooled=True), made.numbers, _count_left_out(made, scan.rows)
    )


def find_row_problems(
    name: str,
    columns: Sequence[str],
    typed: Relate | None,
    files: Sequence[Path],
    settings: IngestSettings,
    directory: Path,
) -> Iterator[Problem]:
    """Find what is wrong with the row clauses of a job, given the columns of its source.

    Args:
        name: The name of the source.
        columns: Its columns.
        typed: Makes the relation of a typed source; None for text.
        files: The files that this relation reads.
        settings: The job's settings.
        directory: An existing folder.
    """
    if not settings.row_clauses:
        return
    relate = typed or _relate_nothing(columns)
    uses = settings.row_clauses
    statement = RowStatement(name, relate, tuple(files), uses, (), settings.nulls)
    for problem in find_problems(statement, directory):
        yield evolve(problem, code=problem.code or MISFIT)


def convert_layout(layout: Layout, columns: Sequence[str]) -> tuple[SentColumn, ...]:
    """Return the columns to send, by the names of the source's columns."""
    return tuple(
        SentColumn(
            each.name,
            None if each.index is None else columns[each.index],
            each.is_made,
            each.constant,
        )
        for each in layout.columns
    )


def _relate_text(
    path: Path,
    delimiter: str,
    columns: Sequence[str],
    alias: DelimiterAlias | None,
    line_break: str,
) -> Relate:
    def unfold(column: str) -> str:
        if alias is not None:
            column = f"replace({column}, chr({ord(alias.sign)}), {quote_text(alias.text)})"
        # A line break in a value is one character, whatever ends the lines of the file.
        return column if line_break == "\n" else f"replace({column}, chr(13) || chr(10), chr(10))"

    values = ", ".join(
        f"nullif({unfold(f'c{index}')}, '') AS {quote_name(column)}"
        for index, column in enumerate(columns)
    )
    rows = csv_files([path], len(columns), delimiter)
    return lambda connection: connection.sql(f"SELECT {values} FROM {rows}")  # noqa: S608


def _relate_typed(path: Path) -> Relate:
    rows = f"SELECT * FROM read_parquet({quote_path(path)})"  # noqa: S608
    return lambda connection: connection.sql(rows)


def _relate_nothing(columns: Sequence[str]) -> Relate:
    values = ", ".join(f"CAST(NULL AS VARCHAR) AS {quote_name(each)}" for each in columns)
    return lambda connection: connection.sql(f"SELECT {values}")


def _count_left_out(made: MadeRows, rows: int) -> tuple[str, ...]:
    notes = []
    for use, left in made.left:
        notes.append(f"`{use.text}` leaves out {rows - left:,} of {rows:,} rows")
        rows = left
    return tuple(notes)


def _explain_faults(
    faulty: Sequence[FaultyRows], scan: Scan, typed: Path | None
) -> Iterator[Problem]:
    for each in faulty:
        numbers = [number for number, _ in each.examples]
        known = read_places(scan.source.path)
        if known is not None:
            places = [f"{known.unit} {number - 1 + known.first:,}" for number in numbers]
        elif typed is not None:
            places = [f"row {number:,}" for number in numbers]
        else:
            places = [f"line {line:,}" for line in _find_lines(scan, numbers)]
        shown = ", ".join(
            f"{value!r} ({place})" for place, (_, value) in zip(places, each.examples, strict=True)
        )
        what = "1 value" if each.count == 1 else f"{each.count:,} values"
        yield Problem(
            f"{what} of {each.fault.column} {each.fault.message}: {shown}",
            each.fault.help,
            each.use.setting,
            UNREADABLE,
            naming=each.fault.column,
        )


def _find_lines(scan: Scan, numbers: Sequence[int]) -> list[int]:
    head = scan.head
    with head.source.open() as file:
        found = locate(
            file,
            [number - 1 for number in numbers],
            start=head.start.offset,
            end=head.end,
            line=head.start.line,
        )
        return [each.line for each in found]
