"""Checks the columns that are sent against the operation of the job."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from bulkflow.plugin import Problem
from bulkflow_ingest.source.saved_columns import SAVED_COLUMNS
from bulkflow_ingest.source.suggestions import suggest_column

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from bulkflow_ingest.settings import IngestSettings

MISSING_COLUMN: Final = "B402"
SURPLUS_COLUMN: Final = "B403"


def find_operation_problems(
    name: str, columns: Sequence[str], settings: IngestSettings
) -> Iterator[Problem]:
    """Find missing and surplus columns.

    Args:
        name: The file's name in messages.
        columns: The names of the columns that are sent, after renaming.
        settings: The job's settings.
    """
    added = [column for column in columns if column.lower() in SAVED_COLUMNS]
    if added:
        yield Problem(
            f"{name} has columns that bulkflow adds to saved rows: {join_names(added)}",
            f"leave them out: `drop {' '.join(added)}`",
            "location",
            SURPLUS_COLUMN,
        )
    key = get_key_column(settings)
    known = {column.lower() for column in columns}
    if key is not None and key.lower() not in known:
        verb = f"{format_operation(settings)} {settings.object}"
        by = "" if key == "Id" else f" by {key}"
        near = suggest_column(key, columns)
        if settings.operation == "upsert" and key.lower() == "id":
            # Orgs accept this (live tests of two clients): a row without an id creates a record.
            yield Problem(
                f"{name} has no column Id, so each row of `{verb} by Id` makes a new record",
                near or f"if that is intended, write `insert {settings.object}`",
                "operation",
                MISSING_COLUMN,
                warning=True,
            )
            return
        advice = near or ""
        if settings.operation == "update" and columns:
            advice = (
                near
                or f"`update` finds records by Id; to find them by an external ID, write "
                f"`upsert {settings.object} by {columns[0]}`"
            )
        listed = _list_columns(columns)
        yield Problem(
            f"{name} has no column {key}, which `{verb}{by}` needs",
            f"{advice}; {listed}" if advice and columns[1:] else advice or listed,
            "operation",
            MISSING_COLUMN,
        )
    surplus = [column for column in columns if column.lower() != "id" and column not in added]
    if settings.operation in {"delete", "hardDelete"} and surplus:
        yield Problem(
            f"{name} has columns in addition to Id: {join_names(surplus)}",
            "a delete accepts only the column Id; leave the others out: `keep Id`",
            "location",
            SURPLUS_COLUMN,
        )
    if settings.operation == "insert" and "id" in known:
        yield Problem(
            f"{name} has a column Id, but new records get theirs from the org",
            f"remove the column, or write `update {settings.object}`",
            "location",
            SURPLUS_COLUMN,
        )


def get_key_column(settings: IngestSettings) -> str | None:
    """Return the column that identifies the record of a row; None if rows create new records."""
    if settings.operation == "upsert":
        return settings.external_id_field
    return "Id" if settings.operation in {"update", "delete", "hardDelete"} else None


def format_operation(settings: IngestSettings) -> str:
    """Return the operation as it is written in pipeline files."""
    return "hard delete" if settings.operation == "hardDelete" else str(settings.operation)


def join_names(names: Sequence[str], most: int = 12) -> str:
    """Join names with commas; counts those beyond `most`."""
    others = len(names) - most
    return ", ".join(names[:most]) + (f" and {others:,} more" if others > 0 else "")


def _list_columns(columns: Sequence[str]) -> str:
    return f"its columns are {join_names(columns)}"
