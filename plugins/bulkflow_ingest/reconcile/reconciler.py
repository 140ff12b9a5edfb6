"""Determines the outcome of each source row of a logical job.

The law: each source row is exactly one of loaded (with its id, created or updated), failed (with
code, message and fields), unprocessed, withheld or unknown. The result files determine which one.
Their rows are in another order, with rewritten values, and without a reference to the source row. A
row in several files is the first of loaded, failed and unprocessed; a row in none is unknown,
unless its part was never handed over.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Self

from attrs import define, field

from bulkflow_ingest.output_files import make_unwritable_error
from bulkflow_ingest.reconcile.assign_outcomes import settle
from bulkflow_ingest.reconcile.database import ReconcileDatabase
from bulkflow_ingest.reconcile.errors import ReconcileError, UnsuitedError
from bulkflow_ingest.reconcile.export import (
    AMBIGUOUS,
    CREATED,
    ERROR,
    FILE,
    ID,
    LINE,
    OUTCOME,
    Added,
    Saving,
)
from bulkflow_ingest.reconcile.inputs import SlicedFile, source_files
from bulkflow_ingest.reconcile.matcher import Matcher
from bulkflow_ingest.reconcile.merge_retries import merge_retries
from bulkflow_ingest.reconcile.outcomes import Outcome
from bulkflow_ingest.reconcile.prefilter import Prefilter
from bulkflow_ingest.reconcile.resubmit import WORTH_SENDING, Resend, Resending, worth_it
from bulkflow_ingest.reconcile.result_rows import ResultRows
from bulkflow_ingest.reconcile.row_keys import MEANING_MACROS
from bulkflow_ingest.reconcile.saved_format import SavedFormat
from bulkflow_ingest.reconcile.source_rows import SourceRowTable
from bulkflow_ingest.reconcile.summary import (
    ErrorGroup,
    JobOutcomes,
    count_job_outcomes,
    error_groups,
)
from bulkflow_ingest.reconcile.unprocessed_rows import UnprocessedRows

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence
    from pathlib import Path

    from duckdb import DuckDBPyRelation

    from bulkflow_ingest.reconcile.inputs import ResultFile, SourceSlice

logger = logging.getLogger(__name__)

MEMORY = 256 << 20
"""The maximum memory of a join in bytes, by default."""

_SELECTIONS: dict[str, tuple[str, tuple[Added, ...]]] = {
    "successful": (f"kind = {Outcome.LOADED}", (FILE, LINE, OUTCOME, ID, CREATED, AMBIGUOUS)),
    "failed": (f"kind = {Outcome.FAILED}", (FILE, LINE, OUTCOME, ID, ERROR, AMBIGUOUS)),
    **{
        each.label: (f"kind = {each}", (FILE, LINE, OUTCOME, AMBIGUOUS))
        for each in (Outcome.UNPROCESSED, Outcome.WITHHELD, Outcome.UNKNOWN)
    },
    "all": ("true", (FILE, LINE, OUTCOME, ID, CREATED, ERROR, AMBIGUOUS)),
}


def list_added_columns(selection: str) -> list[str]:
    """Return the names of the columns that follow those of the source in saved rows."""
    return [each.name for each in _SELECTIONS[selection][1]]


@define(eq=False)
class Reconciler:
    """The outcomes of all rows of a logical job. A context manager, because it has a database."""

    _database: ReconcileDatabase
    _files: Sequence[SlicedFile]
    _saving: Saving = field(repr=False)
    _rest: bool = field(kw_only=True)

    @classmethod
    def of(
        cls,
        slices: Sequence[SourceSlice],
        results: Sequence[ResultFile],
        directory: Path,
        *,
        rest: bool = True,
        memory: int = MEMORY,
        threads: int | None = None,
    ) -> Reconciler:
        """Join the results of a job with its source rows.

        Args:
            slices: All parts of the job, including those of resent rows.
            results: The available result files. A row that is in none has the outcome in its slice.
            directory: A folder for the database, made if missing. It takes about 100 bytes per row,
                and the ids and errors, while it is open.
            rest: Whether rows without a result matter. If not, only `errors`, and `save` of
                successful and failed rows, may be called, and a few results among many rows cost
                little more than one reading of the source.
            memory: The maximum memory in bytes.
            threads: How many processors to use; None for all.

        Raises:
            ReconcileError: The files and the counts disagree, or the disk is full.
        """
        files = source_files(slices)
        positions = {
            each.part: file.position + index
            for file in files
            for index, each in enumerate(file.slices)
        }
        unknown = {each.part for each in results} - set(positions)
        if unknown:
            raise ReconcileError(
                f"there are results of parts that are not known: {sorted(unknown)}"
            )
        try:
            directory.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise make_unwritable_error(directory, error, ReconcileError) from error
        # The rest is for data that is sorted outside of the database.
        memory = memory * 3 // 4
        database = ReconcileDatabase.open(directory, memory=memory, threads=threads)
        try:
            try:
                saving = _join(database, files, results, positions, filters=not rest)
            except UnsuitedError as error:
                logger.info("all source rows are needed: %s", error)
                database.close()
                database = ReconcileDatabase.open(directory, memory=memory, threads=threads)
                saving = _join(database, files, results, positions, filters=False)
        except BaseException:
            database.close()
            raise
        return cls(database, files, saving, rest=rest)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Delete the database."""
        self._database.close()

    def counts(self) -> JobOutcomes:
        """Count the rows by outcome, in total and by part."""
        assert self._rest
        return count_job_outcomes(self._database, self._files)

    def save(self, selection: str, path: Path, format_: SavedFormat | None = None) -> int:
        """Write a selection of the rows with their outcomes.

        The source's columns and values unchanged, then as they apply `_file`, `_line`,
        `_outcome`, `_id`, `_created`, `_error` and `_ambiguous`; in the order of the source.

        Args:
            selection: "successful", "failed", "unprocessed", "withheld", "unknown" or "all".
            path: The file; it appears when it is complete.
            format_: How to write it; UTF-8, commas and LF if not given.

        Returns:
            How many rows.

        Raises:
            ReconcileError: The file cannot be written, or a source file changed.
        """
        assert self._rest or selection in {"successful", "failed"}
        where, added = _SELECTIONS[selection]
        return self._saving.save(path, where, added, format_ or SavedFormat())

    def save_with(self, selection: str, write: Callable[[DuckDBPyRelation], None]) -> int:
        """Let a function write a selection of the rows; see `save`. Returns how many there are."""
        assert self._rest or selection in {"successful", "failed"}
        where, added = _SELECTIONS[selection]
        return self._saving.save_with(write, where, added)

    def errors(self) -> list[ErrorGroup]:
        """Group the failed rows by code and fields, the most frequent first."""
        return error_groups(self._database, self._files)

    def rows_to_send(
        self,
        folder: Path,
        *,
        codes: Collection[str] | None = WORTH_SENDING,
        matching: str | None = None,
        failed: bool = True,
        unprocessed: bool = True,
        name: str = "again",
    ) -> list[Resend]:
        """Write the rows that are worth resending: a file for each source file that has any.

        Args:
            folder: The folder for the files, made if missing.
            codes: The error codes that are worth it; None for all.
            matching: A regular expression (RE2) that the error must match somewhere.
            failed: Whether to send failed rows.
            unprocessed: Whether to send unprocessed rows. Withheld and unknown ones are never sent.
            name: The prefix of the files' names.

        Raises:
            ReconcileError: They cannot be written, or the pattern is invalid.
        """
        assert self._rest
        where = worth_it(codes, matching, failed=failed, unprocessed=unprocessed)
        return Resending(self._database, self._files, self._saving).write(folder, where, name)


def _join(
    database: ReconcileDatabase,
    files: Sequence[SlicedFile],
    results: Sequence[ResultFile],
    positions: Mapping[int, int],
    *,
    filters: bool,
) -> Saving:
    """Make the table `outcomes`.

    Raises:
        UnsuitedError: Rows that matter were left out; all must be read.
    """
    for macro in MEANING_MACROS:
        database.run(macro)
    columns = files[0].slices[0].columns if files else ()
    reported = ResultRows(database, columns)
    reported.read(results, positions)
    source = SourceRowTable(database, files, len(columns))
    prefilter = Prefilter(database, source, reported)
    if filters and prefilter.is_worth_it():
        logger.info("joining the results with the rows that they may belong to")
        source.read_filtered(prefilter.filter_rows())
    else:
        logger.info("joining the results with all source rows")
        source.read()
    matching = Matcher(database, source, reported)
    matching.run()
    UnprocessedRows(database, source).find(results, positions)
    settle(database, source, matching.batches)
    merge_retries(database, files, matching.batches)
    return Saving(database, source, columns)
