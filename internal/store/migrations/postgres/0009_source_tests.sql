-- +goose Up
-- Self-tests of sources that are under way, for a minute. certificate is the one (DER) that proves the test's request;
-- empty: the source's own secrets do. verdict is source.Verdict as JSON, once the request arrived.
CREATE TABLE source_tests (
    token_hash  BYTEA NOT NULL PRIMARY KEY,
    source      BIGINT NOT NULL,
    certificate BYTEA NOT NULL,
    expires_at  BIGINT NOT NULL,
    arrived_at  BIGINT NOT NULL DEFAULT 0,
    verdict     TEXT NOT NULL DEFAULT ''
);
