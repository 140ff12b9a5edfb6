"""Deletes finished runs from the journal, but never what keeps rows from being loaded twice."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bulkflow.journal.store import Journal

_TABLES = ("step", "decision", "part", "source", "job_org", "attempt", "intent", "remote_state")


def find_prunable_runs(journal: Journal, before: float) -> list[tuple[str, str]]:
    """Find the runs, with their pipeline files, that finished and were not used since a time."""
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
    """Delete the records of a run, except its hand-overs and the fact that it existed.

    Raises:
        JournalError: The journal cannot be written.
    """
    with journal.transaction() as connection:
        for table in _TABLES:
            connection.execute(f"DELETE FROM {table} WHERE run = ?", (run,))  # noqa: S608 - names of our own
        # Numbers of deleted intents may be used again, and must not refer to these hand-overs.
        connection.execute("UPDATE hand_over SET intent = 0 WHERE run = ?", (run,))
        connection.execute(
            "UPDATE run SET pruned = ?, texts = '{}', settings = '{}', parameters = '{}'"
            " WHERE id = ?",
            (journal.time(), run),
        )
