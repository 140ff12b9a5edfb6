"""Clauses that change the rows of a job, or leave some out, as relations of DuckDB."""

from __future__ import annotations

import inspect
from enum import Enum, auto
from typing import TYPE_CHECKING, Final

from attrs import evolve, frozen

from bulkflow.plugin.phrase import Group, Slot, Word
from bulkflow.plugin.records import Clause, parse_phrases

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from duckdb import DuckDBPyConnection, DuckDBPyRelation

    from bulkflow.plugin.phrase import Element
    from bulkflow.plugin.records import Problem

ROW: Final = "bulkflow row"
"""The column with the number of each row in the source, from 1. A clause must keep it."""

_MADE: Final = "field "
_SOURCE: Final = "source "
"""Begins the name of the column with the value of the source, if a clause has replaced it."""
_SETTING: Final = "rows "


class Stage(Enum):
    """When a row clause works, whatever its place in the file: in the order of these stages."""

    READ = auto()
    WHERE = auto()
    UNIQUE = auto()
    MAKE = auto()
    LINK = auto()
    MASK = auto()


@frozen
class JobRows:
    """The rows of a job, as a row clause gets them.

    Attributes:
        relation: The rows: the columns of the source under its own names, and `ROW`.
        columns: The names of the source's columns.
        connection: The connection of the relation. It reads no files but those of the job.
        name: The name of the source, for messages.
        nulls: Texts that the job's `null as` clauses treat as null.
    """

    relation: DuckDBPyRelation
    columns: tuple[str, ...]
    connection: DuckDBPyConnection
    name: str
    nulls: tuple[str, ...] = ()

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
        replaced = f"* REPLACE ({expression} AS {quote_name(column)})"
        if _SOURCE + column in self.relation.columns:
            return self.relation.project(replaced)
        kept = f"{quote_name(column)} AS {quote_name(_SOURCE + column)}"
        return self.relation.project(f"{replaced}, {kept}")

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
        message: Completes "3 values of Birthdate …": "cannot be read as a date".
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

    @property
    def setting(self) -> str:
        """The setting that holds it."""
        return self.clause.sets[0]

    @property
    def text(self) -> str:
        """The clause as the user might write it, for messages."""
        return " ".join(_write_words(self.clause.phrases[0].elements, self.slots))

    @property
    def fields(self) -> tuple[str, ...]:
        """The fields of the org that the clause makes."""
        return () if self.clause.makes is None else tuple(self.clause.makes(**self.slots))

    def apply(self, rows: JobRows) -> DuckDBPyRelation:
        """Return the rows that the clause makes of these."""
        return self.clause.apply(rows, **self.slots)

    def find_faults(self, rows: JobRows) -> Iterable[RowFault]:
        """Find rows that the clause cannot deal with."""
        return () if self.clause.faults is None else self.clause.faults(rows, **self.slots)

    def find_problems(self, rows: JobRows | None) -> Iterable[Problem]:
        """Find what is wrong with the clause; `rows` have the source's columns, and no row."""
        found = () if self.clause.check is None else self.clause.check(rows, **self.slots)
        for each in found:
            yield evolve(each, setting=each.setting or self.setting)


@frozen(kw_only=True)
class RowClause(Clause):
    """A clause that changes the rows of a job, or leaves some out.

    `apply` takes the rows as `JobRows`, and the slots by name; it returns a relation of DuckDB with
    the rows that are left, and their column `ROW`. All row clauses of a job become one statement.
    """

    stage: Stage
    apply: Callable[..., DuckDBPyRelation]
    check: Callable[..., Iterable[Problem]] | None = None
    """Finds what is wrong with the clause. Takes the slots by name, after `JobRows` that have the
    columns of the source and no row; None if the columns are not known yet."""
    faults: Callable[..., Iterable[RowFault]] | None = None
    """Finds rows that the clause cannot deal with. Takes the same as `apply`."""
    makes: Callable[..., Iterable[str]] | None = None
    """Names the fields of the org that the clause makes. Takes the slots by name."""
    filters: bool = False
    """Whether it leaves rows out; the plan shows how many."""
    keeps_order: bool = False
    """Whether the rows stay in their order: true of a condition or an expression for each row, and
    not of a join."""


def row_clause(
    *phrases: str,
    stage: Stage,
    check: Callable[..., Iterable[Problem]] | None = None,
    faults: Callable[..., Iterable[RowFault]] | None = None,
    makes: Callable[..., Iterable[str]] | None = None,
    filters: bool = False,
    keeps_order: bool = False,
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
            makes=makes,
            filters=filters,
            keeps_order=keeps_order,
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
    # What makes fields goes first, so that it reads the values of the source.
    return sorted(found, key=lambda each: (order.index(each.clause.stage), not each.fields))


def has_row_clauses(settings: Mapping[str, object]) -> bool:
    """Return whether a job has row clauses, even if their values are not known yet."""
    return any(name.startswith(_SETTING) for name in settings)


def get_made_column(name: str) -> str:
    """Return the column of a relation that holds a field which a clause made."""
    return _MADE + name


def find_made_fields(columns: Iterable[str]) -> dict[str, str]:
    """Return the fields that clauses made, each with its column of the relation."""
    return {each.removeprefix(_MADE): each for each in columns if each.startswith(_MADE)}


def get_source_column(column: str, columns: Iterable[str]) -> str:
    """Return the column of a relation that holds a value as the source has it."""
    kept = _SOURCE + column
    return kept if kept in columns else column


def _write_words(elements: Iterable[Element], slots: Mapping[str, object]) -> Iterator[str]:
    for element in elements:
        match element:
            case Word():
                yield element.text
            case Slot():
                value = str(slots[element.name])
                plain = element.type != "text" and value.isidentifier()
                yield value if plain else f'"{value}"'
            case Group() if all(
                each.name in slots for each in element.elements if isinstance(each, Slot)
            ):
                yield from _write_words(element.elements, slots)
            case _:
                pass


def quote_name(name: str) -> str:
    """Quote a name for SQL."""
    return '"' + name.replace('"', '""') + '"'


def quote_text(text: str) -> str:
    """Quote a text for SQL."""
    return "'" + text.replace("'", "''") + "'"
