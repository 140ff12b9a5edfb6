"""Reads the outcomes of a job's rows from its result files: counts, joins and saves them."""

from __future__ import annotations

import csv
import re
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from attrs import frozen

from bulkflow.errors import StepError
from bulkflow.model.part import Counts
from bulkflow.plugin import SinkRequest, quote_name
from bulkflow.plugin.error_boundary import attribute_errors
from bulkflow_ingest.api.result_kind import ResultKind
from bulkflow_ingest.output_files import delivered, draft, make_folder, make_unwritable_error
from bulkflow_ingest.results.file_rows import iter_result_rows
from bulkflow_ingest.results.files import ResultFiles
from bulkflow_ingest.results.output_claims import claim_output
from bulkflow_ingest.results.selection_files import ADDED, FILES_OF_SELECTION, NEEDED
from bulkflow_ingest.results.trust import refuse_gone
from bulkflow_ingest.results.trusted_files import TrustedFiles

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from duckdb import DuckDBPyRelation

    from bulkflow.plugin import Context, Sink
    from bulkflow_ingest.api.client import IngestApi
    from bulkflow_ingest.parts.job_parts import JobParts
    from bulkflow_ingest.parts.part_job import PartJob
    from bulkflow_ingest.reconcile import Outcome, Reconciler, SourceSlice
    from bulkflow_ingest.reconcile.saved_format import SavedFormat


