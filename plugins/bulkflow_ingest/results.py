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
from bulkflow_csv import read_rows
from bulkflow_ingest.api import ResultFile
from bulkflow_ingest.drafts import draft, label_of, make_folder, sync
from bulkflow_ingest.fates.inputs import ResultKind
from bulkflow_ingest.info import JobState

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from bulkflow.plugin import Context
    from bulkflow_ingest.api import IngestApi
    from bulkflow_ingest.fates import Fates
    from bulkflow_ingest.parts import JobParts, PartJob

FILES_OF_SELECTION: dict[str, tuple[ResultFile, ...]] = {
    "successful": (ResultFile.SUCCESSFUL,),
    "failed": (ResultFile.FAILED,),
    "unprocessed": (ResultFile.UNPROCESSED,),
    "all": (ResultFile.SUCCESSFUL, ResultFile.FAILED, ResultFile.UNPROCESSED),
}

ADDED: dict[str, dict[str, str]] = {
    "successful": {"sf__Id": "_id", "sf__Created": "_created"},
    "failed": {"sf__Id": "_id", "sf__Error": "_error"},
    "unprocessed": {},
    "all": {"sf__Id": "_id", "sf__Created": "_created", "sf__Error": "_error"},
}
"""The columns that a saved file has behind those of the source. No field's API name begins with an
underscore, so they clash with nothing."""

NEEDED: dict[str, tuple[ResultFile, ...]] = {
    "successful": (ResultFile.SUCCESSFUL,),
    "failed": (ResultFile.FAILED,),
    "unprocessed": (ResultFile.SUCCESSFUL, ResultFile.FAILED),
    "all": (ResultFile.SUCCESSFUL, ResultFile.FAILED),
}
"""The files that tell which rows a selection has. What is unprocessed is in neither of the two."""

_SHORT = {
    ResultFile.SUCCESSFUL: "successful",
    ResultFile.FAILED: "failed",
    ResultFile.UNPROCESSED: "unprocessed",
}


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

    def save_rows(self, selection: str, path: Path) -> int:
        """Write a selection of rows, with what became of each; returns how many.

        Source rows as they are, in their order, with their file, line and outcome. Of a job that
        was made by others the source is not known: what is saved then are the rows of the result
        files, in their order. The file takes its name when it is whole.
        """
        self._finished()
        self._claim(path, f"{selection} rows of job {self.parts.job.key}")
        if all(part.data is not None for part in self.parts.parts):
            with self.fates(*NEEDED[selection]) as fates:
                return fates.save(selection, path)
        return self._save_result_rows(selection, path)

    @contextmanager
    def fates(self, *needed: ResultFile) -> Iterator[Fates]:
        """Every source row with what became of it, as far as the needed result files tell."""
        # Here, so that a run which saves nothing does not load DuckDB.
        from bulkflow_ingest.fates import Fates, SourceSlice
        from bulkflow_ingest.fates import ResultFile as PartResults

        self._refuse_gone(*needed)
        for part in self.parts.parts:
            part.check_rows()
        slices = [
            SourceSlice.of(
                part.number, part.data, part.dialect, origin=part.origin, original=part.original
            )
            for part in self.parts.parts
            if part.data is not None
        ]
        results = [
            PartResults(
                part.number,
                ResultKind(_SHORT[which]),
                self._fetched(part, which),
                part.dialect.delimiter,
                self._promised(part, which),
            )
            for part in self.parts.parts
            for which in needed
            if part.id is not None
            if part.state != JobState.JOB_COMPLETE or self._expected(part, which)
        ]
        with (
            TemporaryDirectory(prefix="fates-", dir=self.context.run_directory) as folder,
            Fates.of(slices, results, Path(folder)) as fates,
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

    def _told(self, which: ResultFile) -> Iterator[dict[str, str]]:
        self._finished()
        self._refuse_gone(which)
        for part in self.parts.parts:
            if part.id is not None:
                for header, row in self._read(part, which):
                    yield dict(zip(header, row, strict=True))

    def _refuse_gone(self, *needed: ResultFile) -> None:
        gone = [each for each in self.parts.parts if each.deleted and not self._kept(each, needed)]
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
        expected = self._expected(part, which)
        if expected and not self._fetched(part, which).stat().st_size:
            # Seen in orgs: 204 and no file (one report). The rows then are what nobody tells.
            self.context.emit(
                Notice(
                    f"job {part.id} counts {expected:,} {_SHORT[which]} rows, but has no file "
                    "of them",
                    NoticeLevel.WARNING,
                    job=self.parts.job.key,
                    help="what became of these rows cannot be told; ask the org for the job",
                )
            )
            return None
        return expected

    def _save_result_rows(self, selection: str, path: Path) -> int:
        added = ADDED[selection]
        with draft(path) as file:
            writer = csv.writer(file, lineterminator="\n")
            columns: Sequence[str] | None = None
            saved = 0
            for part in self.parts.in_org:
                for which in FILES_OF_SELECTION[selection]:
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
        saved = []
        for part in self.parts.in_org:
            for which in ResultFile:
                path = folder / f"{label}-{part.number + 1}-{_SHORT[which]}.csv"
                self._claim(path, f"results of job {self.parts.job.key}")
                self.context.checkpoint()
                assert part.id is not None
                self.api.results(part.id, which, path)
                saved.append(path)
        return saved

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
        if part.state == JobState.JOB_COMPLETE and not self._expected(part, which):
            return
        rows = read_rows(self._fetched(part, which), delimiter=part.dialect.delimiter)
        header = next(rows, None)
        if header is None:
            return
        for row in rows:
            yield header.values, row.values

    def _expected(self, part: PartJob, which: ResultFile) -> int:
        """How many rows a complete job's file has, so that empty ones need no request."""
        match which:
            case ResultFile.SUCCESSFUL:
                return part.counts.loaded
            case ResultFile.FAILED:
                return part.counts.failed
            case ResultFile.UNPROCESSED:
                return part.counts.unprocessed

    def _kept(self, part: PartJob, needed: Sequence[ResultFile]) -> bool:
        return all(self._place(part, which).exists() for which in needed)

    def _fetched(self, part: PartJob, which: ResultFile) -> Path:
        assert part.id is not None
        path = self._place(part, which)
        if not path.exists():
            make_folder(path.parent)
            self.context.checkpoint()
            # Under another name until it is on the disk: what has the name is gone by for good.
            fetched = path.with_suffix(".fetched")
            self.api.results(part.id, which, fetched)
            sync(fetched)
            fetched.replace(path)
        return path

    def _place(self, part: PartJob, which: ResultFile) -> Path:
        folder = self.context.run_directory / "results"
        # As runs have it that were begun when a file had one org.
        earlier = folder / f"{part.id}-{_SHORT[which]}.csv"
        if earlier.exists():
            return earlier
        return folder / label_of(self.parts.job.key) / earlier.name
