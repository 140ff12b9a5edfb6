"""What a job's columns say against its operation, told by the header of its source."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bulkflow.errors import DataError
from bulkflow.plugin import Problem, SourceRequest
from bulkflow.plugin.error_boundary import attribute_errors
from bulkflow_ingest.settings import IngestSettings
from bulkflow_ingest.source.column_mapping import arranged, problems
from bulkflow_ingest.source.header_columns import columns_of
from bulkflow_ingest.source.required_columns import against_operation

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from bulkflow.plugin import Context, Job

STANDARD_INPUT = "-"
"""Read once, so never before the run."""


def source_problems(context: Context, job: Job) -> Iterator[Problem]:
    """What is wrong with the columns of a job's source.

    Raises:
        DataError: there is no source, or it has no header.
    """
    settings = IngestSettings.of(job.settings)
    if job.manifest is None and settings.location in {None, STANDARD_INPUT}:
        return
    first: tuple[str, Sequence[str]] | None = None
    for name, columns in _headers(context, job, settings):
        if first is None:
            first = (name, columns)
            if job.manifest is None:
                found = list(problems(name, columns, settings))
                yield from found
                if found:
                    return
                columns = [column.name for column in arranged(columns, settings)]  # noqa: PLW2901
            yield from against_operation(name, columns, settings)
        elif columns != first[1]:
            yield Problem(
                f"{name} has other columns than {first[0]}",
                "the files of one job must have the same columns in the same order; load the "
                "others with a job of their own",
                "location",
                "B401",
            )


def _headers(
    context: Context, job: Job, settings: IngestSettings
) -> Iterator[tuple[str, Sequence[str]]]:
    if job.manifest is not None:
        yield source_name(job), job.manifest.columns
        return
    assert settings.location is not None
    record = context.find_source(settings.location)
    request = SourceRequest(settings.location, job.folder, context.environ)
    with attribute_errors(record.provider, f"opening {settings.location}"):
        found = False
        for data in record.open(request):
            found = True
            context.checkpoint()
            yield data.name, columns_of(data, settings, context.run_directory)
        if not found:
            raise DataError(
                "there is nothing to load", place=settings.location, help="check the location"
            )


def source_name(job: Job) -> str:
    """What a prepared job's rows are called in messages: its first file, or its location."""
    if job.manifest is not None and job.manifest.parts:
        return job.manifest.parts[0].source
    return str(job.settings.get("location"))
