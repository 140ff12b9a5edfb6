"""Converts the values of a column from text to the store's form, and back for the results.

A column is converted as a whole. If all of its values are valid, as usual, this takes a few calls.
Only a column with an invalid value is checked value by value.
"""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Final, assert_never

from attrs import frozen

from bulkflow_sandbox.core.dates import format_java_double, read_date, read_moment
from bulkflow_sandbox.core.ids import to_id18
from bulkflow_sandbox.schema.fields import TEXTS, Field, FieldType

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from bulkflow_sandbox.schema.rules import Value

NULL_TEXT: Final = "#N/A"
"""The value that clears a field; a blank keeps its value (documented)."""

BLANKS: Final = "".join(map(chr, range(33)))
"""The characters stripped from both ends of a text: white space as Java defines it."""

_NUMBER: Final = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,3})?", re.ASCII)
_NUMBER_CHARACTERS: Final = frozenset("0123456789+-.eE")
_INT: Final = re.compile(r"[+-]?\d{1,10}", re.ASCII)
_INT_RANGE: Final = range(-(2**31), 2**31)
_EMAIL: Final = re.compile(r"[^@\s,;:\"<>()\[\]]+@[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?")
_BOOLEANS: Final = {"true": 1, "false": 0, "1": 1, "0": 0}


@frozen
class ConvertedColumn:
    """A column in the store's form.

    `values` has `None` where the text was blank or `#N/A`. `cleared` has the rows with `#N/A`.
    `blank` is set if any value is `None` for either reason. `echo` is what the results show.
    `errors` has the `sf__Error` of each row with an invalid value.
    """

    values: Sequence[Value]
    echo: Sequence[str]
    blank: bool
    cleared: frozenset[int]
    errors: dict[int, str]


def convert_column(field: Field, texts: Sequence[str], column: int) -> ConvertedColumn:
    """Convert a column. `column` is its index in the upload, from 0, for messages."""
    cleared: frozenset[int] = frozenset()
    given = texts
    if field.type in TEXTS:
        texts = [text.strip(BLANKS) for text in texts]
    if NULL_TEXT in texts:
        cleared = frozenset(row for row, text in enumerate(texts) if text == NULL_TEXT)
        texts = ["" if row in cleared else text for row, text in enumerate(texts)]
        given = ["" if row in cleared else text for row, text in enumerate(given)]
    blank = "" in texts
    errors: dict[int, str] = {}
    values, echo = _convert_type(field, texts, column, errors, gaps=blank)
    return ConvertedColumn(values, given if field.type in TEXTS else echo, blank, cleared, errors)


def _convert_type(
    field: Field, texts: Sequence[str], column: int, errors: dict[int, str], *, gaps: bool
) -> tuple[Sequence[Value], Sequence[str]]:
    match field.type:
        case FieldType.DOUBLE | FieldType.CURRENCY | FieldType.PERCENT:
            return _convert_numbers(field, texts, column, errors, gaps=gaps)
        case FieldType.BOOLEAN:
            values = _read_each(texts, lambda text: _BOOLEANS.get(text.lower()))
            _add_type_errors(field, texts, values, column, errors)
            return values, _write_each(values, lambda value: "true" if value else "false")
        case FieldType.INT:
            values = _read_each(texts, _read_int)
            _add_type_errors(field, texts, values, column, errors)
            return values, _write_each(values, str)
        case FieldType.DATE:
            values = _read_each(texts, read_date)
            _add_type_errors(field, texts, values, column, errors)
            return values, _write_each(values, str)
        case FieldType.DATETIME:
            values = _read_each(texts, read_moment)
            _add_type_errors(field, texts, values, column, errors)
            return values, _write_each(values, str)
        case FieldType.ID | FieldType.REFERENCE:
            values = _read_each(texts, to_id18)
            for row, value in enumerate(values):
                if value is None and texts[row]:
                    errors[row] = make_malformed_id_error(texts[row])
            return values, texts
        case (
            FieldType.STRING
            | FieldType.TEXTAREA
            | FieldType.PICKLIST
            | FieldType.MULTIPICKLIST
            | FieldType.COMBOBOX
            | FieldType.EMAIL
            | FieldType.PHONE
            | FieldType.URL
            | FieldType.ADDRESS
        ):
            _check_texts(field, texts, errors)
            return [text or None for text in texts] if gaps else texts, texts
        case _:
            assert_never(field.type)


