-- +goose Up
-- When a program asked, and when a person refused it: whoever asks again is told so.
ALTER TABLE approvals ADD COLUMN asked_at INTEGER NOT NULL DEFAULT 0;
ALTER TABLE approvals ADD COLUMN refused_at INTEGER NOT NULL DEFAULT 0;
