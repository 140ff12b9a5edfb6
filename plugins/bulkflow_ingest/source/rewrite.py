"""Rewrites rows where they cannot be sent unchanged, and divides them into parts.

Rows are rewritten if clauses change them, or if Salesforce does not support the delimiter. The
rewritten file has one row for each row of the original, in the same order. Most files are sent
unchanged, so what rewrites them is imported only when it is needed.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from attrs import evolve, frozen

from bulkflow.plugin import Problem
from bulkflow.plugin.source_errors import ProblemsError
from bulkflow_csv import (
    CsvError,
    FormatLimits,
    Layout,
    PartLimit,
    read_head,
    rename_columns,
    scan,
    scan_rows,
)
from bulkflow_ingest.source.column_mapping import find_mapping_problems, map_columns
from bulkflow_ingest.source.original import Original, read_original_note, write_original_note
from bulkflow_ingest.source.readable import ReadableSource, read_source_head
from bulkflow_ingest.source.required_columns import (
    SURPLUS_COLUMN,
    find_operation_problems,
    join_names,
)
from bulkflow_ingest.source.split import build_part_limit

if TYPE_CHECKING:
    from pathlib import Path

    from bulkflow_csv import ByteSource, Head, Scan
    from bulkflow_ingest.settings import IngestSettings

logger = logging.getLogger(__name__)

_NAMED = 6
"""How many columns a note names; it counts the others."""


@frozen
class SplitFile:
    """A file of rows that are ready to send, divided into parts.

    Attributes:
        scan: The result of scanning it.
        original: The user's file, if its rows or column names differ.
        notes: What was rewritten, and why.
        head: The head of the user's file, if it is CSV.
    """

    scan: Scan
    original: Original | None = None
    notes: tuple[str, ...] = ()
    head: Head | None = None

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns of the user's file."""
        return self.original.columns if self.original else self.scan.head.header.columns


def build_layout(head: Head, settings: IngestSettings) -> Layout:
    """Apply the clauses of a job to the columns of a file.

    Raises:
        ProblemsError: The clauses name unknown columns or map two columns to one field, or the
            columns do not fit the operation.
    """
    name, columns = head.source.name, head.header.columns
    sent = map_columns(columns, settings)
    found = list(find_mapping_problems(name, columns, settings))
    # An unknown column in a clause causes the problems of the operation, so it is reported alone.
    if not found:
        names = [column.name for column in sent]
        problems = find_operation_problems(name, names, settings)
        found = [each for each in problems if not each.warning]
    if found:
        raise ProblemsError(found, name)
    delimiter = head.dialect.delimiter if head.dialect.is_known else ","
    return Layout(sent, settings.nulls, delimiter)


def split_file(source: ReadableSource, directory: Path, settings: IngestSettings) -> SplitFile:
    """Check a whole file, rewrite its rows if necessary, and divide it into parts.

    The notes of the result include the warnings about its columns.

    Raises:
        CsvError: Salesforce would reject the file, or the rewritten rows.
        ProblemsError: The clauses do not fit its columns.
    """
    made = _split_file(source, directory, settings)
    logger.info(
        "%s: divided into %d parts, %d rows",
        source.source.name,
        len(made.scan.parts),
        made.scan.rows,
    )
    # The rows of a source with types come from no program that writes CSV.
    if source.typed is None and not settings.row_clauses:
        made = evolve(made, head=read_source_head(source, settings))
    columns = made.scan.head.sent_header.columns
    problems = find_operation_problems("it", columns, settings)
    warnings = [each.message for each in problems if each.warning]
    return evolve(made, notes=(*made.notes, *warnings)) if warnings else made


def _split_file(source: ReadableSource, directory: Path, settings: IngestSettings) -> SplitFile:
    limit = build_part_limit(settings)
    head = read_source_head(source, settings)
    layout = build_layout(head, settings)
    unchanged = not layout.changes_rows(head) and not settings.row_clauses
    if unchanged and layout.names == head.header.columns:
        return SplitFile(_scan(head, limit, source), None, source.notes)
    original = Original.of(head, source.alias)
    if settings.row_clauses:
        return _apply_row_clauses(source, head, layout, original, directory, settings)
    if unchanged:
        logger.info("%s: rows are sent unchanged, with renamed columns", head.source.name)
        return SplitFile(_scan(_rename(head, layout), limit, source), original, source.notes)
    note = f"rows rewritten before upload: {_explain_rewrite(head, layout)}"
    logger.info("%s: %s", head.source.name, note)
    # The user's file is checked first, so that errors refer to it and not to the copy.
    whole = _scan(head, PartLimit(None), source)
    original = evolve(original, digest=whole.digest)
    from bulkflow_csv import drop_copy_position, rewrite

    made = rewrite(head, directory, layout, alias=source.alias)
    try:
        scanned = scan(
            made, limit=limit, delimiter=layout.delimiter, line_ending=head.dialect.line_ending
        )
        write_original_note(made.path, layout.delimiter, original)
    except CsvError as error:
        made.path.unlink(missing_ok=True)
        raise drop_copy_position(error) from error
    return SplitFile(scanned, original, (*source.notes, note))