@frozen
class Results:
    """The outcomes of a logical job's rows."""

    api: IngestApi
    context: Context
    parts: JobParts

    @property
    def files(self) -> ResultFiles:
        """The result files."""
        return ResultFiles(self.api, self.context, self.parts)

    @property
    def trusted(self) -> TrustedFiles:
        """The result files, checked for completeness."""
        return TrustedFiles(self.api, self.context, self.parts)

    def save_rows(self, selection: str, path: Path) -> int:
        """Write a selection of rows with their outcomes, and return how many.

        Source rows are written unchanged, in their order, with their file, line and outcome. If the
        job was created by others, the source is not known: the rows of the result files are written
        then. The file appears when it is complete. Parts with unknown rows are in `trusted.doubted`
        then.
        """
        self._finished()
        claim_output(
            self.context, self.parts, path, f"{selection} rows of job {self.parts.job.key}"
        )
        self.trusted.begin()
        if all(part.data is not None for part in self.parts.parts):
            # A few failed rows among many can be found without joining all rows.
            rest = selection not in {"successful", "failed"}
            with self.reconcile(*NEEDED[selection], rest=rest) as outcomes:
                with delivered(path, self.context.run_directory) as scratch:
                    saved = self._save_selection(outcomes, selection, path, scratch)
                if rest and (self.trusted.trust.doubted or self.parts.source_counts is not None):
                    self.settle(outcomes)
        else:
            if self._find_sink(path) is not None:
                raise StepError(
                    f"rows of job {self.parts.job.name} can be saved as CSV only, because their "
                    "source is not known",
                    help="give the file a name that ends in .csv or .csv.gz",
                )
            with delivered(path, self.context.run_directory) as scratch:
                saved = self._save_result_rows(selection, scratch)
        return saved

    def _find_sink(self, path: Path) -> Sink | None:
        """Return what writes a file; None for CSV, which keeps the format of the source."""
        name = path.name.lower()
        return None if name.endswith((".csv", ".csv.gz")) else self.context.find_sink(str(path))

    def _save_selection(
        self, outcomes: Reconciler, selection: str, path: Path, scratch: Path
    ) -> int:
        sink = self._find_sink(path)
        if sink is None:
            return outcomes.save(selection, scratch, self._find_format())
        return outcomes.save_with(
            selection, lambda rows: self._write_with(sink, rows, path, scratch)
        )

    def _write_with(self, sink: Sink, rows: DuckDBPyRelation, path: Path, scratch: Path) -> None:
        # A sink finds out what to write by the end of the name.
        named = scratch.with_name(f"{scratch.name}{''.join(path.suffixes)}")
        try:
            with attribute_errors(sink.provider, f"writing {path}"):
                sink.write(SinkRequest(named, rows, self.context.environ))
            named.replace(scratch)
        except OSError as error:
            raise make_unwritable_error(path, error) from error
        finally:
            named.unlink(missing_ok=True)

    def _find_format(self) -> SavedFormat:
        """Return the format of the user's file, so that a program opens saved rows like it."""
        from bulkflow_ingest.reconcile.saved_format import SavedFormat, find_format

        first = next((part for part in self.parts.parts if part.data is not None), None)
        if first is None or first.data is None:
            return SavedFormat()
        original = first.original
        encoding = self.parts.settings.encoding
        if original is not None:
            return find_format(original.path, original.delimiter, encoding, original.fold)
        return find_format(first.data.source.path, first.dialect.delimiter, encoding, None)

    @contextmanager
    def reconcile(self, *needed: ResultKind, rest: bool = True) -> Iterator[Reconciler]:
        """Join the source rows with their outcomes, as far as the needed result files show them.

        For `rest`, see `Reconciler.of`.
        """
        # Imported here, so a run that saves nothing does not load numpy and DuckDB.
        from bulkflow_csv import load_numpy

        load_numpy()
        from bulkflow_ingest.reconcile import SourceSlice

        self.refuse_lost(*needed)
        for part in self.parts.parts:
            part.check_rows()
        files = self.files
        slices = [
            SourceSlice.of(
                part.number,
                part.data,
                part.dialect,
                origin=part.origin,
                original=part.original,
                without_result=_without_result(part),
            )
            for part in self.parts.parts
            if part.data is not None
        ]
        reported = [
            (part, which)
            for part in self.parts.parts
            for which in files.needed(part, needed)
            if files.has_rows(part, which)
        ]
        self.trusted.fetch(reported)
        with (
            TemporaryDirectory(prefix="reconcile-", dir=self.context.run_directory) as folder,
            self._joined(slices, reported, Path(folder), rest=rest) as outcomes,
        ):
            yield outcomes

    def settle(self, outcomes: Reconciler) -> None:
        """Set the counts of the job to those of the source's rows."""
        total = outcomes.counts().total
        self.parts.source_counts = Counts(
            total.rows,
            total.loaded,
            total.failed,
            total.unprocessed,
            total.withheld,
            total.unknown,
        )
        self.parts.recount()

    def _joined(
        self,
        slices: Sequence[SourceSlice],
        reported: Sequence[tuple[PartJob, ResultKind]],
        folder: Path,
        *,
        rest: bool,
    ) -> Reconciler:
        """Join result files with the source rows; wait for files that turn out to be wrong."""
        from bulkflow_ingest.reconcile import Reconciler, ResultFile, WrongFilesError

        trusted = self.trusted
        places = {(part.number, which): (part, which) for part, which in reported}
        known: set[tuple[int, ResultKind]] = set()
        while True:
            results = [
                ResultFile(
                    part.number,
                    which,
                    self.files.path(part, which),
                    part.dialect.delimiter,
                    self._promised(part, which),
                )
                for part, which in trusted.usable(reported)
            ]
            try:
                return Reconciler.of(slices, results, folder, rest=rest)
            except WrongFilesError as error:
                wrong = {(each.part, each.kind) for each in error.files}
                if wrong <= known:
                    raise
                known |= wrong
                trusted.wait_for(places[each] for each in sorted(wrong))

    def hide(self, text: str) -> str:
        """Redact a text of a result file for a message."""
        return self.api.session.redact(text)

    def loaded(self) -> Iterator[tuple[str, bool]]:
        """Yield the id of each loaded row, and whether the row created the record.

        Includes resent rows. Raises `StepError` if the ids cannot be determined.
        """
        for row in self._told(ResultKind.SUCCESSFUL):
            yield row["sf__Id"], row["sf__Created"] == "true"

    def refused(self) -> Iterator[tuple[str, str]]:
        """Yield the id in each failed row, blank if it has none, and its error."""
        for row in self._told(ResultKind.FAILED):
            yield row.get("Id", ""), row["sf__Error"]

    def errors(self) -> Iterator[str]:
        """Yield the error of each failed row; a row that failed again has one for each time."""
        for row in self._told(ResultKind.FAILED, patiently=False):
            error = row.get("sf__Error")
            if error is None:
                raise StepError(
                    f"the failed results of job {self.parts.job.name} have no column sf__Error",
                    help="look at the job in the org",
                )
            yield error

    def _told(self, which: ResultKind, *, patiently: bool = True) -> Iterator[dict[str, str]]:
        self._finished()
        self.refuse_lost(which)
        known = [part for part in self.parts.parts if self.files.has_rows(part, which)]
        wanted = [(part, which) for part in known]
        self.trusted.fetch(wanted)
        self.trusted.verify(wanted, patiently=patiently)
        for part, _ in self.trusted.usable(wanted):
            for header, row in self._read(part, which):
                yield dict(zip(header, row, strict=True))

    def refuse_lost(self, *needed: ResultKind) -> None:
        """Raise `StepError` if rows are in files that are neither here nor in the org."""
        files = self.files
        gone = [
            each
            for each in self.parts.parts
            if each.deleted and not files.are_here(each, files.needed(each, needed))
        ]
        if gone:
            raise refuse_gone(self.parts, gone)

    def _promised(self, part: PartJob, which: ResultKind) -> int | None:
        """Return how many rows a file must have for the join; None if that was checked already."""
        promise = self.trusted.promise(part, which)
        if promise is None or part in self.trusted.trust.doubted:
            return None
        return promise.most

    def save_nothing(self, selection: str, path: Path) -> None:
        """Write a file with the header only."""
        claim_output(
            self.context, self.parts, path, f"{selection} rows of job {self.parts.job.key}"
        )
        from bulkflow_ingest.reconcile.reconciler import list_added_columns

        header = [*self.parts.columns, *list_added_columns(selection)]
        sink = self._find_sink(path)
        with delivered(path, self.context.run_directory) as scratch:
            if sink is None:
                format_ = self._find_format()
                with draft(scratch) as file:
                    for data in format_.encode([format_.format_header(header)]):
                        file.buffer.write(data)
                return
            import duckdb

            with duckdb.connect() as connection:
                values = ", ".join(
                    f"CAST(NULL AS VARCHAR) AS {quote_name(each)}" for each in header
                )
                none = connection.sql(f"SELECT {values}").limit(0)
                self._write_with(sink, none, path, scratch)

    def _save_result_rows(self, selection: str, path: Path) -> int:
        added = ADDED[selection]
        self.refuse_lost(*FILES_OF_SELECTION[selection])
        with draft(path) as file:
            writer = csv.writer(file, lineterminator="\n")
            columns: Sequence[str] | None = None
            saved = 0
            reported = [
                (part, which)
                for part in self.parts.parts
                for which in FILES_OF_SELECTION[selection]
                if self.files.has_rows(part, which)
            ]
            self.trusted.fetch(reported)
            self.trusted.verify(reported)
            for part, which in self.trusted.usable(reported):
                for header, row in self._read(part, which):
                    if columns is None:
                        columns = self.parts.columns or [
                            name for name in header if not name.startswith("sf__")
                        ]
                        writer.writerow([*columns, *added.values()])
                    at = {name: index for index, name in enumerate(header)}
                    writer.writerow(
                        [row[at[name]] if name in at else "" for name in (*columns, *added)]
                    )
                    saved += 1
            if columns is None:
                writer.writerow([*self.parts.columns, *added.values()])
        return saved

    def save_files(self, folder: Path) -> list[Path]:
        """Write the three result files of every part to a folder, as Salesforce returns them.

        For a job that is gone, only the files that are here.
        """
        self._finished()
        make_folder(folder)
        label = re.sub(r"[^\w.-]+", "-", self.parts.job.key).strip("-.")
        places = {
            (part, which): folder / f"{label}-{part.number + 1}-{which}.csv"
            for part in self.parts.parts
            for which in ResultKind
            if part.in_org or (part.deleted and self.files.is_here(part, which))
        }
        for path in places.values():
            claim_output(self.context, self.parts, path, f"results of job {self.parts.job.key}")
        self.trusted.begin()
        reported = [each for each in places if self.files.has_rows(*each)]
        self.trusted.fetch(reported)
        self.trusted.verify(reported)
        return self.files.save(places)

    def _finished(self) -> None:
        running = [part for part in self.parts.in_org if not part.is_final]
        if running:
            raise StepError(
                f"job {self.parts.job.name} has no results yet",
                help="wait for it first: `wait for job NAME`",
                notes=[f"job {part.id} is {part.state}" for part in running],
            )

    def _read(self, part: PartJob, which: ResultKind) -> Iterator[tuple[list[str], list[str]]]:
        return iter_result_rows(self.files.path(part, which), part, which)


def _without_result(part: PartJob) -> Outcome:
    """Return the outcome of a part's row that is in no result file."""
    from bulkflow_ingest.reconcile import Outcome

    if part.counts.withheld:
        return Outcome.WITHHELD
    return Outcome.UNKNOWN if part.handed_over else Outcome.UNPROCESSED
