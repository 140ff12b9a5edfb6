"""The inputs of the join: source files and result files."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

from bulkflow_csv import ByteSource, CsvError, Stamp
from bulkflow_ingest.api.result_kind import ResultKind
from bulkflow_ingest.reconcile.errors import ReconcileError
from bulkflow_ingest.reconcile.outcomes import Outcome

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from bulkflow_csv import Dialect, PartRange
    from bulkflow_ingest.source.original import Original


@attrs.frozen
class SourceSlice:
    """The rows of one part, and their place in their file.

    The slices of one file must cover all of its rows, in order.

    Attributes:
        part: The part's number; no other slice has it.
        path: The file that contains the bytes.
        name: The file name that the user knows.
        header: The bytes of the file's header, with its line ending.
        columns: The names in the header.
        delimiter: The column delimiter, one character.
        line_ending: "LF" or "CRLF".
        start: Byte offset of the first row.
        end: Byte offset of the first byte that follows the last row.
        first_row: The number of the first row in the file, from 1.
        rows: How many rows.
        first_line: The physical line of the first row, from 1.
        stamp: The state of the file for which this is true; None if it is not checked.
        origin: For resent rows: the file that identifies them, see `Resend.mapping`. Their outcomes
            replace the earlier ones.
        original: The file whose rows are saved for these, if that is another.
        without_result: The outcome of a row without a result: unknown if the part was, or may have
            been, handed over; unprocessed if it certainly was not, or was refused before any row;
            withheld if it was not sent on purpose.
    """

    part: int
    path: Path
    name: str
    header: bytes = attrs.field(repr=False)
    columns: tuple[str, ...] = attrs.field(repr=False)
    delimiter: str
    line_ending: str
    start: int
    end: int
    first_row: int
    rows: int
    first_line: int
    stamp: Stamp | None = attrs.field(default=None, repr=False)
    origin: Path | None = None
    original: Original | None = None
    without_result: Outcome = Outcome.UNKNOWN

    @classmethod
    def of(
        cls,
        part: int,
        data: PartRange,
        dialect: Dialect,
        *,
        origin: Path | None = None,
        original: Original | None = None,
        without_result: Outcome = Outcome.UNKNOWN,
    ) -> SourceSlice:
        """Make the slice of a scanned part."""
        return cls(
            part=part,
            path=data.source.path,
            name=data.source.name,
            header=data.header.raw,
            columns=data.header.columns,
            delimiter=dialect.delimiter,
            line_ending=dialect.line_ending,
            start=data.start,
            end=data.end,
            first_row=data.first_row,
            rows=data.rows,
            first_line=data.first_line,
            stamp=data.stamp,
            origin=origin,
            original=original,
            without_result=without_result,
        )


@attrs.frozen
class ResultFile:
    """A result file of one part, as Salesforce sent it.

    Attributes:
        part: The part's number.
        kind: Its kind. The file of unprocessed rows lacks the batches that exceed the daily limit,
            and may not be CSV at all (guide v66).
        path: The file, compressed with gzip if its name ends in `.gz`; a missing or empty file has
            no rows (204, or an empty upload).
        delimiter: The job's column delimiter, one character.
        rows: How many rows it must have by the job's counts; None if they do not show that.
            Unprocessed rows are never counted.
    """

    part: int
    kind: ResultKind = attrs.field(converter=ResultKind)
    path: Path
    delimiter: str = ","
    rows: int | None = None


@attrs.frozen
class SlicedFile:
    """A source file with all of its slices.

    Attributes:
        index: Its number among the files.
        slices: The slices, in order.
        first: The number of its first row among those of all files, from 0.
        position: The number of its first slice among those of all files.
    """

    index: int
    slices: tuple[SourceSlice, ...]
    first: int
    position: int

    @property
    def name(self) -> str:
        """The file name that the user knows."""
        return self.slices[0].name

    @property
    def rows(self) -> int:
        """How many rows it has."""
        return sum(each.rows for each in self.slices)


def source_files(slices: Sequence[SourceSlice]) -> list[SlicedFile]:
    """Group slices into files: first the files that were loaded first, then the resent ones.

    Raises:
        ReconcileError: They do not cover their files, differ in their columns, or a file changed.
    """
    first = [each for each in slices if each.origin is None]
    again = [each for each in slices if each.origin is not None]
    if not first:
        return []
    if len({each.part for each in slices}) != len(slices):
        raise ReconcileError("two parts have the same number")
    found: list[SlicedFile] = []
    row = position = 0
    for group in (*_by_file(first), *_by_file(again)):
        if group[0].columns != slices[0].columns:
            raise ReconcileError(
                f"the columns of {group[0].name} are not those of {slices[0].name}"
            )
        _check_cover(group)
        _check_stamp(group[0])
        file = SlicedFile(len(found), tuple(group), row, position)
        found.append(file)
        row += file.rows
        position += len(group)
    return found


def _by_file(slices: Sequence[SourceSlice]) -> Iterator[list[SourceSlice]]:
    files: dict[Path, list[SourceSlice]] = {}
    for each in slices:
        files.setdefault(each.path, []).append(each)
    for group in files.values():
        yield sorted(group, key=lambda each: each.first_row)


def _check_cover(slices: Sequence[SourceSlice]) -> None:
    row = 1
    for each in slices:
        if each.first_row != row:
            raise ReconcileError(
                f"the parts of {each.name} do not follow each other",
                notes=[f"part {each.part} begins with row {each.first_row}, expected row {row}"],
            )
        row += each.rows


def _check_stamp(each: SourceSlice) -> None:
    check_stamp(each.path, each.name, each.stamp)


def check_stamp(path: Path, name: str, stamp: Stamp | None) -> None:
    """Check that a file is in the state in which it was loaded. Raises `ReconcileError`."""
    source = ByteSource.of(path, name=name)
    try:
        with source.open() as file:
            if stamp is not None:
                source.check(file, stamp)
    except CsvError as error:
        raise ReconcileError(
            f"the rows of {name} can no longer be identified: {error.message}",
            help="put the file back as it was; the results stay in the org for seven days",
        ) from error


def check_original(original: Original, name: str) -> None:
    """Check that an original has the recorded state, or at least the recorded content.

    Raises:
        ReconcileError: It has changed, or cannot be read.
    """
    try:
        check_stamp(original.path, name, original.stamp)
    except ReconcileError:
        if not original.has_recorded_content():
            raise
