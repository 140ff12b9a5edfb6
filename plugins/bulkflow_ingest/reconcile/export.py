"""Writes source rows with their outcomes, streamed from the source file, in its order."""

# ruff: noqa: S608 - all of it is SQL, made of numbers, names of our own and quoted texts

from __future__ import annotations

import csv
from contextlib import contextmanager
from typing import TYPE_CHECKING, BinaryIO, Final, TextIO

from attrs import define, frozen

from bulkflow.plugin import quote_name
from bulkflow_ingest.output_files import draft
from bulkflow_ingest.reconcile.database import SOURCE_CHANGED
from bulkflow_ingest.reconcile.errors import ReconcileError
from bulkflow_ingest.reconcile.inputs import check_original
from bulkflow_ingest.reconcile.outcomes import Outcome
from bulkflow_ingest.reconcile.read_csv import csv_files, plain_copy, text
from bulkflow_ingest.reconcile.saved_format import read_texts
from bulkflow_ingest.reconcile.source_rows import LINE_BREAKS
from bulkflow_ingest.source.row_places import read_places
from bulkflow_ingest.source.saved_columns import count_source_columns
from bulkflow_rows.session import quote_path

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from duckdb import DuckDBPyRelation

    from bulkflow_ingest.reconcile.database import ReconcileDatabase
    from bulkflow_ingest.reconcile.inputs import SlicedFile
    from bulkflow_ingest.reconcile.saved_format import SavedFormat
    from bulkflow_ingest.reconcile.source_rows import SourceRowTable
    from bulkflow_ingest.source.original import Original

_BLOCK_ROWS: Final = 2_048
_COPY_BYTES: Final = 1 << 20


@frozen
class Added:
    """A column that is added to a saved file.

    Attributes:
        name: Its name. It starts with an underscore, which no field's API name does.
        value: The SQL for it; null is written as blank.
    """

    name: str
    value: str


FILE: Final = Added("_file", "file")
LINE: Final = Added("_line", "line")
OUTCOME: Final = Added("_outcome", f"list_extract({[each.label for each in Outcome]}, kind + 1)")
ID: Final = Added("_id", "nullif(id, '')")
CREATED: Final = Added("_created", "nullif(created, '')")
ERROR: Final = Added(
    "_error",
    # One kind of line break, as files with several are refused.
    "nullif(replace(replace(replace(error, chr(13) || chr(10), chr(10)), chr(13), chr(10)),"
    " chr(0), ''), '')",
)
AMBIGUOUS: Final = Added("_ambiguous", "CASE WHEN doubt > 0 THEN 'true' END")


