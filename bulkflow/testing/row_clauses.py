"""Rules for every row clause, checked by applying it to rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import evolve

from bulkflow.plugin.row_clauses import (
    ROW,
    JobRows,
    find_made_fields,
    get_source_column,
    quote_name,
    quote_text,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from duckdb import DuckDBPyConnection

    from bulkflow.plugin.row_clauses import RowClause


def check_row_clause(
    clause: RowClause,
    columns: Sequence[str],
    rows: Sequence[Sequence[str | None]],
    *,
    slots: Mapping[str, object],
    expected: Sequence[Sequence[object]] | None = None,
) -> list[str]:
    """Check a row clause; returns one sentence per fault, none for a good clause.

    Checks that it keeps the column `ROW` and the columns of the source, that it makes no rows and
    none twice, that it gives the same rows each time, that fields are made with `JobRows.make`, and
    that its checks and faults are usable.

    Args:
        clause: The clause.
        columns: The names of the columns of some rows.
        rows: The rows, as texts.
        slots: The slots of the clause, by name.
        expected: The values that the rows have afterwards: those of the columns, in order, then
            those of the fields that are made. None if they are not compared.
    """
    import duckdb

    with duckdb.connect() as connection:
        made = _make_rows(connection, columns, rows)
        return list(_check(clause, made, slots, len(rows), expected))


def _make_rows(
    connection: DuckDBPyConnection,
    columns: Sequence[str],
    rows: Sequence[Sequence[str | None]],
) -> JobRows:
    values = ", ".join(
        f"({', '.join('NULL' if each is None else quote_text(each) for each in row)}, {number})"
        for number, row in enumerate(rows, 1)
    )
    names = ", ".join(quote_name(each) for each in (*columns, ROW))
    connection.execute(f"CREATE TABLE sample AS SELECT * FROM (VALUES {values}) AS t ({names})")  # noqa: S608
    return JobRows(connection.table("sample"), tuple(columns), connection, "sample.csv")


def _check(
    clause: RowClause,
    rows: JobRows,
    slots: Mapping[str, object],
    number: int,
    expected: Sequence[Sequence[object]] | None,
) -> Iterator[str]:
    yield from _check_problems(clause, rows, slots)
    relation = clause.apply(rows, **slots)
    made = find_made_fields(relation.columns)
    faults = list(_check_columns(relation.columns, rows, made))
    if faults:
        yield from faults
        return
    names = (*rows.columns, *made.values(), ROW)
    ordered = relation.project(", ".join(map(quote_name, names))).order(quote_name(ROW))
    found = ordered.fetchall()
    places = [row[-1] for row in found]
    if len(set(places)) < len(places):
        yield "it gives a row twice"
    if not set(places) <= set(range(1, number + 1)):
        yield "it makes rows that the source does not have"
    if ordered.fetchall() != found:
        yield "it gives other rows when the statement runs again"
    values = [row[:-1] for row in found]
    if expected is not None and values != [tuple(row) for row in expected]:
        yield f"the rows are {values}, and not {list(expected)}"


def _check_problems(clause: RowClause, rows: JobRows, slots: Mapping[str, object]) -> Iterator[str]:
    for given in (None, evolve(rows, relation=rows.relation.limit(0))):
        for each in () if clause.check is None else clause.check(given, **slots):
            if not each.warning:
                yield f"its check refuses the sample: {each.message}"
    for fault in () if clause.faults is None else clause.faults(rows, **slots):
        if fault.column not in rows.columns:
            yield f"a fault is about {fault.column}, which the source does not have"
        # Raises the error of DuckDB for a condition that is not SQL.
        rows.relation.filter(fault.condition).fetchall()


def _check_columns(columns: Sequence[str], rows: JobRows, made: Mapping[str, str]) -> Iterator[str]:
    if ROW not in columns:
        yield f"it drops the column {ROW!r}"
    lost = [each for each in rows.columns if each not in columns]
    if lost:
        yield f"it drops the columns {', '.join(lost)}, which only `keep` and `drop` may do"
    for name in columns:
        kept = {get_source_column(each, columns) for each in rows.columns}
        if name not in {ROW, *rows.columns, *made.values(), *kept}:
            yield f"it adds the column {name} without JobRows.make"
