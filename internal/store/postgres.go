package store

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"tidings/event"
	"tidings/internal/fault"
)

// postgresEngine is a PostgreSQL database that any number of nodes may share.
type postgresEngine struct {
	pool *pgxpool.Pool
	log  *slog.Logger
}

const (
	// statementBudget ends a statement on a server that hangs; idleBudget a transaction whose node hangs.
	statementBudget = "30s"
	idleBudget      = "60s"
	// retries is how often a transaction is run again that lost against another.
	retries = 5
)

func openPostgres(ctx context.Context, o Options) (*postgresEngine, error) {
	cfg, err := pgxpool.ParseConfig(o.URL)
	if err != nil {
		return nil, fault.BadField("db", "can't read the PostgreSQL URL").
			WithHint("write it as postgres://user:password@host:5432/database")
	}
	params := cfg.ConnConfig.RuntimeParams
	params["application_name"] = "tidings"
	params["statement_timeout"] = statementBudget
	params["idle_in_transaction_session_timeout"] = idleBudget
	if cfg.MaxConns < 12 {
		cfg.MaxConns = 12
	}
	cfg.ConnConfig.ConnectTimeout = 5 * time.Second
	if err := migratePostgres(ctx, cfg.ConnConfig.Copy(), o.Logger); err != nil {
		return nil, postgresFault(err)
	}
	pool, err := pgxpool.NewWithConfig(ctx, cfg)
	if err != nil {
		return nil, postgresFault(fmt.Errorf("connect: %w", err))
	}
	e := &postgresEngine{pool: pool, log: o.Logger}
	if err := e.checkDurability(ctx); err != nil {
		pool.Close()
		return nil, err
	}
	if err := e.partitions(ctx, o.Now()); err != nil {
		pool.Close()
		return nil, err
	}
	return e, nil
}

// checkDurability refuses a server that would forget what it was told: a 200 must mean fsynced.
func (e *postgresEngine) checkDurability(ctx context.Context) error {
	return e.read(ctx, func(c conn) error {
		for _, setting := range [...]string{"fsync", "full_page_writes", "synchronous_commit"} {
			var value string
			if _, err := one(ctx, c, `SELECT current_setting($1)`, []any{setting}, &value); err != nil {
				return err
			}
			if value == "off" {
				return fault.New(fault.Conflict, "not_durable", "PostgreSQL runs with %s=off: it can lose what was acknowledged",
					setting).WithHint("set %s=on in postgresql.conf", setting)
			}
		}
		return nil
	})
}

func (e *postgresEngine) name() string { return "postgres" }

func (e *postgresEngine) stem(id string) string { return id }

func (e *postgresEngine) sums() bool { return false }

func (e *postgresEngine) read(ctx context.Context, fn func(conn) error) error {
	ctx, cancel := context.WithTimeout(ctx, readBudget)
	defer cancel()
	return e.snapshot(ctx, fn)
}

func (e *postgresEngine) snapshot(ctx context.Context, fn func(conn) error) error {
	return e.transact(ctx, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}, func(tx pgx.Tx) error {
		return fn(postgresConn{tx})
	})
}

func (e *postgresEngine) write(ctx context.Context, fn func(conn) error) error {
	return e.transact(ctx, pgx.TxOptions{}, func(tx pgx.Tx) error { return fn(postgresConn{tx}) })
}

func (e *postgresEngine) ingest(ctx context.Context, fn func(batch) error) error {
	return e.again(ctx, func() error {
		return e.pool.AcquireFunc(ctx, func(c *pgxpool.Conn) error { return ingestOn(ctx, c, fn) })
	})
}

// transact runs fn in a transaction, again where it lost against another one.
func (e *postgresEngine) transact(ctx context.Context, o pgx.TxOptions, fn func(pgx.Tx) error) error {
	return e.again(ctx, func() error { return pgx.BeginTxFunc(ctx, e.pool, o, fn) })
}

// again calls fn, and calls it again where its transaction lost against another one.
func (e *postgresEngine) again(ctx context.Context, fn func() error) error {
	for try := 0; ; try++ {
		err := fn()
		if err == nil || try == retries || !lost(err) {
			return postgresFault(err)
		}
		wait := time.Duration(rand.Int64N(int64(time.Millisecond) << (2 * try)))
		select {
		case <-ctx.Done():
			return postgresFault(ctx.Err())
		case <-time.After(wait):
		}
	}
}

// lost reports whether a transaction was ended in favour of another: a deadlock or a serialisation failure.
func lost(err error) bool {
	var pe *pgconn.PgError
	return errors.As(err, &pe) && (pe.Code == "40001" || pe.Code == "40P01")
}

func (e *postgresEngine) lockMessages(ctx context.Context, c conn, from, to int64) error {
	_, err := c.exec(ctx, `SELECT 1 FROM messages WHERE ref BETWEEN $1 AND $2
		ORDER BY message_id, contact, provider FOR UPDATE`, from, to)
	return err
}

