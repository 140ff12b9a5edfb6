"""Leaves out source rows that no result can belong to, if there are few results.

Rounds of matching compare rows as text or by meaning, and rows of equal text have equal meaning. So
a row matters only if it has the meaning of a result in every column: one distinctive column is
enough to exclude the others. The filter may keep too many rows, but never too few; the parts of
rows are ignored here.

The rows that are kept are copied out of the file unchanged, and joined as if there were no others.
"""

# ruff: noqa: S608 - all of it is SQL, made of numbers, names of our own and quoted texts

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Final

from attrs import define, field, frozen

from bulkflow_csv import ByteSource, CsvError, RowLocation, locate
from bulkflow_ingest.output_files import make_unwritable_error
from bulkflow_ingest.reconcile.errors import ReconcileError, UnsuitedError
from bulkflow_ingest.reconcile.read_csv import csv_files
from bulkflow_ingest.reconcile.row_keys import Form, compared

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from bulkflow_ingest.reconcile.database import ReconcileDatabase
    from bulkflow_ingest.reconcile.inputs import SlicedFile, SourceSlice
    from bulkflow_ingest.reconcile.result_rows import ResultRows
    from bulkflow_ingest.reconcile.source_rows import SourceRowTable

WORTH_IT: Final = 4
"""The number of source rows per result row from which on the filter pays."""

_SAMPLE: Final = 2_000
_MAX_COLUMNS: Final = 3


@frozen
class FilteredRows:
    """The rows that are kept of a file.

    Attributes:
        path: A file like the source, with the unchanged bytes of these rows.
        places: The table of each row's number and line (row, line), in the same order.
    """

    path: Path
    places: str


