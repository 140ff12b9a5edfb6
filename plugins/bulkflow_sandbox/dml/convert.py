"""Values of a column: from the text of an upload to the store's form, and back for the results.

A column of many rows is converted at once: the common case, in which every value is good, costs a
few calls for the whole column, and only a column with a bad value is gone through one by one.
"""

from __future__ import annotations

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
"""The value that sets a field to nothing; a blank leaves it as it is (documented)."""

BLANKS: Final = "".join(map(chr, range(33)))
"""What is taken off both ends of a text before it is saved: what Java takes for white space."""

_NUMBER: Final = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,3})?", re.ASCII)
_NUMBER_LETTERS: Final = frozenset("0123456789+-.eE")
_INT: Final = re.compile(r"[+-]?\d{1,10}", re.ASCII)
_INT_RANGE: Final = range(-(2**31), 2**31)
_EMAIL: Final = re.compile(r"[^@\s,;:\"<>()\[\]]+@[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?")
_BOOLEANS: Final = {"true": 1, "false": 0, "1": 1, "0": 0}


@frozen
class ConvertedColumn:
    """A column in the store's form.

    `values` has `None` where the text was blank or `#N/A`; `cleared` has the rows of the latter,
    and `blank` says whether there were any of either. `echo` is what the results show.
    `errors` has the `sf__Error` of the rows whose value cannot be taken.
    """

    values: Sequence[Value]
    echo: Sequence[str]
    blank: bool
    cleared: frozenset[int]
    errors: dict[int, str]


def convert_column(field: Field, texts: Sequence[str], column: int) -> ConvertedColumn:
    """Converts a column; `column` is its place in the upload, from 0, for messages."""
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
            return _numbers(field, texts, column, errors, gaps=gaps)
        case FieldType.BOOLEAN:
            values = _each(texts, lambda text: _BOOLEANS.get(text.lower()))
            _mark_unread(field, texts, values, column, errors)
            return values, _echo(values, lambda value: "true" if value else "false")
        case FieldType.INT:
            values = _each(texts, _read_int)
            _mark_unread(field, texts, values, column, errors)
            return values, _echo(values, str)
        case FieldType.DATE:
            values = _each(texts, read_date)
            _mark_unread(field, texts, values, column, errors)
            return values, _echo(values, str)
        case FieldType.DATETIME:
            values = _each(texts, read_moment)
            _mark_unread(field, texts, values, column, errors)
            return values, _echo(values, str)
        case FieldType.ID | FieldType.REFERENCE:
            values = _each(texts, to_id18)
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
    """The `sf__Error` for a text that is no id (text verified on REST)."""
    return f"MALFORMED_ID:malformed id {text}:--"


def _each(texts: Sequence[str], read: Callable[[str], Value]) -> list[Value]:
    """Reads every text that is not blank, each different one once."""
    known: dict[str, Value] = {text: read(text) for text in set(texts) if text}
    return [known.get(text) for text in texts]


def _echo(values: Sequence[Value], write: Callable[[Value], str]) -> list[str]:
    known = {value: write(value) for value in set(values) if value is not None}
    return ["" if value is None else known[value] for value in values]


def _mark_unread(
    field: Field,
    texts: Sequence[str],
    values: Sequence[Value],
    column: int,
    errors: dict[int, str],
) -> None:
    for row, value in enumerate(values):
        if value is None and texts[row]:
            errors[row] = _unreadable(field, texts[row], column)


def _unreadable(field: Field, text: str, column: int) -> str:
    """The `sf__Error` for a value that is not of the field's type (recorded for a date)."""
    return (
        f"INVALID_FIELD:Failed to deserialize field at col {column}. Due to, '{text}' is not a "
        f"valid value for the type {field.soap_type}:{field.name} --"
    )


def _read_int(text: str) -> int | None:
    if _INT.fullmatch(text) is None:
        return None
    number = int(text)
    return number if number in _INT_RANGE else None


def _numbers(
    field: Field, texts: Sequence[str], column: int, errors: dict[int, str], *, gaps: bool
) -> tuple[Sequence[Value], Sequence[str]]:
    numbers: list[float | None]
    if not gaps and _NUMBER_LETTERS.issuperset("".join(texts)):
        # Python's own float accepts more than the API, but not with these letters alone.
        try:
            numbers = [*map(float, texts)]
        except ValueError:
            numbers = [_read_number(text) for text in texts]
    else:
        numbers = [_read_number(text) for text in texts]
    for row, number in enumerate(numbers):
        if number is None:
            if texts[row]:
                errors[row] = _unreadable(field, texts[row], column)
        elif abs(number) >= 10.0 ** max(1, field.precision - field.scale):
            errors[row] = (
                f"NUMBER_OUTSIDE_VALID_RANGE:{field.label}: value outside of valid range on "
                f"numeric field: {texts[row]}:{field.name} --"
            )
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
        _mark(
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
            if text and not all(part.lower() in allowed for part in _picked(field, text))
        }
        _mark(
            texts,
            bad,
            errors,
            lambda text: (
                "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST:"
                f"{field.label}: bad value for restricted picklist field: {text}:{field.name} --"
            ),
        )


def _picked(field: Field, text: str) -> list[str]:
    return text.split(";") if field.type is FieldType.MULTIPICKLIST else [text]


def _mark(
    texts: Sequence[str], bad: set[str], errors: dict[int, str], message: Callable[[str], str]
) -> None:
    if bad:
        for row, text in enumerate(texts):
            if text in bad:
                errors.setdefault(row, message(text))
