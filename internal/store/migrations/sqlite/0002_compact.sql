-- +goose Up
-- What fills the disk takes less of it: bodies of receipts are compressed together, and ids of messages are bytes.

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

-- message_id is message.Key of the provider's id: 60 characters of Amazon SES become a zero byte and 27 bytes.
CREATE TABLE messages_new (
    ref           INTEGER PRIMARY KEY AUTOINCREMENT,
    project       INTEGER NOT NULL,
    provider      INTEGER NOT NULL,
    message_id    BLOB NOT NULL,
    contact       INTEGER NOT NULL,
    template      INTEGER NOT NULL DEFAULT 0,
    workflow      INTEGER NOT NULL DEFAULT 0,
    sender_domain INTEGER NOT NULL DEFAULT 0,
    account       INTEGER NOT NULL DEFAULT 0,
    rank          INTEGER NOT NULL DEFAULT 0,
    last_at       INTEGER NOT NULL,
    state         BLOB NOT NULL,
    info          BLOB NOT NULL,
    UNIQUE (message_id, contact, provider)
) STRICT;
INSERT INTO messages_new (ref, project, provider, message_id, contact, template, workflow, sender_domain, account, rank,
        last_at, state, info)
    SELECT ref, project, provider,
        CASE WHEN length(message_id) = 60 AND message_id = lower(message_id)
            AND message_id LIKE '________________-________-____-____-____-____________-______'
            AND length(unhex(replace(message_id, '-', ''))) = 27
        THEN unhex('00' || replace(message_id, '-', '')) ELSE CAST(message_id AS BLOB) END,
        contact, template, workflow, sender_domain, account, rank, last_at, state, info
    FROM messages ORDER BY ref;
DELETE FROM sqlite_sequence WHERE name = 'messages_new';
INSERT INTO sqlite_sequence (name, seq) SELECT 'messages_new', seq FROM sqlite_sequence WHERE name = 'messages';
DROP TABLE messages;
ALTER TABLE messages_new RENAME TO messages;

-- Indexes of events hold the first half of an id: its second, and twelve bits of its hash.
DROP INDEX events_contact;
DROP INDEX events_name;
DROP INDEX events_template;
DROP INDEX events_source;
CREATE INDEX events_contact ON events (contact, substr(id, 1, 8));
CREATE INDEX events_name ON events (name, substr(id, 1, 8));
CREATE INDEX events_template ON events (template, substr(id, 1, 8)) WHERE template <> 0;
CREATE INDEX events_source ON events (source, substr(id, 1, 8));
