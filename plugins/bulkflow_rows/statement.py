"""Joins the row clauses of a job to one statement of DuckDB, and writes the rows that it makes.

A row keeps the number that it has in the source, in the column `ROW`. Where clauses leave rows out,
a second file has the numbers of the others, so that outcomes find their rows again.
"""

from __future__ import annotations

import logging
from contextlib import contextmanager
from itertools import groupby
from typing import TYPE_CHECKING, Any, TypeAlias

from attrs import evolve, field, frozen

from bulkflow.errors import DataError
from bulkflow.plugin import ROW, JobRows, Problem, quote_name, quote_text
from bulkflow.plugin.row_clauses import get_made_column, get_source_column
from bulkflow_rows.session import convert_errors, open_session, quote_path
from bulkflow_rows.spelling import REFUSED, SpelledColumn, spell_value
from bulkflow_rows.table_to_csv import make_rows_file, write_csv

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from duckdb import DuckDBPyConnection, DuckDBPyRelation

    from bulkflow.plugin import RowFault
    from bulkflow.plugin.row_clauses import RowClauseUse

    Relate: TypeAlias = Callable[[DuckDBPyConnection], DuckDBPyRelation]
    """Makes the relation of the rows of a source, in their order."""

logger = logging.getLogger(__name__)

_EXAMPLES = 3
"""How many rows a message about faulty values shows."""


@frozen
class SentColumn:
    """A column of the rows that are sent.

    Attributes:
        name: Its name.
        source: The column of the source that has its values; None if no column has.
        is_made: Whether a row clause makes its values.
        constant: The value of every row, if it has no other.
    """

    name: str
    source: str | None = None
    is_made: bool = False
    constant: str = ""


@frozen
class RowStatement:
    """What a job does with its rows.

    Attributes:
        name: The name of the source.
        relate: Makes the relation of the rows of the source, in their order.
        files: The files that the relation reads.
        uses: The row clauses, in the order in which they work.
        sent: The columns to send.
        nulls: Texts of the source that are sent as `#N/A`.
        null: The text that clears a field.
    """

    name: str
    relate: Relate = field(repr=False)
    files: tuple[Path, ...]
    uses: tuple[RowClauseUse, ...]
    sent: tuple[SentColumn, ...]
    nulls: tuple[str, ...] = ()
    null: str = "#N/A"

    @property
    def leaves_out(self) -> bool:
        """Whether a clause may leave rows out."""
        return any(each.clause.filters for each in self.uses)

    @property
    def keeps_order(self) -> bool:
        """Whether the rows stay in their order without being sorted."""
        return all(each.clause.keeps_order for each in self.uses)


@frozen
class MadeRows:
    """The rows that a statement made.

    Attributes:
        path: The CSV file with the rows: commas, LF.
        numbers: A Parquet file with the number in the source of each row, in the column `row`; None
            if it has a row for each row of the source.
        left: How many rows were left after each clause that may leave rows out, with the clause.
    """

    path: Path
    numbers: Path | None
    left: tuple[tuple[RowClauseUse, int], ...]


@frozen
class FaultyRows:
    """Rows that a clause cannot deal with.

    Attributes:
        use: The clause.
        fault: What is wrong with them.
        count: How many there are.
        examples: The numbers of the first ones in the source, from 1, and their values.
    """

    use: RowClauseUse
    fault: RowFault
    count: int
    examples: tuple[tuple[int, str], ...]


class FaultyRowsError(DataError):
    """The source has rows that the clauses of the job cannot deal with."""

    def __init__(self, faulty: Sequence[FaultyRows], place: str) -> None:
        first = faulty[0]
        super().__init__(
            f"{first.count:,} values of {first.fault.column} {first.fault.message}",
            place=place,
            help=first.fault.help,
        )
        self.faulty = tuple(faulty)


class FailedClauseError(DataError):
    """A row clause fails for a row."""

    def __init__(self, use: RowClauseUse, reason: str, place: str) -> None:
        super().__init__(
            f"`{use.text}` fails for a row: {reason}",
            place=place,
            help="`try_cast(Amount AS DOUBLE)` gives null for a text that is not a number",
        )
        self.use = use


