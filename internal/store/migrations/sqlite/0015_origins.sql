-- +goose Up
-- The events that a receipt was the first to tell. Receipts are numbered as they come, so the index grows at its end.
CREATE INDEX events_receipt ON events (receipt) WHERE receipt <> 0;

-- Who put a suppression there (a key's or person's id, or "cli"; empty where event is not: the provider did), and who
-- lifted it and why. note stays what was said when it was put there. They are of the last time.
ALTER TABLE suppressions ADD COLUMN added_by TEXT NOT NULL DEFAULT '';
ALTER TABLE suppressions ADD COLUMN lifted_by TEXT NOT NULL DEFAULT '';
ALTER TABLE suppressions ADD COLUMN lift_note TEXT NOT NULL DEFAULT '';
