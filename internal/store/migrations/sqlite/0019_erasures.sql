-- +goose Up
-- People who were erased. This file has a twin for PostgreSQL.

-- The key of the HMAC by which an erased address is known again. There is one, made when somebody is erased first.
CREATE TABLE erasure_keys (
    ref        INTEGER PRIMARY KEY,
    key        BLOB NOT NULL,
    created_at INTEGER NOT NULL
) STRICT;

-- status is ErasureStatus. stage and place are how far the work is; counts is JSON, problem why it failed or is tried again.
-- contact is 0 where nobody was known by the address.
CREATE TABLE erasures (
    ref          INTEGER PRIMARY KEY AUTOINCREMENT,
    project      INTEGER NOT NULL,
    contact      INTEGER NOT NULL,
    status       INTEGER NOT NULL DEFAULT 0,
    requested_at INTEGER NOT NULL,
    finished_at  INTEGER NOT NULL DEFAULT 0,
    by           TEXT NOT NULL,
    note         TEXT NOT NULL,
    suppressed   INTEGER NOT NULL,
    stage        INTEGER NOT NULL DEFAULT 0,
    place        TEXT NOT NULL DEFAULT '',
    counts       TEXT NOT NULL DEFAULT '{}',
    problem      TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE INDEX erasures_project ON erasures (project, ref);

-- What is looked for while an erasure runs. Its rows are gone when it is done. forms is a JSON array of spellings.
CREATE TABLE erasing (
    erasure   INTEGER NOT NULL,
    contact   INTEGER NOT NULL,
    address   TEXT NOT NULL,
    pseudonym TEXT NOT NULL,
    forms     TEXT NOT NULL DEFAULT '[]',
    PRIMARY KEY (erasure, contact)
) STRICT, WITHOUT ROWID;

-- Addresses that were erased. hash is the HMAC of an address; contact is what is left of it. Facts that happened before until
-- are of that contact; 0: all are. An address that was used anew and erased again has another row: n counts them.
CREATE TABLE erased (
    project   INTEGER NOT NULL,
    hash      BLOB NOT NULL,
    n         INTEGER NOT NULL,
    contact   INTEGER NOT NULL,
    erasure   INTEGER NOT NULL,
    erased_at INTEGER NOT NULL,
    until     INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (project, hash, n)
) STRICT, WITHOUT ROWID;
CREATE INDEX erased_contact ON erased (contact);
