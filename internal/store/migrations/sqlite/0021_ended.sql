-- +goose Up
-- That a suppression ended by itself is told once: ended is 1 where it was, or where it was over when it was written.
-- This file has a twin for PostgreSQL.
ALTER TABLE suppressions ADD COLUMN ended INTEGER NOT NULL DEFAULT 0;
UPDATE suppressions SET ended = 1 WHERE until <> 0 AND until <= CAST(strftime('%s', 'now') AS INTEGER) * 1000;
CREATE INDEX suppressions_until ON suppressions (until) WHERE until <> 0 AND ended = 0 AND lifted_at = 0;
