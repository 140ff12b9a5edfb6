"""Checks the keys of an upsert, and counts the values that clear a field."""

# ruff: noqa: S608 - all of it is SQL, made of numbers, names of our own and quoted texts

from __future__ import annotations

from typing import TYPE_CHECKING

from bulkflow.plugin import Problem, format_plural, quote_text
from bulkflow_csv import NULL
from bulkflow_ingest.source.required_columns import get_key_column, join_names
from bulkflow_ingest.source.sent_rows import VIEW

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bulkflow_ingest.settings import IngestSettings
    from bulkflow_ingest.source.sent_rows import SentRows

CLEARED_VALUES = "B424"
KEYS_TWICE = "B425"
BLANK_KEYS = "B426"

_EXAMPLES = 3


def find_key_problems(rows: SentRows, settings: IngestSettings) -> Iterator[Problem]:
    """Find keys of an upsert that are blank, or in several rows.

    Args:
        rows: The rows as they are sent.
        settings: The job's settings.

    Raises:
        DataError: A file cannot be read.
    """
    key = get_key_column(settings)
    if settings.operation != "upsert" or key is None or key.lower() == "id":
        return
    index = next((i for i, each in enumerate(rows.columns) if each.lower() == key.lower()), None)
    if index is None:
        return
    column = f"c{index}"
    ((blank, first),) = rows.connection.execute(
        f"SELECT count(*), min((file, row)) FROM {VIEW} WHERE {column} = ''"
    ).fetchall()
    if blank:
        yield _warn(
            BLANK_KEYS,
            f"{format_plural(blank, 'row')} have no {key}, the first in "
            f"{rows.describe_place(*first)}: Salesforce refuses them",
            f'leave them out: `where "{_quote_in_text(key)} is not null"`',
        )
    # Salesforce compares an external ID without regard to case, unless the field says otherwise.
    twice = rows.connection.execute(
        f"SELECT any_value({column}), count(*), min((file, row)) AS place FROM {VIEW}"
        f" WHERE {column} <> '' GROUP BY lower({column}) HAVING count(*) > 1 ORDER BY place"
    )
    found = twice.fetchmany(_EXAMPLES)
    if found:
        keys = len(found)
        while more := twice.fetchmany(10_000):
            keys += len(more)
        examples = ", ".join(f"{value!r} ({number:,} rows)" for value, number, _ in found)
        place = rows.describe_place(*found[0][2])
        yield _warn(
            KEYS_TWICE,
            f"{format_plural(keys, 'value')} of {key} are in several rows: {examples}, the first "
            f"in {place}. Salesforce refuses such rows if they are in the same batch",
            f"keep one row for each: `unique by {_quote_word(key)}`, or `keeping last`",
        )


def find_cleared_values(rows: SentRows) -> Iterator[Problem]:
    """Count the values that clear a field.

    Args:
        rows: The rows as they are sent.

    Raises:
        DataError: A file cannot be read.
    """
    null = quote_text(NULL)
    counts = ", ".join(
        f"count(*) FILTER (c{index} = {null}), min((file, row)) FILTER (c{index} = {null})"
        for index in range(len(rows.columns))
    )
    (found,) = rows.connection.execute(f"SELECT {counts} FROM {VIEW}").fetchall()
    cleared = [
        (column, found[2 * index], found[2 * index + 1])
        for index, column in enumerate(rows.columns)
        if found[2 * index]
    ]
    if cleared:
        first = min(place for _, _, place in cleared)
        names = join_names([f"{column} ({number:,})" for column, number, _ in cleared])
        total = format_plural(sum(number for _, number, _ in cleared), "value")
        yield _warn(
            CLEARED_VALUES,
            f"{total} {NULL} clear a field: {names}, the first in {rows.describe_place(*first)}",
            "this is what `null as` makes; a spreadsheet writes the same where a formula found "
            f"nothing: then leave such rows out with `where`, or replace {NULL} in the file",
        )


def _quote_word(name: str) -> str:
    return name if name.isidentifier() else f'"{name}"'


def _quote_in_text(name: str) -> str:
    return name if name.isidentifier() else f'\\"{name}\\"'


def _warn(code: str, message: str, advice: str) -> Problem:
    return Problem(message, advice, "location", code, warning=True)
