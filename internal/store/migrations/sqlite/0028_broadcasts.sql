-- +goose Up
-- One email to an audience. This file has a twin for PostgreSQL.

-- definition is store.BroadcastDefinition as JSON; name, segment and template are in it, too, and stand beside it to be
-- searched: segment and template are ids, empty for none. status is 1 draft, 2 scheduled, 3 sending, 4 sent, 5 canceled,
-- 6 paused. content is that of send_contents that everybody gets, 0 before it begins. The contacts of the audience are those
-- with a ref up to upto; those up to after are looked at, and taken_at is when all were. audience counts them, recipients those
-- who are to be mailed, left says why the others are not (JSON), handled counts the recipients whose sends were made, and skipped
-- why some of them got none. paced_at (microseconds) is until when the throttle is used up. outcome (JSON) is what became of
-- it, once no more is expected.
CREATE TABLE broadcasts (
    ref           INTEGER PRIMARY KEY AUTOINCREMENT,
    id            TEXT NOT NULL UNIQUE,
    project       INTEGER NOT NULL,
    status        INTEGER NOT NULL,
    name          TEXT NOT NULL,
    definition    TEXT NOT NULL,
    segment       TEXT NOT NULL DEFAULT '',
    template      TEXT NOT NULL DEFAULT '',
    version       INTEGER NOT NULL DEFAULT 1,
    created_by    TEXT NOT NULL DEFAULT '',
    content       INTEGER NOT NULL DEFAULT 0,
    after         INTEGER NOT NULL DEFAULT 0,
    upto          INTEGER NOT NULL DEFAULT 0,
    taken_at      INTEGER NOT NULL DEFAULT 0,
    audience      INTEGER NOT NULL DEFAULT 0,
    recipients    INTEGER NOT NULL DEFAULT 0,
    handled       INTEGER NOT NULL DEFAULT 0,
    left_out      TEXT NOT NULL DEFAULT '',
    skipped       TEXT NOT NULL DEFAULT '',
    paced_at      INTEGER NOT NULL DEFAULT 0,
    reason        TEXT NOT NULL DEFAULT '',
    outcome       TEXT NOT NULL DEFAULT '',
    scheduled_for INTEGER NOT NULL DEFAULT 0,
    started_at    INTEGER NOT NULL DEFAULT 0,
    finished_at   INTEGER NOT NULL DEFAULT 0,
    settled_at    INTEGER NOT NULL DEFAULT 0,
    check_at      INTEGER NOT NULL DEFAULT 0,
    created_at    INTEGER NOT NULL,
    updated_at    INTEGER NOT NULL
) STRICT;
CREATE INDEX broadcasts_project ON broadcasts (project, ref);
CREATE INDEX broadcasts_open ON broadcasts (status, ref) WHERE settled_at = 0;

-- The audience of a broadcast, each contact once. state is 0 it waits, 1 its send was made, and from 2 on why it is not mailed,
-- see broadcastReasons.
CREATE TABLE broadcast_recipients (
    broadcast INTEGER NOT NULL,
    contact   INTEGER NOT NULL,
    due_at    INTEGER NOT NULL,
    state     INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (broadcast, contact)
) STRICT, WITHOUT ROWID;
CREATE INDEX broadcast_recipients_due ON broadcast_recipients (broadcast, due_at, contact) WHERE state = 0;

-- When recipients of a time zone are due, of a broadcast that goes by the local hour.
CREATE TABLE broadcast_zones (
    broadcast INTEGER NOT NULL,
    zone      TEXT NOT NULL,
    due_at    INTEGER NOT NULL,
    PRIMARY KEY (broadcast, zone)
) STRICT, WITHOUT ROWID;

-- The broadcast that a send is of; 0: of none. A new status of sends is 8 held: its broadcast is paused.
ALTER TABLE sends ADD COLUMN broadcast INTEGER NOT NULL DEFAULT 0;
CREATE INDEX sends_broadcast ON sends (broadcast, status, ref) WHERE broadcast <> 0;
