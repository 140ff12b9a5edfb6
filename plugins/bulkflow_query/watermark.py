"""Watermarks: up to when an incremental extract has seen all changes of an object.

The field `SystemModstamp` is set when a record is saved, but others see the record only when its
transaction commits, which may be minutes later. A large query is processed in pieces, at different
times. So the watermark is never later than the time at which the query began, by the org's clock,
minus `OVERLAP`. Whatever the query did not see was either saved after that, or was committed more
than `OVERLAP` after it was saved, which Salesforce does not allow. The next extract fetches some
rows again, but misses none.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

from attrs import evolve

from bulkflow.atomic_files import replace_file
from bulkflow.errors import DataError, StepError
from bulkflow_query.settings import QuerySettings

if TYPE_CHECKING:
    from pathlib import Path

    from bulkflow.plugin import Job

OVERLAP: Final = timedelta(minutes=15)
"""A transaction of Salesforce takes at most ten minutes (limit of Apex); half as much again."""

FIELD: Final = "SystemModstamp"
_LONGEST: Final = 100


def make_settings(job: Job) -> QuerySettings:
    """Make the settings of a job, with the condition of its watermark in the query.

    Raises:
        DataError: The file of the watermark cannot be read.
    """
    settings = QuerySettings.of(job.settings)
    if settings.since is None:
        return settings
    mark = read_watermark(settings.since)
    if mark is None:
        return settings
    from bulkflow_soql.features import add_condition

    condition = f"{FIELD} >= {format_moment(mark)}"
    return evolve(settings, query=add_condition(settings.parse(), condition))


def read_watermark(path: Path) -> datetime | None:
    """Read a watermark; return None if there is none yet.

    Raises:
        DataError: It cannot be read.
    """
    try:
        text = path.read_text("utf-8")[:_LONGEST].strip()
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"the watermark cannot be read: {error}", place=str(path)) from error
    found = parse_moment(text)
    if found is None:
        raise DataError(
            f"this is not a watermark: {text!a}",
            place=str(path),
            help="a watermark is a time such as 2026-01-31T12:00:00.000Z; remove the file to "
            "extract all rows again",
        )
    return found


def compute_watermark(
    newest: datetime | None, began: datetime, previous: datetime | None
) -> datetime:
    """Compute the watermark after an extract.

    Args:
        newest: The newest `SystemModstamp` of its rows; None if it had none.
        began: When the query began, by the org's clock.
        previous: The watermark that it started from.
    """
    mark = (began if newest is None else min(newest, began)) - OVERLAP
    return mark if previous is None else max(mark, previous)


def write_watermark(path: Path, mark: datetime) -> None:
    """Write a watermark; its file is replaced as a whole. Raises `StepError`."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        replace_file(path, f"{format_moment(mark)}\n".encode())
    except OSError as error:
        raise StepError(
            f"cannot write {path}: {error.strerror or error}",
            help="check the folder and its permissions",
        ) from error


def format_moment(moment: datetime) -> str:
    """Format a time as SOQL needs it."""
    utc = moment.astimezone(UTC)
    return f"{utc:%Y-%m-%dT%H:%M:%S}.{utc.microsecond // 1000:03}Z"


def parse_moment(text: str | None) -> datetime | None:
    """Parse a time as the org writes it, such as `2024-09-09T20:41:31.000+0000`."""
    try:
        moment = datetime.fromisoformat(text or "")
    except ValueError:
        return None
    return moment if moment.tzinfo is not None else None
