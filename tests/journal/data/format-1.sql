-- A journal as format 1 was written, by bulkflow 0.1.0. Never changed: it stands for files that people have.
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

INSERT INTO run VALUES (
    '20260103-020000-a1b2', '/data/nightly.bulkflow', 'ab12', 'prod', '{"region": "EMEA"}',
    '0.1.0', 'loader', 4711, 1767405600.0, 1767405700.0, 1
);
INSERT INTO run VALUES (
    '20260104-020000-c3d4', '/data/nightly.bulkflow', 'ab12', NULL, '{}',
    '0.1.0', 'loader', 4712, 1767492000.0, NULL, NULL
);
INSERT INTO part VALUES (
    '20260103-020000-a1b2', 'accounts', 0, 'accounts.csv', 10, 90, 1, 2, 7, 90
);
INSERT INTO intent VALUES (
    1, '20260103-020000-a1b2', 'accounts', 0, 'create', '{"object": "Account"}', 1767405601.0,
    'done', '{"id": "750A"}', 1767405602.0
);
INSERT INTO intent VALUES (
    2, '20260103-020000-a1b2', 'accounts', 0, 'upload', '{}', 1767405603.0,
    'refused', '{"status": 400}', 1767405604.0
);
INSERT INTO intent VALUES (
    3, '20260104-020000-c3d4', 'accounts', 0, 'create', '{"object": "Account"}', 1767492001.0,
    NULL, NULL, NULL
);
INSERT INTO remote_state VALUES (
    1, '20260103-020000-a1b2', 'accounts', 0, '750A', 'Open', 1767405602.5
);

PRAGMA user_version = 1;
