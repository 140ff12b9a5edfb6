"""Maps the columns of a file to the fields that are sent, as the clauses of the job ask.

`keep`, `drop` and `rename` refer to the file's columns; `set` and row clauses that make fields, to
the fields that are sent, under their new names.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import evolve

from bulkflow.plugin import Problem
from bulkflow_csv import Column
from bulkflow_ingest.source.saved_columns import count_source_columns
from bulkflow_ingest.source.suggestions import suggest_column

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from bulkflow_ingest.settings import IngestSettings

UNKNOWN_COLUMN = "B404"
TWO_COLUMNS = "B405"


def map_columns(columns: Sequence[str], settings: IngestSettings) -> tuple[Column, ...]:
    """Return the columns that are sent. As in Salesforce, the case of names does not matter.

    Columns that bulkflow added to rows which it saved are left out.

    Mistakes in the clauses are ignored here; `find_mapping_problems` reports them.
    """
    renamed = {column.lower(): field for column, field in settings.renames}
    kept = {column.lower() for column in settings.kept}
    dropped = {column.lower() for column in settings.dropped}
    sent = [
        Column(renamed.get(column.lower(), column), place)
        for place, column in enumerate(columns[: count_source_columns(columns)])
        if column.lower() not in dropped and (not kept or column.lower() in kept)
    ]
    set_fields = [Column(field, None, value) for field, value in settings.constants]
    made_fields = [
        Column(field, None, is_made=True) for use in settings.row_clauses for field in use.fields
    ]
    for new in (*set_fields, *made_fields):
        for number, column in enumerate(sent):
            if column.name.lower() == new.name.lower():
                # The made column of a relation has the name that the clause gave it.
                sent[number] = new if new.is_made else evolve(new, name=column.name)
                break
        else:
            sent.append(new)
    return tuple(sent)


def find_mapping_problems(
    name: str, columns: Sequence[str], settings: IngestSettings
) -> Iterator[Problem]:
    """Find clauses that do not fit the columns of a file.

    Args:
        name: The file's name in messages.
        columns: Its columns.
        settings: The job's settings.
    """
    known = {column.lower() for column in columns}
    for setting, clause, named in (
        ("renames", "rename", [column for column, _ in settings.renames]),
        ("kept", "keep", settings.kept),
        ("dropped", "drop", settings.dropped),
    ):
        for column in named:
            if column.lower() not in known:
                near = suggest_column(column, columns)
                yield Problem(
                    f"{name} has no column {column}, which `{clause}` names",
                    near or f"its columns are {', '.join(columns[:12])}",
                    setting,
                    UNKNOWN_COLUMN,
                    naming=column,
                )
    sent = map_columns(columns, settings)
    if not sent:
        yield Problem(
            f"no column of {name} is left to send", "keep at least one", "kept", TWO_COLUMNS
        )
    seen: dict[str, Column] = {}
    for each in sent:
        first = seen.setdefault(each.name.lower(), each)
        if first is not each and first.index is not None and each.index is not None:
            yield Problem(
                f"the columns {columns[first.index]} and {columns[each.index]} of {name} would "
                f"both be sent as {each.name}",
                "drop one of them, or rename it to another field",
                "renames",
                TWO_COLUMNS,
            )
