"""The durable record of runs: what was intended, what was done."""

from bulkflow.journal.store import Journal, JournalError, RunJournal

__all__ = ["Journal", "JournalError", "RunJournal"]
