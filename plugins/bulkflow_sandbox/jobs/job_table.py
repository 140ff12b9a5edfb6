"""The table of jobs in the database."""

# ruff: noqa: S608 - the names are those of the schema, quoted; values are bound

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from attrs import asdict, fields

from bulkflow_sandbox.jobs.job import (
    BulkJob,
    BulkJobState,
    ColumnDelimiter,
    JobType,
    LineEnding,
    Operation,
)

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Collection, Sequence

_COLUMNS: Final = tuple(item.name for item in fields(BulkJob))
_NAMES: Final = ", ".join(f'"{name}"' for name in _COLUMNS)


def create_job_table(connection: sqlite3.Connection) -> None:
    """Create the table if it is missing."""
    columns = ", ".join(f'"{name}"' for name in _COLUMNS[1:])
    connection.execute(
        f"CREATE TABLE IF NOT EXISTS jobs (id TEXT PRIMARY KEY NOT NULL, {columns}) WITHOUT ROWID"
    )


def add_job(connection: sqlite3.Connection, job: BulkJob) -> None:
    """Add a job."""
    places = ", ".join("?" * len(_COLUMNS))
    connection.execute(
        f"INSERT INTO jobs ({_NAMES}) VALUES ({places})", tuple(asdict(job).values())
    )


def find_job(connection: sqlite3.Connection, job_id: str) -> BulkJob | None:
    """Find a job by its id of 18 characters."""
    row = connection.execute(f"SELECT {_NAMES} FROM jobs WHERE id = ?", (job_id,)).fetchone()
    return None if row is None else _read_job(row)


def save_job(connection: sqlite3.Connection, job: BulkJob) -> None:
    """Replace the job that has the same id."""
    settings = ", ".join(f'"{name}" = ?' for name in _COLUMNS[1:])
    connection.execute(
        f"UPDATE jobs SET {settings} WHERE id = ?", (*list(asdict(job).values())[1:], job.id)
    )


def remove_job(connection: sqlite3.Connection, job_id: str) -> None:
    """Remove a job."""
    connection.execute("DELETE FROM jobs WHERE id = ?", (job_id,))


def list_jobs_after(
    connection: sqlite3.Connection, types: Collection[JobType], after: str, limit: int
) -> list[BulkJob]:
    """List at most `limit` jobs of some types with ids greater than `after`, by id."""
    marks = ", ".join("?" * len(types))
    rows = connection.execute(
        f"SELECT {_NAMES} FROM jobs WHERE id > ? AND job_type IN ({marks}) ORDER BY id LIMIT ?",
        (after, *types, limit),
    )
    return [_read_job(row) for row in rows]


def list_latest_jobs(connection: sqlite3.Connection, limit: int) -> list[BulkJob]:
    """List at most `limit` jobs of all types, the newest first."""
    rows = connection.execute(f"SELECT {_NAMES} FROM jobs ORDER BY id DESC LIMIT ?", (limit,))
    return [_read_job(row) for row in rows]


def list_jobs_before(connection: sqlite3.Connection, kind: JobType, moment: str) -> list[BulkJob]:
    """List the jobs of a type that were created before a time."""
    rows = connection.execute(
        f"SELECT {_NAMES} FROM jobs WHERE job_type = ? AND created < ?", (kind, moment)
    )
    return [_read_job(row) for row in rows]


def list_jobs_in(connection: sqlite3.Connection, states: Collection[BulkJobState]) -> list[BulkJob]:
    """List all jobs in one of some states, by id."""
    marks = ", ".join("?" * len(states))
    rows = connection.execute(
        f"SELECT {_NAMES} FROM jobs WHERE state IN ({marks}) ORDER BY id", tuple(states)
    )
    return [_read_job(row) for row in rows]


def _read_job(row: Sequence[object]) -> BulkJob:
    values = dict(zip(_COLUMNS, row, strict=True))
    values["job_type"] = JobType(str(values["job_type"]))
    values["operation"] = Operation(str(values["operation"]))
    values["state"] = BulkJobState(str(values["state"]))
    values["line_ending"] = LineEnding(str(values["line_ending"]))
    values["column_delimiter"] = ColumnDelimiter(str(values["column_delimiter"]))
    values["multipart"] = bool(values["multipart"])
    return BulkJob(**values)  # type: ignore[arg-type]
