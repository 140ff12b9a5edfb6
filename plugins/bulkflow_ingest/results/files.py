"""The result files of a job's parts on disk: each is fetched once, some before they are needed."""

from __future__ import annotations

import gzip
import logging
import zlib
from shutil import copyfileobj
from typing import TYPE_CHECKING, Final

from attrs import frozen

from bulkflow.errors import BulkflowError, RunInterruptedError, StepError
from bulkflow.model.event import Notice, NoticeLevel
from bulkflow.model.value import plain
from bulkflow.plugin.lookahead import get_steps_ahead
from bulkflow_csv import is_gzip
from bulkflow_ingest.api.bounds import compute_max_result_bytes
from bulkflow_ingest.api.result_kind import ResultKind
from bulkflow_ingest.output_files import binary_draft, delivered, make_folder
from bulkflow_ingest.results.file_rows import expected
from bulkflow_ingest.results.selection_files import FILES_OF_SELECTION, NEEDED
from bulkflow_ingest.source.compression import compress_stream
from bulkflow_jobs.job_label import make_label
from bulkflow_jobs.job_state import JobState
from bulkflow_jobs.worker_pool import WorkerPool
from bulkflow_salesforce import NotFoundError
from bulkflow_salesforce.http.bounds import DOWNLOAD_BYTES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from bulkflow.plugin import Context
    from bulkflow.plugin.lookahead import StepAhead
    from bulkflow_ingest.api.client import IngestApi
    from bulkflow_ingest.parts.job_parts import JobParts
    from bulkflow_ingest.parts.part_job import PartJob

logger = logging.getLogger(__name__)

_COPY_BYTES: Final = 1 << 20


