"""Clauses that leave rows out: `where` and `unique by`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bulkflow.plugin import ROW, Problem, Stage, quote_name, row_clause
from bulkflow_rows.clauses.columns import find_column_problems, require_column
from bulkflow_rows.expressions import find_expression_problems

if TYPE_CHECKING:
    from collections.abc import Iterator

    from duckdb import DuckDBPyRelation

    from bulkflow.plugin import JobRows


def _check_condition(rows: JobRows | None, condition: str) -> Iterator[Problem]:
    yield from find_expression_problems(rows, condition, condition=True)


@row_clause(
    "where {condition:text}",
    stage=Stage.WHERE,
    check=_check_condition,
    filters=True,
    keeps_order=True,
)
def where(rows: JobRows, condition: str) -> DuckDBPyRelation:
    """Keep the rows for which an SQL condition is true: `where "Country = 'DE'"`.

    It is an expression of DuckDB over the columns of the source. A blank value is null, so
    `"Phone is null"` finds it. Several of these clauses keep the rows for which all are true.
    """
    return rows.keep(f"({condition}\n)")


def _check_key(rows: JobRows | None, column: str, kept: str = "first") -> Iterator[Problem]:
    yield from find_column_problems(rows, column)


@row_clause(
    "unique by {column} [keeping {kept:kept_row}]",
    stage=Stage.UNIQUE,
    check=_check_key,
    filters=True,
)
def unique(rows: JobRows, column: str, kept: str = "first") -> DuckDBPyRelation:
    """Keep one row for each value of a column, the first one or `keeping last`.

    Values are compared exactly. Rows with a blank value are all kept.
    """
    key, row = quote_name(require_column(rows, column)), quote_name(ROW)
    order = "DESC" if kept == "last" else "ASC"
    number = f'row_number() OVER (PARTITION BY {key} ORDER BY {row} {order}) AS "bulkflow copy"'
    numbered = rows.relation.project(f"*, {number}")
    kept_rows = numbered.filter(f'{key} IS NULL OR "bulkflow copy" = 1')
    return kept_rows.project('* EXCLUDE ("bulkflow copy")')
