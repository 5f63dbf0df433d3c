-- +goose Up
-- Self-tests of sources that are under way, for a minute. certificate is the one (DER) that proves the test's request;
-- empty: the source's own secrets do. verdict is source.Verdict as JSON, once the request arrived.
CREATE TABLE source_tests (
    token_hash  BLOB NOT NULL PRIMARY KEY,
    source      INTEGER NOT NULL,
    certificate BLOB NOT NULL,
    expires_at  INTEGER NOT NULL,
    arrived_at  INTEGER NOT NULL DEFAULT 0,
    verdict     TEXT NOT NULL DEFAULT ''
) STRICT, WITHOUT ROWID;