def _apply_row_clauses(
    source: ReadableSource,
    head: Head,
    layout: Layout,
    original: Original,
    directory: Path,
    settings: IngestSettings,
) -> SplitFile:
    from bulkflow_csv import drop_copy_position
    from bulkflow_ingest.source.row_clauses import apply_row_clauses

    # The user's file is checked first, so that errors refer to it and not to the copy.
    whole = _scan(head, PartLimit(None), source)
    made = apply_row_clauses(whole, source.typed, source.alias, layout, settings, directory)
    original = evolve(original, digest=whole.digest, numbers=made.numbers)
    try:
        scanned = scan(made.source, limit=build_part_limit(settings), delimiter=",")
        write_original_note(made.source.path, ",", original)
    except CsvError as error:
        made.source.path.unlink(missing_ok=True)
        raise drop_copy_position(error, keep_record=made.numbers is None) from error
    finally:
        if source.typed is not None:
            source.typed.unlink(missing_ok=True)
    note = "rows rewritten before upload, as the clauses of the job say"
    return SplitFile(scanned, original, (*source.notes, note, *made.notes))


def read_recorded_head(
    source: ByteSource, settings: IngestSettings, delimiter: str | None = None
) -> tuple[Head, Original | None]:
    """Read the header of a file of an earlier attempt, as it was sent then, and its original.

    Args:
        source: The file.
        settings: The job's settings.
        delimiter: The delimiter of rows that are resent; None for files of the source.

    Raises:
        CsvError, ProblemsError: The file has changed.
    """
    if delimiter is not None:
        # bulkflow wrote these rows, with the column names that are sent.
        return read_head(source, delimiter=delimiter), None
    noted = read_original_note(source.path) if source.spooled else None
    if noted is not None:
        return read_head(source, delimiter=noted[0]), noted[1]
    head = read_source_head(ReadableSource(source), settings)
    renamed = rename_sent_columns(head, settings)
    return (head, None) if renamed is head else (renamed, Original.of(head, None))


def rename_sent_columns(head: Head, settings: IngestSettings) -> Head:
    """Give the columns of a file that is sent unchanged the names that `rename` clauses set.

    Raises:
        ProblemsError: The clauses do not fit its columns, or the file has columns to leave out.
        CsvError: Salesforce would reject the names.
    """
    layout = build_layout(head, settings)
    if len(layout.columns) != len(head.header.columns):
        name = head.source.name
        added = join_names(head.header.columns[len(layout.columns) :])
        problem = Problem(
            f"{name} has columns that bulkflow added to saved rows: {added}",
            "rows without these columns cannot be streamed: remove the line `streamed`",
            "streamed",
            SURPLUS_COLUMN,
        )
        raise ProblemsError([problem], name)
    return _rename(head, layout)


def _rename(head: Head, layout: Layout) -> Head:
    same = layout.names == head.header.columns
    return head if same else rename_columns(head, layout.names, FormatLimits())


def _scan(head: Head, limit: PartLimit, source: ReadableSource) -> Scan:
    try:
        return scan_rows(head, limit=limit)
    except CsvError as error:
        if not source.notes and source.alias is None:
            raise
        # A readable copy has the lines and records of the user's file, but other byte offsets.
        raise CsvError(
            error.message,
            name=error.name,
            line=error.line,
            record=error.record,
            column=error.column,
            help=error.help,
            notes=error.notes,
        ) from error


def _explain_rewrite(head: Head, layout: Layout) -> str:
    sent = {column.index for column in layout.columns}
    constants = [column.name for column in layout.columns if column.index is None]
    dropped = [
        name
        for place, name in enumerate(head.header.columns)
        if place not in sent and name not in constants
    ]
    reasons = []
    if constants:
        reasons.append(f"set {join_names(constants, _NAMED)}")
    if dropped:
        reasons.append(f"dropped {join_names(dropped, _NAMED)}")
    if layout.nulls:
        reasons.append(f"replaced {' and '.join(repr(each) for each in layout.nulls)} with null")
    if layout.delimiter != head.dialect.delimiter:
        reasons.append("replaced the delimiter, which Salesforce does not support")
    return "; ".join(reasons)
