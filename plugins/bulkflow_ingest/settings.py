"""A job's settings, as the clauses leave them, and what can be wrong with them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from attrs import fields, frozen

import bulkflow_csv
from bulkflow.plugin import UNKNOWN, Problem

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

INGEST_OPERATIONS = frozenset({"insert", "update", "upsert", "delete", "hardDelete"})
"""The values of `operation` (guide v66), in its exact spelling."""

CONNECTIONS = 4
"""Parts of one job that are sent at the same time, unless the job says how many."""

MOST_CONNECTIONS = 16
"""Parts of all jobs of a run that are sent, and results that are fetched, at the same time."""

SHORT_CALLS = 16
"""Looks at jobs that are made at the same time, beside what is sent and fetched."""


@frozen
class IngestSettings:
    """What a job does, typed; one that already lives in the org may have `existing` and no more."""

    operation: str | None = None
    object: str | None = None
    external_id_field: str | None = None
    location: str | None = None
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
    mend: bool = False
    renames: tuple[tuple[str, str], ...] = ()
    kept: tuple[str, ...] = ()
    dropped: tuple[str, ...] = ()
    constants: tuple[tuple[str, str], ...] = ()
    nulls: tuple[str, ...] = ()
    assignment_rule: str | None = None
    patience: float | None = None
    """Seconds that trouble is waited out."""
    keep_results: bool = False

    @classmethod
    def of(cls, settings: Mapping[str, Any]) -> IngestSettings:
        """Read the settings of a job that was checked."""
        return cls(**{name: value for name, value in settings.items() if name in _NAMES})

    @property
    def delimiter_text(self) -> str | None:
        """What stands between the columns of the source, if the job says so."""
        if self.delimiter is None:
            return None
        return bulkflow_csv.DELIMITERS.get(self.delimiter.upper(), self.delimiter)

    @property
    def folds(self) -> bool:
        """Whether the delimiter has several bytes."""
        return self.delimiter_text is not None and len(self.delimiter_text.encode()) > 1


_NAMES = frozenset(each.name for each in fields(IngestSettings))


def is_ingest(settings: Mapping[str, object]) -> bool:
    """Whether a job is one of ours."""
    return "operation" in settings or "existing" in settings


def problems(settings: Mapping[str, object]) -> Iterator[Problem]:
    """What is wrong with a job's settings before anything is known of its data."""
    if "existing" in settings:
        yield from _existing(settings)
        return
    if "operation" not in settings:
        yield Problem(
            "the job does not say what it does",
            "add a line such as `insert Account` or `upsert Account by External_Id__c`",
        )
    if "location" not in settings:
        yield Problem("the job has no rows to load", 'add a line such as `from "accounts.csv"`')
    if settings.get("operation") in {"delete", "hardDelete"} and "assignment_rule" in settings:
        yield Problem(
            "an assignment rule has no part in a delete",
            "remove the line; rules run on insert, update and upsert",
            "assignment_rule",
        )
    encoding = settings.get("encoding")
    if isinstance(encoding, str) and not bulkflow_csv.is_encoding(encoding):
        yield Problem(
            f"no encoding has the name {encoding}",
            'write the usual name, such as "windows-1252", "utf-16" or "shift_jis"',
            "encoding",
        )
    if "streamed" in settings:
        yield from _streamed(settings)
    yield from _columns(settings)
    yield from _parts(settings)


_NOT_STREAMED = ("encoding", "mend", "kept", "dropped", "constants", "nulls")


def _streamed(settings: Mapping[str, object]) -> Iterator[Problem]:
    delimiter = settings.get("delimiter")
    known = {*bulkflow_csv.DELIMITERS, *bulkflow_csv.DELIMITERS.values()}
    foreign = isinstance(delimiter, str) and delimiter.upper() not in known
    if foreign or any(name in settings for name in _NOT_STREAMED):
        yield Problem(
            "rows that are written anew cannot be sent while they are read",
            "remove this line, or those that keep, drop or set columns, or change values, line "
            "ends or the delimiter; `rename` may stay",
            "streamed",
        )


def _columns(settings: Mapping[str, object]) -> Iterator[Problem]:
    """What is wrong with what a job says of its columns, whatever columns its source has."""
    renames, constants = _pairs(settings, "renames"), _pairs(settings, "constants")
    for told, setting, message, advice in (
        ([c for c, _ in renames], "renames", "column {} is renamed twice", "remove a line"),
        (
            [f for _, f in renames],
            "renames",
            "two columns are renamed to {}",
            "a field has one column; rename the other to another field, or drop it",
        ),
        ([f for f, _ in constants], "constants", "{} is set twice", "remove a line"),
    ):
        seen: set[str] = set()
        for name in told:
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
                f"Salesforce takes no such value for {field}: it is too long, or has a NUL in it",
                f"a value has at most {bulkflow_csv.FormatLimits().field:,} characters",
                "constants",
            )


def _pairs(settings: Mapping[str, object], name: str) -> list[tuple[str, str]]:
    """The pairs of a setting; none where they are not known yet."""
    found = settings.get(name, ())
    return list(found) if isinstance(found, tuple) else []


def _parts(settings: Mapping[str, object]) -> Iterator[Problem]:
    size = settings.get("part_bytes", UNKNOWN)
    if isinstance(size, int) and size > MOST_PART_BYTES:
        yield Problem(
            "Salesforce takes at most 150 MB of base64 in one job, which is 112.5 MB of CSV",
            "use parts of 100MB or less",
            "part_bytes",
        )
    for name in ("part_bytes", "part_rows"):
        if settings.get(name, UNKNOWN) == 0:
            yield Problem("a part must hold something", "use parts of 100MB", name)
    if "balanced" in settings and "part_rows" in settings and "part_bytes" not in settings:
        yield Problem(
            "parts of so many rows cannot be balanced: how many rows a file has is known only when "
            "it has been read",
            "say how large a part may get in bytes, as in `parts of 50MB`, or remove this line",
            "balanced",
        )
    connections = settings.get("connections", UNKNOWN)
    if isinstance(connections, int) and not 1 <= connections <= MOST_CONNECTIONS:
        yield Problem(
            f"a job is sent over 1 to {MOST_CONNECTIONS} connections",
            f"use {CONNECTIONS}, or up to {MOST_CONNECTIONS} on a fast line far from the org",
            "connections",
        )


MOST_PART_BYTES = 112_500_000
"""Raw bytes that become 150 MB in base64, the most that one job takes (guide v66)."""


_OF_NEW_JOBS = {"part_bytes", "part_rows", "balanced", "streamed", "assignment_rule"}


def _existing(settings: Mapping[str, object]) -> Iterator[Problem]:
    for name in sorted(set(settings) & _OF_NEW_JOBS):
        yield Problem(
            "a job that already lives in the org cannot be changed in this way",
            "remove this line, or the line with `existing`",
            name,
        )
    if "keep_results" in settings and "location" not in settings:
        yield Problem(
            "the results of a job are kept only if its rows come from here",
            "remove this line: `save results` copies them while the job is in the org",
            "keep_results",
        )
