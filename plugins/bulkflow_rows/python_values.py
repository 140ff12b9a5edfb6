"""Writes Python values as Salesforce expects them in CSV, as `spelling` does for DuckDB's."""

from __future__ import annotations

import base64
import math
from datetime import UTC, date, datetime, time
from decimal import Decimal
from enum import Enum
from functools import singledispatch
from typing import TYPE_CHECKING
from uuid import UUID

from bulkflow.errors import DataError, PluginError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from bulkflow.plugin import SourceRows


def spell_rows(source: SourceRows) -> Iterator[Sequence[str]]:
    """Yield the rows of a source plugin as text.

    Raises:
        DataError: A value has no form that Salesforce accepts.
        PluginError: A value is of a type that cannot be written.
    """
    for number, row in enumerate(source.rows, 1):
        try:
            yield [each if each.__class__ is str else spell_value(each) for each in row]
        except TypeError:
            _explain(source, row, number)
            raise
        except ValueError as error:
            raise DataError(
                f"row {number:,}: {error}",
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
    if not math.isfinite(value):
        raise ValueError(f"{value} is not a finite number")
    # The shortest text that has the same value, without an exponent.
    return format(Decimal(repr(float(value))), "f").removesuffix(".0")


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
    utc = value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
    return utc.replace(tzinfo=None).isoformat(timespec="milliseconds") + "Z"


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
