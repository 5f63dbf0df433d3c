-- +goose Up
-- Bodies of receipts are compressed together, as many as came in one transaction. newest is when the last of a block's
-- receipts came. A body is the size bytes of its block that begin at begins. kind is a term, of kind 7.
CREATE TABLE blocks (
    ref    INTEGER PRIMARY KEY AUTOINCREMENT,
    newest INTEGER NOT NULL,
    codec  INTEGER NOT NULL,
    size   INTEGER NOT NULL,
    bytes  BLOB NOT NULL
) STRICT;

INSERT INTO blocks (ref, newest, codec, size, bytes) SELECT ref, received_at, codec, size, body FROM receipts;
INSERT INTO terms (project, kind, text) SELECT DISTINCT 0, 7, kind FROM receipts WHERE kind <> '';

CREATE TABLE receipts_new (
    ref         INTEGER PRIMARY KEY AUTOINCREMENT,
    source      INTEGER NOT NULL,
    key         BLOB NOT NULL,
    kind        INTEGER NOT NULL,
    received_at INTEGER NOT NULL,
    n           INTEGER NOT NULL,
    sha256      BLOB NOT NULL,
    block       INTEGER NOT NULL,
    begins      INTEGER NOT NULL,
    size        INTEGER NOT NULL,
    problems    TEXT NOT NULL DEFAULT '',
    UNIQUE (source, key)
) STRICT;
INSERT INTO receipts_new (ref, source, key, kind, received_at, n, sha256, block, begins, size, problems)
    SELECT r.ref, r.source, r.key, coalesce(t.ref, 0), r.received_at, r.n, r.sha256, r.ref, 0, r.size, r.problems
    FROM receipts r LEFT JOIN terms t ON t.project = 0 AND t.kind = 7 AND t.text = r.kind ORDER BY r.ref;
-- Events point at receipts, so the number of one that is gone is never given again.
DELETE FROM sqlite_sequence WHERE name = 'receipts_new';
INSERT INTO sqlite_sequence (name, seq) SELECT 'receipts_new', seq FROM sqlite_sequence WHERE name = 'receipts';
DROP TABLE receipts;
ALTER TABLE receipts_new RENAME TO receipts;
CREATE INDEX receipts_problems ON receipts (source, ref) WHERE problems <> '';
