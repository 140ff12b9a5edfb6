"""Writes Python values as Salesforce expects them in CSV, as `spelling` does for DuckDB's."""

from __future__ import annotations

import base64
import math
from datetime import UTC, date, datetime, time
from decimal import Decimal
from enum import Enum
from functools import singledispatch
from itertools import islice
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

from bulkflow.errors import DataError, PluginError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from bulkflow.plugin import SourceRows

_BATCH: Final = 50


def spell_rows(source: SourceRows) -> Iterator[Sequence[str]]:
    """Yield the rows of a source plugin as text.

    Raises:
        DataError: A value has no form that Salesforce accepts.
        PluginError: A value is of a type that cannot be written.
    """
    rows = iter(source.rows)
    number = 1
    # Copies, because a plugin may give the same list again, with other values.
    while batch := [tuple(row) for row in islice(rows, _BATCH)]:
        try:
            spelled = [_spell_column(values) for values in zip(*batch, strict=True)]
        except (TypeError, ValueError):
            yield from _spell_one_by_one(source, batch, number)
        else:
            yield from zip(*spelled, strict=True)
        number += len(batch)


def _spell_column(values: tuple[Any, ...]) -> Sequence[str]:
    """Return the texts of the values of a column, which are most often of one type."""
    kinds = set(map(type, values))
    if kinds == {str}:
        return values
    if kinds == {float}:
        return _spell_floats(values)
    spellers = [_SPELLERS.get(kind, spell_value) for kind in kinds - {type(None)}]
    match spellers:
        case [spell] if type(None) in kinds:
            return ["" if each is None else spell(each) for each in values]
        case [spell]:
            return list(map(spell, values))
        case _:
            return [_SPELLERS.get(type(each), spell_value)(each) for each in values]


def _spell_floats(values: tuple[float, ...]) -> list[str]:
    """Return the texts of numbers, most of which are short and finite."""
    texts = list(map(repr, values))
    joined = "".join(texts)
    if "e" in joined or "n" in joined:
        return list(map(_spell_float, values))
    return [text.removesuffix(".0") for text in texts]


def _spell_one_by_one(
    source: SourceRows, rows: Iterable[Sequence[object]], first: int
) -> Iterator[list[str]]:
    """Yield rows as text, up to the one that cannot be written. `first` is the first's number."""
    for number, row in enumerate(rows, first):
        try:
            yield [spell_value(each) for each in row]
        except TypeError:
            _explain(source, row, number)
            raise
        except ValueError as error:
            column = _find_refused(source, row)
            raise DataError(
                f"row {number:,}: {f'column {column}: ' if column else ''}{error}",
                place=source.name,
                help="correct the value, or leave the row out",
            ) from error


@singledispatch
def spell_value(value: object) -> str:
    """Return the text of a value; None is an empty text.

    Raises:
        TypeError: No text is defined for its type.
        ValueError: It is a number that is not finite, or a list with a semicolon in a value.
    """
    raise TypeError(f"no text is defined for {type(value).__name__}")


@spell_value.register
def _spell_none(value: None) -> str:
    return ""


@spell_value.register(str)
@spell_value.register(int)
@spell_value.register(UUID)
def _spell_plain(value: object) -> str:
    return spell_value(value.value) if isinstance(value, Enum) else str(value)


@spell_value.register
def _spell_enum(value: Enum) -> str:
    return spell_value(value.value)


@spell_value.register
def _spell_bool(value: bool) -> str:
    return "true" if value else "false"


@spell_value.register
def _spell_float(value: float) -> str:
    # The shortest text that has the same value, without an exponent.
    text = float.__repr__(value)
    if "e" in text or "n" in text:
        if not math.isfinite(value):
            raise ValueError(f"{value} is not a finite number")
        text = format(Decimal(text), "f")
    return text.removesuffix(".0")


@spell_value.register
def _spell_decimal(value: Decimal) -> str:
    if not value.is_finite():
        raise ValueError(f"{value} is not a finite number")
    text = format(value, "f")
    # A scale is not a value.
    return text.rstrip("0").rstrip(".") if "." in text else text


@spell_value.register
def _spell_date(value: date) -> str:
    return value.isoformat()


@spell_value.register
def _spell_datetime(value: datetime) -> str:
    # A moment without a zone means UTC (guide v66).
    if value.tzinfo is not None:
        value = value.astimezone(UTC).replace(tzinfo=None)
    return value.isoformat("T", "milliseconds") + "Z"


@spell_value.register
def _spell_time(value: time) -> str:
    if value.utcoffset() is not None:
        value = datetime.combine(date(2000, 1, 2), value).astimezone(UTC).time()
    return value.replace(tzinfo=None).isoformat(timespec="milliseconds") + "Z"


@spell_value.register(bytes)
@spell_value.register(bytearray)
@spell_value.register(memoryview)
def _spell_bytes(value: bytes) -> str:
    return base64.b64encode(value).decode()


@spell_value.register(list)
@spell_value.register(tuple)
def _spell_list(values: Iterable[object]) -> str:
    texts = [spell_value(each) for each in values if each is not None]
    for text in texts:
        if ";" in text:
            raise ValueError(f"{text} contains a semicolon, which separates the values of a list")
    return ";".join(texts)


_SPELLERS: Final[Mapping[type, Callable[[Any], str]]] = {
    type(None): _spell_none,
    str: str,
    int: str,
    bool: {True: "true", False: "false"}.__getitem__,
    float: _spell_float,
    Decimal: _spell_decimal,
    date: date.isoformat,
    datetime: _spell_datetime,
}
"""The most frequent types; `spell_value` knows all, but takes longer to find them."""


def _find_refused(source: SourceRows, row: Sequence[object]) -> str | None:
    """Return the column of the first value of a row that has no text."""
    for column, value in zip(source.columns, row, strict=False):
        try:
            spell_value(value)
        except ValueError:
            return column
    return None


def _explain(source: SourceRows, row: Sequence[object], number: int) -> None:
    """Raise `PluginError` for the value of a row that cannot be written."""
    for column, value in zip(source.columns, row, strict=False):
        try:
            spell_value(value)
        except TypeError:
            raise PluginError(
                f"row {number:,}, column {column}: plugin {source.provider or 'unknown'} gave "
                f"{value!r:.80}, of type {type(value).__name__}, which cannot be written to CSV",
                help="this is a bug in the plugin, which must give a text, number, bool, date, "
                "time, datetime, bytes, a list of these, or None; report it to its author with "
                "this message",
            ) from None
        except ValueError:
            continue
