"""Summarizes the outcomes of many rows: how many of each, and the errors of the failed ones."""

# ruff: noqa: S608 - all of it is SQL, made of numbers, names of our own and quoted texts

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import astuple, frozen

from bulkflow_ingest.reconcile.error_patterns import without_values_sql
from bulkflow_ingest.reconcile.outcomes import Outcome

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bulkflow_ingest.reconcile.database import ReconcileDatabase
    from bulkflow_ingest.reconcile.inputs import SlicedFile

CODE = "split_part(error, ':', 1)"
"""The SQL for the code that an error begins with."""


@frozen
class OutcomeCounts:
    """The number of rows by outcome.

    Attributes:
        rows: Source rows.
        loaded: Rows that are in the org: created and updated together.
        created: Rows that created a record.
        updated: Rows that changed or deleted one.
        failed: Rows that Salesforce refused.
        unprocessed: Rows that were certainly not tried.
        withheld: Rows that were not sent on purpose.
        unknown: Rows that were handed over, without a result.
        ambiguous: Rows among all of these whose outcome may be that of another row.
        strays: Result rows without a source row.
    """

    rows: int = 0
    loaded: int = 0
    created: int = 0
    updated: int = 0
    failed: int = 0
    unprocessed: int = 0
    withheld: int = 0
    unknown: int = 0
    ambiguous: int = 0
    strays: int = 0


@frozen
class JobOutcomes:
    """The counts of a logical job, and of each part by its number."""

    total: OutcomeCounts
    parts: Mapping[int, OutcomeCounts]


@frozen
class ErrorGroup:
    """Rows that failed for the same reason.

    Attributes:
        code: The error code, such as `REQUIRED_FIELD_MISSING`.
        fields: The fields that it names.
        rows: How many rows.
        message: The whole error of the first of them.
        file: The file of the first, by the name that the user knows.
        line: Its physical line.
        varies: Whether the errors of others differ from it, by values of their own rows.
    """

    code: str
    fields: tuple[str, ...]
    rows: int
    message: str
    file: str
    line: int
    varies: bool = False


def count_job_outcomes(database: ReconcileDatabase, files: Sequence[SlicedFile]) -> JobOutcomes:
    """Count the rows by outcome, in total and by part."""
    found = database.rows(
        f"""
        SELECT slices.part, count(reported.row), count_if(kind = {Outcome.LOADED}),
            count_if(kind = {Outcome.LOADED} AND created = 'true'),
            count_if(kind = {Outcome.LOADED} AND created <> 'true'),
            count_if(kind = {Outcome.FAILED}), count_if(kind = {Outcome.UNPROCESSED}),
            count_if(kind = {Outcome.WITHHELD}), count_if(kind = {Outcome.UNKNOWN}),
            count_if(doubt > 0), any_value(strays.n)
        FROM slices
        LEFT JOIN outcomes AS reported ON reported.p = slices.p
        LEFT JOIN strays ON strays.p = slices.p
        GROUP BY slices.part ORDER BY slices.part
        """
    )
    parts = {part: OutcomeCounts(*(number or 0 for number in rest)) for part, *rest in found}
    total = OutcomeCounts(*(sum(each) for each in zip(*map(astuple, parts.values()), strict=True)))
    first = {each.part for file in files for each in file.slices if each.origin is None}
    return JobOutcomes(
        total,
        {part: each for part, each in parts.items() if part in first},
    )


def error_groups(database: ReconcileDatabase, files: Sequence[SlicedFile]) -> list[ErrorGroup]:
    """Group the failed rows by errors without the rows' values, the most frequent first."""
    names = {
        file.position + index: file.name for file in files for index, _ in enumerate(file.slices)
    }
    return [
        ErrorGroup(code, tuple(fields.split()), rows, message, names[p], line, varies)
        for code, fields, rows, message, p, line, varies in database.rows(
            f"""
            WITH reported AS (
                SELECT CAST(error AS VARCHAR) AS error, count(*) AS n, min(row) AS row,
                    arg_min(p, row) AS p, arg_min(line, row) AS line
                FROM outcomes WHERE kind = {Outcome.FAILED} GROUP BY ALL
            )
            SELECT {CODE} AS code, regexp_extract(error, ':([^:]*?) ?--\\s*$', 1) AS fields,
                sum(n)::BIGINT AS n, arg_min(error, row), arg_min(p, row), arg_min(line, row),
                count(*) > 1
            FROM reported
            GROUP BY code, fields, {without_values_sql("error")}
            ORDER BY n DESC, code, fields, min(row)
            """
        )
    ]
