"""Checks the columns of a job's source, which are read from its header."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from bulkflow.plugin import Problem, SourceTable
from bulkflow_ingest.checks.odd_rows import find_odd_row_problems
from bulkflow_ingest.settings import IngestSettings
from bulkflow_ingest.source.column_mapping import find_mapping_problems, map_columns
from bulkflow_ingest.source.column_names import find_name_problems
from bulkflow_ingest.source.header import read_columns
from bulkflow_ingest.source.open import open_location
from bulkflow_ingest.source.required_columns import find_operation_problems
from bulkflow_ingest.source.sent_parts import get_sent_parts

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from bulkflow.plugin import Context, Job, SourceData

STANDARD_INPUT = "-"
"""Can be read only once, so it is not read before the run."""


def find_source_problems(context: Context, job: Job) -> Iterator[Problem]:
    """Find problems of the columns of a job's source.

    Raises:
        DataError: There is no source, or it has no header.
    """
    settings = IngestSettings.of(job.settings)
    if job.manifest is None and settings.location in {None, STANDARD_INPUT}:
        return
    if job.manifest is not None:
        yield from _find_content_problems(context, job, settings)
    first: tuple[str, Sequence[str]] | None = None
    for name, columns, data in _read_headers(context, job, settings):
        if first is None:
            first = (name, columns)
            if job.manifest is None:
                found = list(find_mapping_problems(name, columns, settings))
                found += _find_row_problems(context, name, columns, data, settings)
                yield from found
                if found:
                    return
                columns = [column.name for column in map_columns(columns, settings)]  # noqa: PLW2901
                yield from find_name_problems(name, columns)
            yield from find_operation_problems(name, columns, settings)
        elif columns != first[1]:
            yield Problem(
                f"{name} has other columns than {first[0]}",
                "the files of one job must have the same columns in the same order; load the "
                "others with another job",
                "location",
                "B401",
            )


def _find_content_problems(
    context: Context, job: Job, settings: IngestSettings
) -> Iterator[Problem]:
    """Find problems of the rows of a source that was read completely."""
    yield from find_odd_row_problems(job)
    parts = get_sent_parts(job)
    if parts:
        from bulkflow_ingest.checks.keys import find_cleared_values, find_key_problems
        from bulkflow_ingest.source.sent_rows import open_sent_rows

        with open_sent_rows(parts, context.run_directory) as rows:
            yield from find_key_problems(rows, settings)
            yield from find_cleared_values(rows)


def _find_row_problems(
    context: Context,
    name: str,
    columns: Sequence[str],
    data: SourceData | None,
    settings: IngestSettings,
) -> Iterator[Problem]:
    if not settings.row_clauses:
        return
    from bulkflow_ingest.source.row_clauses import find_row_problems
    from bulkflow_rows.table_to_csv import relate_flat

    directory = context.run_directory
    if isinstance(data, SourceTable):
        relate = partial(relate_flat, data)
        yield from find_row_problems(name, columns, relate, data.files, settings, directory)
    else:
        yield from find_row_problems(name, columns, None, (), settings, directory)


def _read_headers(
    context: Context, job: Job, settings: IngestSettings
) -> Iterator[tuple[str, Sequence[str], SourceData | None]]:
    if job.manifest is not None:
        yield get_source_name(job), job.manifest.columns, None
        return
    for data in open_location(context, job, settings, only_columns=True):
        yield data.name, read_columns(data, settings, context.run_directory), data


def get_source_name(job: Job) -> str:
    """Return the name of a job's source for messages: its first file, or its location."""
    if job.manifest is not None and job.manifest.parts:
        return job.manifest.parts[0].source
    return str(job.settings.get("location"))
