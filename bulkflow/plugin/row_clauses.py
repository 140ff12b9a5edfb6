"""Clauses that change the rows of a job, or leave some out, as relations of DuckDB."""

from __future__ import annotations

import inspect
from enum import Enum
from typing import TYPE_CHECKING, Final

from attrs import field, frozen

from bulkflow.plugin.records import Clause, parse_phrases

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path

    from duckdb import DuckDBPyConnection, DuckDBPyRelation

    from bulkflow.plugin.records import Problem

ROW: Final = "bulkflow row"
"""The column with the number of each row in the source, from 1. A clause must keep it."""

_MADE: Final = "field "
_SETTING: Final = "rows "


class Stage(Enum):
    """When a row clause works, whatever its place in the file: in the order of these stages."""

    READ = "read"
    WHERE = "where"
    UNIQUE = "unique"
    MAKE = "make"
    LINK = "link"
    MASK = "mask"


@frozen
class JobRows:
    """The rows of a job, as a row clause gets them.

    Attributes:
        relation: The rows: the columns of the source under its own names, and `ROW`.
        columns: The names of the source's columns.
        connection: The connection of the relation. It reads no files but those of the job.
        folder: Where relative paths in the clause start: the folder of the pipeline file.
        name: The name of the source, for messages.
        environ: The environment variables that the run may see.
    """

    relation: DuckDBPyRelation
    columns: tuple[str, ...]
    connection: DuckDBPyConnection
    folder: Path
    name: str
    environ: Mapping[str, str] = field(factory=dict, repr=False)

    def find_column(self, name: str) -> str | None:
        """Return a column's exact name; upper and lower case of `name` do not matter."""
        return next((each for each in self.columns if each.lower() == name.lower()), None)

    def find_type(self, column: str) -> str:
        """Return the DuckDB type of a column, such as `VARCHAR`."""
        return str(self.relation.types[self.relation.columns.index(column)])

    def keep(self, condition: str) -> DuckDBPyRelation:
        """Return the rows for which an SQL condition is true."""
        return self.relation.filter(condition)

    def replace(self, column: str, expression: str) -> DuckDBPyRelation:
        """Return the rows with other values in a column of the source."""
        return self.relation.project(f"* REPLACE ({expression} AS {quote_name(column)})")

    def make(self, name: str, expression: str) -> DuckDBPyRelation:
        """Return the rows with one more field of the org, which replaces a column of its name."""
        made = quote_name(_MADE + name)
        if _MADE + name in self.relation.columns:
            return self.relation.project(f"* REPLACE ({expression} AS {made})")
        return self.relation.project(f"*, {expression} AS {made}")


@frozen
class RowFault:
    """Rows that a clause cannot deal with: the job is refused if there are any.

    Attributes:
        condition: The SQL condition that is true for such a row.
        column: The column of the source whose value is shown.
        message: What is wrong, such as "is not a date of the form dd.MM.yyyy".
        help: What to do.
    """

    condition: str
    column: str
    message: str
    help: str


@frozen
class RowClauseUse:
    """A row clause of a job, with its slots filled.

    Attributes:
        clause: The clause.
        slots: The values of its slots, by name.
    """

    clause: RowClause
    slots: Mapping[str, object]

    def apply(self, rows: JobRows) -> DuckDBPyRelation:
        """Return the rows that the clause makes of these."""
        return self.clause.apply(rows, **self.slots)

    def find_faults(self, rows: JobRows) -> Iterable[RowFault]:
        """Find rows that the clause cannot deal with."""
        return () if self.clause.faults is None else self.clause.faults(rows, **self.slots)

    def find_problems(self, columns: Iterable[str] | None) -> Iterable[Problem]:
        """Find what is wrong with the clause; `columns` are those of the source, if known."""
        return () if self.clause.check is None else self.clause.check(columns, **self.slots)


@frozen(kw_only=True)
class RowClause(Clause):
    """A clause that changes the rows of a job, or leaves some out.

    `apply` takes the rows as `JobRows`, and the slots by name; it returns a relation of DuckDB with
    the rows that are left, and their column `ROW`. All row clauses of a job become one statement.
    """

    stage: Stage
    apply: Callable[..., DuckDBPyRelation]
    check: Callable[..., Iterable[Problem]] | None = None
    """Finds what is wrong with the clause. Takes the source's columns, None if they are not known
    yet, and the slots by name."""
    faults: Callable[..., Iterable[RowFault]] | None = None
    """Finds rows that the clause cannot deal with. Takes the same as `apply`."""


def row_clause(
    *phrases: str,
    stage: Stage,
    check: Callable[..., Iterable[Problem]] | None = None,
    faults: Callable[..., Iterable[RowFault]] | None = None,
) -> Callable[[Callable[..., DuckDBPyRelation]], RowClause]:
    """Declare a row clause; see `RowClause`. Raises ValueError as `step` does."""

    def declare(function: Callable[..., DuckDBPyRelation]) -> RowClause:
        parsed = parse_phrases(phrases, function, leading=("rows",))
        setting = f"{_SETTING}{parsed[0].text}"

        def collect(**slots: object) -> Mapping[str, object]:
            return {setting: (RowClauseUse(made, slots),)}

        made = RowClause(
            function=collect,
            phrases=parsed,
            doc=inspect.getdoc(function) or "",
            sets=(setting,),
            repeats=True,
            stage=stage,
            apply=function,
            check=check,
            faults=faults,
        )
        return made

    return declare


def find_row_clauses(settings: Mapping[str, object]) -> list[RowClauseUse]:
    """Return the known row clauses of a job, in the order in which they work."""
    found = [
        each
        for name, value in settings.items()
        if name.startswith(_SETTING) and isinstance(value, tuple)
        for each in value
    ]
    order = list(Stage)
    return sorted(found, key=lambda each: order.index(each.clause.stage))


def has_row_clauses(settings: Mapping[str, object]) -> bool:
    """Return whether a job has row clauses, even if their values are not known yet."""
    return any(name.startswith(_SETTING) for name in settings)


def find_made_fields(columns: Iterable[str]) -> dict[str, str]:
    """Return the fields that clauses made, each with its column of the relation."""
    return {each.removeprefix(_MADE): each for each in columns if each.startswith(_MADE)}


def quote_name(name: str) -> str:
    """Quote a name for SQL."""
    return '"' + name.replace('"', '""') + '"'


def quote_text(text: str) -> str:
    """Quote a text for SQL."""
    return "'" + text.replace("'", "''") + "'"
