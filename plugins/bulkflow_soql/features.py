"""What a query uses that matters for how it is sent."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import frozen

from bulkflow_soql.tree import FieldPath, FunctionCall, Subquery, TypeOf

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bulkflow_soql.tree import Query


@frozen
class Feature:
    """A form that a query uses, and the offset of its place."""

    name: str
    at: int


def find_refused_by_bulk(query: Query) -> Iterator[Feature]:
    """Find what query jobs do not support (guide v66)."""
    for item in query.items:
        match item:
            case Subquery():
                yield Feature("a sub-query", item.at)
            case TypeOf():
                yield Feature("TYPEOF", item.at)
            case FunctionCall() if item.function not in {"FIELDS", "TOLABEL", "FORMAT"}:
                yield Feature(f"{item.function}()", item.at)
            case _:
                pass
    if query.group_at is not None:
        yield Feature("GROUP BY", query.group_at)
    if query.offset is not None:
        yield Feature("OFFSET", query.offset.at)


def has_subqueries(query: Query) -> bool:
    """Return whether the field list contains a query of child records."""
    return any(isinstance(item, Subquery) for item in query.items)


def prevents_chunking(query: Query) -> str | None:
    """Return the clause that keeps Salesforce from dividing the query by ids; None if none does."""
    if query.order:
        return "ORDER BY"
    return "LIMIT" if query.limit is not None else None


def list_paths(query: Query) -> list[FieldPath]:
    """List the fields of the field list, in order, without those in function calls."""
    return [item for item in query.items if isinstance(item, FieldPath)]
