"""The forms of queries that one place takes and the other does not, or that the sandbox lacks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from bulkflow_sandbox.soql.errors import MALFORMED_QUERY, refusal
from bulkflow_sandbox.soql.sql_query import Surface
from bulkflow_sandbox.soql.tree import Call, Subquery, TypeOf

if TYPE_CHECKING:
    from bulkflow_sandbox.core.behavior import Choices
    from bulkflow_sandbox.core.errors import ApiError
    from bulkflow_sandbox.soql.tree import Query

_OFFSET_LIMIT: Final = 2000


class Forms:
    """Refuses forms.

    Args:
        query: The query.
        choices: How refusals look.
        surface: Where the query is asked.
    """

    def __init__(self, query: Query, choices: Choices, surface: Surface) -> None:
        self._query = query
        self._choices = choices
        self._bulk = surface is Surface.BULK

    def check(self) -> None:
        """Looks at the query's items and clauses.

        Raises:
            ApiError: One of them is not taken.
        """
        query = self._query
        for item in query.items:
            match item:
                case Subquery():
                    raise self.refusal(item.at, "Aggregate Relationships", "sub-queries")
                case TypeOf():
                    raise self.refusal(item.at, "TYPEOF", "TYPEOF")
                case Call(function, _, at) if self._bulk and function != "FIELDS":
                    raise self.refusal(at, "Aggregate functions", function)
                case _:
                    pass
        if self._bulk and query.group_at is not None:
            raise self.refusal(query.group_at, "GROUP BY", "GROUP BY")
        if query.offset is not None:
            if self._bulk:
                raise self.refusal(query.offset.at, "OFFSET", "OFFSET")
            if query.offset.number > _OFFSET_LIMIT:
                raise refusal(
                    self._choices,
                    query.text,
                    query.offset.at,
                    "NUMBER_OUTSIDE_VALID_RANGE",
                    f"Maximum SOQL offset allowed is {_OFFSET_LIMIT}",
                )

    def refusal(self, at: int, bulk_name: str, name: str) -> ApiError:
        """The error for a form that query jobs do not take, and that the sandbox cannot do."""
        if self._bulk:
            return self._choices.bulk_query_refused.make_error(form=bulk_name)
        return refusal(
            self._choices,
            self._query.text,
            at,
            MALFORMED_QUERY,
            f"the sandbox does not support {name}",
        )