@define(eq=False)
class Prefilter:
    """Finds the source rows of a logical job that its results may belong to."""

    database: ReconcileDatabase
    source: SourceRowTable
    results: ResultRows
    _telling: list[int] = field(factory=list, init=False)
    """The places of the columns that are compared."""

    def is_worth_it(self) -> bool:
        """Whether there are few results compared with the source's rows.

        Never if rows were rewritten: the rows to save are in another file then.
        """
        for file in self.source.files:
            original = file.slices[0].original
            if original is not None and original.path != file.slices[0].path:
                return False
        return WORTH_IT * self.results.count() <= sum(file.rows for file in self.source.files)

    def filter_rows(self) -> dict[int, FilteredRows]:
        """Copy the rows that matter out of each file.

        Raises:
            UnsuitedError: They cannot be determined: source and results share no column, or DuckDB
                reads a file differently from the program.
            ReconcileError: A file changed, or the copies cannot be written.
        """
        if self.results.count():
            self._choose()
        return {file.index: self._copy(file) for file in self.source.files}

    def _choose(self) -> None:
        """Find distinctive columns, and their values in the results."""
        shared = list(self.results.shared)
        if not shared:
            raise UnsuitedError("the results hold no column of the source")
        run, number = self.database.run, self.database.number
        run(f"CREATE TEMP TABLE sieve_sample AS SELECT res FROM result_rows LIMIT {_SAMPLE}")
        self.results.write_values("sieve_values", "sieve_sample", shared)
        found = {
            place: number(f"SELECT count(DISTINCT {_meanings([place])}) FROM sieve_values")
            for place in shared
        }
        best = sorted(shared, key=lambda place: (-found[place], place))
        rows = number("SELECT count(*) FROM sieve_sample")
        enough = 1
        while found[best[0]] * 2 < rows and enough < min(_MAX_COLUMNS, len(best)):
            enough += 1
        self._telling = best[:enough]
        run("CREATE TEMP TABLE sieve_results AS SELECT res FROM result_rows")
        self.results.write_values("sieve_values", "sieve_results", self._telling)
        run(
            "CREATE TEMP TABLE sieve_wanted AS"
            f" SELECT DISTINCT {_meanings(self._telling)} AS v FROM sieve_values"
        )

    def _copy(self, file: SlicedFile) -> FilteredRows:
        kept = self._kept(file)
        only = file.slices[0]
        path = self.database.scratch(f"is_filtered-{file.index}.csv")
        lines = self.database.scratch(f"is_filtered-{file.index}-lines.csv")
        line_end = b"\r\n" if only.line_ending == "CRLF" else b"\n"
        copied = 0
        try:
            with path.open("wb") as rows, lines.open("w", encoding="ascii") as places:
                rows.write(only.header.rstrip(b"\r\n").removeprefix(b"\xef\xbb\xbf") + line_end)
                places.write("c0,c1\n")
                for place, record in _records(file, kept):
                    rows.write(record if record.endswith(b"\n") else record + line_end)
                    places.write(f"{place.row},{place.line}\n")
                    copied += 1
        except CsvError as error:
            raise ReconcileError(
                f"the rows of {file.name} can no longer be identified: {error.message}",
                help="put the file back as it was; the results stay in the org for seven days",
            ) from error
        except OSError as error:
            raise make_unwritable_error(path, error, ReconcileError) from error
        table = f"sieve_places_{file.index}"
        self.database.run(
            f"CREATE TABLE {table} AS SELECT CAST(c0 AS BIGINT) AS row, CAST(c1 AS BIGINT) AS line"
            f" FROM {csv_files([lines], 2, ',')}"
        )
        self._check(file, path, kept, copied)
        return FilteredRows(path, table)

    def _kept(self, file: SlicedFile) -> list[int]:
        """Return the numbers of the rows that matter, and of the last row as a proof."""
        if not self._telling or not file.rows:
            return []
        last = file.first + file.rows - 1
        values = self.source.as_it_is(file)
        # Numbered while they are read, which holds one processor only: a table of all of them
        # would take memory, and this is for few results among very many rows.
        try:
            found = [
                row
                for (row,) in self.database.rows(
                    f"""
                    SELECT row FROM (
                        SELECT row_number() OVER () - 1 + {file.first} AS row,
                            {_meanings(self._telling)} AS v
                        FROM {values}
                    ) WHERE row >= {last} OR v IN (SELECT v FROM sieve_wanted)
                    """
                )
            ]
        except ReconcileError as error:
            raise UnsuitedError(f"{file.name} is not read as it was loaded") from error
        if not found or found[-1] != last:
            raise UnsuitedError(f"{file.name} is not read as it was loaded")
        return found

    def _check(self, file: SlicedFile, path: Path, kept: list[int], copied: int) -> None:
        """Check that the copied rows are the rows that DuckDB selected."""
        copy = csv_files([path], self.source.width, file.slices[0].delimiter, divided=False)
        if not kept:
            return
        found = self.database.number(f"SELECT count(*) FROM {copy}")
        meant = self.database.number(
            f"SELECT count(*) FROM {copy}"
            f" WHERE {_meanings(self._telling)} IN (SELECT v FROM sieve_wanted)"
        )
        # The last one may be none that matters.
        if not (len(kept) == copied == found and meant >= found - 1):
            raise UnsuitedError(f"{file.name} is not read as it was loaded")


def _meanings(places: Sequence[int]) -> str:
    return f"hash({', '.join(compared(f'c{place}', Form.MEANING) for place in places)})"


def _records(file: SlicedFile, kept: Sequence[int]) -> Iterator[tuple[RowLocation, bytes]]:
    """Yield the bytes of rows and their offsets, with their numbers among those of all files."""
    only = file.slices[0]
    source = ByteSource.of(only.path, name=only.name)
    with source.open() as data:
        for each, rows in groupby(_by_slice(file, kept), lambda item: item[0]):
            slice_, first = each
            numbers = [row - first for _, row in rows]
            places = locate(
                data, numbers, start=slice_.start, end=slice_.end, line=slice_.first_line
            )
            # Found before any is read: both move the place in the file.
            for place in list(places):
                data.seek(place.start)
                yield (
                    RowLocation(place.row + first, place.start, place.end, place.line),
                    data.read(place.end - place.start),
                )
        if only.stamp is not None:
            source.check(data, only.stamp)


def _by_slice(
    file: SlicedFile, kept: Sequence[int]
) -> Iterator[tuple[tuple[SourceSlice, int], int]]:
    first, at = file.first, 0
    for each in file.slices:
        while at < len(kept) and kept[at] < first + each.rows:
            yield (each, first), kept[at]
            at += 1
        first += each.rows
