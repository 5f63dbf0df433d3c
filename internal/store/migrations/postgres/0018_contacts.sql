-- +goose Up
-- A limit on active contacts, and contacts that were removed. This file has a twin for SQLite.

-- How many contacts of a project may be active; 0: any number.
ALTER TABLE projects ADD COLUMN contact_limit BIGINT NOT NULL DEFAULT 0;

-- contacts.status is 0 active, 1 pending until expires_at, 2 removed: nothing is left of it but what its events say and what
-- keeps it from being mailed. This finds those that are not active.
CREATE INDEX contacts_inactive ON contacts (project, status, ref) WHERE status <> 0;

-- The contact that a removed one was merged into; 0: none. Its events are found under that one.
ALTER TABLE contacts ADD COLUMN merged_into BIGINT NOT NULL DEFAULT 0;
CREATE INDEX contacts_merged ON contacts (merged_into) WHERE merged_into <> 0;
