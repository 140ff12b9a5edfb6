"""The result files of a job's parts: fetched once, counted, saved."""

from __future__ import annotations

import csv
import re
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from attrs import frozen

from bulkflow.errors import StepError
from bulkflow.model.event import Notice, NoticeLevel
from bulkflow_ingest.api import ResultFile
from bulkflow_ingest.drafts import draft, make_folder
from bulkflow_ingest.info import JobState
from bulkflow_ingest.result_files import (
    FILES_OF_SELECTION,
    NEEDED,
    SHORT,
    ResultFiles,
    expected,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from bulkflow.plugin import Context
    from bulkflow_ingest.api import IngestApi
    from bulkflow_ingest.fates import Fates
    from bulkflow_ingest.part_job import PartJob
    from bulkflow_ingest.parts import JobParts

ADDED: dict[str, dict[str, str]] = {
    "successful": {"sf__Id": "_id", "sf__Created": "_created"},
    "failed": {"sf__Id": "_id", "sf__Error": "_error"},
    "unprocessed": {},
    "all": {"sf__Id": "_id", "sf__Created": "_created", "sf__Error": "_error"},
}
"""The columns that a saved file has behind those of the source. No field's API name begins with an
underscore, so they clash with nothing."""


@frozen
class Results:
    """What became of a logical job's rows."""

    api: IngestApi
    context: Context
    parts: JobParts

    def counted(self, part: PartJob) -> tuple[int, int]:
        """How many rows were loaded and how many failed, counted in the result files.

        For jobs that failed or were aborted, where the counts in the job's properties do not tell.
        """
        return self._rows(part, ResultFile.SUCCESSFUL), self._rows(part, ResultFile.FAILED)

    @property
    def files(self) -> ResultFiles:
        """The result files themselves."""
        return ResultFiles(self.api, self.context, self.parts)

    def save_rows(self, selection: str, path: Path) -> int:
        """Write a selection of rows, with what became of each; returns how many.

        Source rows as they are, in their order, with their file, line and outcome. Of a job that
        was made by others the source is not known: what is saved then are the rows of the result
        files, in their order. The file takes its name when it is whole.
        """
        self._finished()
        self._claim(path, f"{selection} rows of job {self.parts.job.key}")
        if all(part.data is not None for part in self.parts.parts):
            # Of a few failed rows among many the many need not be looked at.
            rest = selection not in {"successful", "failed"}
            with self.fates(*NEEDED[selection], rest=rest) as fates:
                return fates.save(selection, path)
        return self._save_result_rows(selection, path)

    @contextmanager
    def fates(self, *needed: ResultFile, rest: bool = True) -> Iterator[Fates]:
        """Every source row with what became of it, as far as the needed result files tell.

        Without `rest`, what `Fates.of` says of that.
        """
        # Here, so that a run which saves nothing does not load numpy and DuckDB.
        from bulkflow_csv import load_numpy

        load_numpy()
        from bulkflow_ingest.fates import Fates, ResultKind, SourceSlice
        from bulkflow_ingest.fates import ResultFile as PartResults

        self._refuse_gone(*needed)
        for part in self.parts.parts:
            part.check_rows()
        files = self.files
        slices = [
            SourceSlice.of(
                part.number, part.data, part.dialect, origin=part.origin, original=part.original
            )
            for part in self.parts.parts
            if part.data is not None
        ]
        told = [
            (part, which)
            for part in self.parts.parts
            for which in files.needed(part, needed)
            if part.id is not None and files.has_rows(part, which)
        ]
        files.fetch(told)
        results = [
            PartResults(
                part.number,
                ResultKind(SHORT[which]),
                files.fetched(part, which),
                part.dialect.delimiter,
                self._promised(part, which),
            )
            for part, which in told
        ]
        with (
            TemporaryDirectory(prefix="fates-", dir=self.context.run_directory) as folder,
            Fates.of(slices, results, Path(folder), rest=rest) as fates,
        ):
            yield fates

    def loaded(self) -> Iterator[tuple[str, bool]]:
        """The id of each row that was loaded, and whether the row created the record.

        Rows that were sent again are among them. Raises `StepError` where nobody can tell.
        """
        for row in self._told(ResultFile.SUCCESSFUL):
            yield row["sf__Id"], row["sf__Created"] == "true"

    def refused(self) -> Iterator[tuple[str, str]]:
        """The id that stands in each row that failed, blank where none does, and its error."""
        for row in self._told(ResultFile.FAILED):
            yield row.get("Id", ""), row["sf__Error"]

    def errors(self) -> Iterator[str]:
        """The error of each row that failed; rows that failed again have one for each time."""
        for row in self._told(ResultFile.FAILED):
            error = row.get("sf__Error")
            if error is None:
                raise StepError(
                    f"the failed results of job {self.parts.job.name} have no column sf__Error",
                    help="look at the job in the org",
                )
            yield error

    def _told(self, which: ResultFile) -> Iterator[dict[str, str]]:
        self._finished()
        self._refuse_gone(which)
        known = [part for part in self.parts.parts if part.id is not None]
        self.files.fetch((part, which) for part in known if self.files.has_rows(part, which))
        for part in known:
            for header, row in self._read(part, which):
                if len(row) != len(header):
                    raise StepError(
                        f"the {SHORT[which]} results of job {part.id} have a row of {len(row)} "
                        f"columns under a header of {len(header)}",
                        help="look at the job in the org",
                    )
                yield dict(zip(header, row, strict=True))

    def _refuse_gone(self, *needed: ResultFile) -> None:
        files = self.files
        gone = [
            each
            for each in self.parts.parts
            if each.deleted
            and not all(files.is_here(each, which) for which in files.needed(each, needed))
        ]
        if gone:
            raise StepError(
                f"what became of the rows of job {self.parts.job.name} cannot be told: "
                f"{len(gone)} of its jobs are gone from the org",
                help="look in the org for what was loaded before you load these rows again",
                notes=[f"job {part.id} is gone" for part in gone],
            )

    def _promised(self, part: PartJob, which: ResultFile) -> int | None:
        """How many rows a result file must have, if that can be held against it."""
        if part.state != JobState.JOB_COMPLETE:
            return None
        rows = expected(part, which)
        if rows and not self.files.fetched(part, which).stat().st_size:
            # Seen in orgs: 204 and no file (one report). The rows then are what nobody tells.
            self.context.emit(
                Notice(
                    f"job {part.id} counts {rows:,} {SHORT[which]} rows, but has no file of them",
                    NoticeLevel.WARNING,
                    job=self.parts.job.key,
                    help="what became of these rows cannot be told; ask the org for the job",
                )
            )
            return None
        return rows

    def _save_result_rows(self, selection: str, path: Path) -> int:
        added = ADDED[selection]
        self._refuse_gone(*FILES_OF_SELECTION[selection])
        with draft(path) as file:
            writer = csv.writer(file, lineterminator="\n")
            columns: Sequence[str] | None = None
            saved = 0
            told = [
                (part, which)
                for part in self.parts.parts
                for which in FILES_OF_SELECTION[selection]
                if part.id is not None and self.files.has_rows(part, which)
            ]
            self.files.fetch(told)
            for part, which in told:
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
        """Fetch the three result files of every part into a folder, as Salesforce writes them."""
        self._finished()
        make_folder(folder)
        label = re.sub(r"[^\w.-]+", "-", self.parts.job.key).strip("-.")
        places = {
            (part, which): folder / f"{label}-{part.number + 1}-{SHORT[which]}.csv"
            for part in self.parts.in_org
            for which in ResultFile
        }
        for path in places.values():
            self._claim(path, f"results of job {self.parts.job.key}")
        self.files.save(places)
        return list(places.values())

    def _claim(self, path: Path, what: str) -> None:
        """Refuse to write over the rows themselves, and over what this run has saved."""
        place = path.resolve()
        read = [part.data.source.path for part in self.parts.parts if part.data is not None]
        read += [part.original.path for part in self.parts.parts if part.original is not None]
        if any(path.resolve() == place for path in read):
            raise StepError(
                f"{path} is where the rows of job {self.parts.job.name} come from",
                help="save to another file: this one would be lost",
            )
        taken: dict[Path, str] = self.context.shared("ingest:saved", dict, lambda _: None)
        if taken.setdefault(place, what) != what:
            raise StepError(
                f"{path} holds the {taken[place]} already, saved by this run",
                help="save to another file; in a loop, put the loop's variable into its name",
            )

    def _finished(self) -> None:
        running = [part for part in self.parts.in_org if not part.is_final]
        if running:
            raise StepError(
                f"job {self.parts.job.name} has no results yet",
                help="wait for it first: `wait for job NAME`",
                notes=[f"job {part.id} is {part.state}" for part in running],
            )

    def _rows(self, part: PartJob, which: ResultFile) -> int:
        return sum(1 for _ in self._read(part, which))

    def _read(self, part: PartJob, which: ResultFile) -> Iterator[tuple[list[str], list[str]]]:
        """Each row of a result file with the file's header; nothing for an empty file."""
        if not self.files.has_rows(part, which):
            return
        from bulkflow_csv import read_rows

        rows = read_rows(self.files.fetched(part, which), delimiter=part.dialect.delimiter)
        header = next(rows, None)
        if header is None:
            return
        for row in rows:
            yield header.values, row.values
