"""The journal's tables, and the migrations from older formats."""

from __future__ import annotations

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
    """
    ALTER TABLE run ADD COLUMN settings TEXT NOT NULL DEFAULT '{}';

    ALTER TABLE run ADD COLUMN chosen_org TEXT;

    ALTER TABLE run ADD COLUMN texts TEXT NOT NULL DEFAULT '{}';

    CREATE TABLE attempt (
        number INTEGER PRIMARY KEY,
        run TEXT NOT NULL REFERENCES run (id),
        bulkflow TEXT NOT NULL,
        host TEXT NOT NULL,
        pid INTEGER NOT NULL,
        started REAL NOT NULL,
        finished REAL,
        exit_code INTEGER
    ) STRICT;

    CREATE INDEX attempt_of_run ON attempt (run);

    CREATE TABLE source (
        run TEXT NOT NULL REFERENCES run (id),
        job TEXT NOT NULL,
        number INTEGER NOT NULL,
        name TEXT NOT NULL,
        path TEXT NOT NULL,
        size INTEGER NOT NULL,
        modified_ns INTEGER NOT NULL,
        spooled INTEGER NOT NULL,
        origin TEXT,
        PRIMARY KEY (run, job, number)
    ) STRICT, WITHOUT ROWID;

    CREATE TABLE step (
        number INTEGER PRIMARY KEY,
        run TEXT NOT NULL REFERENCES run (id),
        place TEXT NOT NULL,
        text TEXT NOT NULL,
        state TEXT NOT NULL,
        detail TEXT NOT NULL,
        at REAL NOT NULL
    ) STRICT;

    CREATE INDEX step_of_run ON step (run, place);

    CREATE TABLE decision (
        run TEXT NOT NULL REFERENCES run (id),
        place TEXT NOT NULL,
        value TEXT NOT NULL,
        PRIMARY KEY (run, place)
    ) STRICT, WITHOUT ROWID;
    """,
    """
    ALTER TABLE part ADD COLUMN digest TEXT NOT NULL DEFAULT '';

    ALTER TABLE source ADD COLUMN digest TEXT NOT NULL DEFAULT '';
    """,
    """
    ALTER TABLE run ADD COLUMN orgs TEXT NOT NULL DEFAULT '{}';

    ALTER TABLE run ADD COLUMN chosen_orgs TEXT NOT NULL DEFAULT '{}';

    CREATE TABLE job_org (
        run TEXT NOT NULL REFERENCES run (id),
        job TEXT NOT NULL,
        org TEXT NOT NULL,
        PRIMARY KEY (run, job)
    ) STRICT, WITHOUT ROWID;
    """,
    """
    ALTER TABLE run ADD COLUMN given_up INTEGER NOT NULL DEFAULT 0;
    """,
    """
    ALTER TABLE run ADD COLUMN fresh INTEGER NOT NULL DEFAULT 0;

    ALTER TABLE run ADD COLUMN home TEXT;

    ALTER TABLE run ADD COLUMN file TEXT;

    ALTER TABLE remote_state ADD COLUMN processed INTEGER NOT NULL DEFAULT 0;

    ALTER TABLE remote_state ADD COLUMN failed INTEGER NOT NULL DEFAULT 0;

    CREATE TABLE hand_over (
        number INTEGER PRIMARY KEY,
        run TEXT NOT NULL REFERENCES run (id),
        job TEXT NOT NULL,
        part INTEGER NOT NULL,
        intent INTEGER NOT NULL,
        organization TEXT NOT NULL,
        host TEXT NOT NULL,
        object TEXT NOT NULL,
        operation TEXT NOT NULL,
        digest TEXT NOT NULL,
        source TEXT NOT NULL,
        start INTEGER NOT NULL,
        end INTEGER NOT NULL,
        rows INTEGER NOT NULL,
        head TEXT NOT NULL DEFAULT '',
        remote_id TEXT NOT NULL,
        at REAL NOT NULL,
        counts TEXT,
        undone INTEGER NOT NULL DEFAULT 0
    ) STRICT;

    CREATE INDEX hand_over_of_rows ON hand_over (digest);

    CREATE INDEX hand_over_of_source ON hand_over (source);

    CREATE INDEX hand_over_of_head ON hand_over (head);

    CREATE INDEX hand_over_of_part ON hand_over (run, job, part);

    INSERT INTO hand_over (run, job, part, intent, organization, host, object, operation, digest,
        source, start, end, rows, remote_id, at)
    SELECT part.run, part.job, part.number, intent.number, '', '', '', '', part.digest, '',
        part.start, part.end, part.rows, coalesce(json_extract(intent.detail, '$.id'), ''),
        intent.at
    FROM part JOIN intent ON intent.run = part.run AND intent.job = part.job
        AND intent.part = part.number
    WHERE intent.action = 'close' AND intent.outcome IS NOT 'refused' AND part.rows > 0
        AND part.digest <> '' AND part.run IN (
            SELECT run FROM decision WHERE place LIKE 'org:%'
        );
    """,
    """
    ALTER TABLE run ADD COLUMN witnessed INTEGER NOT NULL DEFAULT 0;

    ALTER TABLE run ADD COLUMN pruned REAL;
    """,
    """
    ALTER TABLE intent ADD COLUMN kind TEXT;

    UPDATE intent SET kind = 'creates' WHERE action = 'create';

    UPDATE intent SET kind = 'hands over' WHERE action = 'close';
    """,
)
"""Each migrates the format of its index to the next. A released migration never changes.

Statements end in semicolons, which may not appear elsewhere."""

FORMAT = len(MIGRATIONS)
"""Stored in SQLite's `user_version`."""
