"""The parts of a job that was read completely, for its checks."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from attrs import frozen

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bulkflow.plugin import Job
    from bulkflow_csv import Dialect, PartRange
    from bulkflow_ingest.source.original import Original

_PARTS = "ingest:sent"


@frozen
class SentPart:
    """A part of a job, with what a check needs of it."""

    data: PartRange
    dialect: Dialect
    original: Original | None


def note_sent_parts(job: Job, parts: Iterable[SentPart]) -> None:
    """Keep the parts of a job for its checks."""
    job.state[_PARTS] = tuple(parts)


def get_sent_parts(job: Job) -> tuple[SentPart, ...]:
    """Return the parts of a job whose source was read completely; none for any other job."""
    return cast("tuple[SentPart, ...]", job.state.get(_PARTS, ()))
