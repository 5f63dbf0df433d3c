-- +goose Up
-- bounds is what a key may track and from where, as JSON: see store.KeyBounds; empty: no bounds.
ALTER TABLE keys ADD COLUMN bounds TEXT NOT NULL DEFAULT '';
