"""The types of the columns of a query's result, as the org describes its fields."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bulkflow_jobs.sobjects import Describer


def find_kinds(describer: Describer, object_name: str, columns: Iterable[str]) -> tuple[str, ...]:
    """Find the type of each column in the words of the org, such as `datetime`.

    A column of a parent that may be of several objects, or of an object that the user may not see,
    has no known type, and is text: an empty string.
    """
    return tuple(_find_kind(describer, object_name, column.split(".")) for column in columns)


def _find_kind(describer: Describer, object_name: str, names: list[str]) -> str:
    described = describer.describe(object_name)
    if described is None:
        return ""
    if len(names) == 1:
        field = described.find_field(names[0])
        return "" if field is None else field.kind
    lookup = described.find_lookup(names[0])
    if lookup is None or lookup.polymorphic or len(lookup.targets) != 1:
        return ""
    return _find_kind(describer, lookup.targets[0], names[1:])
