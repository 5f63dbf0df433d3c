-- +goose Up
-- Patterns of addresses that a person said must not be mailed. lifted_by and lift_note are of the last lift.
CREATE TABLE suppression_patterns (
    ref        INTEGER PRIMARY KEY AUTOINCREMENT,
    project    INTEGER NOT NULL,
    pattern    TEXT NOT NULL,
    note       TEXT NOT NULL,
    created_by TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    lifted_at  INTEGER NOT NULL DEFAULT 0,
    lifted_by  TEXT NOT NULL DEFAULT '',
    lift_note  TEXT NOT NULL DEFAULT '',
    UNIQUE (project, pattern)
) STRICT;
