-- +goose Up
-- Forms through which people subscribe themselves. This file has a twin for PostgreSQL.

-- What a person approves beside the act and whom it is about, as JSON: the same must be asked again. Empty: nothing.
ALTER TABLE approvals ADD COLUMN asks TEXT NOT NULL DEFAULT '';

-- token is that of the form's link, which is public. topics, fields and origins are JSON.
CREATE TABLE forms (
    ref           INTEGER PRIMARY KEY AUTOINCREMENT,
    id            TEXT NOT NULL UNIQUE,
    project       INTEGER NOT NULL,
    token         TEXT NOT NULL UNIQUE,
    name          TEXT NOT NULL,
    double_opt_in INTEGER NOT NULL,
    topics        TEXT NOT NULL,
    fields        TEXT NOT NULL,
    origins       TEXT NOT NULL,
    redirect_url  TEXT NOT NULL DEFAULT '',
    confirmed_url TEXT NOT NULL DEFAULT '',
    created_at    INTEGER NOT NULL,
    updated_at    INTEGER NOT NULL
) STRICT;
CREATE INDEX forms_project ON forms (project, ref);

-- Who asked to be subscribed, and is once they confirm it. says is what they asked for, as JSON, until then.
CREATE TABLE optins (
    ref          INTEGER PRIMARY KEY AUTOINCREMENT,
    id           TEXT NOT NULL UNIQUE,
    contact      INTEGER NOT NULL,
    form         TEXT NOT NULL,
    says         TEXT NOT NULL,
    requested_at INTEGER NOT NULL,
    expires_at   INTEGER NOT NULL,
    confirmed_at INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX optins_contact ON optins (contact, ref);
CREATE INDEX optins_open ON optins (expires_at) WHERE confirmed_at = 0;
