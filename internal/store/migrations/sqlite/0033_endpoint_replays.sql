-- +goose Up
-- When somebody last wanted a dispatch to be sent again: it is tried again for as long as from its first try. 0: nobody did.
ALTER TABLE dispatches ADD COLUMN again_at INTEGER NOT NULL DEFAULT 0;

-- What is sent to an endpoint again: what was stored from since_at to until_at and is for it, or with only_dead what was given up. It
-- looks at the log from (at_xid, at_seq) to (end_xid, end_seq), or at dispatches after at_seq. per_second is in thousandths, state is
-- that of replays. This file has a twin for PostgreSQL.
CREATE TABLE endpoint_replays (
    ref        INTEGER PRIMARY KEY AUTOINCREMENT,
    endpoint   INTEGER NOT NULL,
    since_at   INTEGER NOT NULL,
    until_at   INTEGER NOT NULL,
    only_dead  INTEGER NOT NULL,
    per_second INTEGER NOT NULL,
    state      INTEGER NOT NULL DEFAULT 0,
    at_xid     TEXT NOT NULL,
    at_seq     INTEGER NOT NULL,
    end_xid    TEXT NOT NULL,
    end_seq    INTEGER NOT NULL,
    seen       INTEGER NOT NULL DEFAULT 0,
    queued     INTEGER NOT NULL DEFAULT 0,
    due_at     INTEGER NOT NULL DEFAULT 0,
    problem    TEXT NOT NULL DEFAULT '',
    created_at INTEGER NOT NULL,
    created_by TEXT NOT NULL,
    ended_at   INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX endpoint_replays_endpoint ON endpoint_replays (endpoint, ref);
CREATE UNIQUE INDEX endpoint_replays_open ON endpoint_replays (endpoint) WHERE ended_at = 0;
