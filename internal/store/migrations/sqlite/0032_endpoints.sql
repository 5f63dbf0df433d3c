-- +goose Up
-- Where customers want events. definition is dispatch.Definition as JSON, without headers, which may be secret: those are sealed with the
-- keys that requests are signed with. health is dispatch.Health as JSON. What lies before (at_xid, at_seq) in the log was begun, or is not
-- for the endpoint. holder is the node that serves it, until held_until. This file has a twin for PostgreSQL.
CREATE TABLE endpoints (
    ref         INTEGER PRIMARY KEY AUTOINCREMENT,
    project     INTEGER NOT NULL,
    name        TEXT NOT NULL,
    definition  TEXT NOT NULL,
    sealed      BLOB NOT NULL,
    rev         INTEGER NOT NULL DEFAULT 1,
    disabled_at INTEGER NOT NULL DEFAULT 0,
    disabled    TEXT NOT NULL DEFAULT '',
    health      TEXT NOT NULL,
    at_xid      TEXT NOT NULL,
    at_seq      INTEGER NOT NULL,
    holder      TEXT NOT NULL DEFAULT '',
    held_until  INTEGER NOT NULL DEFAULT 0,
    created_at  INTEGER NOT NULL,
    created_by  TEXT NOT NULL,
    updated_at  INTEGER NOT NULL,
    UNIQUE (project, name)
) STRICT;

-- An event, or a batch, on its way to an endpoint. event is the first of a batch. state is 1 sending, 2 waiting, 3 behind another one, 4
-- delivered, 5 dead, 6 dropped. The columns from tried_at on are those of the last try; body is kept while it is to be tried again.
CREATE TABLE dispatches (
    ref      INTEGER PRIMARY KEY AUTOINCREMENT,
    endpoint INTEGER NOT NULL,
    event    BLOB NOT NULL,
    events   INTEGER NOT NULL,
    batch    INTEGER NOT NULL,
    key      TEXT NOT NULL,
    state    INTEGER NOT NULL,
    first_at INTEGER NOT NULL,
    due_at   INTEGER NOT NULL,
    tries    INTEGER NOT NULL,
    tried_at INTEGER NOT NULL,
    took     INTEGER NOT NULL,
    status   INTEGER NOT NULL,
    problem  TEXT NOT NULL,
    answer   BLOB NOT NULL,
    kind     TEXT NOT NULL,
    body     BLOB NOT NULL
) STRICT;
CREATE UNIQUE INDEX dispatches_event ON dispatches (event, endpoint) WHERE batch = 0;
CREATE INDEX dispatches_endpoint ON dispatches (endpoint, state, ref);
CREATE INDEX dispatches_due ON dispatches (endpoint, due_at, ref) WHERE state = 2;
CREATE INDEX dispatches_key ON dispatches (endpoint, key, ref) WHERE key <> '' AND state <= 3;

-- The events of a batch.
CREATE TABLE dispatch_events (
    event    BLOB NOT NULL,
    endpoint INTEGER NOT NULL,
    dispatch INTEGER NOT NULL,
    PRIMARY KEY (event, endpoint)
) STRICT, WITHOUT ROWID;
CREATE INDEX dispatch_events_of ON dispatch_events (dispatch);

-- Tries before the last one.
CREATE TABLE attempts (
    ref      INTEGER PRIMARY KEY AUTOINCREMENT,
    dispatch INTEGER NOT NULL,
    try      INTEGER NOT NULL,
    tried_at INTEGER NOT NULL,
    took     INTEGER NOT NULL,
    status   INTEGER NOT NULL,
    problem  TEXT NOT NULL,
    answer   BLOB NOT NULL
) STRICT;
CREATE UNIQUE INDEX attempts_dispatch ON attempts (dispatch, try);

-- What became of requests, by endpoint and hour. took and slowest are milliseconds.
CREATE TABLE endpoint_hours (
    endpoint  INTEGER NOT NULL,
    hour      INTEGER NOT NULL,
    delivered INTEGER NOT NULL,
    failed    INTEGER NOT NULL,
    dead      INTEGER NOT NULL,
    took      INTEGER NOT NULL,
    slowest   INTEGER NOT NULL,
    PRIMARY KEY (endpoint, hour)
) STRICT, WITHOUT ROWID;
