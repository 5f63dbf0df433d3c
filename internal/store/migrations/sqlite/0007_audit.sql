-- +goose Up
-- What an act changed: a JSON array of fields with what they were and are, without secrets; empty: the note says it.
ALTER TABLE audit ADD COLUMN changes TEXT NOT NULL DEFAULT '';
CREATE INDEX audit_project ON audit (project, ref);
CREATE INDEX audit_subject ON audit (project, subject, ref);
