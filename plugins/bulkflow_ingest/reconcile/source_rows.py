"""Reads the rows of the source files, numbered, with the line and the key of each."""

# ruff: noqa: S608 - all of it is SQL, made of numbers, names of our own and quoted texts

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from attrs import define, field

from bulkflow_ingest.reconcile.errors import ReconcileError
from bulkflow_ingest.reconcile.read_csv import csv_files, plain_copy
from bulkflow_ingest.reconcile.row_keys import Form, joined_text, key

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from bulkflow_ingest.reconcile.database import ReconcileDatabase
    from bulkflow_ingest.reconcile.inputs import SlicedFile
    from bulkflow_ingest.reconcile.prefilter import FilteredRows

LINE_BREAKS = (
    "CASE WHEN contains({0}, chr(10)) THEN length({0}) - length(replace({0}, chr(10), '')) "
    "ELSE 0 END"
)
"""The SQL for the number of line breaks in a value."""


@define(eq=False)
class SourceRowTable:
    """All rows of a logical job's source, in the order of its files.

    Makes the tables `source_rows` (row, line, h, k: the key of the whole row) and `slices` (p,
    part, file, first: the number of its first row, rows).
    """

    database: ReconcileDatabase
    files: Sequence[SlicedFile]
    width: int
    is_filtered: bool = field(default=False, init=False)
    """Whether rows are left out that no result can belong to."""
    _relations: dict[int, str] = field(factory=dict, init=False, repr=False)
    _places: dict[int, str] = field(factory=dict, init=False, repr=False)
    """For a file with only some rows here, the table of their numbers and lines."""

    def read(self) -> None:
        """Read all files once.

        Raises:
            ReconcileError: A file does not have the rows in its slices.
        """
        self._begin()
        for file in self.files:
            self._relations[file.index] = self.as_it_is(file)
            if not self._try(file):
                only = file.slices[0]
                copy = self.database.scratch(f"source-{file.index}.csv")
                plain_copy(only.path, copy, only.delimiter, self.width)
                self._relations[file.index] = csv_files([copy], self.width, ",", divided=False)
                self._read_file(file)
                self._check(file)

    def read_filtered(self, kept: Mapping[int, FilteredRows]) -> None:
        """Use only some rows of each file, which were copied out of it.

        Args:
            kept: For each file by its index, the copy.
        """
        self._begin()
        self.is_filtered = True
        for file in self.files:
            is_filtered = kept[file.index]
            only = file.slices[0]
            self._relations[file.index] = csv_files(
                [is_filtered.path], self.width, only.delimiter, divided=False
            )
            self._places[file.index] = is_filtered.places
            found = self.numbered(file, f"line, {key(_NAMES, self.everything)}")
            self.database.run(f"INSERT INTO source_rows {found}")

    def _begin(self) -> None:
        self.database.run(
            "CREATE TABLE source_rows (row BIGINT, line BIGINT, h UBIGINT, k UBIGINT)"
        )
        self.database.run(
            "CREATE TABLE slices (p BIGINT, part BIGINT, file BIGINT, first BIGINT, rows BIGINT)"
        )
        for file in self.files:
            self._read_slices(file)

    def as_it_is(self, file: SlicedFile) -> str:
        """Return the SQL for the values of all rows of a file, as DuckDB reads it."""
        only = file.slices[0]
        return csv_files([only.path], self.width, only.delimiter)

    @property
    def everything(self) -> dict[int, Form]:
        """The columns all compared as text: the whole row."""
        return dict.fromkeys(range(self.width), Form.TEXT)

    def relation(self, file: SlicedFile) -> str:
        """Return the SQL for the values of a file's rows."""
        return self._relations[file.index]

    def numbered(self, file: SlicedFile, columns: str) -> str:
        """Return the SQL for expressions of each row of a file, after the row's number `row`."""
        if file.index in self._places:
            return (
                f"SELECT row, {columns} FROM {self.relation(file)} AS source"
                f" POSITIONAL JOIN {self._places[file.index]} AS places"
            )
        return (
            f"SELECT * FROM (SELECT row_number() OVER () - 1 + {file.first} AS row, {columns}"
            f" FROM {self.relation(file)}) WHERE row < {file.first + file.rows}"
        )

    def find_slices(self, rows: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the number of the slice of each row."""
        rows_of_slices = [each.rows for file in self.files for each in file.slices]
        ends = np.cumsum(rows_of_slices, dtype=np.int64)
        # An empty slice ends where the one before it does: no row is before its end only.
        return np.searchsorted(ends, rows, side="right")

    def write_keys(self, table: str, forms: Mapping[int, Form]) -> str:
        """Make a table of the rows' keys (row, h, k) with their columns compared in these forms.

        Returns:
            The table to use: `table`, or one that has the keys already.
        """
        if forms == self.everything:
            return "source_rows"
        self.database.run(f"CREATE OR REPLACE TABLE {table} (row BIGINT, h UBIGINT, k UBIGINT)")
        for file in self.files:
            self.database.run(f"INSERT INTO {table} {self.numbered(file, key(_NAMES, forms))}")
        return table

    def _read_slices(self, file: SlicedFile) -> None:
        first = file.first
        for index, each in enumerate(file.slices):
            self.database.run(
                "INSERT INTO slices VALUES (?, ?, ?, ?, ?)",
                file.position + index,
                each.part,
                file.index,
                first,
                each.rows,
            )
            first += each.rows

    def _try(self, file: SlicedFile) -> bool:
        """Whether DuckDB reads the file as the program does."""
        try:
            self._read_file(file)
            self._check(file)
        except ReconcileError:
            self.database.run(
                "DELETE FROM source_rows WHERE row >= ?",
                file.first,
            )
            return False
        return True

    def _read_file(self, file: SlicedFile) -> None:
        # The line breaks of a row are those of its values in one text, which the key is made of.
        whole = joined_text([_NAMES[place] for place in range(self.width)])
        columns = f"{LINE_BREAKS.format(whole)} AS breaks, {key(_NAMES, self.everything)}"
        self.database.run(
            f"""
            INSERT INTO source_rows
            SELECT row, {file.slices[0].first_line} + sum(1 + breaks) OVER (
                ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
            ) - 1 - breaks, h, k
            FROM ({self.numbered(file, columns)})
            """
        )

    def _check(self, file: SlicedFile) -> None:
        found = self.database.number("SELECT count(*) FROM source_rows WHERE row >= ?", file.first)
        if found != file.rows:
            raise ReconcileError(f"{file.name} has {found} rows, {file.rows} were loaded from it")
        starts = self.database.rows(
            f"""
            SELECT slices.part, source_rows.line FROM slices
            JOIN source_rows ON source_rows.row = slices.first
            WHERE slices.file = {file.index}
            """
        )
        lines = dict(starts)
        for each in file.slices:
            if each.rows and lines[each.part] != each.first_line:
                raise ReconcileError(
                    f"part {each.part} of {file.name} begins in line {lines[each.part]}, "
                    f"it was loaded from line {each.first_line}"
                )


class _Names(dict[int, str]):
    """Return the columns `c0`, `c1`, ... for their places."""

    def __missing__(self, place: int) -> str:
        return f"c{place}"


_NAMES = _Names()
