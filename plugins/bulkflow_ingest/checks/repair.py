"""Suggests the clause that makes values readable for the org, filled in from the first of them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from bulkflow_jobs.sobjects import FieldDescription

_DAYS: Final = (
    (r"\d{1,2}\.\d{1,2}\.\d{4}", "dd.MM.yyyy"),
    (r"(1[3-9]|2\d|3[01])/\d{1,2}/\d{4}", "dd/MM/yyyy"),
    (r"\d{1,2}/\d{1,2}/\d{4}", "MM/dd/yyyy"),
    (r"\d{1,2}-\d{1,2}-\d{4}", "dd-MM-yyyy"),
    (r"\d{4}/\d{1,2}/\d{1,2}", "yyyy/MM/dd"),
    (r"\d{8}", "yyyyMMdd"),
    (r"\d{4}-\d{2}-\d{2}", "yyyy-MM-dd"),
)
_TIMES: Final = (
    (r" \d{1,2}:\d{2}:\d{2}", " HH:mm:ss"),
    (r" \d{1,2}:\d{2}", " HH:mm"),
    (r" \d{1,2}:\d{2} [AP]M", " hh:mm a"),
    (r"", ""),
)
_PAIRS: Final = (
    ("wahr", "falsch"),
    ("ja", "nein"),
    ("yes", "no"),
    ("vrai", "faux"),
    ("oui", "non"),
    ("verdadero", "falso"),
    ("sí", "no"),
    ("y", "n"),
    ("t", "f"),
    ("j", "n"),
    ("x", "-"),
    ("on", "off"),
)


def suggest_repair(column: str, field: FieldDescription, values: Sequence[str]) -> str:
    """Return the help for values of a column that the org would refuse.

    Args:
        column: The name of the column.
        field: The field.
        values: The first such values.
    """
    name = column if column.isidentifier() else f'"{column}"'
    match field.kind:
        case "date" | "datetime":
            pattern = _guess_pattern(values, with_time=field.kind == "datetime")
            zone = ' in "Europe/Berlin"' if field.kind == "datetime" else ""
            form = pattern or ("dd.MM.yyyy HH:mm" if zone else "dd.MM.yyyy")
            return f'read them: `read {name} as {field.kind} "{form}"{zone}`'
        case "int" | "long" | "double" | "currency" | "percent":
            return f'read them: `read {name} as number "{_guess_example(values)}"`'
        case "boolean":
            yes, no = _guess_pair(values)
            return f'read them: `read {name} as boolean "{yes}" "{no}"`'
        case "picklist":
            known = ", ".join(field.choices[:8])
            return f'the values are {known}; replace others: `map {name} by "table.csv"`'
        case "reference" | "id":
            key = f"{field.relationship or 'Parent'}.External_Id__c"
            return f"an id has 15 or 18 characters; to find parents by a key, use a column {key}"
        case _ if field.length and any(len(value) > field.length for value in values):
            return f'shorten them: `compute {field.name} as "left({name}, {field.length})"`'
        case _:
            return f'leave the rows out: `where "{name} is not null"`, or set a value'


def _guess_pattern(values: Iterable[str], *, with_time: bool) -> str | None:
    for day, day_pattern in _DAYS:
        for time, time_pattern in _TIMES if with_time else (("", ""),):
            if all(re.fullmatch(day + time, value.strip()) for value in values):
                return day_pattern + time_pattern
    return None


def _guess_example(values: Iterable[str]) -> str:
    text = " ".join(values)
    if re.search(r"\d\.\d{3},\d", text):
        return "1.234,56"
    if re.search(r"\d,\d{3}(\.\d|,\d{3})", text):
        return "1,234.56"
    if re.search(r"\d[ \u00a0\u202f]\d{3}", text):
        return "1 234,56"
    return "1.234,56" if re.search(r"\d,\d", text) else "1,234.56"


def _guess_pair(values: Sequence[str]) -> tuple[str, str]:
    for yes, no in _PAIRS:
        written = {value.strip() for value in values}
        if {each.lower() for each in written} <= {yes, no}:
            upper = all(each.isupper() for each in written)
            return (yes.upper(), no.upper()) if upper else (yes, no)
    return "yes", "no"
