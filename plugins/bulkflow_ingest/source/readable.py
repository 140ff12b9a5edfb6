"""Makes files readable: in UTF-8, with one kind of line ending, with a one-byte delimiter.

Such a copy has the rows, columns and lines of the user's file, so errors and outcomes refer to it.
Each conversion is imported where it is used: most files need none.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from attrs import frozen

from bulkflow_csv import read_head

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from bulkflow_csv import ByteSource, DelimiterAlias, Head
    from bulkflow_ingest.settings import IngestSettings

logger = logging.getLogger(__name__)


@frozen
class ReadableSource:
    """A file that can be scanned.

    Attributes:
        source: The file, or a readable copy of it.
        notes: What was converted, and why.
        alias: The character that replaces a delimiter of several bytes.
        typed: A Parquet file with the rows, typed, if the source has types and row clauses read it.
    """

    source: ByteSource
    notes: tuple[str, ...] = ()
    alias: DelimiterAlias | None = None
    typed: Path | None = None


def make_readable(source: ByteSource, directory: Path, settings: IngestSettings) -> ReadableSource:
    """Return the file, or a copy in UTF-8, with one line ending and a one-byte delimiter.

    A copy replaces an earlier copy that bulkflow made.

    Raises:
        CsvError: The file cannot be read, or the copy cannot be written.
        ProblemsError: Its bytes contradict the encoding that the job sets.
    """
    made = ReadableSource(source)
    if settings.encoding is not None:
        from bulkflow_csv import recode
        from bulkflow_ingest.source.encoding_evidence import check_encoding

        encoding = settings.encoding
        check_encoding(made.source, encoding)
        made = _convert(
            made,
            lambda each: recode(each, directory, encoding),
            f"rewritten from {encoding} to UTF-8, because Salesforce reads no other encoding",
        )
    if settings.normalizes_line_endings:
        made = _unify_line_endings(made, directory, settings)
    delimiter = settings.delimiter_text
    if delimiter is not None and settings.folds:
        from bulkflow_csv import find_alias, write_copy

        constants = "".join(value for _, value in settings.constants)
        alias = find_alias(made.source, delimiter, constants)
        made = _convert(
            made,
            lambda each: write_copy(each, directory, alias.read_blocks, prefix="folded-"),
            None,
            alias,
        )
    return made


def _unify_line_endings(
    made: ReadableSource, directory: Path, settings: IngestSettings
) -> ReadableSource:
    from bulkflow_csv import choose_line_ending, normalize_line_endings, write_copy

    line_ending = choose_line_ending(made.source, settings.line_ending)
    if line_ending is None:
        return made
    return _convert(
        made,
        lambda each: write_copy(
            each,
            directory,
            lambda file: normalize_line_endings(file, line_ending),
            prefix="normalized-",
        ),
        f"rewritten with {line_ending} as its only line ending; Salesforce rejects mixed ones",
    )


def _convert(
    made: ReadableSource,
    convert: Callable[[ByteSource], ByteSource],
    note: str | None,
    alias: DelimiterAlias | None = None,
) -> ReadableSource:
    logger.info("%s: %s", made.source.name, note or "the delimiter is replaced by one byte")
    try:
        source = convert(made.source)
    finally:
        if made.source.spooled:
            made.source.path.unlink(missing_ok=True)
    return ReadableSource(source, made.notes if note is None else (*made.notes, note), alias)


def read_source_head(source: ReadableSource, settings: IngestSettings) -> Head:
    """Read the dialect and the header of a file. Raises `CsvError`."""
    return read_head(
        source.source,
        delimiter=source.alias.sign if source.alias else settings.delimiter_text,
        line_ending=settings.line_ending,
    )
