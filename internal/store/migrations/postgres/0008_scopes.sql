-- +goose Up
-- scopes are the words of what a key may do, with a space between; empty: everything. version counts changes of a source.
ALTER TABLE keys ADD COLUMN scopes TEXT NOT NULL DEFAULT '';
ALTER TABLE keys ADD COLUMN expires_at BIGINT NOT NULL DEFAULT 0;
ALTER TABLE sources ADD COLUMN version BIGINT NOT NULL DEFAULT 1;
