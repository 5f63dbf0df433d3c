-- +goose Up
-- Counters stand in the order of time: what is counted today stands together, and so does what is asked of the last
-- weeks. Kinds 5 to 11 begin with this version, and bounces and complaints get classes: what was stored before is counted
-- anew by the first server that starts, see Recount.
CREATE TABLE counters_new (
    kind        INTEGER NOT NULL,
    bucket      INTEGER NOT NULL,
    dim         INTEGER NOT NULL,
    name        INTEGER NOT NULL,
    class       INTEGER NOT NULL,
    n           INTEGER NOT NULL,
    uniques     INTEGER NOT NULL,
    any_uniques INTEGER NOT NULL,
    PRIMARY KEY (kind, bucket, dim, name, class)
) STRICT, WITHOUT ROWID;
INSERT INTO counters_new (kind, bucket, dim, name, class, n, uniques, any_uniques)
    SELECT kind, bucket, dim, name, class, n, uniques, any_uniques FROM counters;
DROP TABLE counters;
ALTER TABLE counters_new RENAME TO counters;
CREATE INDEX counters_dim ON counters (dim, bucket);
INSERT INTO meta (name, value) SELECT 'recount', 'due' WHERE EXISTS (SELECT 1 FROM events);
