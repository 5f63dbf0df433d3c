-- +goose Up
-- What a team wants to happen when an event comes. definition is rule.Definition as JSON, which has the name, too. origin is
-- api, or files where a folder that was applied has it. This file has a twin for PostgreSQL.
CREATE TABLE rules (
    ref        INTEGER PRIMARY KEY AUTOINCREMENT,
    id         TEXT NOT NULL UNIQUE,
    project    INTEGER NOT NULL,
    name       TEXT NOT NULL,
    origin     TEXT NOT NULL,
    definition TEXT NOT NULL,
    version    INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX rules_name ON rules (project, name);

-- What a rule did for an event: place is the action's place in the rule, and it is done once for each event. outcome is done,
-- skipped or failed; send is the email that came of it. contact is 0 where nobody was found.
CREATE TABLE rule_acts (
    ref     INTEGER PRIMARY KEY AUTOINCREMENT,
    rule    INTEGER NOT NULL,
    event   BLOB NOT NULL,
    place   INTEGER NOT NULL,
    contact INTEGER NOT NULL,
    at      INTEGER NOT NULL,
    action  TEXT NOT NULL,
    outcome TEXT NOT NULL,
    send    TEXT NOT NULL,
    detail  TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX rule_acts_once ON rule_acts (rule, event, place);
CREATE INDEX rule_acts_rule ON rule_acts (rule, ref);
CREATE INDEX rule_acts_contact ON rule_acts (contact, rule, at);
CREATE INDEX rule_acts_at ON rule_acts (at);