func (e *postgresEngine) lockErasing(ctx context.Context, c conn) error {
	_, err := c.exec(ctx, `SELECT pg_advisory_xact_lock(`+erasingLock+`)`)
	return err
}

// ping proves that the server takes writes: a standby does not.
func (e *postgresEngine) ping(ctx context.Context) error {
	return e.write(ctx, func(c conn) error {
		_, err := c.exec(ctx, `INSERT INTO meta (name, value) VALUES ('ping', '1')
			ON CONFLICT (name) DO UPDATE SET value = excluded.value`)
		return err
	})
}

func (e *postgresEngine) close() error {
	e.pool.Close()
	return nil
}

type postgresConn struct{ tx querier }

// querier is a transaction, or a connection that has one open.
type querier interface {
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
	Exec(ctx context.Context, sql string, args ...any) (pgconn.CommandTag, error)
	SendBatch(ctx context.Context, b *pgx.Batch) pgx.BatchResults
}

func (c postgresConn) query(ctx context.Context, sql string, args []any, scan func(row) error) error {
	rows, err := c.tx.Query(ctx, sql, postgresArgs(args)...)
	if err != nil {
		return err
	}
	return eachRow(rows, scan)
}

// eachRow hands every row to scan, which may be nil, and closes rows.
func eachRow(rows pgx.Rows, scan func(row) error) error {
	defer rows.Close()
	for rows.Next() {
		if scan == nil {
			continue
		}
		if err := scan(postgresRow{rows}); err != nil {
			return err
		}
	}
	return rows.Err()
}

func (c postgresConn) exec(ctx context.Context, sql string, args ...any) (int64, error) {
	tag, err := c.tx.Exec(ctx, sql, postgresArgs(args)...)
	return tag.RowsAffected(), err
}

// postgresArgs turns ids into the arrays that pgx takes as UUIDs, and empty slices into empty values, not NULL.
func postgresArgs(args []any) []any {
	out := make([]any, len(args))
	for i, a := range args {
		switch v := a.(type) {
		case event.ID:
			out[i] = [16]byte(v)
		case bool:
			out[i] = int64(0)
			if v {
				out[i] = int64(1)
			}
		case []byte:
			out[i] = v
			if v == nil {
				out[i] = []byte{}
			}
		default:
			out[i] = a
		}
	}
	return out
}

type postgresRow struct{ rows pgx.Rows }

func (r postgresRow) Scan(dest ...any) error {
	out := make([]any, len(dest))
	flags := make(map[*bool]*int64) // truth is stored as 0 and 1
	for i, d := range dest {
		switch p := d.(type) {
		case *event.ID:
			out[i] = (*[16]byte)(p)
		case *bool:
			flags[p] = new(int64)
			out[i] = flags[p]
		default:
			out[i] = d
		}
	}
	if err := r.rows.Scan(out...); err != nil {
		return err
	}
	for p, n := range flags {
		*p = *n != 0
	}
	return nil
}

// postgresFaults says what a person can do about PostgreSQL's classes of errors (its manual, appendix A).
var postgresFaults = map[string]struct{ message, hint string }{
	"08":    {"the connection to PostgreSQL broke", "check that the server runs"},
	"53":    {"PostgreSQL ran out of a resource", "check its disk, memory and max_connections"},
	"57":    {"PostgreSQL is shutting down or starting", "wait; requests go on by themselves then"},
	"58":    {"PostgreSQL reports an error of its system", "check its log and disk"},
	"25006": {"PostgreSQL takes no writes: this is a standby", "connect to the primary"},
	"28":    {"PostgreSQL refused the login", "check user and password in --db"},
	"3D000": {"the PostgreSQL database does not exist", "create it: createdb NAME"},
	"40":    {"the transaction lost against others again and again", "try again"},
	"55P03": {"a PostgreSQL lock was not free in time", "try again"},
}

// postgresFault gives an error of PostgreSQL its kind. Other errors pass unchanged.
func postgresFault(err error) error {
	if err == nil || fault.KindOf(err) != fault.Internal {
		return err
	}
	var pe *pgconn.PgError
	if errors.As(err, &pe) {
		if pe.Code == "57014" {
			return fault.Wrap(fault.Timeout, "query_timeout", err, "the query took too long")
		}
		for _, key := range [...]string{pe.Code, pe.Code[:2]} {
			if f, ok := postgresFaults[key]; ok {
				return unavailable(err, f.message, f.hint)
			}
		}
		return err
	}
	var ne net.Error
	var ce *pgconn.ConnectError
	if errors.As(err, &ce) || errors.As(err, &ne) || pgconn.SafeToRetry(err) {
		return unavailable(err, "PostgreSQL can't be reached", "check that the server runs and the address in --db")
	}
	return err
}
