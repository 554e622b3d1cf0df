-- A ledger as version 5 of its tables had it.
CREATE TABLE scope (id INTEGER PRIMARY KEY, job TEXT NOT NULL, output TEXT NOT NULL, UNIQUE (job, output));
CREATE TABLE fingerprint (id INTEGER PRIMARY KEY, value TEXT NOT NULL UNIQUE);
CREATE TABLE run (
    id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, scope INTEGER NOT NULL REFERENCES scope, run_date TEXT NOT NULL, started TEXT NOT NULL,
    work INTEGER NOT NULL REFERENCES fingerprint, extraction INTEGER NOT NULL REFERENCES fingerprint, header TEXT NOT NULL, ending TEXT);
CREATE INDEX run_of_scope ON run (scope, started);
CREATE INDEX run_open ON run (scope) WHERE ending IS NULL;
CREATE TABLE part (
    id INTEGER PRIMARY KEY, run INTEGER NOT NULL REFERENCES run, shard INTEGER NOT NULL, rows INTEGER NOT NULL, bytes INTEGER NOT NULL, sha256 BLOB NOT NULL,
    UNIQUE (run, shard));
CREATE TABLE document (
    scope INTEGER NOT NULL, path TEXT NOT NULL, version TEXT NOT NULL, sha256 BLOB, status INTEGER NOT NULL,
    work INTEGER NOT NULL, extraction INTEGER NOT NULL, retry INTEGER NOT NULL DEFAULT 0, part INTEGER NOT NULL REFERENCES part,
    PRIMARY KEY (scope, path)) WITHOUT ROWID;
CREATE INDEX document_of_part ON document (part);
CREATE TABLE failure (
    scope INTEGER NOT NULL, path TEXT NOT NULL, version TEXT NOT NULL, run INTEGER NOT NULL REFERENCES run,
    stage TEXT NOT NULL, reason TEXT NOT NULL, permanent INTEGER NOT NULL, at TEXT NOT NULL,
    PRIMARY KEY (scope, path)) WITHOUT ROWID;
CREATE INDEX failure_of_run ON failure (run);
CREATE TABLE container (
    scope INTEGER NOT NULL, path TEXT NOT NULL, version TEXT NOT NULL, sha256 BLOB NOT NULL, status INTEGER NOT NULL,
    work INTEGER NOT NULL, extraction INTEGER NOT NULL, retry INTEGER NOT NULL, run INTEGER NOT NULL REFERENCES run,
    PRIMARY KEY (scope, path)) WITHOUT ROWID;

CREATE INDEX failure_by_reason ON failure (stage, reason, path);
ALTER TABLE run ADD COLUMN handled INTEGER; ALTER TABLE run ADD COLUMN expected INTEGER;
CREATE TABLE suspect (
    scope INTEGER NOT NULL, path TEXT NOT NULL, version TEXT NOT NULL, in_company INTEGER NOT NULL, alone INTEGER NOT NULL, run TEXT NOT NULL,
    PRIMARY KEY (scope, path)) WITHOUT ROWID;
ALTER TABLE run ADD COLUMN paused TEXT;
PRAGMA user_version = 5;
INSERT INTO scope VALUES (1, 'letters', 'memory:/results/letters');
INSERT INTO fingerprint VALUES (1, 'work'), (2, 'extraction');
INSERT INTO run VALUES
    (1, '20261123T190000Z-0001', 1, '2026-11-23', '2026-11-23T19:00:00.0000000Z', 1, 2, '{}',
     '{"Ended":"2026-11-23T20:00:00+00:00","End":1,"Reason":"The night closed.","Counts":{"Listed":7,"Skipped":0,"Unchanged":0,"Completed":2,"Partial":0,"Failed":1,"Temporary":0,"Tokens":0,"Done":3},"Remaining":4,"HasFolder":true}', 3, 7, NULL),
    (2, '20261124T190000Z-0002', 1, '2026-11-24', '2026-11-24T19:00:00.0000000Z', 1, 2, '{}', NULL, NULL, NULL, NULL);
INSERT INTO part VALUES (1, 1, 0, 3, 300, x'0000000000000000000000000000000000000000000000000000000000000007'), (2, 2, 0, 1, 100, x'0000000000000000000000000000000000000000000000000000000000000008');
INSERT INTO document VALUES
    (1, 'a', 'v1', x'0000000000000000000000000000000000000000000000000000000000000001', 0, 1, 2, 0, 1),
    (1, 'b', 'v2', x'0000000000000000000000000000000000000000000000000000000000000002', 0, 1, 2, 0, 2),
    (1, 'c', 'v1', NULL, 2, 1, 2, 1, 1);
INSERT INTO failure VALUES
    (1, 'c', 'v1', 1, 'extract', 'Damaged.', 1, '2026-11-23T19:30:00.0000000Z'),
    (1, 'd', 'v1', 2, 'open', 'The share is away.', 0, '2026-11-24T19:30:00.0000000Z');
INSERT INTO container VALUES (1, 'mails.zip', 'v1', x'0000000000000000000000000000000000000000000000000000000000000009', 0, 1, 2, 0, 1);
