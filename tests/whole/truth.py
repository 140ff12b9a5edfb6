"""What became of each row that was handed over, by the org's own files; and what of it is hidden.

The sandbox processes the rows of a job in the order of the upload, and keeps what it made of them
in files that no fault touches.
"""

from __future__ import annotations

import csv
import io
from collections import Counter
from pathlib import Path

from attrs import Factory, frozen

from bulkflow_sandbox.jobs.job import BulkJob
from bulkflow_sandbox.testing import LocalOrg
from whole.case import Case
from whole.wrong import expect

Values = tuple[str, ...]


@frozen
class Truth:
    """How many rows of which values came to what, of all times that they were handed over."""

    loaded: Counter[Values] = Factory(Counter)
    failed: Counter[Values] = Factory(Counter)
    unprocessed: Counter[Values] = Factory(Counter)
    unknown: Counter[Values] = Factory(Counter)
    stored: Counter[Values] = Factory(Counter)
    """Those that are in the org, known or not."""

    @classmethod
    def of(cls, case: Case, org: LocalOrg) -> Truth:
        """Ask the org, and take away what it does not tell."""
        made = cls()
        for job in org.jobs():
            expect(job.uploads <= 1, f"job {job.id} got {job.uploads} uploads")
            if job.closed:
                made._add(case, job, org)
            else:
                ended = str(job.state) == "Aborted"
                expect(ended or not job.uploads, f"job {job.id} has data and is {job.state}")
        return made

    def _add(self, case: Case, job: BulkJob, org: LocalOrg) -> None:
        files = org.sandbox.ingest.get_files(job)
        expect(job.state.final, f"job {job.id} is {job.state}")
        delimiter = job.column_delimiter.text
        upload = _rows(files.upload, delimiter)[1:]
        good = [row[2:] for row in _rows(files.successful, delimiter)]
        bad = [row[2:] for row in _rows(files.failed, delimiter)]
        rest = upload[len(good) + len(bad) :]
        self.stored.update(good)
        hidden = case.hidden
        if job.processed != len(good) + len(bad):
            # Counters of more rows than there are.
            expect(hidden and hidden.kind == "more", f"job {job.id} is miscounted")
            self.unknown.update(upload)
            return
        told = {"successes": good, "failures": bad, "unprocessed": rest}
        doubted = False
        if hidden is not None and hidden.kind in told:
            short = told[hidden.kind]
            told[hidden.kind] = short[: hidden.known]
            self.unknown.update(short[hidden.known :])
            # Where any row is listed as unprocessed, others need not be.
            enough = min(1, len(short)) if hidden.kind == "unprocessed" else len(short)
            doubted = hidden.known < enough
        self.loaded.update(told["successes"])
        self.failed.update(told["failures"])
        left = told["unprocessed"]
        complete = str(job.state) == "JobComplete"
        if complete or doubted:
            self.unknown.update(left)
        else:
            self.unprocessed.update(left)


def _rows(path: Path, delimiter: str) -> list[Values]:
    """The records of a file; a blank line is one, of one value."""
    text = path.read_bytes().decode() if path.exists() else ""
    read = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    return [tuple(row or [""]) for row in read]
