-- +goose Up
-- What we send ourselves. content is send.Content as JSON, which the emails of one request share.
CREATE TABLE send_contents (
    ref        INTEGER PRIMARY KEY AUTOINCREMENT,
    project    INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    content    TEXT NOT NULL
) STRICT;

-- One email to one contact, from the moment that it was asked for. status is 1 queued, 2 handing, 3 sent, 4 failed, 5 skipped,
-- 6 uncertain, 7 canceled. intent is what asked for it, once for each: empty for none. data is this recipient's own, JSON.
-- turn is the run that hands it over. message is 0 where none was made.
CREATE TABLE sends (
    ref        INTEGER PRIMARY KEY AUTOINCREMENT,
    id         TEXT NOT NULL UNIQUE,
    project    INTEGER NOT NULL,
    contact    INTEGER NOT NULL,
    message    INTEGER NOT NULL DEFAULT 0,
    content    INTEGER NOT NULL,
    intent     TEXT NOT NULL DEFAULT '',
    origin     TEXT NOT NULL,
    status     INTEGER NOT NULL,
    due_at     INTEGER NOT NULL,
    attempts   INTEGER NOT NULL DEFAULT 0,
    turn       TEXT NOT NULL DEFAULT '',
    name       TEXT NOT NULL DEFAULT '',
    data       TEXT NOT NULL DEFAULT '',
    reason     TEXT NOT NULL DEFAULT '',
    problem    TEXT NOT NULL DEFAULT '',
    sender     TEXT NOT NULL DEFAULT '',
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX sends_intent ON sends (project, intent) WHERE intent <> '';
CREATE INDEX sends_due ON sends (due_at, ref) WHERE status = 1;
CREATE INDEX sends_open ON sends (status, ref) WHERE status IN (2, 6);
CREATE INDEX sends_project ON sends (project, ref);
CREATE INDEX sends_contact ON sends (contact, ref);
CREATE INDEX sends_content ON sends (content);
CREATE INDEX sends_message ON sends (message) WHERE message <> 0;
