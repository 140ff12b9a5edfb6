"""Reads the columns of a source from its first bytes, without reading the rest."""

from __future__ import annotations

import codecs
import io
from typing import TYPE_CHECKING, Protocol, assert_never

from bulkflow.errors import DataError
from bulkflow.plugin import SourceBytes, SourceFile, SourceRows, SourceTable
from bulkflow.system_errors import explained
from bulkflow_csv import (
    ByteSource,
    DelimiterAlias,
    convert_damage,
    find_compression,
    make_decode_error,
    read_head,
    spool,
)

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from bulkflow.plugin import SourceData
    from bulkflow_csv import Compression
    from bulkflow_ingest.settings import IngestSettings

_START_BYTES = 1 << 20
"""How much is read of a source that is not a plain file: more than the longest header."""

_SIGN = "\x1f"
"""Replaces a delimiter of several bytes; headers do not contain it."""


class _Stream(Protocol):
    def read(self, size: int, /) -> bytes: ...


def read_columns(data: SourceData, settings: IngestSettings, directory: Path) -> Sequence[str]:
    """Read the names of the columns of a source.

    Args:
        data: The source.
        settings: The job's settings.
        directory: An existing folder for a copy of the first bytes.

    Raises:
        DataError: The source cannot be read, or its header is invalid.
    """
    match data:
        case SourceFile() if (compression := find_compression(data.path)) is not None:
            start = _copy_compressed_start(data, compression, directory, settings)
            return _read_header(start, settings)
        case SourceFile() if _is_readable(settings):
            return _read_header(ByteSource.of(data.path, name=data.name), settings)
        case SourceFile():
            with ByteSource.of(data.path, name=data.name).open() as stream:
                return _read_header(_copy_start(stream, data.name, directory, settings), settings)
        case SourceBytes():
            return _read_header(_copy_start(data.stream, data.name, directory, settings), settings)
        case SourceRows():
            return data.columns
        case SourceTable():
            from bulkflow_rows.table_to_csv import read_table_columns

            return read_table_columns(data, directory)
        case _:
            assert_never(data)


def _is_readable(settings: IngestSettings) -> bool:
    """Return whether a header can be read without converting the file."""
    return settings.encoding is None and not settings.normalizes_line_endings and not settings.folds


def _copy_compressed_start(
    data: SourceFile, compression: Compression, directory: Path, settings: IngestSettings
) -> ByteSource:
    source = ByteSource.of(data.path, name=data.name)
    try:
        with source.open() as file, convert_damage(data.name, compression):
            return _copy_start(compression.open(file), data.name, directory, settings)
    except OSError as error:
        what, remedy = explained(error, "check that it is there and may be read")
        raise DataError(
            f"the file cannot be read: {what}",
            place=data.name,
            help=remedy,
        ) from error


def _copy_start(
    stream: _Stream, name: str, directory: Path, settings: IngestSettings
) -> ByteSource:
    """Copy the first bytes of a stream, with the conversions that `make_readable` does."""
    data = stream.read(_START_BYTES)
    if settings.encoding is not None:
        from bulkflow_ingest.source.encoding_evidence import check_sample

        check_sample(data, settings.encoding, name)
        try:
            data = codecs.getincrementaldecoder(settings.encoding)().decode(data).encode()
        except UnicodeError as error:
            raise make_decode_error(error, settings.encoding, name, taken=len(data)) from error
    if settings.normalizes_line_endings:
        line_ending = b"\r\n" if settings.line_ending == "CRLF" else b"\n"
        data = data.replace(b"\r\n", b"\n").replace(b"\r", b"\n").replace(b"\n", line_ending)
    if settings.folds and settings.delimiter_text is not None:
        data = DelimiterAlias(settings.delimiter_text, _SIGN).substitute(data)
    return spool(io.BytesIO(data), directory, name=name)


def _read_header(source: ByteSource, settings: IngestSettings) -> Sequence[str]:
    head = read_head(
        source,
        delimiter=_SIGN if settings.folds else settings.delimiter_text,
        line_ending=settings.line_ending,
    )
    return head.header.columns
