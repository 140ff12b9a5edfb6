"""Deleting what the journal has of runs that are over; never what keeps rows from loading twice."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bulkflow.journal.store import Journal

_TABLES = ("step", "decision", "part", "source", "job_org", "attempt", "intent", "remote_state")


def find_prunable_runs(journal: Journal, before: float) -> list[tuple[str, str]]:
    """The runs, with their pipeline files, that are over and that nobody worked on since a time."""
    return [
        (str(run), str(pipeline))
        for run, pipeline in journal.query(
            "SELECT id, pipeline FROM run WHERE finished < :before AND pruned IS NULL"
            " AND NOT EXISTS (SELECT 1 FROM attempt WHERE run = run.id"
            " AND coalesce(finished, started) >= :before) ORDER BY started",
            {"before": before},
        )
    ]


def prune(journal: Journal, run: str) -> None:
    """Delete what is recorded of a run, except which rows it handed over, and that there was one.

    Raises:
        JournalError: That cannot be written.
    """
    with journal.transaction() as connection:
        for table in _TABLES:
            connection.execute(f"DELETE FROM {table} WHERE run = ?", (run,))  # noqa: S608 - names of our own
        # Numbers of intents that are gone may be given again, and must not mean these.
        connection.execute("UPDATE hand_over SET intent = 0 WHERE run = ?", (run,))
        connection.execute(
            "UPDATE run SET pruned = ?, texts = '{}', settings = '{}', parameters = '{}'"
            " WHERE id = ?",
            (journal.time(), run),
        )
