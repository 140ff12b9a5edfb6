"""Syntax that one of the APIs or the sandbox does not support."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from bulkflow_sandbox.soql.errors import MALFORMED_QUERY, make_query_error
from bulkflow_sandbox.soql.sql_query import Surface
from bulkflow_soql.tree import FunctionCall, Subquery, TypeOf

if TYPE_CHECKING:
    from bulkflow_sandbox.core.behavior import Choices
    from bulkflow_sandbox.core.errors import ApiError
    from bulkflow_soql.tree import Query

_OFFSET_LIMIT: Final = 2000


class SyntaxCheck:
    """Rejects queries with unsupported syntax.

    Args:
        query: The query.
        choices: The format of errors.
        surface: The API that the query was sent to.
    """

    def __init__(self, query: Query, choices: Choices, surface: Surface) -> None:
        self._query = query
        self._choices = choices
        self._bulk = surface is Surface.BULK

    def check(self) -> None:
        """Check the items and clauses of the query.

        Raises:
            ApiError: An item or clause is not supported.
        """
        query = self._query
        for clause, at in query.clauses:
            raise make_query_error(
                self._choices,
                query.text,
                at,
                MALFORMED_QUERY,
                f"the sandbox does not support {clause}",
            )
        for item in query.items:
            match item:
                case Subquery():
                    raise self.make_error(item.at, "Aggregate Relationships", "sub-queries")
                case TypeOf():
                    raise self.make_error(item.at, "TYPEOF", "TYPEOF")
                case FunctionCall(function, _, at) if self._bulk and function != "FIELDS":
                    raise self.make_error(at, "Aggregate functions", function)
                case _:
                    pass
        if self._bulk and query.group_at is not None:
            raise self.make_error(query.group_at, "GROUP BY", "GROUP BY")
        if query.offset is not None:
            if self._bulk:
                raise self.make_error(query.offset.at, "OFFSET", "OFFSET")
            if query.offset.number > _OFFSET_LIMIT:
                raise make_query_error(
                    self._choices,
                    query.text,
                    query.offset.at,
                    "NUMBER_OUTSIDE_VALID_RANGE",
                    f"Maximum SOQL offset allowed is {_OFFSET_LIMIT}",
                )

    def make_error(self, at: int, bulk_name: str, name: str) -> ApiError:
        """Make the error for syntax that query jobs and the sandbox do not support."""
        if self._bulk:
            return self._choices.bulk_query_refused.make_error(form=bulk_name)
        return make_query_error(
            self._choices,
            self._query.text,
            at,
            MALFORMED_QUERY,
            f"the sandbox does not support {name}",
        )
