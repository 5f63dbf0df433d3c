-- +goose Up
-- SQLite follows the log by its row ids: nothing to make. The versions of both engines go together.
SELECT 1;
