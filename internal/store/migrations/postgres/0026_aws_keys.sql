-- +goose Up
-- aws_version is how often a key was given a pair for AWS's signatures; 0: never. The pair's secret is derived from it, the key's
-- id and the secret aws_secret in meta, so that none is stored: see auth.AWSSecret.
ALTER TABLE keys ADD COLUMN aws_version BIGINT NOT NULL DEFAULT 0;
