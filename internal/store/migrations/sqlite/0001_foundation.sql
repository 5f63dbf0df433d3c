-- +goose Up
-- Integers inside, strings outside; times are Unix milliseconds UTC, 0 means never; 0 in a reference means none.
-- This file has a twin for PostgreSQL: column types, the identity columns and the partitions of events differ.

CREATE TABLE meta (
    name  TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL
) STRICT;

CREATE TABLE projects (
    ref        INTEGER PRIMARY KEY,
    id         TEXT NOT NULL UNIQUE,
    name       TEXT NOT NULL,
    created_at INTEGER NOT NULL
) STRICT;

CREATE TABLE keys (
    ref          INTEGER PRIMARY KEY,
    id           TEXT NOT NULL UNIQUE,
    project      INTEGER NOT NULL,
    name         TEXT NOT NULL,
    kind         TEXT NOT NULL,
    prefix       TEXT NOT NULL,
    hash         BLOB NOT NULL UNIQUE,
    created_at   INTEGER NOT NULL,
    revoked_at   INTEGER NOT NULL DEFAULT 0,
    last_used_at INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE TABLE sources (
    ref                 INTEGER PRIMARY KEY,
    id                  TEXT NOT NULL UNIQUE,
    project             INTEGER NOT NULL,
    name                TEXT NOT NULL,
    provider            TEXT NOT NULL,
    token_hash          BLOB NOT NULL UNIQUE,
    previous_token_hash BLOB NOT NULL,
    previous_until      INTEGER NOT NULL DEFAULT 0,
    path                TEXT NOT NULL DEFAULT '',
    settings            TEXT NOT NULL,
    created_at          INTEGER NOT NULL,
    disabled_at         INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX sources_previous ON sources (previous_token_hash);
CREATE UNIQUE INDEX sources_path ON sources (provider, path) WHERE path <> '';

-- Subscriptions that ask to be confirmed, and what became of it.
CREATE TABLE confirmations (
    ref          INTEGER PRIMARY KEY,
    source       INTEGER NOT NULL,
    key          TEXT NOT NULL,
    topic        TEXT NOT NULL,
    note         TEXT NOT NULL,
    url          TEXT NOT NULL,
    asked_at     INTEGER NOT NULL,
    confirmed_at INTEGER NOT NULL DEFAULT 0,
    problem      TEXT NOT NULL DEFAULT '',
    UNIQUE (source, key)
) STRICT;

-- Requests that a source's door did not accept, by cause and day. Their bodies are not kept.
CREATE TABLE refusals (
    source       INTEGER NOT NULL,
    code         TEXT NOT NULL,
    day          INTEGER NOT NULL,
    n            INTEGER NOT NULL,
    last_at      INTEGER NOT NULL,
    last_message TEXT NOT NULL,
    PRIMARY KEY (source, code, day)
) STRICT, WITHOUT ROWID;

-- What a source took in, by hour: word is receipt, repeat, event, known, conflict, expired, problem:<code>.
CREATE TABLE tallies (
    source INTEGER NOT NULL,
    hour   INTEGER NOT NULL,
    word   TEXT NOT NULL,
    n      INTEGER NOT NULL,
    PRIMARY KEY (source, hour, word)
) STRICT, WITHOUT ROWID;

-- Strings that events share, as integers: kind is 1 event name, 2 template, 3 workflow, 4 domain, 5 account, 6 provider.
CREATE TABLE terms (
    ref     INTEGER PRIMARY KEY,
    project INTEGER NOT NULL,
    kind    INTEGER NOT NULL,
    text    TEXT NOT NULL,
    UNIQUE (project, kind, text)
) STRICT;

CREATE TABLE receipts (
    ref         INTEGER PRIMARY KEY AUTOINCREMENT,
    source      INTEGER NOT NULL,
    key         BLOB NOT NULL,
    kind        TEXT NOT NULL,
    received_at INTEGER NOT NULL,
    n           INTEGER NOT NULL,
    sha256      BLOB NOT NULL,
    codec       INTEGER NOT NULL,
    size        INTEGER NOT NULL,
    body        BLOB NOT NULL,
    problems    TEXT NOT NULL DEFAULT '',
    UNIQUE (source, key)
) STRICT;
CREATE INDEX receipts_problems ON receipts (source, ref) WHERE problems <> '';

CREATE TABLE contacts (
    ref          INTEGER PRIMARY KEY AUTOINCREMENT,
    project      INTEGER NOT NULL,
    address      TEXT NOT NULL,
    attributes   TEXT NOT NULL DEFAULT '',
    unsubscribed INTEGER NOT NULL DEFAULT 0,
    consent_at   INTEGER NOT NULL DEFAULT 0,
    first_seen   INTEGER NOT NULL DEFAULT 0,
    last_seen    INTEGER NOT NULL DEFAULT 0,
    last_open    INTEGER NOT NULL DEFAULT 0,
    last_click   INTEGER NOT NULL DEFAULT 0,
    soft_bounces INTEGER NOT NULL DEFAULT 0,
    counts       BLOB NOT NULL,
    created_at   INTEGER NOT NULL,
    updated_at   INTEGER NOT NULL,
    UNIQUE (project, address)
) STRICT;

-- One email to one recipient. state is message.State, info what EncodeInfo makes.
CREATE TABLE messages (
    ref           INTEGER PRIMARY KEY AUTOINCREMENT,
    project       INTEGER NOT NULL,
    provider      INTEGER NOT NULL,
    message_id    TEXT NOT NULL,
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

-- seq is the order of commits, id the order of facts. flags: 1 first of its name for its message, 2 a soft bounce of
-- the address. class is stats.Class. recipient is the form as received where it differs from the contact's address.
CREATE TABLE events (
    seq         INTEGER PRIMARY KEY AUTOINCREMENT,
    id          BLOB NOT NULL UNIQUE,
    project     INTEGER NOT NULL,
    name        INTEGER NOT NULL,
    contact     INTEGER NOT NULL,
    message     INTEGER NOT NULL,
    template    INTEGER NOT NULL,
    source      INTEGER NOT NULL,
    class       INTEGER NOT NULL,
    flags       INTEGER NOT NULL,
    occurred_at INTEGER NOT NULL,
    received_at INTEGER NOT NULL,
    receipt     INTEGER NOT NULL,
    element     INTEGER NOT NULL,
    recipient   TEXT NOT NULL,
    detail      BLOB NOT NULL
) STRICT;
CREATE INDEX events_contact ON events (contact, id);
CREATE INDEX events_message ON events (message);
CREATE INDEX events_name ON events (name, id);
CREATE INDEX events_template ON events (template, id) WHERE template <> 0;
CREATE INDEX events_source ON events (source, id);

-- reset_seq is the newest event of the contact when a person last lifted the suppression: only newer ones count.
CREATE TABLE suppressions (
    ref       INTEGER PRIMARY KEY AUTOINCREMENT,
    project   INTEGER NOT NULL,
    contact   INTEGER NOT NULL,
    reason    TEXT NOT NULL,
    since     INTEGER NOT NULL,
    until     INTEGER NOT NULL DEFAULT 0,
    lifted_at INTEGER NOT NULL DEFAULT 0,
    reset_seq INTEGER NOT NULL DEFAULT 0,
    event     BLOB NOT NULL,
    note      TEXT NOT NULL DEFAULT '',
    UNIQUE (contact, reason)
) STRICT;
CREATE INDEX suppressions_project ON suppressions (project, ref);

-- stats.Key and stats.Count.
CREATE TABLE counters (
    kind        INTEGER NOT NULL,
    dim         INTEGER NOT NULL,
    name        INTEGER NOT NULL,
    class       INTEGER NOT NULL,
    bucket      INTEGER NOT NULL,
    n           INTEGER NOT NULL,
    uniques     INTEGER NOT NULL,
    any_uniques INTEGER NOT NULL,
    PRIMARY KEY (kind, dim, name, class, bucket)
) STRICT, WITHOUT ROWID;

-- What people and programs did through a door.
CREATE TABLE audit (
    ref       INTEGER PRIMARY KEY AUTOINCREMENT,
    at        INTEGER NOT NULL,
    project   INTEGER NOT NULL,
    by        TEXT NOT NULL,
    door      TEXT NOT NULL,
    operation TEXT NOT NULL,
    subject   TEXT NOT NULL,
    note      TEXT NOT NULL
) STRICT;

-- Durable background work.
CREATE TABLE jobs (
    ref          INTEGER PRIMARY KEY AUTOINCREMENT,
    kind         TEXT NOT NULL,
    unique_key   TEXT NOT NULL,
    priority     INTEGER NOT NULL,
    due_at       INTEGER NOT NULL,
    state        INTEGER NOT NULL DEFAULT 0,
    attempt      INTEGER NOT NULL DEFAULT 0,
    lease        TEXT NOT NULL DEFAULT '',
    leased_until INTEGER NOT NULL DEFAULT 0,
    payload      BLOB NOT NULL,
    problem      TEXT NOT NULL DEFAULT '',
    created_at   INTEGER NOT NULL
) STRICT;
-- state is 0 while a job waits, 1 when it is parked, 2 while it runs under a lease. A claim walks one range for each
-- kind and priority, so that jobs that are due later, or of a kind that has no room, cost it nothing.
CREATE INDEX jobs_waiting ON jobs (kind, priority, due_at, ref) WHERE state = 0;
CREATE INDEX jobs_parked ON jobs (kind, unique_key) WHERE state = 1;
CREATE INDEX jobs_running ON jobs (kind, leased_until) WHERE state = 2;
CREATE UNIQUE INDEX jobs_unique ON jobs (kind, unique_key) WHERE unique_key <> '' AND state = 0;
