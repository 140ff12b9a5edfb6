"""Checks the values of a job against the types of its object's fields, over all rows."""

# ruff: noqa: S608 - all of it is SQL, made of numbers, names of our own and quoted texts

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import frozen

from bulkflow.plugin import Problem, format_plural
from bulkflow_ingest.checks.repair import suggest_repair
from bulkflow_ingest.checks.value_forms import find_wrong_values
from bulkflow_ingest.source.required_columns import get_key_column
from bulkflow_ingest.source.sent_rows import VIEW

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from bulkflow_ingest.settings import IngestSettings
    from bulkflow_ingest.source.sent_rows import SentRows
    from bulkflow_jobs.sobjects import FieldDescription, ObjectDescription

_EXAMPLES = 3
BLANK = "B446"


@frozen
class _Check:
    """Values of a column that the org would refuse.

    Attributes:
        column: The column's name.
        index: Its index.
        condition: The SQL condition for such a value.
        message: Completes "3 values of Birthdate …".
        code: The code of the problem.
        field: The field.
    """

    column: str
    index: int
    condition: str
    message: str
    code: str
    field: FieldDescription


def find_value_problems(
    rows: SentRows,
    described: ObjectDescription,
    prefixes: Mapping[str, str],
    settings: IngestSettings,
) -> Iterator[Problem]:
    """Find values that the org would refuse.

    Args:
        rows: The rows as they are sent.
        described: The object of the job.
        prefixes: The first three characters of the ids of objects, by the objects' names.
        settings: The job's settings.

    Raises:
        DataError: A file cannot be read.
    """
    checks = list(_make_checks(rows.columns, described, prefixes, settings))
    if not checks:
        return
    counts = ", ".join(f"count(*) FILTER ({each.condition})" for each in checks)
    (found,) = rows.connection.execute(f"SELECT {counts} FROM {VIEW}").fetchall()
    for each, count in zip(checks, found, strict=True):
        if count:
            # Most files have no such values, so examples have a query of their own.
            examples = rows.connection.execute(
                f"SELECT file, row, c{each.index} FROM {VIEW} WHERE {each.condition}"
                f" ORDER BY file, row LIMIT {_EXAMPLES}"
            ).fetchall()
            yield _make_problem(each, count, examples, rows)


def _make_checks(
    columns: Sequence[str],
    described: ObjectDescription,
    prefixes: Mapping[str, str],
    settings: IngestSettings,
) -> Iterator[_Check]:
    key = (get_key_column(settings) or "").lower()
    for index, column in enumerate(columns):
        field = described.find_field(column)
        if field is None:
            # A column such as Account.External_Id__c, or one that is reported already.
            continue
        value = f"c{index}"
        for code, condition, message in find_wrong_values(value, field, prefixes):
            wrong = f"CASE WHEN {value} IN ('', '#N/A') THEN false ELSE {condition} END"
            yield _Check(column, index, wrong, message, code, field)
        creates = settings.operation == "insert"
        if creates and field.needed and column.lower() != key:
            blank = f"trim({value}) IN ('', '#N/A')"
            yield _Check(column, index, blank, "are blank, and required", BLANK, field)


def _make_problem(
    check: _Check, count: int, examples: Sequence[tuple[int, int, str]], rows: SentRows
) -> Problem:
    shown = []
    for file, row, value in examples:
        where = rows.describe_place(file, row)
        shown.append(f"{value!r} ({where})" if value.strip() else where)
    return Problem(
        f"{format_plural(count, 'value')} of {check.column} {check.message}: {', '.join(shown)}",
        suggest_repair(check.column, check.field, [value for _, _, value in examples]),
        "location",
        check.code,
    )
