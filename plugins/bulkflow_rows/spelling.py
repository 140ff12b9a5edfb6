"""The SQL that writes a typed value as Salesforce expects it in CSV.

A null is a null here, which CSV writes as an empty value. The formats are those of "Prepare CSV
Files" in the Bulk API guide (v66): dates and datetimes in ISO 8601, booleans as `true` and `false`,
the values of a multi-select picklist joined by semicolons.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, cast

from attrs import frozen

from bulkflow.plugin import quote_name, quote_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from duckdb import DuckDBPyRelation
    from duckdb.sqltypes import DuckDBPyType

REFUSED: Final = "bulkflow refuses: "
"""Begins the message of an error that a statement raises for a value."""

_DATETIME: Final = "%Y-%m-%dT%H:%M:%S.%gZ"
_NESTED: Final = frozenset({"struct", "map", "union", "variant"})
_LISTS: Final = frozenset({"list", "array"})
_YEARS: Final = "is outside of the years 0001 to 9999"


@frozen
class SpelledColumn:
    """A column of text that is made of a typed column.

    Attributes:
        name: Its name; a field of a struct has the name `struct.field`.
        sql: The SQL for its text, of the type VARCHAR.
    """

    name: str
    sql: str


@frozen
class FlatColumn:
    """A column that is not a struct: a column of a relation, or a field of a struct.

    Attributes:
        name: Its name; a field of a struct has the name `struct.field`.
        sql: The SQL for its value.
        kind: Its type.
    """

    name: str
    sql: str
    kind: DuckDBPyType


def flatten_relation(relation: DuckDBPyRelation) -> list[FlatColumn]:
    """Return the columns of a relation; each field of a struct becomes a column."""
    return [
        flat
        for name, kind in zip(relation.columns, relation.types, strict=True)
        for flat in _flatten(name, quote_name(name), kind)
    ]


def _flatten(name: str, sql: str, kind: DuckDBPyType) -> Iterator[FlatColumn]:
    if kind.id == "struct":
        for each in kind.children:
            field = str(each[0])
            of_field = f"({sql}).{quote_name(field)}"
            yield from _flatten(f"{name}.{field}", of_field, _get_child(each))
    else:
        yield FlatColumn(name, sql, kind)


def spell_relation(relation: DuckDBPyRelation) -> list[SpelledColumn]:
    """Return the columns of a relation as text; each field of a struct becomes a column."""
    return [
        SpelledColumn(each.name, spell_value(each.sql, each.kind, each.name))
        for each in flatten_relation(relation)
    ]


def spell_value(sql: str, kind: DuckDBPyType, column: str = "a value", depth: int = 0) -> str:
    """Return the SQL for the text of a value.

    Args:
        sql: The SQL of the value, which must have no side effects: it may occur several times.
        kind: Its type.
        column: The column's name, for messages.
        depth: How many lists are around the value.
    """
    if kind.id in _LISTS:
        return _spell_list(sql, kind, column, depth)
    if kind.id in _NESTED:
        return f"CAST(to_json({sql}) AS VARCHAR)"
    return _SPELLERS.get(kind.id, _spell_text)(sql, column)


def _spell_text(sql: str, column: str) -> str:
    text = f"CAST({sql} AS VARCHAR)"
    # Line breaks inside of quotes must be those of the file, which is LF (guide v66).
    return (
        f"CASE WHEN contains({text}, chr(13))"
        f" THEN replace(replace({text}, chr(13) || chr(10), chr(10)), chr(13), chr(10))"
        f" ELSE {text} END"
    )


def _spell_plain(sql: str, column: str) -> str:
    return f"CAST({sql} AS VARCHAR)"


def _spell_decimal(sql: str, column: str) -> str:
    """Return the SQL for a decimal without trailing zeros: a scale is not a value."""
    text = f"CAST({sql} AS VARCHAR)"
    return f"CASE WHEN contains({text}, '.') THEN rtrim(rtrim({text}, '0'), '.') ELSE {text} END"


def _spell_boolean(sql: str, column: str) -> str:
    return f"CASE WHEN {sql} THEN 'true' WHEN NOT {sql} THEN 'false' END"


def _spell_date(sql: str, column: str) -> str:
    text = f"CAST({sql} AS VARCHAR)"
    return _refuse_unless(f"year({sql}) BETWEEN 1 AND 9999", sql, text, _YEARS, column)


def _spell_naive_datetime(sql: str, column: str) -> str:
    return _spell_utc(f"CAST({sql} AS TIMESTAMP)", sql, column)


def _spell_zoned_datetime(sql: str, column: str) -> str:
    return _spell_utc(f"(CAST({sql} AS TIMESTAMPTZ) AT TIME ZONE 'UTC')", sql, column)


def _spell_utc(utc: str, sql: str, column: str) -> str:
    text = f"strftime({utc}, '{_DATETIME}')"
    return _refuse_unless(f"year({utc}) BETWEEN 1 AND 9999", sql, text, _YEARS, column)


def _spell_time(sql: str, column: str) -> str:
    time = f"CAST({sql} AS TIME)"
    milliseconds = f"lpad(CAST((microsecond({time}) // 1000) % 1000 AS VARCHAR), 3, '0')"
    return f"left(CAST({time} AS VARCHAR), 8) || '.' || {milliseconds} || 'Z'"


def _spell_zoned_time(sql: str, column: str) -> str:
    # DuckDB has no cast to UTC of a time alone; the date cancels out.
    return _spell_time(
        f"(CAST(DATE '2000-01-02' + {sql} AS TIMESTAMPTZ) AT TIME ZONE 'UTC')", column
    )


def _spell_float(sql: str, column: str) -> str:
    text = _write_plainly(f"CAST({sql} AS VARCHAR)")
    return _refuse_unless(f"isfinite({sql})", sql, text, "is not a finite number", column)


def _spell_bytes(sql: str, column: str) -> str:
    return f"to_base64({sql})"


_SPELLERS: Final[Mapping[str, Callable[[str, str], str]]] = {
    **dict.fromkeys(
        (
            *("tinyint", "smallint", "integer", "bigint", "hugeint", "uuid"),
            *("utinyint", "usmallint", "uinteger", "ubigint", "uhugeint", "bignum"),
        ),
        _spell_plain,
    ),
    "decimal": _spell_decimal,
    "boolean": _spell_boolean,
    "date": _spell_date,
    **dict.fromkeys(
        ("timestamp", "timestamp_s", "timestamp_ms", "timestamp_ns"), _spell_naive_datetime
    ),
    **dict.fromkeys(("timestamp with time zone", "timestamptz_ns"), _spell_zoned_datetime),
    **dict.fromkeys(("time", "time_ns"), _spell_time),
    "time with time zone": _spell_zoned_time,
    "float": _spell_float,
    "double": _spell_float,
    "blob": _spell_bytes,
}
"""How the types of DuckDB are written, by their ids; texts and unknown types as text."""


def _write_plainly(text: str) -> str:
    """Return the SQL for a number without exponent: `1e-07` is `0.0000001`, and `100.0` is `100`.

    Salesforce refuses a decimal point in a field of whole numbers.
    """
    sign = f"CASE WHEN {text} LIKE '-%' THEN '-' ELSE '' END"
    mantissa = f"split_part(ltrim({text}, '-'), 'e', 1)"
    digits = f"replace({mantissa}, '.', '')"
    exponent = f"CAST(split_part({text}, 'e', 2) AS INTEGER)"
    whole = f"rpad({digits}, greatest(CAST(length({digits}) AS INTEGER), {exponent} + 1), '0')"
    small = f"'0.' || repeat('0', -1 - {exponent}) || {digits}"
    return (
        f"CASE WHEN contains({text}, 'e') THEN {sign} ||"
        f" CASE WHEN {exponent} < 0 THEN {small} ELSE {whole} END"
        f" WHEN ends_with({text}, '.0') THEN left({text}, -2)"
        f" ELSE {text} END"
    )


def _spell_list(sql: str, kind: DuckDBPyType, column: str, depth: int) -> str:
    element = _get_child(kind.children[0])
    if element.id in _NESTED | _LISTS:
        return f"CAST(to_json({sql}) AS VARCHAR)"
    name = f"element{depth}"
    spelled = spell_value(name, element, column, depth + 1)
    text = (
        f"CASE WHEN contains({spelled}, ';') THEN "
        + _refuse(spelled, "contains a semicolon, which separates the values of a list", column)
        + f" ELSE {spelled} END"
    )
    values = f"list_transform({sql}, lambda {name}: {text})"
    return f"array_to_string({values}, ';')"


def _refuse_unless(condition: str, sql: str, text: str, message: str, column: str) -> str:
    return (
        f"CASE WHEN {sql} IS NULL THEN NULL WHEN {condition} THEN {text}"
        f" ELSE {_refuse(f'CAST({sql} AS VARCHAR)', message, column)} END"
    )


def refuse_values(condition: str, sql: str, column: str, message: str) -> str:
    """Return the SQL for a text that stops the statement unless a condition is true of it.

    Args:
        condition: The SQL condition.
        sql: The SQL of the text.
        column: The column's name, for the message.
        message: What is wrong with other texts.
    """
    return _refuse_unless(condition, sql, sql, message, column)


def _refuse(text: str, message: str, column: str) -> str:
    start, end = quote_text(f"{REFUSED}column {column}: "), quote_text(f" {message}")
    return f"error({start} || {text} || {end})"


def _get_child(child: tuple[str, object]) -> DuckDBPyType:
    """Return the type of a child; its stub says that it may be a number, too."""
    return cast("DuckDBPyType", child[1])
