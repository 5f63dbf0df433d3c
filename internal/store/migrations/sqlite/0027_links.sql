-- +goose Up
-- What people say by the links of emails. This file has a twin for PostgreSQL.

-- Until when a contact wants no mail that it does not need; 0: it said nothing, or took it back.
ALTER TABLE contacts ADD COLUMN snoozed_until INTEGER NOT NULL DEFAULT 0;

-- How the pages look that a project's contacts see. color is #rrggbb; empty texts: ours.
CREATE TABLE brands (
    project    INTEGER PRIMARY KEY,
    name       TEXT NOT NULL,
    color      TEXT NOT NULL,
    logo_url   TEXT NOT NULL,
    updated_at INTEGER NOT NULL
) STRICT;
