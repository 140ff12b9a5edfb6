"""The durable record of runs: what was intended, what was done."""

from bulkflow.journal.damage import Doubt, doubt_about, doubts
from bulkflow.journal.history import (
    RunRecord,
    RunStory,
    run_record,
    run_story,
    run_summaries,
)
from bulkflow.journal.lock import StateLockedError, locked
from bulkflow.journal.recorder import RunJournal
from bulkflow.journal.store import Journal, JournalError

__all__ = [
    "Doubt",
    "Journal",
    "JournalError",
    "RunJournal",
    "RunRecord",
    "RunStory",
    "StateLockedError",
    "doubt_about",
    "doubts",
    "locked",
    "run_record",
    "run_story",
    "run_summaries",
]
