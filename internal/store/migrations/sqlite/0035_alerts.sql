-- +goose Up
-- What alerts are raised for. definition is alert.Rule as JSON, which has the name, too. One with the id of a rule that every
-- project has stands in its place. This file has a twin for PostgreSQL.
CREATE TABLE alert_rules (
    ref        INTEGER PRIMARY KEY AUTOINCREMENT,
    id         TEXT NOT NULL,
    project    INTEGER NOT NULL,
    name       TEXT NOT NULL,
    definition TEXT NOT NULL,
    version    INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    created_by TEXT NOT NULL,
    updated_at INTEGER NOT NULL,
    UNIQUE (project, id),
    UNIQUE (project, name)
) STRICT;

-- When a rule was looked at last.
CREATE TABLE alert_looks (
    project INTEGER NOT NULL,
    rule    TEXT NOT NULL,
    at      INTEGER NOT NULL,
    PRIMARY KEY (project, rule)
) STRICT, WITHOUT ROWID;

-- One alert from when it was raised to its end. level is 1 warn, 2 severe. clear is for how many milliseconds looks have found it
-- clear, -1 where the last one did not. raised and figures are alert.Figures as JSON, as of then and as of the last look.
CREATE TABLE alerts (
    ref          INTEGER PRIMARY KEY AUTOINCREMENT,
    project      INTEGER NOT NULL,
    rule         TEXT NOT NULL,
    rule_name    TEXT NOT NULL,
    kind         TEXT NOT NULL,
    cut_by       TEXT NOT NULL,
    span         INTEGER NOT NULL,
    subject      TEXT NOT NULL,
    subject_name TEXT NOT NULL,
    level        INTEGER NOT NULL,
    raised_at    INTEGER NOT NULL,
    severe_at    INTEGER NOT NULL,
    resolved_at  INTEGER NOT NULL DEFAULT 0,
    reason       TEXT NOT NULL DEFAULT '',
    seen_at      INTEGER NOT NULL,
    clear        INTEGER NOT NULL,
    raised       TEXT NOT NULL,
    figures      TEXT NOT NULL,
    noted_at     INTEGER NOT NULL DEFAULT 0,
    noted_by     TEXT NOT NULL DEFAULT '',
    note         TEXT NOT NULL DEFAULT '',
    muted_until  INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE UNIQUE INDEX alerts_open ON alerts (project, rule, subject) WHERE resolved_at = 0;
CREATE INDEX alerts_subject ON alerts (project, rule, subject, ref);
CREATE INDEX alerts_project ON alerts (project, ref);
CREATE INDEX alerts_resolved ON alerts (resolved_at) WHERE resolved_at <> 0;

-- Whom alerts are told. definition is store.ChannelDefinition as JSON; what is secret of it is sealed.
CREATE TABLE alert_channels (
    ref         INTEGER PRIMARY KEY AUTOINCREMENT,
    project     INTEGER NOT NULL,
    name        TEXT NOT NULL,
    kind        TEXT NOT NULL,
    definition  TEXT NOT NULL,
    sealed      BLOB NOT NULL,
    disabled_at INTEGER NOT NULL DEFAULT 0,
    told_at     INTEGER NOT NULL DEFAULT 0,
    failed_at   INTEGER NOT NULL DEFAULT 0,
    problem     TEXT NOT NULL DEFAULT '',
    created_at  INTEGER NOT NULL,
    created_by  TEXT NOT NULL,
    updated_at  INTEGER NOT NULL,
    UNIQUE (project, name)
) STRICT;

-- What a channel is told at once; channel 0 stands for endpoints. items is a list of alert.Item as JSON. state is 0 waiting, 1 told,
-- 2 failed, 3 not to be told.
CREATE TABLE alert_notices (
    ref       INTEGER PRIMARY KEY AUTOINCREMENT,
    project   INTEGER NOT NULL,
    channel   INTEGER NOT NULL,
    recipient TEXT NOT NULL,
    items     TEXT NOT NULL,
    state     INTEGER NOT NULL,
    tries     INTEGER NOT NULL DEFAULT 0,
    at        INTEGER NOT NULL,
    told_at   INTEGER NOT NULL DEFAULT 0,
    problem   TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE INDEX alert_notices_channel ON alert_notices (channel, ref);
CREATE INDEX alert_notices_at ON alert_notices (at);

-- Which alerts a notice tells of, and what of each.
CREATE TABLE alert_tellings (
    alert  INTEGER NOT NULL,
    notice INTEGER NOT NULL,
    change TEXT NOT NULL,
    PRIMARY KEY (alert, notice)
) STRICT, WITHOUT ROWID;
CREATE INDEX alert_tellings_notice ON alert_tellings (notice);

CREATE INDEX suppressions_since ON suppressions (project, since, reason);
CREATE INDEX alerts_muted ON alerts (project, muted_until) WHERE muted_until <> 0;
