"""The field list of a query without aggregates."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from bulkflow_sandbox.core.errors import ApiError
from bulkflow_sandbox.schema.fields import FieldType
from bulkflow_sandbox.soql.errors import INVALID_FIELD, MALFORMED_QUERY, make_query_error
from bulkflow_sandbox.soql.sql_query import Surface
from bulkflow_soql.tree import FieldPath, FunctionCall

if TYPE_CHECKING:
    from bulkflow_sandbox.core.behavior import Choices
    from bulkflow_sandbox.schema.objects import Schema
    from bulkflow_sandbox.soql.scope import QueryColumn, Scope
    from bulkflow_soql.tree import Item, Query

_FIELDS_LIMIT: Final = 200
_GROUPS: Final = frozenset({"ALL", "STANDARD", "CUSTOM"})


class SelectList:
    """Finds the columns of a query's field list.

    Args:
        query: The query.
        schema: The objects.
        choices: The format of errors.
        scope: Resolves names to columns.
        surface: The API that the query was sent to.
    """

    def __init__(
        self, query: Query, schema: Schema, choices: Choices, scope: Scope, surface: Surface
    ) -> None:
        self._query = query
        self._schema = schema
        self._choices = choices
        self._scope = scope
        self._surface = surface

    def find_columns(self) -> list[QueryColumn]:
        """Find the columns, in order; `FIELDS(...)` expands to several.

        Raises:
            ApiError: A field is unknown or selected twice, or the API does not allow it.
        """
        columns: list[QueryColumn] = []
        seen: set[tuple[str, ...]] = set()
        for item in self._query.items:
            found = (
                [self._scope.find_column(item)]
                if isinstance(item, FieldPath)
                else self._list_group(item)
            )
            for column in found:
                if column.names in seen:
                    raise self._make_error(
                        item.at, INVALID_FIELD, f"duplicate field selected: {column.label}"
                    )
                seen.add(column.names)
                if column.field.type is FieldType.ADDRESS and self._surface is Surface.BULK:
                    raise self._choices.bulk_query_refused.make_error(
                        form="Selecting compound data"
                    )
            columns += found
        return columns

    def _list_group(self, item: Item) -> list[QueryColumn]:
        """List the columns of FIELDS(ALL), FIELDS(STANDARD) or FIELDS(CUSTOM)."""
        assert isinstance(item, FunctionCall), "SyntaxCheck rejects other items"
        group = "" if item.argument is None else item.argument.text.upper()
        if item.function != "FIELDS" or group not in _GROUPS:
            raise self._make_error(
                item.at, MALFORMED_QUERY, "Only FIELDS(ALL), FIELDS(STANDARD) and FIELDS(CUSTOM)"
            )
        bulk = self._surface is Surface.BULK
        if group != "STANDARD":
            if bulk:
                raise ApiError(
                    400,
                    MALFORMED_QUERY,
                    "The SOQL FIELDS function is not supported with an unbounded set of fields in "
                    "this API",
                )
            limit = self._query.limit
            if limit is None or limit.number > _FIELDS_LIMIT:
                raise ApiError(
                    400,
                    MALFORMED_QUERY,
                    f"The SOQL FIELDS function must have a LIMIT of at most {_FIELDS_LIMIT}",
                )
        return [
            self._scope.find_column(FieldPath((field.name,), item.at))
            for field in self._scope.root.item.fields.values()
            if self._schema.permissions.can_see(self._scope.root.item.name, field.name)
            and group in {"ALL", "CUSTOM" if field.custom else "STANDARD"}
            and not (bulk and field.type is FieldType.ADDRESS)
        ]

    def _make_error(self, at: int, code: str, problem: str) -> ApiError:
        return make_query_error(self._choices, self._query.text, at, code, problem)