def make_malformed_id_error(text: str) -> str:
    """Make the `sf__Error` for a text that is not an id (text verified on REST)."""
    return f"MALFORMED_ID:malformed id {text}:--"


def _read_each(texts: Sequence[str], read: Callable[[str], Value]) -> list[Value]:
    """Read each text that is not blank. Equal texts are read once."""
    known: dict[str, Value] = {text: read(text) for text in set(texts) if text}
    return [known.get(text) for text in texts]


def _write_each(values: Sequence[Value], write: Callable[[Value], str]) -> list[str]:
    known = {value: write(value) for value in set(values) if value is not None}
    return ["" if value is None else known[value] for value in values]


def _add_type_errors(
    field: Field,
    texts: Sequence[str],
    values: Sequence[Value],
    column: int,
    errors: dict[int, str],
) -> None:
    for row, value in enumerate(values):
        if value is None and texts[row]:
            errors[row] = _make_type_error(field, texts[row], column)


def _make_type_error(field: Field, text: str, column: int) -> str:
    """Make the `sf__Error` for a value of another type than the field (recorded for a date)."""
    return (
        f"INVALID_FIELD:Failed to deserialize field at col {column}. Due to, '{text}' is not a "
        f"valid value for the type {field.soap_type}:{field.name} --"
    )


def _read_int(text: str) -> int | None:
    if _INT.fullmatch(text) is None:
        return None
    number = int(text)
    return number if number in _INT_RANGE else None


def _convert_numbers(
    field: Field, texts: Sequence[str], column: int, errors: dict[int, str], *, gaps: bool
) -> tuple[Sequence[Value], Sequence[str]]:
    numbers: list[float | None]
    if not gaps and _NUMBER_CHARACTERS.issuperset("".join(texts)):
        # float() accepts more than the API, but not with only these characters.
        try:
            numbers = [*map(float, texts)]
        except ValueError:
            numbers = [_read_number(text) for text in texts]
    else:
        numbers = [_read_number(text) for text in texts]
    for row, number in enumerate(numbers):
        if number is None:
            if texts[row]:
                errors[row] = _make_type_error(field, texts[row], column)
        elif abs(number) >= 10.0 ** max(1, field.precision - field.scale):
            errors[row] = (
                f"NUMBER_OUTSIDE_VALID_RANGE:{field.label}: value outside of valid range on "
                f"numeric field: {texts[row]}:{field.name} --"
            )
            if math.isinf(number):
                # `1E400` has no text.
                numbers[row] = None
    return numbers, ["" if number is None else format_java_double(number) for number in numbers]


def _read_number(text: str) -> float | None:
    return float(text) if _NUMBER.fullmatch(text) else None


def _check_texts(field: Field, texts: Sequence[str], errors: dict[int, str]) -> None:
    if field.length and max(map(len, texts), default=0) > field.length:
        for row, text in enumerate(texts):
            if len(text) > field.length:
                errors[row] = (
                    f"STRING_TOO_LONG:{field.label}: data value too large: {text} "
                    f"(max length={field.length}):{field.name} --"
                )
    if field.type is FieldType.EMAIL:
        bad = {text for text in set(texts) if text and _EMAIL.fullmatch(text) is None}
        _add_errors(
            texts,
            bad,
            errors,
            lambda text: (
                f"INVALID_EMAIL_ADDRESS:{field.label}: invalid email address: {text}:"
                f"{field.name} --"
            ),
        )
    if field.restricted:
        allowed = {value.lower() for value in field.picklist}
        bad = {
            text
            for text in set(texts)
            if text and not all(part.lower() in allowed for part in _split_picks(field, text))
        }
        _add_errors(
            texts,
            bad,
            errors,
            lambda text: (
                "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST:"
                f"{field.label}: bad value for restricted picklist field: {text}:{field.name} --"
            ),
        )


def _split_picks(field: Field, text: str) -> list[str]:
    return text.split(";") if field.type is FieldType.MULTIPICKLIST else [text]


def _add_errors(
    texts: Sequence[str], bad: set[str], errors: dict[int, str], message: Callable[[str], str]
) -> None:
    if bad:
        for row, text in enumerate(texts):
            if text in bad:
                errors.setdefault(row, message(text))
