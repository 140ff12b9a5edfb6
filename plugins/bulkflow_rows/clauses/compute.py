"""The clause `compute`: a field from an SQL expression."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bulkflow.plugin import Stage, row_clause
from bulkflow_rows.expressions import find_expression_problems

if TYPE_CHECKING:
    from collections.abc import Iterator

    from duckdb import DuckDBPyRelation

    from bulkflow.plugin import JobRows, Problem


def _check(rows: JobRows | None, field: str, expression: str) -> Iterator[Problem]:
    yield from find_expression_problems(rows, expression)


def _name_field(field: str, **_: object) -> tuple[str, ...]:
    return (field,)


@row_clause(
    "compute {field} as {expression:text}",
    stage=Stage.MAKE,
    check=_check,
    makes=_name_field,
    keeps_order=True,
)
def compute(rows: JobRows, field: str, expression: str) -> DuckDBPyRelation:
    """Set a field to an SQL expression: `compute Name as "concat_ws(' ', First, Last)"`.

    The expression reads the columns of the source. A column that is sent under the field's name is
    replaced. A blank value is null, and what is computed from null mostly is null too: `||` is,
    `concat` and `coalesce` are not.
    """
    return rows.make(field, f"({expression}\n)")
