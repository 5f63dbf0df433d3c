package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"tidings/event"
)

// Months that have a partition of events ahead of and behind the present one. Others go to the default partition.
const (
	monthsAhead  = 2
	monthsBehind = 1
)

// partitionLock is the advisory lock under which partitions are made and dropped.
const partitionLock = 0x7469_6469

// partitions makes the partitions around now that are missing. Several nodes may do it at once.
func (e *postgresEngine) partitions(ctx context.Context, now time.Time) error {
	first := time.Date(now.Year(), now.Month()-monthsBehind, 1, 0, 0, 0, 0, time.UTC)
	for i := range monthsBehind + 1 + monthsAhead {
		if err := e.partition(ctx, first.AddDate(0, i, 0)); err != nil {
			return postgresFault(fmt.Errorf("make a partition of events: %w", err))
		}
	}
	return nil
}

func partitionName(month time.Time) string { return "events_" + month.Format("2006_01") }

// partition makes the partition of a month. Events of it that came before are moved out of the default one.
func (e *postgresEngine) partition(ctx context.Context, month time.Time) error {
	name := partitionName(month)
	from, to := event.FirstID(month), event.FirstID(month.AddDate(0, 1, 0))
	err := pgx.BeginTxFunc(ctx, e.pool, pgx.TxOptions{}, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, `SELECT pg_advisory_xact_lock($1)`, int64(partitionLock)); err != nil {
			return err
		}
		var there bool
		if err := tx.QueryRow(ctx, `SELECT to_regclass($1) IS NOT NULL`, name).Scan(&there); err != nil || there {
			return err
		}
		for _, sql := range [...]string{
			`LOCK TABLE events IN ACCESS EXCLUSIVE MODE`,
			`CREATE TABLE ` + name + ` (LIKE events INCLUDING DEFAULTS INCLUDING CONSTRAINTS)`,
			`WITH moved AS (DELETE FROM events_default WHERE id >= '` + from.String() + `' AND id < '` + to.String() +
				`' RETURNING *) INSERT INTO ` + name + ` SELECT * FROM moved`,
			`ALTER TABLE events ATTACH PARTITION ` + name + ` FOR VALUES FROM ('` + from.String() + `') TO ('` +
				to.String() + `')`,
		} {
			if _, err := tx.Exec(ctx, sql); err != nil {
				return err
			}
		}
		return nil
	})
	var pe *pgconn.PgError
	if errors.As(err, &pe) && pe.Code == "42P07" { // another node made it
		return nil
	}
	return err
}

// tend makes the partitions that are due and drops those whose events are all older than keep.
func (e *postgresEngine) tend(ctx context.Context, now time.Time, keep time.Duration) error {
	if err := e.partitions(ctx, now); err != nil || keep == 0 {
		return err
	}
	var names []string
	err := e.read(ctx, func(c conn) error {
		return c.query(ctx, `SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
			WHERE i.inhparent = 'events'::regclass AND c.relname <> 'events_default'`, nil, func(r row) error {
			var name string
			err := r.Scan(&name)
			names = append(names, name)
			return err
		})
	})
	if err != nil {
		return err
	}
	for _, name := range names {
		month, err := time.Parse("events_2006_01", name)
		if err != nil || month.AddDate(0, 1, 0).After(now.Add(-keep)) {
			continue
		}
		if err := e.drop(ctx, name, month); err != nil {
			return postgresFault(fmt.Errorf("drop partition %s: %w", name, err))
		}
	}
	return nil
}

func (e *postgresEngine) drop(ctx context.Context, name string, month time.Time) error {
	return pgx.BeginTxFunc(ctx, e.pool, pgx.TxOptions{}, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, `SELECT pg_advisory_xact_lock($1)`, int64(partitionLock)); err != nil {
			return err
		}
		end := month.AddDate(0, 1, 0).UnixMilli()
		_, err := tx.Exec(ctx, `INSERT INTO meta (name, value) VALUES ('horizon', $1) ON CONFLICT (name) DO UPDATE
			SET value = greatest(meta.value::bigint, excluded.value::bigint)::text`, fmt.Sprint(end))
		if err != nil {
			return err
		}
		_, err = tx.Exec(ctx, `DELETE FROM event_values WHERE event < $1`, [16]byte(event.FirstID(month.AddDate(0, 1, 0))))
		if err != nil {
			return err
		}
		_, err = tx.Exec(ctx, `DROP TABLE IF EXISTS `+name)
		return err
	})
}
