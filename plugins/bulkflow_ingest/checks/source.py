"""What a job's columns say against its operation, told by the header of its source."""

from __future__ import annotations

import codecs
import gzip
import io
import zlib
from typing import TYPE_CHECKING, Protocol, assert_never

from bulkflow.errors import DataError
from bulkflow.plugin import Problem, SourceBytes, SourceFile, SourceRequest, SourceRows
from bulkflow.plugin.error_boundary import attribute_errors
from bulkflow.system_errors import explained
from bulkflow_csv import ByteSource, DelimiterAlias, make_decode_error, read_head, spool
from bulkflow_csv.source import make_gzip_error
from bulkflow_ingest.settings import IngestSettings
from bulkflow_ingest.source.column_mapping import find_mapping_problems, map_columns
from bulkflow_ingest.source.required_columns import find_operation_problems

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from bulkflow.plugin import Context, Job, SourceData

STANDARD_INPUT = "-"
"""Read once, so never before the run."""

_BEGINNING_BYTES = 1 << 20
"""What is read of a source that is no plain file: longer than the longest header."""


_SIGN = "\x1f"
"""Stands for a delimiter of several bytes; no header has it."""


class Readable(Protocol):
    """As much of a binary stream as is needed."""

    def read(self, size: int, /) -> bytes:
        """At most so many bytes."""
        ...


def find_source_problems(context: Context, job: Job) -> Iterator[Problem]:
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
                found = list(find_mapping_problems(name, columns, settings))
                yield from found
                if found:
                    return
                columns = [column.name for column in map_columns(columns, settings)]  # noqa: PLW2901
            yield from find_operation_problems(name, columns, settings)
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
        yield get_source_name(job), job.manifest.columns
        return
    assert settings.location is not None
    record = context.find_source(settings.location)
    request = SourceRequest(settings.location, job.folder, context.environ)
    with attribute_errors(record.provider, f"opening {settings.location}"):
        found = False
        for data in record.open(request):
            found = True
            context.checkpoint()
            yield data.name, read_columns(data, settings, context.run_directory)
        if not found:
            raise DataError(
                "there is nothing to load", place=settings.location, help="check the location"
            )


def get_source_name(job: Job) -> str:
    """What a prepared job's rows are called in messages: its first file, or its location."""
    if job.manifest is not None and job.manifest.parts:
        return job.manifest.parts[0].source
    return str(job.settings.get("location"))


def read_columns(data: SourceData, settings: IngestSettings, directory: Path) -> Sequence[str]:
    """The columns of a source, by its beginning. Raises `DataError`."""
    match data:
        case SourceFile() if data.path.suffix.lower() == ".gz":
            return _columns_of(_unpacked(data, directory, settings), settings)
        case SourceFile() if _is_plain(settings):
            return _columns_of(ByteSource.of(data.path, name=data.name), settings)
        case SourceFile():
            with ByteSource.of(data.path, name=data.name).open() as stream:
                return _columns_of(_beginning(stream, data.name, directory, settings), settings)
        case SourceBytes():
            return _columns_of(_beginning(data.stream, data.name, directory, settings), settings)
        case SourceRows():
            return data.columns
        case _:
            assert_never(data)


def _is_plain(settings: IngestSettings) -> bool:
    """Whether a file's header can be read from the file itself."""
    return settings.encoding is None and not settings.mend and not settings.folds


def _unpacked(data: SourceFile, directory: Path, settings: IngestSettings) -> ByteSource:
    source = ByteSource.of(data.path, name=data.name)
    try:
        with source.open(), gzip.open(data.path) as stream:
            return _beginning(stream, data.name, directory, settings)
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise make_gzip_error(data.name, error) from error
    except OSError as error:
        what, remedy = explained(error, "check that it is there and may be read")
        raise DataError(
            f"the file cannot be read: {what}",
            place=data.name,
            help=remedy,
        ) from error


def _beginning(
    stream: Readable, name: str, directory: Path, settings: IngestSettings
) -> ByteSource:
    """The beginning of the data, made readable as all of them are before they are scanned."""
    data = stream.read(_BEGINNING_BYTES)
    if settings.encoding is not None:
        try:
            data = codecs.getincrementaldecoder(settings.encoding)().decode(data).encode()
        except UnicodeError as error:
            raise make_decode_error(error, settings.encoding, name, taken=len(data)) from error
    if settings.mend:
        line_end = b"\r\n" if settings.line_ending == "CRLF" else b"\n"
        data = data.replace(b"\r\n", b"\n").replace(b"\r", b"\n").replace(b"\n", line_end)
    if settings.folds and settings.delimiter_text is not None:
        data = DelimiterAlias(settings.delimiter_text, _SIGN).substitute(data)
    return spool(io.BytesIO(data), directory, name=name)


def _columns_of(source: ByteSource, settings: IngestSettings) -> Sequence[str]:
    head = read_head(
        source,
        delimiter=_SIGN if settings.folds else settings.delimiter_text,
        line_ending=settings.line_ending,
    )
    return head.header.columns
