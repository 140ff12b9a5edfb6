"""The journal's tables, and how an older journal becomes one of today's format."""

from __future__ import annotations

FORMAT = 1
"""Kept in SQLite's `user_version`. Grows by one with each entry of `MIGRATIONS`."""

MIGRATIONS: tuple[str, ...] = (
    """
    CREATE TABLE run (
        id TEXT PRIMARY KEY,
        pipeline TEXT NOT NULL,
        text_digest TEXT NOT NULL,
        org TEXT,
        parameters TEXT NOT NULL,
        bulkflow TEXT NOT NULL,
        host TEXT NOT NULL,
        pid INTEGER NOT NULL,
        started REAL NOT NULL,
        finished REAL,
        exit_code INTEGER
    ) STRICT;

    CREATE TABLE part (
        run TEXT NOT NULL REFERENCES run (id),
        job TEXT NOT NULL,
        number INTEGER NOT NULL,
        source TEXT NOT NULL,
        start INTEGER NOT NULL,
        end INTEGER NOT NULL,
        first_row INTEGER NOT NULL,
        first_line INTEGER NOT NULL,
        rows INTEGER NOT NULL,
        bytes INTEGER NOT NULL,
        PRIMARY KEY (run, job, number)
    ) STRICT, WITHOUT ROWID;

    CREATE TABLE intent (
        number INTEGER PRIMARY KEY,
        run TEXT NOT NULL REFERENCES run (id),
        job TEXT NOT NULL,
        part INTEGER NOT NULL,
        action TEXT NOT NULL,
        detail TEXT NOT NULL,
        at REAL NOT NULL,
        outcome TEXT,
        outcome_detail TEXT,
        settled REAL
    ) STRICT;

    CREATE INDEX intent_of_part ON intent (run, job, part);

    CREATE TABLE remote_state (
        number INTEGER PRIMARY KEY,
        run TEXT NOT NULL REFERENCES run (id),
        job TEXT NOT NULL,
        part INTEGER NOT NULL,
        remote_id TEXT NOT NULL,
        state TEXT NOT NULL,
        at REAL NOT NULL
    ) STRICT;

    CREATE INDEX remote_state_of_part ON remote_state (run, job, part);
    """,
)
"""Each brings the format from its index to the next; none is ever changed once it was released.

Statements end in semicolons, which stand nowhere else."""
