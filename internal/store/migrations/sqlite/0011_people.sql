-- +goose Up
-- People who sign in to the web UI. name_key is the name as it is compared; hash is argon2id's text, empty until the person
-- has set a password.
CREATE TABLE people (
    ref             INTEGER PRIMARY KEY,
    id              TEXT NOT NULL UNIQUE,
    project         INTEGER NOT NULL,
    name            TEXT NOT NULL,
    name_key        TEXT NOT NULL UNIQUE,
    hash            TEXT NOT NULL DEFAULT '',
    created_at      INTEGER NOT NULL,
    disabled_at     INTEGER NOT NULL DEFAULT 0,
    last_sign_in_at INTEGER NOT NULL DEFAULT 0
) STRICT;
-- Links that set a password, once. hash is the SHA-256 of the token; person 0: whoever comes first.
CREATE TABLE invitations (
    ref        INTEGER PRIMARY KEY,
    hash       BLOB NOT NULL UNIQUE,
    person     INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    used_at    INTEGER NOT NULL DEFAULT 0
) STRICT;
-- Browsers in which people are signed in. hash is the SHA-256 of the cookie's token; ip is a network.
CREATE TABLE sessions (
    ref          INTEGER PRIMARY KEY,
    id           TEXT NOT NULL UNIQUE,
    hash         BLOB NOT NULL UNIQUE,
    person       INTEGER NOT NULL,
    created_at   INTEGER NOT NULL,
    last_seen_at INTEGER NOT NULL,
    expires_at   INTEGER NOT NULL,
    user_agent   TEXT NOT NULL,
    ip           TEXT NOT NULL
) STRICT;
CREATE INDEX sessions_person ON sessions (person, ref);
