-- +goose Up
-- How nodes do with the queues of sources: a row of each node that reads one. failed_at is 0 where all works.
CREATE TABLE queue_notes (
    source      BIGINT NOT NULL,
    node        TEXT NOT NULL,
    noted_at    BIGINT NOT NULL,
    received_at BIGINT NOT NULL,
    failed_at   BIGINT NOT NULL,
    code        TEXT NOT NULL,
    message     TEXT NOT NULL,
    PRIMARY KEY (source, node)
);
