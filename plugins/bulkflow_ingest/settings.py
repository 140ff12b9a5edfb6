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
"""Parts of all jobs of a run that are sent at the same time; as many connections are kept open."""


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
    assignment_rule: str | None = None

    @classmethod
    def of(cls, settings: Mapping[str, Any]) -> IngestSettings:
        """Read the settings of a job that was checked."""
        return cls(**{name: value for name, value in settings.items() if name in _NAMES})


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
    if "streamed" in settings and "encoding" in settings:
        yield Problem(
            "rows that are written anew cannot be sent while they are read",
            "remove one of the two lines",
            "streamed",
        )
    yield from _parts(settings)


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
