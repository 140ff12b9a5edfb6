"""The durable record of runs: intents and outcomes."""

from bulkflow.journal.damage import SuspectRun, check_run, find_suspect_runs
from bulkflow.journal.history import (
    RunDetails,
    RunRecord,
    list_runs,
    read_run,
    read_run_details,
)
from bulkflow.journal.lock import StateLockedError, lock_pipeline
from bulkflow.journal.recorder import RunJournal
from bulkflow.journal.store import Journal, JournalError

__all__ = [
    "Journal",
    "JournalError",
    "RunDetails",
    "RunJournal",
    "RunRecord",
    "StateLockedError",
    "SuspectRun",
    "check_run",
    "find_suspect_runs",
    "list_runs",
    "lock_pipeline",
    "read_run",
    "read_run_details",
]
