-- A journal of format 8, as a bulkflow of that format wrote it.
BEGIN TRANSACTION;
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
CREATE TABLE decision (
        run TEXT NOT NULL REFERENCES run (id),
        place TEXT NOT NULL,
        value TEXT NOT NULL,
        PRIMARY KEY (run, place)
    ) STRICT, WITHOUT ROWID;
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
, kind TEXT) STRICT;
INSERT INTO "intent" VALUES(1,'20260103-020000-a1b2','accounts',0,'create','{"object": "Account"}',1767405601.0,'done','{"id": "750A"}',1767405602.0,'creates');
INSERT INTO "intent" VALUES(2,'20260103-020000-a1b2','accounts',0,'upload','{}',1767405603.0,'refused','{"status": 400}',1767405604.0,NULL);
INSERT INTO "intent" VALUES(3,'20260104-020000-c3d4','accounts',0,'create','{"object": "Account"}',1767492001.0,NULL,NULL,NULL,'creates');
CREATE TABLE job_org (
        run TEXT NOT NULL REFERENCES run (id),
        job TEXT NOT NULL,
        org TEXT NOT NULL,
        PRIMARY KEY (run, job)
    ) STRICT, WITHOUT ROWID;
INSERT INTO "job_org" VALUES('20260104-020000-c3d4','accounts','target');
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
    bytes INTEGER NOT NULL, digest TEXT NOT NULL DEFAULT '',
    PRIMARY KEY (run, job, number)
) STRICT, WITHOUT ROWID;
INSERT INTO "part" VALUES('20260103-020000-a1b2','accounts',0,'accounts.csv',10,90,1,2,7,90,'xxh3:06b05ab6733a618578af5f94892f3950');
CREATE TABLE remote_state (
    number INTEGER PRIMARY KEY,
    run TEXT NOT NULL REFERENCES run (id),
    job TEXT NOT NULL,
    part INTEGER NOT NULL,
    remote_id TEXT NOT NULL,
    state TEXT NOT NULL,
    at REAL NOT NULL
, processed INTEGER NOT NULL DEFAULT 0, failed INTEGER NOT NULL DEFAULT 0) STRICT;
INSERT INTO "remote_state" VALUES(1,'20260103-020000-a1b2','accounts',0,'750A','Open',1767405602.5,0,0);
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
, settings TEXT NOT NULL DEFAULT '{}', chosen_org TEXT, texts TEXT NOT NULL DEFAULT '{}', orgs TEXT NOT NULL DEFAULT '{}', chosen_orgs TEXT NOT NULL DEFAULT '{}', given_up INTEGER NOT NULL DEFAULT 0, fresh INTEGER NOT NULL DEFAULT 0, home TEXT, file TEXT, witnessed INTEGER NOT NULL DEFAULT 0, pruned REAL) STRICT;
INSERT INTO "run" VALUES('20260103-020000-a1b2','/data/nightly.bulkflow','ab12',NULL,'{"region": "EMEA"}','0.1.0','loader',4711,1767405600.0,1767405700.0,1,'{}',NULL,'{}','{"prod": "prod"}','{}',0,0,'/data','/data/nightly.bulkflow',0,NULL);
INSERT INTO "run" VALUES('20260104-020000-c3d4','/data/nightly.bulkflow','ab12',NULL,'{}','0.1.0','loader',4712,1767492000.0,NULL,NULL,'{}',NULL,'{}','{"source": "prod", "target": "uat"}','{"target": "uat"}',0,0,'/data','/data/nightly.bulkflow',0,NULL);
CREATE TABLE source (
        run TEXT NOT NULL REFERENCES run (id),
        job TEXT NOT NULL,
        number INTEGER NOT NULL,
        name TEXT NOT NULL,
        path TEXT NOT NULL,
        size INTEGER NOT NULL,
        modified_ns INTEGER NOT NULL,
        spooled INTEGER NOT NULL,
        origin TEXT, digest TEXT NOT NULL DEFAULT '',
        PRIMARY KEY (run, job, number)
    ) STRICT, WITHOUT ROWID;
INSERT INTO "source" VALUES('20260103-020000-a1b2','accounts',0,'accounts.csv','/data/accounts.csv',90,1,0,NULL,'xxh3:99aa06d3014798d86001c324468d497f');
CREATE TABLE step (
        number INTEGER PRIMARY KEY,
        run TEXT NOT NULL REFERENCES run (id),
        place TEXT NOT NULL,
        text TEXT NOT NULL,
        state TEXT NOT NULL,
        detail TEXT NOT NULL,
        at REAL NOT NULL
    ) STRICT;
INSERT INTO "step" VALUES(1,'20260104-020000-c3d4','/0/0#0','upload','started','{}',1.0);
CREATE INDEX intent_of_part ON intent (run, job, part);
CREATE INDEX remote_state_of_part ON remote_state (run, job, part);
CREATE INDEX attempt_of_run ON attempt (run);
CREATE INDEX step_of_run ON step (run, place);
CREATE INDEX hand_over_of_rows ON hand_over (digest);
CREATE INDEX hand_over_of_source ON hand_over (source);
CREATE INDEX hand_over_of_head ON hand_over (head);
CREATE INDEX hand_over_of_part ON hand_over (run, job, part);
COMMIT;
PRAGMA user_version = 8;
