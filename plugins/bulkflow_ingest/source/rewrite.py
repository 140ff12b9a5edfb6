"""A job's data as they are sent: as they are where that can be, and written anew where not.

Two steps, each only where it is needed. First the file is made one that can be read: in UTF-8, with
one kind of line end, with a delimiter of one byte. That changes no row, column or line, so it is
what faults and fates are told of. Then, if clauses change rows or Salesforce does not know the
delimiter, its rows are written anew, one for each, and it stays beside them as their original.

What does either is imported where it is done: most files are sent as they are.
"""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

from attrs import evolve, frozen

from bulkflow.errors import StepError
from bulkflow.plugin.source_errors import ProblemsError
from bulkflow.system_errors import explained
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
from bulkflow_ingest.source.required_columns import find_operation_problems
from bulkflow_ingest.source.split import build_part_limit

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from bulkflow_csv import ByteSource, DelimiterAlias, Head, Scan
    from bulkflow_ingest.reconcile.inputs import Original
    from bulkflow_ingest.settings import IngestSettings


@frozen
class ReadableSource:
    """A file that can be scanned.

    Attributes:
        source: The file, or the copy that was made of it.
        notes: What was written anew for it, and why.
        fold: What one character of it stands for.
    """

    source: ByteSource
    notes: tuple[str, ...] = ()
    fold: DelimiterAlias | None = None


@frozen
class SplitFile:
    """A file of rows as they are sent, scanned and cut.

    Attributes:
        scan: What was found.
        original: The file that the rows come from, if its rows or the names of its columns differ.
        notes: What was written anew, and why.
    """

    scan: Scan
    original: Original | None = None
    notes: tuple[str, ...] = ()

    @property
    def columns(self) -> tuple[str, ...]:
        """Those of the user's file."""
        return self.original.columns if self.original else self.scan.head.header.columns


def make_readable(source: ByteSource, directory: Path, settings: IngestSettings) -> ReadableSource:
    """The file, or a copy of it, in UTF-8, with one line end, with a delimiter of one byte.

    A copy takes the place of another that bulkflow made.

    Raises:
        CsvError: The file cannot be read, or a copy not be written.
    """
    made = ReadableSource(source)
    if settings.encoding is not None:
        from bulkflow_csv import recode

        encoding = settings.encoding
        made = _next(
            made,
            lambda each: recode(each, directory, encoding),
            f"is written anew from {encoding} to UTF-8, as Salesforce reads no other encoding",
        )
    if settings.mend:
        made = _mended(made, directory, settings)
    delimiter = settings.delimiter_text
    if delimiter is not None and settings.folds:
        from bulkflow_csv import find_alias, write_copy

        fold = find_alias(made.source, delimiter, "".join(value for _, value in settings.constants))
        made = _next(
            made,
            lambda each: write_copy(each, directory, fold.read_blocks, prefix="folded-"),
            None,
            fold,
        )
    return made


def _mended(made: ReadableSource, directory: Path, settings: IngestSettings) -> ReadableSource:
    from bulkflow_csv import choose_line_ending, normalize_line_endings, write_copy

    line_end = choose_line_ending(made.source, settings.line_ending)
    if line_end is None:
        return made
    return _next(
        made,
        lambda each: write_copy(
            each, directory, lambda file: normalize_line_endings(file, line_end), prefix="mended-"
        ),
        f"is written anew with {line_end} for all its line ends, as Salesforce takes no mixed ones",
    )


def _next(
    made: ReadableSource,
    step: Callable[[ByteSource], ByteSource],
    note: str | None,
    fold: DelimiterAlias | None = None,
) -> ReadableSource:
    try:
        source = step(made.source)
    finally:
        if made.source.spooled:
            made.source.path.unlink(missing_ok=True)
    return ReadableSource(source, made.notes if note is None else (*made.notes, note), fold)


def read_source_head(source: ReadableSource, settings: IngestSettings) -> Head:
    """The form and the header of a file. Raises `CsvError`."""
    return read_head(
        source.source,
        delimiter=source.fold.sign if source.fold else settings.delimiter_text,
        line_ending=settings.line_ending,
    )


def build_layout(head: Head, settings: IngestSettings) -> Layout:
    """What the clauses make of a file.

    Raises:
        ProblemsError: They name columns that it does not have, or two for one field; or what is
            sent does not fit the operation.
    """
    name, columns = head.source.name, head.header.columns
    sent = map_columns(columns, settings)
    found = list(find_mapping_problems(name, columns, settings))
    # A name that the file does not have is the cause of what its operation then misses.
    names = [column.name for column in sent]
    found = found or [
        each for each in find_operation_problems(name, names, settings) if not each.warning
    ]
    if found:
        raise ProblemsError(found, name)
    delimiter = head.dialect.delimiter if head.dialect.is_known else ","
    return Layout(sent, settings.nulls, delimiter)


def split_file(source: ReadableSource, directory: Path, settings: IngestSettings) -> SplitFile:
    """Check a file to its end and cut it, as `_split_file` does; notes what it may be wrong in.

    Raises:
        CsvError: Salesforce would refuse the file, or what becomes of it.
        ProblemsError: The clauses do not fit its columns.
    """
    made = _split_file(source, directory, settings)
    columns = made.scan.head.sent_header.columns
    doubts = [
        each.message for each in find_operation_problems("it", columns, settings) if each.warning
    ]
    return evolve(made, notes=(*made.notes, *doubts)) if doubts else made


