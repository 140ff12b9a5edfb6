"""Checks SQL expressions of the pipeline file: one expression over the columns of the source."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from bulkflow.plugin import Problem, quote_name
from bulkflow.plugin.suggestions import ask_did_you_mean, find_nearest

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from duckdb import DuckDBPyConnection

    from bulkflow.plugin import JobRows

_REFUSED_FUNCTIONS: Final = frozenset(
    {"getenv", "current_setting", "getvariable", "nextval", "currval", "query", "query_table"}
)
"""Functions that see more than the row."""
_PREFIX: Final = "SELECT (\n"
_FOUND: Final = "bulkflow found"


class ExpressionError(Exception):
    """An expression that cannot be used.

    Args:
        message: What is wrong, without a full stop.
        help: What to write instead.
    """

    def __init__(self, message: str, help: str) -> None:  # noqa: A002 - the word that users see
        super().__init__(message)
        self.message = message
        self.help = help


def find_expression_problems(
    rows: JobRows | None, expression: str, *, condition: bool = False
) -> Iterator[Problem]:
    """Find what is wrong with an expression.

    Args:
        rows: Rows with the columns of the source; None if they are not known yet.
        expression: The SQL.
        condition: Whether it must be true or false.
    """
    import duckdb

    try:
        if rows is not None:
            check_syntax(rows.connection, expression, rows.columns)
            _check_types(rows, expression, condition=condition)
        else:
            with duckdb.connect() as connection:
                check_syntax(connection, expression)
    except ExpressionError as error:
        yield Problem(error.message, error.help, naming=expression)


def check_syntax(
    connection: DuckDBPyConnection, expression: str, columns: Sequence[str] | None = None
) -> None:
    """Check that a text is one SQL expression, which sees nothing but a row.

    Args:
        connection: Any connection.
        expression: The text.
        columns: The columns that it may name; None for any.

    Raises:
        ExpressionError: It is something else, or names another column.
    """
    # The line break ends a comment in the expression.
    ((text,),) = connection.execute(
        "SELECT json_serialize_sql($1)", [f"{_PREFIX}{expression}\n)"]
    ).fetchall()
    parsed = json.loads(text)
    if parsed["error"]:
        raise ExpressionError(
            f"`{expression}` is not an SQL expression: {parsed['error_message']}",
            "write an expression as for DuckDB, such as \"Country = 'DE'\"; text is in single "
            'quotes, and a column whose name has blanks in \\"double quotes\\"',
        )
    statements = parsed["statements"]
    node = statements[0]["node"] if len(statements) == 1 else {}
    plain = (
        node.get("type") == "SELECT_NODE"
        and node["from_table"]["type"] == "EMPTY"
        and node["where_clause"] is None
        and len(node["select_list"]) == 1
        and not node["modifiers"]
        and not node["group_expressions"]
        and node["having"] is None
        and node["qualify"] is None
    )
    if not plain:
        raise ExpressionError(
            f"`{expression}` is more than one SQL expression", "write only the condition or value"
        )
    for each in _walk(node["select_list"]):
        _check_node(each, expression, columns)


def _check_node(node: dict[str, Any], expression: str, columns: Sequence[str] | None) -> None:
    kind = node.get("class")
    if kind == "SUBQUERY":
        raise ExpressionError(
            f"`{expression}` has a query inside", "an expression sees only the columns of its row"
        )
    if kind == "FUNCTION" and str(node.get("function_name")).lower() in _REFUSED_FUNCTIONS:
        raise ExpressionError(
            f"`{expression}` calls {node['function_name']}, which sees more than the row",
            "an expression sees only the columns of its row; "
            "for a value of the environment, use `set FIELD to env NAME`",
        )
    if kind == "COLUMN_REF" and columns is not None and len(node["column_names"]) == 1:
        _check_column(str(node["column_names"][0]), expression, columns)


def _check_column(name: str, expression: str, columns: Sequence[str]) -> None:
    known = {each.lower() for each in columns}
    # The parameter of a lambda looks like a column; whether it is one, DuckDB finds out.
    if name.lower() in known or "lambda" in expression.lower():
        return
    near = ask_did_you_mean(find_nearest(name, columns))
    raise ExpressionError(
        f"the source has no column {name}, which `{expression}` names",
        near or f"its columns are {', '.join(columns[:12])}",
    )


def _check_types(rows: JobRows, expression: str, *, condition: bool) -> None:
    """Let DuckDB bind the expression. Raises `ExpressionError`."""
    import duckdb

    try:
        # Next to the columns, so that an aggregate is refused.
        bound = rows.relation.project(f"*, ({expression}\n) AS {quote_name(_FOUND)}")
        kind = str(bound.types[-1])
        if condition:
            rows.keep(f"({expression}\n)")
    except duckdb.Error as error:
        first = str(error).splitlines()[0].partition(": ")[2] or str(error)
        raise ExpressionError(
            f"`{expression}` cannot be computed: {first[:200]}",
            "compare values of one type: `try_cast(Amount AS DOUBLE) > 10` for a column of text",
        ) from error
    if condition and kind not in {"BOOLEAN", '"NULL"'}:
        raise ExpressionError(
            f"`{expression}` is of type {kind}, and not true or false",
            f"write a comparison, such as \"{expression} = 'x'\"",
        )


def _walk(node: object) -> Iterator[dict[str, Any]]:
    if isinstance(node, dict):
        yield node
        for each in node.values():
            yield from _walk(each)
    elif isinstance(node, list):
        for each in node:
            yield from _walk(each)
