package store

import (
	"context"
	"fmt"
	"slices"
	"strconv"

	"tidings/event"
)

// Position is a place in the log, which is the events in the order in which they were committed. The zero position is
// before the first event. On PostgreSQL a transaction with a lower sequence number can be committed after one with a
// higher one, so there it is the pair of both; Transaction is 0 on SQLite, which has one writer.
type Position struct {
	Transaction uint64
	Seq         int64
}

// Logged is an event with its place in the log.
type Logged struct {
	Event event.Event
	At    Position
}

// logOrder is how an engine walks its log, as SQL over events e.
type logOrder struct {
	place  string // transaction and sequence number
	after  string // what lies after a position
	before string // what lies before the end of what can be read
	order  string
	newest string               // order, from the end
	number string               // what the order begins with
	from   string               // what has at least a number
	args   func(Position) []any // of after
}

func (e *sqliteEngine) walk() logOrder {
	return logOrder{
		place: "'0', e.seq", after: "e.seq > $1", before: "1 = 1", order: "e.seq", newest: "e.seq DESC",
		number: "e.seq", from: "e.seq >= $1",
		args: func(p Position) []any { return []any{p.Seq} },
	}
}

// Rows of transactions that still run can't be seen, and may get places before those of later ones that can. So the log
// ends before the oldest transaction that runs.
func (e *postgresEngine) walk() logOrder {
	return logOrder{
		place:  "e.xid::text, e.seq",
		after:  "(e.xid, e.seq) > ($1::text::xid8, $2)",
		before: "e.xid < pg_snapshot_xmin(pg_current_snapshot())",
		order:  "e.xid, e.seq",
		newest: "e.xid DESC, e.seq DESC",
		number: "e.xid::text::bigint",
		from:   "e.xid >= $1::text::xid8",
		args:   func(p Position) []any { return []any{strconv.FormatUint(p.Transaction, 10), p.Seq} },
	}
}

// Follow returns the events of a project after a position, at most limit (1 to 1000; 0 means 100), in the order of the
// log. Fewer than limit means that there are no more yet. An event that was upgraded stands where it was last written.
func (s *Store) Follow(ctx context.Context, project string, after Position, limit int) ([]Logged, error) {
	rows, err := s.ReadLog(ctx, project, after, limit)
	if err != nil {
		return nil, err
	}
	events, err := rows.Events()
	if err != nil {
		return nil, err
	}
	list := make([]Logged, len(events))
	for i := range events {
		list[i] = Logged{events[i], rows.places[i]}
	}
	return list, nil
}

// ReadLog is Follow without making the events whole.
func (s *Store) ReadLog(ctx context.Context, project string, after Position, limit int) (whole EventRows, err error) {
	limit = limitOf(limit)
	log := s.engine.walk()
	err = s.engine.read(ctx, func(c conn) error {
		ref, err := projectRef(ctx, c, project)
		if err != nil {
			return err
		}
		args := log.args(after)
		n := len(args)
		args = append(args, ref, limit)
		rows := make([]*eventRecord, 0, limit)
		places := make([]Position, 0, limit)
		err = c.query(ctx, selectEvent+`, `+log.place+` FROM events e `+joinEvent+` WHERE `+log.after+` AND `+log.before+
			` AND e.project = $`+itoa(n+1)+` ORDER BY `+log.order+` LIMIT $`+itoa(n+2), args, func(r row) error {
			p := placed{row: r}
			rec, err := scanEvent(&p)
			if err != nil {
				return err
			}
			at, err := p.position()
			rows, places = append(rows, rec), append(places, at)
			return err
		})
		if err != nil {
			return err
		}
		whole, err = s.withTexts(ctx, c, rows)
		whole.places = places
		return err
	})
	return whole, err
}

// At is the place of the last of rows of ReadLog.
func (r *EventRows) At() Position { return r.places[len(r.places)-1] }

// UpTo leaves out the rows of ReadLog that lie after a position, and reports whether there were any.
func (r *EventRows) UpTo(end Position) (reached bool) {
	n := slices.IndexFunc(r.places, end.Before)
	if n < 0 {
		return false
	}
	r.rows, r.places = r.rows[:n], r.places[:n]
	return true
}

// Before reports whether a position lies before another one.
func (p Position) Before(q Position) bool {
	return p.Transaction < q.Transaction || p.Transaction == q.Transaction && p.Seq < q.Seq
}

// placed scans the place of an event with the event.
type placed struct {
	row
	transaction string
	seq         int64
}

// Scan scans an event's columns, and the two of its place after them.
func (p *placed) Scan(dest ...any) error { return p.row.Scan(append(dest, &p.transaction, &p.seq)...) }

func (p *placed) position() (Position, error) {
	t, err := strconv.ParseUint(p.transaction, 10, 64)
	if err != nil {
		return Position{}, fmt.Errorf("read a transaction's number: %w", err)
	}
	return Position{t, p.seq}, nil
}

// End is the position after which Follow returns what is committed from now on, whatever the project.
func (s *Store) End(ctx context.Context) (end Position, err error) {
	err = s.engine.read(ctx, func(c conn) error {
		end, err = s.endIn(ctx, c)
		return err
	})
	return end, err
}

func (s *Store) endIn(ctx context.Context, c conn) (end Position, err error) {
	log := s.engine.walk()
	var transaction string
	found, err := one(ctx, c, `SELECT `+log.place+` FROM events e WHERE `+log.before+` ORDER BY `+log.newest+`
		LIMIT 1`, nil, &transaction,
		&end.Seq)
	if err != nil || !found {
		return end, err
	}
	end.Transaction, err = strconv.ParseUint(transaction, 10, 64)
	return end, err
}
