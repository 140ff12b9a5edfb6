"""Ways to break an invariant on purpose, to see that the harness notices."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from attrs import evolve


def close_unrecorded() -> None:
    """Close a job before the intent to close it is durable, and go by what is recorded."""
    from bulkflow_ingest.execution.status_reader import StatusReader
    from bulkflow_jobs.request_journal import RequestJournal

    inner = RequestJournal.send

    def send(self: Any, job: Any, change: Any) -> Any:
        if change.action != "close":
            return inner(self, job, change)
        done = change.send()
        return inner(self, job, evolve(change, send=lambda: done))

    RequestJournal.send = send  # type: ignore[method-assign]
    _ask_nothing_of(StatusReader)


def _ask_nothing_of(reader: Any) -> None:
    """Take the journal's word for it that a job which was not closed can be replaced."""
    from bulkflow_ingest.parts.remote_state import Unsent

    def refresh_restored(self: Any, part: Any) -> None:
        if not part.handed_over:
            part._remote = Unsent()

    reader.refresh_restored = refresh_restored


def put_again() -> None:
    """Send the data into the same job again when the answer was lost."""
    from bulkflow_ingest.execution.part_upload import PartUpload
    from bulkflow_ingest.parts.remote_state import Created

    def release_job(self: Any) -> None:
        self.part._remote = Created(self.part.id)

    PartUpload._release_job = release_job  # type: ignore[method-assign]


def create_again() -> None:
    """Forget which job a part has become, so that it becomes another."""
    from bulkflow_ingest.parts import part_job
    from bulkflow_ingest.parts.replay import Replayed

    part_job.replay = lambda start, history: Replayed(start)


def forget_spoilt() -> None:
    """Take an upload without an answer for one that was done."""
    from bulkflow_ingest.parts import part_job
    from bulkflow_ingest.parts.remote_state import Uploaded, Uploading

    inner = part_job.replay

    def replay(start: Any, history: Any) -> Any:
        found = inner(start, history)
        if isinstance(found.remote, Uploading):
            return evolve(found, remote=Uploaded(found.remote.id), was_uploaded=True)
        return found

    part_job.replay = replay


def take_all_for_made() -> None:
    """Take every record that rows were loaded into for one that they created."""
    from bulkflow_ingest.results.reader import Results

    inner = Results.loaded

    def loaded(self: Any) -> Any:
        return ((record, True) for record, _ in inner(self))

    Results.loaded = loaded  # type: ignore[method-assign]


def ask_no_ledger() -> None:
    """Hand rows over whatever other runs handed over."""
    from bulkflow.journal import recorder

    recorder.find_hand_overs = lambda *_, **__: []


def forget_what_ended_well() -> None:
    """Take what earlier runs handed over for settled once it is known what became of it."""
    from bulkflow.journal import recorder

    inner = recorder.find_hand_overs

    def hand_overs(*rest: Any, **named: Any) -> Any:
        return [each for each in inner(*rest, **named) if each.counts is None]

    recorder.find_hand_overs = hand_overs


def take_short_results() -> None:
    """Take a result file as it comes, however many rows the job counts."""
    from bulkflow_ingest.results.trusted_files import TrustedFiles

    TrustedFiles._fault = lambda self, wanted: None  # type: ignore[method-assign]


def wait_for_no_batch() -> None:
    """Take a job that Failed or was aborted for one of which nothing is at work any more."""
    from bulkflow_ingest.results.trusted_files import TrustedFiles

    TrustedFiles._stand_still = lambda self, ended: None  # type: ignore[method-assign]


def guess_unprocessed() -> None:
    """Take rows that no result file has for rows that were never tried."""
    from bulkflow_ingest.reconcile.outcomes import Outcome
    from bulkflow_ingest.results import reader as results

    results._without_result = lambda part: Outcome.UNPROCESSED


def trust_refused_uploads() -> None:
    """Take an upload that was refused for one that did not come."""
    from bulkflow_ingest.execution import journaled_requests as requests
    from bulkflow_salesforce import SalesforceError

    inner = requests.was_never_started
    requests.was_never_started = lambda error: isinstance(error, SalesforceError) or inner(error)


def count_what_is_gone() -> None:
    """Take the rows of a job that is gone, and was not seen to process them, for unprocessed."""
    from bulkflow_ingest.parts import remote_state as remote

    def counts(state: Any, rows: int) -> Any:
        processed, failed = remote.get_counters(state)
        return remote.Counts(rows, processed - failed, failed, unprocessed=rows - processed)

    remote._counts_of_gone = counts


def keep_state_where_it_runs() -> None:
    """Keep runs in the working directory."""
    from bulkflow.app import state
    from bulkflow.cli import options

    state.find_state_directory = options.find_state_directory = lambda file: Path(
        state.STATE_DIRECTORY
    )


def know_orgs_by_host() -> None:
    """Take an org for the same as long as its host is."""
    from bulkflow.engine import orgs

    inner = orgs._refuse_another

    def refuse_another(services: Any, name: str, org: Any) -> None:
        inner(services, name, evolve(org, organization=""))

    orgs._refuse_another = refuse_another


def settle_nothing() -> None:
    """Count the rows that a retry sent apart from those that they come from."""
    from bulkflow_ingest.results.counts import Counting

    Counting.settle = lambda self: None  # type: ignore[method-assign]


def forget_retries() -> None:
    """Take the jobs of rows that were sent again since for jobs that are still to complete."""
    from bulkflow_ingest.parts.job_parts import JobParts

    JobParts.is_superseded = lambda self, part: False  # type: ignore[method-assign]


def keep_unrecorded_pages() -> None:
    """Append to whatever an interrupted extract has left behind its last recorded page."""
    from bulkflow_query.rows_file import RowsFile

    inner = RowsFile.__enter__

    def enter(self: Any) -> Any:
        kept = self.path.read_bytes() if self.path.exists() else b""
        opened = inner(self)
        self._file.write(kept[self.end :])
        return opened

    RowsFile.__enter__ = enter  # type: ignore[method-assign]


FAULTY: dict[str, Callable[[], None]] = {
    "close after its intent": close_unrecorded,
    "one upload for each job": put_again,
    "the job of a part": create_again,
    "spoilt uploads": forget_spoilt,
    "what rows created": take_all_for_made,
    "the ledger": ask_no_ledger,
    "the same data": forget_what_ended_well,
    "whole results": take_short_results,
    "late commits": wait_for_no_batch,
    "unknown rows": guess_unprocessed,
    "refused uploads": trust_refused_uploads,
    "jobs that go away": count_what_is_gone,
    "state beside the file": keep_state_where_it_runs,
    "the org's id": know_orgs_by_host,
    "counts of a retry": settle_nothing,
    "retries": forget_retries,
    "the end of the last page": keep_unrecorded_pages,
}
"""What each breaks, by the invariant that it is without."""