def make_rows(statement: RowStatement, directory: Path, *, memory: int | None = None) -> MadeRows:
    """Write the rows that the clauses of a job make of its source.

    Args:
        statement: What to do.
        directory: An existing folder for the files.
        memory: How many bytes of memory the database may use; None for the default.

    Raises:
        FaultyRowsError: Clauses cannot deal with some rows.
        DataError: The source cannot be read, an expression fails for a row, or a file cannot be
            written.
    """
    limits = {} if memory is None else {"memory": memory}
    path = make_rows_file(directory, statement.name)
    numbers = path.with_suffix(".numbers") if statement.leaves_out else None
    try:
        with (
            open_session(directory, statement.files, **limits) as connection,
            convert_errors(statement.name),
        ):
            chain = _Chain.of(statement, connection)
            with chain.attribute_errors():
                chain.check()
                chain.write(path, numbers)
                left = chain.count_left(numbers)
    except BaseException:
        path.unlink(missing_ok=True)
        if numbers is not None:
            numbers.unlink(missing_ok=True)
        raise
    logger.info("%s: %d row clauses applied", statement.name, len(statement.uses))
    return MadeRows(path, numbers, left)


def find_problems(statement: RowStatement, directory: Path) -> Iterator[Problem]:
    """Find what is wrong with the row clauses of a job, given the columns of its source.

    No row is read. A clause with a problem ends the search, as later ones work on its columns.
    """
    with (
        open_session(directory, statement.files) as connection,
        convert_errors(statement.name),
    ):
        rows = _start(statement, connection, "false")
        for use in statement.uses:
            found = list(use.find_problems(rows))
            yield from found
            if found:
                return
            rows = evolve(rows, relation=use.apply(rows))


def _start(statement: RowStatement, connection: DuckDBPyConnection, condition: str) -> JobRows:
    relation = statement.relate(connection)
    columns = tuple(relation.columns)
    numbered = relation.project(f"row_number() OVER () AS {quote_name(ROW)}, *")
    if condition != "true":
        numbered = numbered.filter(condition)
    return JobRows(numbered, columns, connection, statement.name, statement.nulls)


@frozen
class _Link:
    """A clause, and the rows before and after it."""

    use: RowClauseUse
    before: JobRows
    after: JobRows


