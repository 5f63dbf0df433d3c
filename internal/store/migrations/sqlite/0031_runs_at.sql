-- +goose Up
-- Where the runs of a workflow are is counted from the index alone: runs that go on or failed are found by version and step.
DROP INDEX runs_step;
CREATE INDEX runs_at ON runs (workflow, version, step, status) WHERE status IN (1, 2, 5);

-- Whose the event is; 0: nobody's. A run whose contact has events that it was not told of yet waits for that.
ALTER TABLE workflow_events ADD COLUMN contact INTEGER NOT NULL DEFAULT 0;
CREATE INDEX workflow_events_contact ON workflow_events (contact);
