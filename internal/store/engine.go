package store

import (
	"context"
	"strings"
	"time"

	"tidings/internal/fault"
)

// row is one row of a result. Scan takes *int64, *int, *string, *[]byte, *bool and *event.ID; bytes are copies.
type row interface {
	Scan(dest ...any) error
}

// conn runs statements, within a transaction or without. Placeholders are $1, $2, …; arguments are int64, int, float64,
// string, []byte, bool and event.ID.
type conn interface {
	query(ctx context.Context, sql string, args []any, scan func(row) error) error
	exec(ctx context.Context, sql string, args ...any) (changed int64, err error)
}

// engine is one of the two databases.
type engine interface {
	name() string
	// stem is what the indexes of events hold of an id, as SQL: all of it, or its first half, by which events are
	// sorted but for the few of one second whose hashes begin alike. A query that walks such an index in the order of
	// ids compares and sorts by stem first.
	stem(id string) string
	// sums reports whether adding up rows here costs less than in the database: where they come without a network.
	sums() bool
	// walk tells how events are walked in the order of their commits.
	walk() logOrder
	// read runs fn on a connection that sees one snapshot, or at least committed rows, and can't write.
	read(ctx context.Context, fn func(conn) error) error
	// snapshot is read without a bound on time, for maintenance: whoever holds it holds back clean-up.
	snapshot(ctx context.Context, fn func(conn) error) error
	// write runs fn in one transaction, again where the engine asks for that.
	write(ctx context.Context, fn func(conn) error) error
	// ingest is write with the set-based statements of the event's path.
	ingest(ctx context.Context, fn func(batch) error) error
	// lockMessages keeps others from changing the messages of a range until the transaction of c ends.
	lockMessages(ctx context.Context, c conn, from, to int64) error
	// lockErasing waits for what is being ingested, and keeps others from it until the transaction of c ends: whoever
	// makes contacts does so by ingest.
	lockErasing(ctx context.Context, c conn) error
	// scrub overwrites what rows that are gone or changed have left in the files of the database. names tells of samples of
	// rows, which the planner keeps, that they must go.
	scrub(ctx context.Context, names func(sample []byte) bool) error
	ping(ctx context.Context) error
	// tend does the periodic work of the engine itself: partitions that are due are made, ones whose events are
	// older than keep (0: for ever) dropped.
	tend(ctx context.Context, now time.Time, keep time.Duration) error
	// settled returns once every transaction that writes and had begun before the call has ended, so that whatever they
	// did can be read.
	settled(ctx context.Context) error
	// notify and listen are as Store.Notify and Store.Listen say.
	notify(ctx context.Context) error
	listen(ctx context.Context, wake func()) error
	close() error
}

// one runs a query that has at most one row, and reports whether it had it.
func one(ctx context.Context, c conn, sql string, args []any, dest ...any) (bool, error) {
	found := false
	err := c.query(ctx, sql, args, func(r row) error {
		found = true
		return r.Scan(dest...)
	})
	return found, err
}

// ms and at turn times into integers and back: Unix milliseconds, 0 for the zero time.
func ms(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

func at(v int64) time.Time {
	if v == 0 {
		return time.Time{}
	}
	return time.UnixMilli(v).UTC()
}

// hours and days are the buckets of a time.
func hours(t time.Time) int64 { return t.Unix() / 3600 }
func days(t time.Time) int64  { return t.Unix() / 86400 }

// marks writes "$from, $from+1, …" for n values.
func marks(from, n int) string {
	var b strings.Builder
	for i := range n {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteByte('$')
		b.WriteString(itoa(from + i))
	}
	return b.String()
}

// unavailable marks an error of the database itself: nothing was stored, the same call may work later.
func unavailable(err error, message, hint string) error {
	return fault.Wrap(fault.Unavailable, "database", err, message).WithHint("%s", hint)
}
