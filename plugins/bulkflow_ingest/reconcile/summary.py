"""What the fates of many rows come to: how many are what, and what the failed ones failed for."""

# ruff: noqa: S608 - all of it is SQL, made of numbers, names of our own and quoted texts

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import astuple, frozen

from bulkflow_ingest.reconcile.error_patterns import without_values_sql
from bulkflow_ingest.reconcile.outcomes import Outcome

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bulkflow_ingest.reconcile.database import Database
    from bulkflow_ingest.reconcile.inputs import SourceFile

CODE = "split_part(error, ':', 1)"
"""The SQL for the code that an error begins with."""


@frozen
class FateCounts:
    """How many rows came to what.

    Attributes:
        rows: Source rows.
        loaded: Those that are in the org: created and updated together.
        created: Those that made a new record.
        updated: Those that changed or deleted one.
        failed: Those that Salesforce refused.
        unprocessed: Those that it certainly never came to.
        withheld: Those that were not sent on purpose.
        unknown: Those that were handed over, and that no result tells of.
        ambiguous: Those of all of these whose fate is one of several rows', nobody knows whose.
        strays: Result rows that are no source row's.
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
class JobFates:
    """The counts of a logical job, and of each part by its number."""

    total: FateCounts
    parts: Mapping[int, FateCounts]


@frozen
class ErrorGroup:
    """Rows that failed for the same reason.

    Attributes:
        code: The error code, such as `REQUIRED_FIELD_MISSING`.
        fields: The fields that it names.
        rows: How many rows.
        message: The whole error of the first of them.
        file: The file of the first, as the user knows it.
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


def job_fates(database: Database, files: Sequence[SourceFile]) -> JobFates:
    """How many rows came to what, in all and by part."""
    found = database.rows(
        f"""
        SELECT slices.part, count(told.row), count_if(kind = {Outcome.LOADED}),
            count_if(kind = {Outcome.LOADED} AND created = 'true'),
            count_if(kind = {Outcome.LOADED} AND created <> 'true'),
            count_if(kind = {Outcome.FAILED}), count_if(kind = {Outcome.UNPROCESSED}),
            count_if(kind = {Outcome.WITHHELD}), count_if(kind = {Outcome.UNKNOWN}),
            count_if(doubt > 0), any_value(strays.n)
        FROM slices
        LEFT JOIN fates AS told ON told.p = slices.p
        LEFT JOIN strays ON strays.p = slices.p
        GROUP BY slices.part ORDER BY slices.part
        """
    )
    parts = {part: FateCounts(*(number or 0 for number in rest)) for part, *rest in found}
    total = FateCounts(*(sum(each) for each in zip(*map(astuple, parts.values()), strict=True)))
    first = {each.part for file in files for each in file.slices if each.origin is None}
    return JobFates(
        total,
        {part: each for part, each in parts.items() if part in first},
    )


def error_groups(database: Database, files: Sequence[SourceFile]) -> list[ErrorGroup]:
    """The failed rows by errors, alike but for the rows' values; the most frequent first."""
    names = {
        file.position + index: file.name for file in files for index, _ in enumerate(file.slices)
    }
    return [
        ErrorGroup(code, tuple(fields.split()), rows, message, names[p], line, varies)
        for code, fields, rows, message, p, line, varies in database.rows(
            f"""
            WITH told AS (
                SELECT CAST(error AS VARCHAR) AS error, count(*) AS n, min(row) AS row,
                    arg_min(p, row) AS p, arg_min(line, row) AS line
                FROM fates WHERE kind = {Outcome.FAILED} GROUP BY ALL
            )
            SELECT {CODE} AS code, regexp_extract(error, ':([^:]*?) ?--\\s*$', 1) AS fields,
                sum(n)::BIGINT AS n, arg_min(error, row), arg_min(p, row), arg_min(line, row),
                count(*) > 1
            FROM told
            GROUP BY code, fields, {without_values_sql("error")}
            ORDER BY n DESC, code, fields, min(row)
            """
        )
    ]
