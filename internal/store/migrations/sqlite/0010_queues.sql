-- +goose Up
-- How nodes do with the queues of sources: a row of each node that reads one. failed_at is 0 where all works.
CREATE TABLE queue_notes (
    source      INTEGER NOT NULL,
    node        TEXT NOT NULL,
    noted_at    INTEGER NOT NULL,
    received_at INTEGER NOT NULL,
    failed_at   INTEGER NOT NULL,
    code        TEXT NOT NULL,
    message     TEXT NOT NULL,
    PRIMARY KEY (source, node)
) STRICT, WITHOUT ROWID;
