-- +goose Up
-- Senders: the ways out for mail. settings is JSON and holds secrets; rate is in thousandths of an email a second, 0: none.
-- At most one of a project has is_default 1. This file has a twin for PostgreSQL.
CREATE TABLE senders (
    ref         INTEGER PRIMARY KEY AUTOINCREMENT,
    id          TEXT NOT NULL UNIQUE,
    project     INTEGER NOT NULL,
    name        TEXT NOT NULL,
    kind        TEXT NOT NULL,
    settings    TEXT NOT NULL,
    from_email  TEXT NOT NULL DEFAULT '',
    from_name   TEXT NOT NULL DEFAULT '',
    reply_to    TEXT NOT NULL DEFAULT '',
    rate        INTEGER NOT NULL DEFAULT 0,
    is_default  INTEGER NOT NULL DEFAULT 0,
    version     INTEGER NOT NULL DEFAULT 1,
    created_at  INTEGER NOT NULL,
    updated_at  INTEGER NOT NULL,
    disabled_at INTEGER NOT NULL DEFAULT 0,
    UNIQUE (project, name)
) STRICT;