def _split_file(source: ReadableSource, directory: Path, settings: IngestSettings) -> SplitFile:
    """Check a file to its end, write its rows anew if they cannot go as they are, and cut them.

    Raises:
        CsvError: Salesforce would refuse the file, or what becomes of it.
        ProblemsError: The clauses do not fit its columns.
    """
    limit = build_part_limit(settings)
    head = read_source_head(source, settings)
    layout = build_layout(head, settings)
    as_they_are = not layout.changes_rows(head)
    if as_they_are and layout.names == head.header.columns:
        return SplitFile(_scanned(head, limit, source), None, source.notes)
    from bulkflow_ingest.reconcile.inputs import Original

    original = Original.of(head, source.fold)
    if as_they_are:
        return SplitFile(_scanned(_with_names(head, layout), limit, source), original, source.notes)
    from bulkflow_csv import drop_copy_position, rewrite

    # All faults of the user's file are told of it, before anything is made of it.
    whole = _scanned(head, PartLimit(None), source)
    original = evolve(original, digest=whole.digest)
    made = rewrite(head, directory, layout, alias=source.fold)
    try:
        scanned = scan(
            made, limit=limit, delimiter=layout.delimiter, line_ending=head.dialect.line_ending
        )
        _keep(made.path, layout.delimiter, original)
    except CsvError as error:
        made.path.unlink(missing_ok=True)
        raise drop_copy_position(error) from error
    note = f"its rows are written anew: {_why(head, layout)}"
    return SplitFile(scanned, original, (*source.notes, note))


def read_recorded_head(
    source: ByteSource, settings: IngestSettings, delimiter: str | None = None
) -> tuple[Head, Original | None]:
    """The head of a file of an earlier attempt, as it was sent then, and its original.

    Args:
        source: The file.
        settings: The job's.
        delimiter: That of rows that are sent again; None for files of the source.

    Raises:
        CsvError, ProblemsError: It is not what it was.
    """
    if delimiter is not None:
        # Rows of our own making, with the names that are sent.
        return read_head(source, delimiter=delimiter), None
    kept = _kept(source.path) if source.spooled else None
    if kept is not None:
        return read_head(source, delimiter=kept[0]), kept[1]
    head = read_source_head(ReadableSource(source), settings)
    named = rename_sent_columns(head, settings)
    if named is head:
        return head, None
    from bulkflow_ingest.reconcile.inputs import Original

    return named, Original.of(head, None)


def rename_sent_columns(head: Head, settings: IngestSettings) -> Head:
    """The head of a file whose rows go as they are, with the names that its columns are sent with.

    Raises:
        ProblemsError: The clauses do not fit its columns.
        CsvError: Salesforce would refuse the names.
    """
    return _with_names(head, build_layout(head, settings))


def _with_names(head: Head, layout: Layout) -> Head:
    same = layout.names == head.header.columns
    return head if same else rename_columns(head, layout.names, FormatLimits())


def _scanned(head: Head, limit: PartLimit, source: ReadableSource) -> Scan:
    try:
        return scan_rows(head, limit=limit)
    except CsvError as error:
        if not source.notes and source.fold is None:
            raise
        # Lines and records are those of the user's file, bytes are not.
        raise CsvError(
            error.message,
            name=error.name,
            line=error.line,
            record=error.record,
            column=error.column,
            help=error.help,
            notes=error.notes,
        ) from error


def _why(head: Head, layout: Layout) -> str:
    names = head.header.columns
    sent = {column.index for column in layout.columns}
    left_out = [name for place, name in enumerate(names) if place not in sent]
    reasons = []
    put_in = [column.name for column in layout.columns if column.index is None]
    if put_in:
        reasons.append(f"{_listed(put_in)} set")
    left_out = [name for name in left_out if name not in put_in]
    if left_out:
        reasons.append(f"{_listed(left_out)} left out")
    if layout.nulls:
        reasons.append(f"{' and '.join(repr(each) for each in layout.nulls)} made null")
    if layout.delimiter != head.dialect.delimiter:
        reasons.append("Salesforce does not know the delimiter")
    return ", ".join(reasons)


def _listed(names: list[str]) -> str:
    more = len(names) - 6
    return ", ".join(names[:6]) + (f" and {more} more" if more > 0 else "")


def _beside(path: Path) -> Path:
    return path.with_suffix(".original")


def _keep(path: Path, delimiter: str, original: Original) -> None:
    """Note, beside rows that were written anew, how they are, and where they come from."""
    place = _beside(path)
    try:
        handle = os.open(place, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            json.dump({"delimiter": delimiter, "original": original.to_json()}, file)
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        what, remedy = explained(error, "make room")
        raise StepError(
            f"{place} cannot be written: {what}",
            help=f"{remedy}, or choose another folder with --state-dir DIR",
        ) from error


def _kept(path: Path) -> tuple[str, Original] | None:
    """The delimiter of rows that were written anew, and their original; None for other files."""
    try:
        noted = json.loads(_beside(path).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    from bulkflow_ingest.reconcile.inputs import Original

    return str(noted["delimiter"]), Original.from_json(noted["original"])