@frozen
class ResultFiles:
    """The result files of one logical job, in the run's folder."""

    api: IngestApi
    context: Context
    parts: JobParts

    def has_rows(self, part: PartJob, which: ResultKind) -> bool:
        """Whether a file may have rows; if not, it is not requested.

        A file has none if a complete job counts none, or if the job was not handed over.
        """
        if not part.handed_over:
            return False
        return part.state != JobState.JOB_COMPLETE or expected(part, which) > 0

    def path(self, part: PartJob, which: ResultKind) -> Path:
        """Return the path of a file, which ends in `.gz` if it is compressed.

        If it is not here yet, this is the path for an uncompressed one.
        """
        folder = self.context.run_directory / "results"
        # The name in runs of versions that knew one org per file.
        earlier = folder / f"{part.id}-{which}.csv"
        if earlier.exists():
            return earlier
        plain_one = folder / make_label(self.parts.job.key) / earlier.name
        packed = _packed(plain_one)
        return packed if packed.exists() else plain_one

    def is_here(self, part: PartJob, which: ResultKind) -> bool:
        """Whether a file was fetched."""
        return self.path(part, which).exists()

    def are_here(self, part: PartJob, needed: Iterable[ResultKind]) -> bool:
        """Whether all of these files that may have rows were fetched."""
        return all(self.is_here(part, each) for each in needed if self.has_rows(part, each))

    def fetched(self, part: PartJob, which: ResultKind) -> Path:
        """Return the path of a file, which is fetched if it is not here."""
        path = self.path(part, which)
        if not path.exists():
            make_folder(path.parent)
            path = self.download(part, which, path, packed=True)
        return path

    def fetch(self, wanted: Iterable[tuple[PartJob, ResultKind]]) -> None:
        """Fetch the files that are not here, several at a time; not for use in a worker thread."""
        missing = [each for each in wanted if not self.is_here(*each)]
        self._side_by_side(missing, lambda each: self.fetched(*each))

    @staticmethod
    def needed(part: PartJob, needed: Sequence[ResultKind]) -> Sequence[ResultKind]:
        """Return the kinds of files that are needed of a part to find the kinds in `needed`.

        For resent rows all files are needed: if a row was loaded, its earlier failure does not
        count.
        """
        return needed if part.origin is None else NEEDED["all"]

    def refetch(self, wanted: Sequence[tuple[PartJob, ResultKind]]) -> None:
        """Fetch files again, several at a time; not for use in a worker thread.

        A file that cannot be fetched stays as it is.
        """
        self._side_by_side(wanted, lambda each: self._refetch(*each))

    def _refetch(self, part: PartJob, which: ResultKind) -> None:
        before = self.path(part, which)
        target = before.with_name(before.name.removesuffix(".gz"))
        make_folder(target.parent)
        if self.download(part, which, target, packed=True) != before:
            before.unlink(missing_ok=True)

    def download(
        self, part: PartJob, which: ResultKind, path: Path, *, packed: bool = False
    ) -> Path:
        """Fetch a file to a path; it appears there only when it is complete.

        With `packed`, a file that arrives as gzip stays compressed, and `.gz` is appended to its
        name. In a job that keeps its results, other files are compressed too.

        Returns:
            The path of the file.

        Raises:
            RunInterruptedError: The run has to stop; nothing of the file is left.
        """
        assert part.id is not None
        logger.debug("fetching the %s results of job %s", which, part.id)
        self.context.checkpoint()
        with binary_draft(path, self.context.checkpoint) as file:
            limit = self._limit(part, which)
            reported = self.api.results(part.id, which, file, packed=packed, limit=limit)
            # An empty body, compressed or not, is an empty file without rows.
            if not reported.bytes:
                file.truncate(0)
            elif reported.coding == "gzip":
                file.path = _packed(path)
            elif packed and self.parts.settings.keep_results:
                # Under its own name it would stay uncompressed if the run were killed now.
                file.path = path.with_name(f".{path.name}.plain.part")
        if file.path in {path, _packed(path)}:
            return file.path
        return self._compress(file.path, _packed(path))

    def _limit(self, part: PartJob, which: ResultKind) -> int:
        """Return the maximum size of a file in bytes; that of uploads by others is not known."""
        if part.part is None or self.parts.settings.existing is not None:
            return DOWNLOAD_BYTES
        errors = which is ResultKind.FAILED
        most = compute_max_result_bytes(part.part.rows, part.part.bytes, errors=errors)
        return min(most, DOWNLOAD_BYTES)

    def _compress(self, path: Path, target: Path) -> Path:
        with binary_draft(target, self.context.checkpoint) as draft, path.open("rb") as file:
            compress_stream(file, draft, self.context.checkpoint)
        path.unlink()
        return target

    def save(self, places: Mapping[tuple[PartJob, ResultKind], Path]) -> list[Path]:
        """Write files to paths that the user chose, as Salesforce returns them, several at a time.

        Returns:
            Their paths; a file without rows is left out if its job is gone.
        """
        absent: list[Path] = []

        def write(each: tuple[PartJob, ResultKind]) -> None:
            try:
                with delivered(places[each], self.context.run_directory) as scratch:
                    if self.is_here(*each):
                        self._copy(self.path(*each), scratch)
                    else:
                        self.download(*each, scratch)
            except NotFoundError:
                if self.has_rows(*each):
                    raise
                absent.append(places[each])

        self._side_by_side(places, write)
        return [path for path in places.values() if path not in absent]

    def drop(self, part: PartJob, which: ResultKind) -> None:
        """Remove a file if it is here."""
        self.path(part, which).unlink(missing_ok=True)

    def foreseen(self, part: PartJob) -> Sequence[ResultKind]:
        """List the missing files of a finished part that later steps certainly need."""
        found = (
            set(ResultKind)
            if self.parts.settings.keep_results
            else {
                which
                for step in get_steps_ahead(self.context)
                for which in self._needed_by(step, part)
            }
        )
        return [
            which
            for which in ResultKind
            # A job that did not complete may have more rows when the step needs them.
            if part.state == JobState.JOB_COMPLETE
            and which in found
            and self.has_rows(part, which)
            and not self.is_here(part, which)
        ]

    def fetch_early(self, wanted: tuple[PartJob, ResultKind]) -> None:
        """Fetch a file before it is needed; an error is raised when it is needed."""
        part, which = wanted
        try:
            self.fetched(part, which)
        except RunInterruptedError:
            raise
        except BulkflowError as error:
            self.context.emit(
                Notice(
                    f"the {which} results of job {part.id} are not available yet: {error}",
                    NoticeLevel.DETAIL,
                    job=self.parts.job.key,
                )
            )

    def _copy(self, path: Path, target: Path) -> None:
        with (
            binary_draft(target, self.context.checkpoint) as copy,
            gzip.open(path) if is_gzip(path) else path.open("rb") as file,
        ):
            try:
                copyfileobj(file, copy, _COPY_BYTES)
            except (gzip.BadGzipFile, EOFError, zlib.error) as error:
                raise StepError(
                    f"{path} is damaged: {error}",
                    help="remove it, and run the step again: it is fetched from the org",
                ) from error

    def _side_by_side(
        self,
        wanted: Iterable[tuple[PartJob, ResultKind]],
        act: Callable[[tuple[PartJob, ResultKind]], object],
    ) -> None:
        WorkerPool.of(self.context).run_each(
            wanted,
            act,
            width=self.parts.settings.connections,
            checkpoint=self.context.checkpoint,
        )

    def _needed_by(self, step: StepAhead, part: PartJob) -> Iterator[ResultKind]:
        if step.word.startswith("save results"):
            yield from ResultKind
        elif step.word.startswith("save {selection:rows} rows"):
            files = FILES_OF_SELECTION if part.data is None else NEEDED
            reported = step.arguments["selection"]
            assert not isinstance(reported, tuple)
            yield from self.needed(part, files[plain(reported).lower()])
        elif (
            # If all rows are loaded, there is nothing to resend, unless other parts have some.
            step.word.startswith("retry {selection:rows} rows")
            and (part.counts.failed or part.counts.unprocessed)
        ):
            yield from NEEDED["all"]


def _packed(path: Path) -> Path:
    return path.with_name(path.name + ".gz")
