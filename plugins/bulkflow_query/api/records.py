"""Records of REST, as the rows of a CSV file with the columns of the query."""

from __future__ import annotations

import csv
import json
from io import TextIOWrapper
from typing import TYPE_CHECKING, BinaryIO

from attrs import frozen

from bulkflow_soql.tree import FieldPath, FunctionCall, Subquery, TypeOf

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from bulkflow_query.api.rest import RecordPage
    from bulkflow_salesforce import JsonValue
    from bulkflow_soql.tree import Query

_INTEGERS = frozenset({"COUNT", "COUNT_DISTINCT"})
_NUMBERS = frozenset({"SUM", "AVG"})


@frozen
class RecordColumn:
    """A column of a query over REST.

    Attributes:
        name: Its name in the file.
        keys: Where its value is in a record: names of objects within objects.
        path: The field, if it is one.
        kind: Its type in the words of the org; None if that is the type of the field.
    """

    name: str
    keys: tuple[str, ...]
    path: FieldPath | None = None
    kind: str | None = None

    @property
    def is_json(self) -> bool:
        """Whether its values are objects or lists."""
        return self.kind == "json"


def list_columns(query: Query) -> list[RecordColumn]:
    """List the columns of a query, in order."""
    grouped = query.group_at is not None or any(_is_aggregate(item) for item in query.items)
    columns: list[RecordColumn] = []
    unnamed = 0
    for item in query.items:
        match item:
            case FieldPath():
                # A record of a group has the last name of a path only.
                keys = item.names[-1:] if grouped else item.names
                columns.append(RecordColumn(item.text, keys, item))
            case FunctionCall() if item.function == "COUNT" and item.argument is None:
                columns.append(RecordColumn(item.alias or "COUNT()", (), kind="int"))
            case FunctionCall():
                name = item.alias or f"expr{unnamed}"
                unnamed += item.alias is None
                columns.append(_make_function_column(item, name))
            case Subquery():
                columns.append(RecordColumn(item.name, (item.name,), kind="json"))
            case TypeOf():
                columns.append(RecordColumn(item.name, (item.name,), kind="json"))
    return columns


def _make_function_column(call: FunctionCall, name: str) -> RecordColumn:
    if call.function in _INTEGERS:
        return RecordColumn(name, (name,), kind="int")
    if call.function in _NUMBERS:
        return RecordColumn(name, (name,), kind="double")
    path = call.argument if call.function in {"MIN", "MAX"} else None
    return RecordColumn(name, (name,), path, None if path is not None else "")


def _is_aggregate(item: object) -> bool:
    return isinstance(item, FunctionCall) and item.function in _INTEGERS | _NUMBERS | {"MIN", "MAX"}


def write_page(page: RecordPage, columns: Sequence[RecordColumn], out: BinaryIO) -> int:
    """Write the records of a page as CSV with a header; return the number of rows."""
    text = TextIOWrapper(out, encoding="utf-8", newline="", write_through=True)
    writer = csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="\n")
    writer.writerow([column.name for column in columns])
    # COUNT() alone has no records: the size of the result is the count.
    records = page.records
    if [column.keys for column in columns] == [()]:
        writer.writerow([str(page.total)])
        rows = 1
    else:
        writer.writerows(_make_row(record, columns) for record in records)
        rows = len(records)
    text.detach()
    return rows


def _make_row(record: dict[str, JsonValue], columns: Iterable[RecordColumn]) -> list[str]:
    return [_write_value(_find(record, column.keys)) for column in columns]


def _find(record: JsonValue, keys: tuple[str, ...]) -> JsonValue:
    """Find a value; names are those of the org, which may be written in another case."""
    for key in keys:
        if not isinstance(record, dict):
            return None
        if key not in record:
            key = next((each for each in record if each.lower() == key.lower()), key)  # noqa: PLW2901
        record = record.get(key)
    return record


def _write_value(value: JsonValue) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case dict() | list():
            return json.dumps(_drop_attributes(value), ensure_ascii=False)
        case _:
            return str(value)


def _drop_attributes(value: JsonValue) -> JsonValue:
    """Reduce a value to its fields, and a list of child records to the list."""
    match value:
        case {"records": list(records)}:
            return [_drop_attributes(each) for each in records]
        case dict():
            kept = {name: each for name, each in value.items() if name != "attributes"}
            return {name: _drop_attributes(each) for name, each in kept.items()}
        case list():
            return [_drop_attributes(each) for each in value]
        case _:
            return value
