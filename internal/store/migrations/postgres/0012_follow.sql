-- +goose Up
-- Whoever follows the log walks it by transaction and sequence: see Follow.
CREATE INDEX events_log ON events (xid, seq);
