-- +goose Up
-- What a team wants to happen over days. This file has a twin for PostgreSQL.

-- version is the one that contacts enter now; changes counts every change, that of being enabled among them. origin is api, or
-- files where a folder that was applied has it. next_at is when its schedule is due, 0 where it has none. after is the contact up
-- to which the entries that are due now were made.
CREATE TABLE workflows (
    ref        INTEGER PRIMARY KEY AUTOINCREMENT,
    id         TEXT NOT NULL UNIQUE,
    project    INTEGER NOT NULL,
    key        TEXT NOT NULL,
    origin     TEXT NOT NULL,
    enabled    INTEGER NOT NULL,
    version    INTEGER NOT NULL,
    changes    INTEGER NOT NULL,
    next_at    INTEGER NOT NULL DEFAULT 0,
    after      INTEGER NOT NULL DEFAULT 0,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX workflows_key ON workflows (project, key);
CREATE INDEX workflows_next ON workflows (next_at) WHERE next_at > 0;

-- definition is workflow.Definition as JSON. open counts the runs that go on.
CREATE TABLE workflow_versions (
    workflow   INTEGER NOT NULL,
    version    INTEGER NOT NULL,
    definition TEXT NOT NULL,
    open       INTEGER NOT NULL DEFAULT 0,
    created_at INTEGER NOT NULL,
    created_by TEXT NOT NULL,
    PRIMARY KEY (workflow, version)
) STRICT, WITHOUT ROWID;

-- One contact's way. status is 1 running, 2 waiting, 3 completed, 4 exited, 5 failed, 6 canceled. begun_by is what it was begun by,
-- once for each: an event's id, or what a schedule or a person named. rev counts its changes. due_at is 0 where it waits for no time.
-- place is that of what began it in the log: what the contact did before it is not waited for. vars is workflow.Vars as JSON. shard is one of the parts that
-- nodes share the work by.
CREATE TABLE runs (
    ref        INTEGER PRIMARY KEY AUTOINCREMENT,
    workflow   INTEGER NOT NULL,
    version    INTEGER NOT NULL,
    contact    INTEGER NOT NULL,
    shard      INTEGER NOT NULL,
    begun_by   TEXT NOT NULL,
    rev        INTEGER NOT NULL DEFAULT 1,
    status     INTEGER NOT NULL,
    step       TEXT NOT NULL,
    visit      INTEGER NOT NULL,
    phase      INTEGER NOT NULL,
    tries      INTEGER NOT NULL,
    due_at     INTEGER NOT NULL,
    place      INTEGER NOT NULL,
    started_at INTEGER NOT NULL,
    entered_at INTEGER NOT NULL,
    ended_at   INTEGER NOT NULL,
    unmailed   INTEGER NOT NULL,
    reason     TEXT NOT NULL,
    vars       TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX runs_begun ON runs (workflow, contact, begun_by);
CREATE INDEX runs_due ON runs (shard, due_at, ref) WHERE due_at > 0;
CREATE INDEX runs_contact ON runs (contact, status, ref);
CREATE INDEX runs_workflow ON runs (workflow, status, ref);
CREATE INDEX runs_step ON runs (workflow, version, step, ref) WHERE status <= 2;
CREATE INDEX runs_ended ON runs (ended_at) WHERE ended_at > 0;

-- The steps that a run entered, in their order. left_at is 0 of the one where it is.
CREATE TABLE run_steps (
    run        INTEGER NOT NULL,
    visit      INTEGER NOT NULL,
    step       TEXT NOT NULL,
    entered_at INTEGER NOT NULL,
    left_at    INTEGER NOT NULL,
    outcome    TEXT NOT NULL,
    detail     TEXT NOT NULL,
    variant    TEXT NOT NULL,
    send       TEXT NOT NULL,
    PRIMARY KEY (run, visit)
) STRICT, WITHOUT ROWID;

-- How often runs of a version did what: word is entered, or left and the outcome, of a step; of the whole, where step is empty,
-- started, completed, exited, failed or canceled.
CREATE TABLE run_counts (
    workflow INTEGER NOT NULL,
    version  INTEGER NOT NULL,
    step     TEXT NOT NULL,
    word     TEXT NOT NULL,
    n        INTEGER NOT NULL,
    PRIMARY KEY (workflow, version, step, word)
) STRICT, WITHOUT ROWID;

-- Events that a workflow may want, in the order in which they were stored. run is the one run that is to be told, 0 for all.
CREATE TABLE workflow_events (
    ref     INTEGER PRIMARY KEY AUTOINCREMENT,
    shard   INTEGER NOT NULL,
    project INTEGER NOT NULL,
    event   BLOB NOT NULL,
    run     INTEGER NOT NULL
) STRICT;
CREATE INDEX workflow_events_shard ON workflow_events (shard, ref);

-- What holds for the workflows of a project: workflow.Settings as JSON.
CREATE TABLE workflow_settings (
    project  INTEGER PRIMARY KEY,
    settings TEXT NOT NULL
) STRICT;
