-- +goose Up
-- Replays that run in the background. newest is the last receipt of a replay, place the last one that is done; result
-- is ReplaySums in JSON. state is ReplayState.
CREATE TABLE replays (
    ref           INTEGER PRIMARY KEY AUTOINCREMENT,
    project       INTEGER NOT NULL,
    source        TEXT NOT NULL,
    from_at       INTEGER NOT NULL,
    to_at         INTEGER NOT NULL,
    only_problems INTEGER NOT NULL,
    dry_run       INTEGER NOT NULL,
    by            TEXT NOT NULL,
    created_at    INTEGER NOT NULL,
    newest        INTEGER NOT NULL,
    state         INTEGER NOT NULL DEFAULT 0,
    started_at    INTEGER NOT NULL DEFAULT 0,
    ended_at      INTEGER NOT NULL DEFAULT 0,
    place         INTEGER NOT NULL DEFAULT 0,
    total         INTEGER NOT NULL DEFAULT 0,
    done          INTEGER NOT NULL DEFAULT 0,
    result        TEXT NOT NULL DEFAULT '{}',
    problem       TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE UNIQUE INDEX replays_running ON replays (project) WHERE ended_at = 0;
CREATE INDEX replays_project ON replays (project, ref);