@frozen
class _Chain:
    """The clauses of a statement, each with its rows."""

    statement: RowStatement
    connection: DuckDBPyConnection
    links: tuple[_Link, ...]
    end: JobRows

    @classmethod
    def of(cls, statement: RowStatement, connection: DuckDBPyConnection) -> _Chain:
        rows = _start(statement, connection, "true")
        links = []
        for use in statement.uses:
            after = evolve(rows, relation=use.apply(rows))
            if ROW not in after.relation.columns:
                raise TypeError(f"the clause `{use.text}` lost the column {ROW!r}")
            links.append(_Link(use, rows, after))
            rows = after
        return cls(statement, connection, tuple(links), rows)

    @contextmanager
    def attribute_errors(self) -> Iterator[None]:
        """Raise `FailedClauseError` for a clause that fails for a row."""
        import duckdb

        try:
            yield
        except (
            duckdb.ConversionException,
            duckdb.InvalidInputException,
            duckdb.OutOfRangeException,
        ) as error:
            if REFUSED in str(error):
                raise
            for link in self.links:
                try:
                    link.after.relation.aggregate("count(COLUMNS(*))").fetchall()
                except duckdb.Error as cause:
                    reason = str(cause).splitlines()[0].partition(": ")[2][:200]
                    raise FailedClauseError(link.use, reason, self.statement.name) from error
            raise

    def check(self) -> None:
        """Raise `FaultyRowsError` for rows that a clause cannot deal with.

        The clauses of a stage get the rows as they are before the stage, in one query.
        """
        faulty: list[FaultyRows] = []
        for _, stage in groupby(self.links, key=lambda each: each.use.clause.stage):
            links = list(stage)
            rows = links[0].before
            faults = [(link.use, fault) for link in links for fault in link.use.find_faults(rows)]
            if faults:
                faulty += _count_faults(rows, faults)
            if faulty:
                raise FaultyRowsError(faulty, self.statement.name)

    def write(self, path: Path, numbers: Path | None) -> None:
        """Write the rows, and their numbers in the source."""
        relation = self.end.relation
        if not self.statement.keeps_order:
            relation = relation.order(quote_name(ROW))
        columns = list(self._spell(relation))
        relation.create_view("made", replace=True)
        if numbers is None:
            write_csv(self.connection, "made", columns, path)
            return
        # The statement runs once, because an expression may give something else the next time.
        staged = path.with_suffix(".parquet")
        try:
            values = ", ".join(f"{each.sql} AS v{index}" for index, each in enumerate(columns))
            self._copy(f"SELECT {quote_name(ROW)} AS row, {values} FROM made", staged)  # noqa: S608
            read = f"read_parquet({quote_path(staged)})"
            plain = [SpelledColumn(each.name, f"v{index}") for index, each in enumerate(columns)]
            write_csv(self.connection, read, plain, path)
            self._copy(f"SELECT row FROM {read}", numbers)  # noqa: S608
        finally:
            staged.unlink(missing_ok=True)

    def _copy(self, query: str, path: Path) -> None:
        self.connection.execute(
            f"COPY ({query}) TO {quote_text(str(path))} (FORMAT parquet, ROW_GROUP_SIZE 30720)"
        )

    def _spell(self, relation: DuckDBPyRelation) -> Iterator[SpelledColumn]:
        kinds = dict(zip(relation.columns, relation.types, strict=True))
        for each in self.statement.sent:
            if each.is_made:
                column = get_made_column(each.name)
                value = spell_value(quote_name(column), kinds[column], each.name)
            elif each.source is not None:
                value = spell_value(quote_name(each.source), kinds[each.source], each.name)
                value = self._replace_nulls(each.source, kinds, value)
            else:
                value = f"CAST({quote_text(each.constant)} AS VARCHAR)"
            yield SpelledColumn(each.name, value)

    def _replace_nulls(self, column: str, kinds: dict[str, Any], value: str) -> str:
        if not self.statement.nulls:
            return value
        source = get_source_column(column, kinds)
        text = spell_value(quote_name(source), kinds[source], column)
        nulls = ", ".join(quote_text(each) for each in self.statement.nulls)
        null = quote_text(self.statement.null)
        return f"CASE WHEN coalesce({text}, '') IN ({nulls}) THEN {null} ELSE {value} END"

    def count_left(self, numbers: Path | None) -> tuple[tuple[RowClauseUse, int], ...]:
        """Count the rows that are left after each clause that may leave rows out."""
        links = [each for each in self.links if each.use.clause.filters]
        found = []
        for link in links:
            last = link is links[-1] and numbers is not None
            rows = (
                self.connection.sql(f"SELECT * FROM read_parquet({quote_path(numbers)})")  # noqa: S608
                if last and numbers is not None
                else link.after.relation
            )
            ((count,),) = rows.aggregate("count(*)").fetchall()
            found.append((link.use, int(count)))
        return tuple(found)


def _count_faults(
    rows: JobRows, faults: Sequence[tuple[RowClauseUse, RowFault]]
) -> Iterator[FaultyRows]:
    """Count the faulty rows of all clauses of a stage in one query."""
    row = quote_name(ROW)
    asked = []
    for _, fault in faults:
        text = f"CAST({quote_name(fault.column)} AS VARCHAR)"
        where = f"FILTER ({fault.condition})"
        asked += [
            f"count(*) {where}",
            f"min({row}, {_EXAMPLES}) {where}",
            f"arg_min({text}, {row}, {_EXAMPLES}) {where}",
        ]
    (found,) = rows.relation.aggregate(
        ", ".join(f"{each} AS a{index}" for index, each in enumerate(asked))
    ).fetchall()
    for index, (use, fault) in enumerate(faults):
        count, numbers, values = found[3 * index : 3 * index + 3]
        if count:
            yield FaultyRows(use, fault, int(count), tuple(zip(numbers, values, strict=True)))
