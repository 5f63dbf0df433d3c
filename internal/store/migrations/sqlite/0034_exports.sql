-- +goose Up
-- Exports that are due by themselves. definition is export.Definition as JSON; place is where its files go, and no two share one. What lies
-- before (at_xid, at_seq) in the log was written, or is not for the export. At due_at it is looked at next. failures are those in a row,
-- since failing_at, with the last one's problem. This file has a twin for PostgreSQL.
CREATE TABLE exports (
    ref         INTEGER PRIMARY KEY AUTOINCREMENT,
    project     INTEGER NOT NULL,
    name        TEXT NOT NULL,
    definition  TEXT NOT NULL,
    place       TEXT NOT NULL UNIQUE,
    rev         INTEGER NOT NULL DEFAULT 1,
    disabled_at INTEGER NOT NULL DEFAULT 0,
    at_xid      TEXT NOT NULL,
    at_seq      INTEGER NOT NULL,
    done_to     INTEGER NOT NULL,
    due_at      INTEGER NOT NULL,
    failures    INTEGER NOT NULL DEFAULT 0,
    failing_at  INTEGER NOT NULL DEFAULT 0,
    problem     TEXT NOT NULL DEFAULT '',
    created_at  INTEGER NOT NULL,
    created_by  TEXT NOT NULL,
    updated_at  INTEGER NOT NULL,
    UNIQUE (project, name)
) STRICT;
CREATE INDEX exports_due ON exports (due_at) WHERE disabled_at = 0;

-- A run writes the part of the log between two places into files that its label names. It is stored before the first file is begun, so
-- that it is written again under the same names where it did not end. state is 1 begun, 2 done. period_from and period_to are the time that
-- it is for; bytes are those of all files, manifest the name of the one that lists them.
CREATE TABLE export_runs (
    ref         INTEGER PRIMARY KEY AUTOINCREMENT,
    export      INTEGER NOT NULL,
    label       TEXT NOT NULL,
    by_hand     INTEGER NOT NULL,
    period_from INTEGER NOT NULL,
    period_to   INTEGER NOT NULL,
    from_xid    TEXT NOT NULL,
    from_seq    INTEGER NOT NULL,
    to_xid      TEXT NOT NULL,
    to_seq      INTEGER NOT NULL,
    state       INTEGER NOT NULL,
    tries       INTEGER NOT NULL DEFAULT 0,
    problem     TEXT NOT NULL DEFAULT '',
    events      INTEGER NOT NULL DEFAULT 0,
    lines       INTEGER NOT NULL DEFAULT 0,
    files       INTEGER NOT NULL DEFAULT 0,
    bytes       INTEGER NOT NULL DEFAULT 0,
    manifest    TEXT NOT NULL DEFAULT '',
    begun_at    INTEGER NOT NULL,
    done_at     INTEGER NOT NULL DEFAULT 0,
    UNIQUE (export, label)
) STRICT;
CREATE UNIQUE INDEX export_runs_begun ON export_runs (export) WHERE state = 1;
