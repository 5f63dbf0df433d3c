-- +goose Up
-- Acts that a program asked for and a person must approve. A code is good once, and for a short time.
CREATE TABLE approvals (
    code        TEXT NOT NULL PRIMARY KEY,
    project     BIGINT NOT NULL,
    by          TEXT NOT NULL,
    operation   TEXT NOT NULL,
    subject     TEXT NOT NULL,
    expires_at  BIGINT NOT NULL,
    approved_at BIGINT NOT NULL DEFAULT 0,
    approved_by TEXT NOT NULL DEFAULT '',
    note        TEXT NOT NULL DEFAULT ''
);
