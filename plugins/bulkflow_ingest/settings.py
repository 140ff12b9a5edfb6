"""A job's settings, as its clauses set them, and the checks that need no data."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from attrs import fields, frozen

import bulkflow_csv
from bulkflow.plugin import UNKNOWN, Problem
from bulkflow.plugin.row_clauses import find_row_clauses, has_row_clauses
from bulkflow_jobs.bounds import MAX_CONNECTIONS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from bulkflow.plugin import Job
    from bulkflow.plugin.row_clauses import RowClauseUse

LOAD = "load"
"""The kind of an ingest job, in the words of the language."""

INGEST_OPERATIONS = frozenset({"insert", "update", "upsert", "delete", "hardDelete"})
"""The values of `operation`, as the API spells them (guide v66)."""

CONNECTIONS = 4
"""Parts of one job that are sent at the same time, unless the job says otherwise."""

MAX_PART_BYTES = 112_500_000
"""Bytes that become 150 MB in base64, the most that one job takes (guide v66)."""


@frozen
class IngestSettings:
    """The settings of a job. A job that is already in the org may have only `existing`."""

    operation: str | None = None
    object: str | None = None
    external_id_field: str | None = None
    location: str | None = None
    rows_of: Job | None = None
    """The query job whose rows are loaded."""
    existing: str | None = None
    part_bytes: int | None = None
    part_rows: int | None = None
    balanced: bool = False
    connections: int = CONNECTIONS
    compressed: bool | None = None
    streamed: bool = False
    delimiter: str | None = None
    line_ending: str | None = None
    encoding: str | None = None
    normalizes_line_endings: bool = False
    renames: tuple[tuple[str, str], ...] = ()
    kept: tuple[str, ...] = ()
    dropped: tuple[str, ...] = ()
    constants: tuple[tuple[str, str], ...] = ()
    nulls: tuple[str, ...] = ()
    assignment_rule: str | None = None
    patience: float | None = None
    """Seconds to wait out temporary trouble."""
    keep_results: bool = False
    row_clauses: tuple[RowClauseUse, ...] = ()
    """In the order in which they work."""

    @classmethod
    def of(cls, settings: Mapping[str, Any]) -> IngestSettings:
        """Make the settings of a job that passed the checks."""
        known = {name: value for name, value in settings.items() if name in _NAMES}
        return cls(**known, row_clauses=tuple(find_row_clauses(settings)))

    @property
    def delimiter_text(self) -> str | None:
        """The text between the columns of the source, if the job sets it."""
        if self.delimiter is None:
            return None
        return bulkflow_csv.DELIMITERS.get(self.delimiter.upper(), self.delimiter)

    @property
    def folds(self) -> bool:
        """Whether the delimiter has more than one byte."""
        return self.delimiter_text is not None and len(self.delimiter_text.encode()) > 1


_NAMES = frozenset(each.name for each in fields(IngestSettings))


def is_ingest(settings: Mapping[str, object]) -> bool:
    """Return whether a job is an ingest job."""
    return "operation" in settings or "existing" in settings


def find_problems(settings: Mapping[str, object]) -> Iterator[Problem]:
    """Find what is wrong with a job's settings, whatever its data is."""
    if "existing" in settings:
        yield from _check_existing(settings)
        return
    if "operation" not in settings:
        yield Problem(
            "the job has no operation",
            "add a line such as `insert Account` or `upsert Account by External_Id__c`",
        )
    if "location" not in settings:
        yield Problem("the job has no rows to load", 'add a line such as `from "accounts.csv"`')
    if settings.get("operation") in {"delete", "hardDelete"} and "assignment_rule" in settings:
        yield Problem(
            "assignment rules do not run on a delete",
            "remove the line; they run on insert, update and upsert",
            "assignment_rule",
        )
    encoding = settings.get("encoding")
    if isinstance(encoding, str) and not bulkflow_csv.is_encoding(encoding):
        yield Problem(
            f"unknown encoding {encoding}",
            'write its usual name, such as "windows-1252", "utf-16" or "shift_jis"',
            "encoding",
        )
    if "streamed" in settings:
        yield from _check_streamed(settings)
    yield from _check_columns(settings)
    yield from _check_parts(settings)


