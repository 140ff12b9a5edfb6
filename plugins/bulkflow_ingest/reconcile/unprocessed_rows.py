"""Finds the rows that the org lists as unprocessed among the rows without another result.

The file has the rows as they were uploaded, byte for byte, so they are compared as text and in all
columns. Batches of a job may be committed after the file was fetched: a row with a result as well
is not unprocessed. If the org could not parse a part, or the file is truncated, it may not be CSV
(guide v66): its rows stay unknown.
"""

# ruff: noqa: S608 - all of it is SQL, made of numbers, names of our own and quoted texts

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import define

from bulkflow_csv import CsvError, is_gzip, read_rows
from bulkflow_ingest.api.result_kind import ResultKind
from bulkflow_ingest.reconcile.errors import ReconcileError
from bulkflow_ingest.reconcile.read_csv import csv_files, plain_copy
from bulkflow_ingest.reconcile.row_keys import key

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from bulkflow_ingest.reconcile.database import ReconcileDatabase
    from bulkflow_ingest.reconcile.inputs import ResultFile
    from bulkflow_ingest.reconcile.source_rows import SourceRowTable


@define(eq=False)
class UnprocessedRows:
    """Makes the table `listed` (row): source rows without a result that the org lists."""

    database: ReconcileDatabase
    source: SourceRowTable

    def find(self, files: Iterable[ResultFile], positions: Mapping[int, int]) -> None:
        """Search the rows of each file among the unpaired rows of its part.

        Args:
            files: Result files; those of other kinds are ignored.
            positions: For each part, the number of its slice.
        """
        self.database.run("CREATE TABLE listed (row BIGINT)")
        if self.source.is_filtered:
            return
        for file in files:
            if file.kind is ResultKind.UNPROCESSED:
                self._find(file, positions[file.part])

    def _find(self, file: ResultFile, position: int) -> None:
        ((first, rows),) = self.database.rows(
            f"SELECT first, rows FROM slices WHERE p = {position}"
        )
        of_part = f"row >= {first} AND row < {first + rows}"
        paired = self.database.number(f"SELECT count(*) FROM pairs WHERE {of_part}")
        if paired == rows or not self._read(file):
            return
        self.database.run(
            f"""
            INSERT INTO listed
            SELECT row FROM (
                SELECT row, h, k, row_number() OVER (PARTITION BY h, k ORDER BY row) AS n
                FROM (SELECT row, h, k FROM source_rows WHERE {of_part})
                ANTI JOIN (SELECT row FROM pairs WHERE {of_part}) USING (row)
            ) JOIN (
                SELECT h, k, count(*) AS most FROM rows_unprocessed GROUP BY ALL
            ) USING (h, k)
            WHERE n <= most ORDER BY row
            """
        )
        self.database.run("DROP TABLE rows_unprocessed")

    def _read(self, file: ResultFile) -> bool:
        """Read the keys of a file's rows; return whether it is CSV with all columns."""
        columns = self.source.files[0].slices[0].columns
        try:
            header = _header(file)
            places = {name: f"c{index}" for index, name in enumerate(header)}
            if not all(name in places for name in columns):
                return False
            wanted = key(dict(enumerate(map(places.__getitem__, columns))), self.source.everything)
            relation = csv_files(
                [file.path], len(header), file.delimiter, packed=is_gzip(file.path), divided=False
            )
            try:
                self.database.make_table("rows_unprocessed", wanted, relation)
            except ReconcileError:
                # DuckDB reads some files in another way than the rest of the program.
                copy = self.database.scratch("unprocessed.csv")
                plain_copy(file.path, copy, file.delimiter, len(header))
                relation = csv_files([copy], len(header), ",", divided=False)
                self.database.make_table("rows_unprocessed", wanted, relation)
        except (CsvError, ReconcileError):
            return False
        return True


def _header(file: ResultFile) -> list[str]:
    """Return the names of a file's columns; none if it is missing or empty."""
    if not file.path.exists() or not file.path.stat().st_size:
        return []
    row = next(read_rows(file.path, delimiter=file.delimiter), None)
    return [] if row is None else row.values
