"""Keeps all result files of a job with the run, if the job says `keep results`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import frozen

from bulkflow.errors import BulkflowError, RunInterruptedError, StepError
from bulkflow_ingest.results.selection_files import ALL_FILES

if TYPE_CHECKING:
    from bulkflow.plugin import Context
    from bulkflow_ingest.parts.job_parts import JobParts
    from bulkflow_ingest.results.reader import Results


@frozen
class KeptResults:
    """The result files that a job keeps."""

    context: Context
    parts: JobParts
    results: Results

    def fetch(self) -> None:
        """Fetch the result files that are missing. Incomplete files leave their parts doubted.

        Raises:
            StepError: A file cannot be fetched.
        """
        if not self.parts.settings.keep_results:
            return
        files, trusted = self.results.files, self.results.trusted
        wanted = [
            (part, kind)
            for part in self.parts.in_org
            if part.is_final
            for kind in ALL_FILES
            if files.has_rows(part, kind)
        ]
        try:
            trusted.fetch(wanted)
            trusted.verify(wanted)
        except RunInterruptedError:
            raise
        except BulkflowError as error:
            resume = self.context.format_command("resume")
            raise StepError(
                f"not all results of job {self.parts.job.name} are kept: {error.message}",
                help=f"rows that were loaded stay loaded; `{resume}` fetches the remaining results "
                "while the org has them" + (f"; {error.help}" if error.help else ""),
                notes=error.notes,
            ) from error

    def fetch_complete(self) -> None:
        """Fetch the result files that are missing. Raises `StepError` if a file is incomplete."""
        self.fetch()
        if self.parts.settings.keep_results:
            self.results.trusted.refuse_doubted()