@define(eq=False)
class Saving:
    """Writes source rows that were selected by their outcomes."""

    database: ReconcileDatabase
    source: SourceRowTable
    columns: Sequence[str]

    def save(
        self,
        path: Path,
        where: str,
        added: Sequence[Added],
        format_: SavedFormat,
    ) -> int:
        """Write the rows of all files, with quotes where RFC 4180 needs them.

        Args:
            path: The file to write; it appears when it is complete.
            where: The SQL condition on a row of `outcomes`.
            added: The columns to append to the source's, replacing what an earlier round appended.
            format_: How to write the file.

        Returns:
            How many rows were written.

        Raises:
            ReconcileError: The file cannot be written, or a source file has changed.
        """
        files = self._files()
        original = files[0].slices[0].original if files else None
        columns = self.columns if original is None else original.columns
        kept = columns[: count_source_columns(columns)]
        header = format_.format_header([*kept, *(each.name for each in added)])
        counts: list[int] = []

        def write_texts() -> Iterator[str]:
            yield header
            for source in files:
                with self._write_piece(source, where, added, format_) as (piece, saved):
                    counts.append(saved)
                    yield from read_texts(piece)

        with draft(path, ReconcileError) as file:
            if format_.is_plain:
                file.write(header)
                file.flush()
                for source in files:
                    with self._write_piece(source, where, added, format_) as (piece, saved):
                        counts.append(saved)
                        _copy_bytes(piece, file.buffer)
            else:
                for data in format_.encode(write_texts()):
                    file.buffer.write(data)
        return sum(counts)

    def save_with(
        self,
        write: Callable[[DuckDBPyRelation], None],
        where: str,
        added: Sequence[Added],
    ) -> int:
        """Let a function write the rows of all files, as a relation; return how many there are.

        Args:
            write: Writes the rows. Every column is text.
            where: The SQL condition on a row of `outcomes`.
            added: The columns to append to the source's.

        Raises:
            ReconcileError: A source file has changed.
        """
        files = self._files()
        original = files[0].slices[0].original if files else None
        columns = self.columns if original is None else original.columns
        kept = columns[: count_source_columns(columns)]
        names = ", ".join(quote_name(each) for each in (*kept, *(each.name for each in added)))
        rows = " UNION ALL ".join(
            f"SELECT * FROM ({self._select(each, where, added)}) AS saved ({names})"
            for each in files
        )
        table = self.database.name_rows(rows)
        write(self.database.relate(table))
        return self.database.number(f"SELECT count(*) FROM {table}")

    def copy(self, file: TextIO, source: SlicedFile, where: str, line_end: str) -> int:
        """Append the rows of one source file so that they can be loaded again; return how many."""
        only = source.slices[0]
        writer = csv.writer(file, delimiter=only.delimiter, lineterminator=line_end)
        saved = 0
        for rows in self.database.stream(self._rows(source, where, ()), _BLOCK_ROWS):
            writer.writerows(rows)
            saved += len(rows)
        return saved

    def _files(self) -> list[SlicedFile]:
        return [each for each in self.source.files if each.slices[0].origin is None]

    @contextmanager
    def _write_piece(
        self, source: SlicedFile, where: str, added: Sequence[Added], format_: SavedFormat
    ) -> Iterator[tuple[Path, int]]:
        """Write the rows of one file to a temporary file in UTF-8 with LF."""
        piece = self.database.scratch("saved.csv")
        values = self._select(source, where, added)
        # A value with the longer delimiter that replaces this one needs quotes, too.
        quoted = "" if format_.alias is None else ", FORCE_QUOTE *"
        delimiter = text(format_.delimiter)
        saved = self.database.number(
            f"COPY ({values}) TO {text(str(piece))} (FORMAT csv, HEADER false,"
            f" DELIMITER {delimiter}, QUOTE '\"', ESCAPE '\"', NULLSTR ''{quoted})"
        )
        try:
            yield piece, saved
        finally:
            piece.unlink(missing_ok=True)

    def _select(self, source: SlicedFile, where: str, added: Sequence[Added]) -> str:
        """Return the SQL for the selected rows of a file, with the columns to append."""
        only = source.slices[0]
        original = only.original
        placed = [self._place(each, source) for each in added]
        if original is None or original.path == only.path:
            return self._rows(source, where, placed)
        return self._original_rows(source, original, where, placed)

    def _place(self, added: Added, source: SlicedFile) -> Added:
        """Return the column with the number of the row that the user knows, if it has none yet."""
        original = source.slices[0].original
        places = read_places(source.slices[0].path if original is None else original.path)
        if added is not LINE or places is None:
            return added
        number = f"reported.row - {source.first} + 1"
        if original is not None and original.numbers is not None:
            number = "reported.number"
        return Added(added.name, f"{number} - 1 + {places.first}")

    def _rows(self, source: SlicedFile, where: str, added: Sequence[Added]) -> str:
        """Return the SQL for the selected rows of a file: its rows next to their outcomes.

        Both are read in their order, so nothing is sorted or held in memory. The key of each row
        proves that they belong together.
        """
        names = [f"nullif(c{index}, '')" for index in range(len(self.columns))]
        held = ", ".join(f"c{index}" for index in range(len(self.columns)))
        whole = f"hash({held})"
        return f"""
            SELECT {", ".join([*names, *(each.value for each in added)])}
            FROM {self.source.relation(source)} AS source
            POSITIONAL JOIN (
                SELECT outcomes.*, source_rows.h AS h, {text(source.name)} AS file
                FROM outcomes POSITIONAL JOIN source_rows
                WHERE outcomes.row >= {source.first} AND outcomes.row < {source.first + source.rows}
            ) AS reported
            WHERE CASE WHEN reported.row IS NULL THEN false
                WHEN reported.h IS DISTINCT FROM {whole}
                    THEN error({text(SOURCE_CHANGED)})
                ELSE {where} END
            """

    def _original_rows(
        self, source: SlicedFile, original: Original, where: str, added: Sequence[Added]
    ) -> str:
        """Return the same for a file whose rows were rewritten: the original rows."""
        check_original(original, source.name)
        columns = [f"c{index}" for index in range(len(original.columns))]
        breaks = " + ".join(LINE_BREAKS.format(each) for each in columns)
        kept = columns[: count_source_columns(original.columns)]
        names = [f"nullif({_unfolded(each, original)}, '')" for each in kept]
        outcomes = f"""
            SELECT outcomes.* EXCLUDE (line), {text(source.name)} AS file FROM outcomes
            WHERE row >= {source.first} AND row < {source.first + source.rows}
            """
        if original.numbers is None:
            number = "0"
            reported = f"""
                POSITIONAL JOIN ({outcomes}) AS reported
                WHERE reported.row IS NOT NULL AND ({where})
                """
        else:
            # Row clauses left rows out. The selected rows are sorted to keep their order.
            number = "row_number() OVER ()"
            reported = f"""
                JOIN (
                    SELECT found.*, numbers.row AS number FROM ({outcomes}) AS found
                    POSITIONAL JOIN read_parquet({quote_path(original.numbers)}) AS numbers
                ) AS reported ON reported.number = source.number
                WHERE {where}
                ORDER BY source.number
                """
        return f"""
            SELECT {", ".join([*names, *(each.value for each in added)])}
            FROM (
                SELECT * EXCLUDE (breaks), {original.first_line} + sum(1 + breaks) OVER (
                    ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
                ) - 1 - breaks AS line, {number} AS number
                FROM (SELECT *, {breaks} AS breaks FROM {self._relation(source, original)})
            ) AS source
            {reported}
            """

    def _relation(self, source: SlicedFile, original: Original) -> str:
        """Return the SQL for the values of an original, which has a row for each of the file."""
        width = len(original.columns)
        found = csv_files([original.path], width, original.delimiter)
        if not self._has_all(found, source, original):
            copy = self.database.scratch(f"original-{source.index}.csv")
            plain_copy(original.path, copy, original.delimiter, width)
            found = csv_files([copy], width, ",", divided=False)
            if not self._has_all(found, source, original):
                raise ReconcileError(
                    f"{source.name} has not the {source.rows:,} rows that were loaded"
                )
        return found

    def _has_all(self, relation: str, source: SlicedFile, original: Original) -> bool:
        try:
            found = self.database.number(f"SELECT count(c0) FROM {relation}")
            if original.numbers is None:
                return found == source.rows
            last = f"SELECT max(row) FROM read_parquet({quote_path(original.numbers)})"
            return found >= self.database.number(last)
        except ReconcileError:
            # DuckDB reads some files in another way than the rest of the program.
            return False


def _copy_bytes(piece: Path, target: BinaryIO) -> None:
    with piece.open("rb") as rows:
        while block := rows.read(_COPY_BYTES):
            target.write(block)


def _unfolded(column: str, original: Original) -> str:
    fold = original.fold
    if fold is None:
        return column
    return f"replace({column}, chr({ord(fold.sign)}), {text(fold.text)})"
