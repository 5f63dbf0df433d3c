-- +goose Up
-- Where the runs of a workflow are is counted from the index alone: runs that go on or failed are found by version and step.
DROP INDEX runs_step;
CREATE INDEX runs_at ON runs (workflow, version, step, status) WHERE status IN (1, 2, 5);