_NOT_STREAMED = ("encoding", "normalizes_line_endings", "kept", "dropped", "constants", "nulls")


def _check_streamed(settings: Mapping[str, object]) -> Iterator[Problem]:
    delimiter = settings.get("delimiter")
    known = {*bulkflow_csv.DELIMITERS, *bulkflow_csv.DELIMITERS.values()}
    foreign = isinstance(delimiter, str) and delimiter.upper() not in known
    is_rewritten = any(name in settings for name in _NOT_STREAMED)
    if foreign or is_rewritten or has_row_clauses(settings):
        yield Problem(
            "rows that have to be rewritten cannot be streamed",
            "remove this line, or the lines that change columns, rows, values, line endings or the "
            "delimiter; `rename` may stay",
            "streamed",
        )


def _check_columns(settings: Mapping[str, object]) -> Iterator[Problem]:
    """Find contradictions between the clauses about columns, whatever the source's columns are."""
    renames, constants = _get_pairs(settings, "renames"), _get_pairs(settings, "constants")
    for names, setting, message, advice in (
        ([c for c, _ in renames], "renames", "column {} is renamed twice", "remove a line"),
        (
            [f for _, f in renames],
            "renames",
            "two columns are renamed to {}",
            "a field takes one column; rename the other one to another field, or drop it",
        ),
        ([f for f, _ in constants], "constants", "{} is set twice", "remove a line"),
    ):
        seen: set[str] = set()
        for name in names:
            if name.lower() in seen:
                yield Problem(message.format(name), advice, setting)
            seen.add(name.lower())
    dropped = settings.get("dropped", ())
    for column, field in renames:
        if isinstance(dropped, tuple) and column.lower() in {each.lower() for each in dropped}:
            yield Problem(
                f"column {column} is renamed to {field} and dropped",
                "remove one of the two lines",
                "renames",
                naming=column,
            )
    for field, value in constants:
        if len(value) > bulkflow_csv.FormatLimits().field or "\0" in value:
            yield Problem(
                f"the value of {field} is too long, or contains a NUL character",
                f"a value may have at most {bulkflow_csv.FormatLimits().field:,} characters",
                "constants",
            )


def _get_pairs(settings: Mapping[str, object], name: str) -> list[tuple[str, str]]:
    """Return the pairs of a setting; none if they are not known yet."""
    found = settings.get(name, ())
    return list(found) if isinstance(found, tuple) else []


def _check_parts(settings: Mapping[str, object]) -> Iterator[Problem]:
    size = settings.get("part_bytes", UNKNOWN)
    if isinstance(size, int) and size > MAX_PART_BYTES:
        yield Problem(
            "Salesforce takes at most 150 MB of base64 in one job, which is 112.5 MB of CSV",
            "use parts of 100MB or less",
            "part_bytes",
        )
    for name in ("part_bytes", "part_rows"):
        if settings.get(name, UNKNOWN) == 0:
            yield Problem("a part cannot be empty", "write `parts of 100MB`", name)
    if "balanced" in settings and "part_rows" in settings and "part_bytes" not in settings:
        yield Problem(
            "parts that are limited in rows cannot be balanced: the number of rows is known only "
            "after the file was read",
            "limit the parts in bytes, as in `parts of 50MB`, or remove this line",
            "balanced",
        )
    connections = settings.get("connections", UNKNOWN)
    if isinstance(connections, int) and not 1 <= connections <= MAX_CONNECTIONS:
        yield Problem(
            f"a job takes 1 to {MAX_CONNECTIONS} connections, not {connections}",
            f"use {CONNECTIONS}, or up to {MAX_CONNECTIONS} on a fast line far from the org",
            "connections",
        )


_OF_NEW_JOBS = {"part_bytes", "part_rows", "balanced", "streamed", "assignment_rule"}


def _check_existing(settings: Mapping[str, object]) -> Iterator[Problem]:
    for name in sorted(set(settings) & _OF_NEW_JOBS):
        yield Problem(
            "this setting of a job that is already in the org cannot be changed",
            "remove this line, or the line with `existing`",
            name,
        )
    if "keep_results" in settings and "location" not in settings:
        yield Problem(
            "results are kept only for jobs with a source",
            "remove this line: `save results` copies the results while the job is in the org",
            "keep_results",
        )
