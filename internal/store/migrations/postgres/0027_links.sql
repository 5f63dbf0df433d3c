-- +goose Up
-- What people say by the links of emails. This file has a twin for SQLite.

-- Until when a contact wants no mail that it does not need; 0: it said nothing, or took it back.
ALTER TABLE contacts ADD COLUMN snoozed_until BIGINT NOT NULL DEFAULT 0;

-- How the pages look that a project's contacts see. color is #rrggbb; empty texts: ours.
CREATE TABLE brands (
    project    BIGINT PRIMARY KEY,
    name       TEXT COLLATE "C" NOT NULL,
    color      TEXT COLLATE "C" NOT NULL,
    logo_url   TEXT COLLATE "C" NOT NULL,
    updated_at BIGINT NOT NULL
);
