"""The SQL conditions of values that Salesforce refuses, by the type of the field.

The forms are those of "Valid Date Format in Records" and the data types of the Bulk API guide (v66)
and of the sandbox, which a test compares with them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeAlias

from bulkflow.plugin import quote_text

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from bulkflow_jobs.sobjects import FieldDescription

NO_DATE: Final = "B442"
NO_NUMBER: Final = "B443"
NO_BOOLEAN: Final = "B444"
TOO_LONG: Final = "B445"
NOT_A_CHOICE: Final = "B447"
NO_ID: Final = "B448"
NO_EMAIL: Final = "B449"

_DATE: Final = r"\d{4}-\d{2}-\d{2}Z?"
_MOMENT: Final = r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,9})?(Z|[+-]([01]\d|2[0-3]):?[0-5]\d)?"
_TIME: Final = r"\d{2}:\d{2}:\d{2}(\.\d+)?Z?"
_NUMBER: Final = r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,3})?"
_WHOLE: Final = r"[+-]?\d{1,10}"
_ID: Final = r"[A-Za-z0-9]{15}([A-Za-z0-9]{3})?"
_EMAIL: Final = r"[^@\s,;:\"<>()\[\]]+@[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?"
_BOOLEANS: Final = "('true', 'false', '1', '0')"
_TEXTS: Final = frozenset(
    {"string", "phone", "url", "textarea", "encryptedstring", "combobox", "picklist"}
)
_STRIPPED: Final = " || ".join(f"chr({code})" for code in range(1, 33))
"""What Salesforce strips from both ends of a text: white space as Java defines it."""

Wrong: TypeAlias = tuple[str, str, str]
"""A code, the SQL condition of a wrong value, and what completes "3 values of Birthdate …"."""


def find_wrong_values(
    value: str, field: FieldDescription, prefixes: Mapping[str, str]
) -> Iterator[Wrong]:
    """Yield the conditions under which the org would refuse a value; none if it takes any.

    Args:
        value: The SQL of the value, a text that is neither blank nor `#N/A`.
        field: The field.
        prefixes: The first three characters of the ids of objects, by the objects' names.
    """
    match field.kind:
        case "date":
            yield NO_DATE, _unlike(value, _DATE, _no_day(value)), "cannot be read as dates"
        case "datetime":
            moment = f"try_cast({value} AS TIMESTAMPTZ) AT TIME ZONE 'UTC'"
            others = [
                _no_day(value),
                f"try_cast(substr({value}, 12, 8) AS TIME) IS NULL",
                f"substr({value}, 12, 2) = '24'",
                f"coalesce(year({moment}) NOT BETWEEN 1 AND 9999, false)",
            ]
            yield NO_DATE, _unlike(value, _MOMENT, *others), "cannot be read as datetimes"
        case "time":
            yield NO_DATE, _unlike(value, _TIME), "cannot be read as times"
        case "int" | "long":
            beyond = (
                f"coalesce(try_cast({value} AS BIGINT) NOT BETWEEN -{2**31} AND {2**31 - 1}, false)"
            )
            yield NO_NUMBER, _unlike(value, _WHOLE, beyond), "cannot be read as whole numbers"
        case "double" | "currency" | "percent":
            yield NO_NUMBER, _unlike(value, _NUMBER), "cannot be read as numbers"
            if field.digits > 0:
                beyond = f"abs(coalesce(try_cast({value} AS DOUBLE), 0)) >= 1e{field.digits}"
                yield TOO_LONG, beyond, f"have more than {field.digits} digits before the point"
        case "boolean":
            known = f"lower({value}) NOT IN {_BOOLEANS}"
            yield NO_BOOLEAN, known, "are neither true nor false"
        case "reference" | "id":
            yield _find_wrong_ids(value, field, prefixes)
        case _:
            yield from _find_wrong_texts(value, field)


def _find_wrong_texts(value: str, field: FieldDescription) -> Iterator[Wrong]:
    text = f"trim({value}, {_STRIPPED})"
    if field.kind in _TEXTS | {"email"} and field.length:
        # The number of bytes is known, and is at least that of the characters.
        long = f"length({text}) > {field.length}"
        yield (
            TOO_LONG,
            _only_if(f"strlen({value}) > {field.length}", long),
            f"have more than {field.length:,} characters",
        )
    if field.kind == "email":
        form = quote_text(_EMAIL)
        wrong = f"{text} <> '' AND NOT regexp_full_match({text}, {form})"
        unlike = f"NOT regexp_full_match({value}, {form})"
        yield NO_EMAIL, _only_if(unlike, wrong), "are not email addresses"
    if field.restricted and field.choices:
        known = ", ".join(quote_text(each.lower()) for each in field.choices)
        wrong = f"lower({text}) NOT IN ({known})"
        if field.kind == "multipicklist":
            picks = f"string_split(lower({text}), ';')"
            wrong = f"len(list_filter({picks}, lambda pick: pick NOT IN ({known}))) > 0"
        exact = ", ".join(quote_text(each) for each in field.choices)
        wrong = _only_if(f"{value} NOT IN ({exact})", f"{text} <> '' AND {wrong}")
        yield NOT_A_CHOICE, wrong, "are not in the restricted picklist"


def _only_if(fast: str, exact: str) -> str:
    """Return the SQL of a condition that is false wherever a faster one is."""
    return f"CASE WHEN {fast} THEN {exact} ELSE false END"


def _no_day(value: str) -> str:
    return f"try_cast(left({value}, 10) AS DATE) IS NULL"


def _unlike(value: str, form: str, *others: str) -> str:
    unlike = f"NOT regexp_full_match({value}, {quote_text(form)})"
    if not others:
        return unlike
    return f"CASE WHEN {unlike} THEN true ELSE {' OR '.join(others)} END"


def _find_wrong_ids(value: str, field: FieldDescription, prefixes: Mapping[str, str]) -> Wrong:
    known = [prefixes[each] for each in field.targets if prefixes.get(each)]
    if field.targets and len(known) == len(field.targets):
        of_others = f"left({value}, 3) NOT IN ({', '.join(quote_text(each) for each in known)})"
        names = " or ".join(field.targets[:3])
        return NO_ID, _unlike(value, _ID, of_others), f"are not ids of {names}"
    return NO_ID, _unlike(value, _ID), "are not ids"
