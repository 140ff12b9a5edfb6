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
    asked = []
    for each in checks:
        value, where = f"c{each.index}", f"FILTER ({each.condition})"
        asked += [
            f"count(*) {where}",
            f"min((file, row), {_EXAMPLES}) {where}",
            f"arg_min({value}, (file, row), {_EXAMPLES}) {where}",
        ]
    (found,) = rows.connection.execute(f"SELECT {', '.join(asked)} FROM {VIEW}").fetchall()
    for number, each in enumerate(checks):
        count, places, values = found[3 * number : 3 * number + 3]
        if count:
            yield _make_problem(each, count, places, values, rows)


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
        is_set = f"{value} NOT IN ('', '#N/A')"
        for code, condition, message in find_wrong_values(value, field, prefixes):
            yield _Check(column, index, f"{is_set} AND ({condition})", message, code, field)
        creates = settings.operation == "insert"
        if creates and field.needed and column.lower() != key:
            blank = f"trim({value}) IN ('', '#N/A')"
            yield _Check(column, index, blank, "are blank, and required", BLANK, field)


def _make_problem(
    check: _Check,
    count: int,
    places: Sequence[tuple[int, int] | Mapping[str, int]],
    values: Sequence[str],
    rows: SentRows,
) -> Problem:
    shown = []
    for place, value in zip(places, values, strict=True):
        file, row = place.values() if isinstance(place, dict) else place
        where = rows.describe_place(int(file), int(row))
        shown.append(f"{value!r} ({where})" if value.strip() else where)
    return Problem(
        f"{format_plural(count, 'value')} of {check.column} {check.message}: {', '.join(shown)}",
        suggest_repair(check.column, check.field, values),
        "location",
        check.code,
    )
