"""What a query uses that matters for how it is sent."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from attrs import frozen

from bulkflow_soql.tree import (
    AllOf,
    AnyOf,
    FieldPath,
    FieldTest,
    FunctionCall,
    Membership,
    Negation,
    Subquery,
    TypeOf,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bulkflow_soql.tree import Query


_OF_ROWS: Final = frozenset({"FIELDS", "TOLABEL", "FORMAT", "CONVERTCURRENCY", "DISTANCE"})
"""Functions that have a value for each row."""


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
            case FunctionCall() if item.function not in _OF_ROWS:
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


def selects_all_fields(query: Query) -> bool:
    """Return whether the field list has FIELDS(), which names no field."""
    return any(isinstance(item, FunctionCall) and item.function == "FIELDS" for item in query.items)


def prevents_chunking(query: Query) -> str | None:
    """Return the clause that keeps Salesforce from dividing the query by ids; None if none does."""
    if query.order:
        return "ORDER BY"
    return "LIMIT" if query.limit is not None else None


def list_paths(query: Query) -> list[FieldPath]:
    """List the fields of the field list, in order, without those in function calls."""
    return [item for item in query.items if isinstance(item, FieldPath)]


def list_all_paths(query: Query) -> list[FieldPath]:
    """List every field of a query and of its functions, without those of sub-selects."""
    found: list[FieldPath] = []

    def add(subject: object) -> None:
        if isinstance(subject, FieldPath):
            found.append(subject)
        elif isinstance(subject, FunctionCall) and subject.function != "FIELDS":
            add(subject.argument)

    for subject in (*query.items, *query.group, *(each.subject for each in query.order)):
        add(subject)
    conditions = [query.where] if query.where is not None else []
    while conditions:
        match conditions.pop():
            case FieldTest(subject=tested) | Membership(subject=tested):
                add(tested)
            case Negation(condition=inner):
                conditions.append(inner)
            case AllOf(conditions=inner_ones) | AnyOf(conditions=inner_ones):
                conditions += inner_ones
    return found


def make_count(query: Query) -> str | None:
    """Make the query that counts the rows of a query; None if SOQL has none."""
    if query.order or query.group_at is not None or query.limit is not None or query.clauses:
        return None
    return f"SELECT COUNT() FROM {query.text[query.object_at :]}"  # noqa: S608 - it is parsed SOQL


def add_condition(query: Query, condition: str) -> str:
    """Return the text of a query with another condition, which all rows have to meet."""
    text = query.text
    if query.where_span is None:
        end = query.object_at + len(query.object)
        return f"{text[:end]} WHERE {condition}{text[end:]}"
    start, end = query.where_span
    return f"{text[:start]}({text[start:end]}) AND {condition}{text[end:]}"
