package store

import (
	"context"
	"database/sql"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"time"

	"github.com/pressly/goose/v3"

	"tidings/event"
	"tidings/internal/message"
)

// Dump writes the whole state that events come to, in words and sorted, so that two stores can be compared. What
// depends on the order of arrival on purpose is left out: receipts, seq and which event is marked first.
func (s *Store) Dump(ctx context.Context) (string, error) {
	var lines []string
	add := func(format string, args ...any) { lines = append(lines, fmt.Sprintf(format, args...)) }
	err := s.engine.snapshot(ctx, func(c conn) error {
		for _, part := range [...]func(context.Context, conn, func(string, ...any)) error{
			dumpEvents, dumpContacts, dumpMessages, dumpSuppressions, dumpCounters,
		} {
			if err := part(ctx, c, add); err != nil {
				return err
			}
		}
		return nil
	})
	slices.Sort(lines)
	return strings.Join(lines, "\n"), err
}

func dumpEvents(ctx context.Context, c conn, add func(string, ...any)) error {
	return c.query(ctx, `SELECT e.id, n.text, c.address, e.class, e.occurred_at, coalesce(t.text, ''), e.detail
		FROM events e JOIN terms n ON n.ref = e.name LEFT JOIN contacts c ON c.ref = e.contact
		LEFT JOIN terms t ON t.ref = e.template WHERE `+notDerived, nil, func(r row) error {
		var x eventRecord
		var name, address, template string
		err := r.Scan(&x.id, &name, &address, &x.class, &x.occurred, &template, &x.detail)
		add("event %s %s %s class %d at %d template %s %x", x.id, name, address, x.class, x.occurred, template, x.detail)
		return err
	})
}

func dumpContacts(ctx context.Context, c conn, add func(string, ...any)) error {
	var refs []int64
	err := c.query(ctx, `SELECT ref FROM contacts`, nil, func(r row) error {
		var ref int64
		err := r.Scan(&ref)
		refs = append(refs, ref)
		return err
	})
	for _, ref := range refs {
		k, err := readContact(ctx, c, ref)
		if err != nil {
			return err
		}
		add("contact %s %+v", k.Address, k.State)
	}
	return err
}

func dumpMessages(ctx context.Context, c conn, add func(string, ...any)) error {
	words := make(map[int64]string)
	err := c.query(ctx, `SELECT ref, text FROM terms WHERE kind = $1`, []any{termLink}, func(r row) error {
		var ref int64
		var text string
		err := r.Scan(&ref, &text)
		words[ref] = text
		return err
	})
	if err != nil {
		return err
	}
	return c.query(ctx, `SELECT m.message_id, c.address, m.state, m.info, coalesce(t.text, ''), coalesce(w.text, '')
		FROM messages m JOIN contacts c ON c.ref = m.contact LEFT JOIN terms t ON t.ref = m.template
		LEFT JOIN terms w ON w.ref = m.workflow`, nil, func(r row) error {
		var address, template, workflow string
		var id, state, info []byte
		if err := r.Scan(&id, &address, &state, &info, &template, &workflow); err != nil {
			return err
		}
		s, err := message.Decode(state)
		var links []string
		for _, e := range s.Links() {
			word := words[e.Link]
			e.Link = 0
			links = append(links, fmt.Sprintf("%s %+v", word, e))
		}
		slices.Sort(links)
		add("message %s %s %d %+v %s %s %s %x", id, address, s.Rank, s.Entries(), links, template, workflow, info)
		return err
	})
}

func dumpSuppressions(ctx context.Context, c conn, add func(string, ...any)) error {
	return c.query(ctx, selectSuppression, nil, func(r row) error {
		x, err := scanSuppression(r)
		add("suppression %s %s since %s until %s by %s", x.Address, x.Reason, x.Since, x.Until, x.Event)
		return err
	})
}

func dumpCounters(ctx context.Context, c conn, add func(string, ...any)) error {
	return c.query(ctx, `SELECT k.kind, coalesce(d.text, s.id, p.id, (t.text || ' ' || l.text),
			l.text, t.text || ' ' || (k.dim % 4294967296), ''), coalesce(n.text, ''), k.class, k.bucket, k.n, k.uniques, k.any_uniques
		FROM counters k LEFT JOIN terms n ON n.ref = k.name
		LEFT JOIN terms d ON d.ref = k.dim AND k.kind NOT IN (1, 5, 9, 10, 11)
		LEFT JOIN sources s ON s.ref = k.dim AND k.kind = 1 LEFT JOIN projects p ON p.ref = k.dim AND k.kind = 5
		LEFT JOIN terms t ON t.ref = k.dim / 4294967296 AND k.kind IN (9, 11)
		LEFT JOIN terms l ON l.ref = k.dim % 4294967296 AND k.kind IN (9, 10)
		WHERE k.n <> 0 OR k.uniques <> 0 OR k.any_uniques <> 0`, nil, func(r row) error {
		var kind, class, bucket, n, u, a int64
		var dim, name string
		err := r.Scan(&kind, &dim, &name, &class, &bucket, &n, &u, &a)
		add("counter %d %s %s class %d bucket %d: %d %d %d", kind, dim, name, class, bucket, n, u, a)
		return err
	})
}

// Schema lists every column of every table, with the type in the words that both engines share.
func (s *Store) Schema(ctx context.Context) (list []string, err error) {
	err = s.engine.read(ctx, func(c conn) error {
		sql := `SELECT table_name, column_name, data_type, is_nullable FROM information_schema.columns
			WHERE table_schema = 'public' AND table_name NOT LIKE 'goose%' AND table_name NOT LIKE 'events!_%' ESCAPE '!'`
		if s.Engine() == "sqlite" {
			sql = `SELECT m.name, c.name, lower(c.type), CASE WHEN c."notnull" = 1 OR c.pk > 0 THEN 'NO' ELSE 'YES' END
				FROM sqlite_schema m JOIN pragma_table_info(m.name) c
				WHERE m.type = 'table' AND m.name NOT LIKE 'goose%' AND m.name NOT LIKE 'sqlite%'`
		}
		return c.query(ctx, sql, nil, func(r row) error {
			var table, column, kind, null string
			err := r.Scan(&table, &column, &kind, &null)
			if w, ok := sharedTypes[kind]; ok {
				kind = w
			}
			list = append(list, table+"."+column+" "+kind+" null "+null)
			return err
		})
	})
	slices.Sort(list)
	return list, err
}

var sharedTypes = map[string]string{
	"bigint": "integer", "double precision": "real", "smallint": "integer", "bytea": "bytes", "blob": "bytes", "uuid": "bytes",
}

// LimitPages makes a SQLite file full at a number of pages, as a full disk would; 0 lifts the limit.
func (s *Store) LimitPages(n int) error {
	e := s.engine.(*sqliteEngine)
	if n == 0 {
		n = 1 << 30
	}
	e.writing <- struct{}{}
	defer e.release()
	return pragmas(e.writer, "PRAGMA max_page_count="+itoa(n))
}

// SetReadOnly makes the writing connection refuse writes, as a read-only disk would.
func (s *Store) SetReadOnly(on bool) error {
	e := s.engine.(*sqliteEngine)
	e.writing <- struct{}{}
	defer e.release()
	if on {
		return pragmas(e.writer, "PRAGMA query_only=ON")
	}
	return pragmas(e.writer, "PRAGMA query_only=OFF")
}

// Exec runs a statement, for tests that need a state that no method makes.
func (s *Store) Exec(ctx context.Context, sql string, args ...any) error {
	return s.engine.write(ctx, func(c conn) error {
		_, err := c.exec(ctx, sql, args...)
		return err
	})
}

// Count returns the number that a query gives.
func (s *Store) Count(ctx context.Context, sql string, args ...any) (n int64, err error) {
	err = s.engine.read(ctx, func(c conn) error {
		_, err := one(ctx, c, sql, args, &n)
		return err
	})
	return n, err
}

// URL is what the store was opened with.
func (s *Store) URL() string { return s.opts.URL }

// AtVersion brings an empty database to an older version of the schema and returns it, to be filled as the program of
// that time would have.
func AtVersion(ctx context.Context, url string, version int64) (*sql.DB, error) {
	dialect, dir := goose.DialectSQLite3, "migrations/sqlite"
	db, err := sql.Open("sqlite", "file:"+url+"?_pragma=journal_mode(WAL)")
	if IsPostgres(url) {
		dialect, dir = goose.DialectPostgres, "migrations/postgres"
		db, err = sql.Open("pgx", url)
	}
	if err != nil {
		return nil, err
	}
	files, err := fs.Sub(migrations, dir)
	if err != nil {
		return nil, err
	}
	p, err := goose.NewProvider(dialect, db, files, goose.WithDisableGlobalRegistry(true))
	if err != nil {
		return nil, err
	}
	_, err = p.UpTo(ctx, version)
	return db, err
}

// Explain tells how SQLite reads the events of a query.
func (s *Store) Explain(ctx context.Context, q EventQuery) (string, error) {
	return s.explain(ctx, func(c conn) (list []statement, err error) {
		plans, err := s.planEvents(ctx, c, q)
		for _, p := range plans {
			list = append(list, statement{sql: p.scan(q.Limit), args: p.args})
		}
		return list, err
	})
}

// ExplainMessages tells how SQLite reads a chunk of events for a list of emails.
func (s *Store) ExplainMessages(ctx context.Context, q MessageQuery) (string, error) {
	return s.explain(ctx, func(c conn) ([]statement, error) {
		w, err := s.newMessageWalk(ctx, c, q)
		if err != nil || w == nil {
			return nil, err
		}
		p, err := w.plan(event.FirstID(time.Now()))
		if err != nil {
			return nil, err
		}
		return []statement{{sql: w.chunkSQL(p), args: p.args}}, nil
	})
}

// ExplainReasons tells how SQLite reads the bounces of a domain.
func (s *Store) ExplainReasons(ctx context.Context, q ReasonQuery) (string, error) {
	return s.explain(ctx, func(c conn) ([]statement, error) {
		p, err := s.bouncePlan(ctx, c, q)
		if err != nil {
			return nil, err
		}
		sql, args := s.reasonSQL(p, q)
		return []statement{{sql: sql, args: args}}, nil
	})
}

// ExplainRuns tells how SQLite finds the run of a contact that goes on, and counts where the runs of a workflow are.
func (s *Store) ExplainRuns(ctx context.Context) (string, error) {
	return s.explain(ctx, func(conn) ([]statement, error) {
		return []statement{{sql: firstOpenRun, args: []any{1, 1}}, {sql: s.whereRunsAre(), args: []any{1}}}, nil
	})
}

// RetainRuns removes the runs that ended before a time, as Retain does.
func (s *Store) RetainRuns(ctx context.Context, before time.Time) error {
	return s.engine.write(ctx, func(c conn) error {
		_, err := retainRuns(ctx, c, ms(before))
		return err
	})
}

// RetainDispatches removes dispatches as Retain does.
func (s *Store) RetainDispatches(ctx context.Context, before, now time.Time) (n int64, err error) {
	err = s.engine.write(ctx, func(c conn) error {
		n, err = retainDispatches(ctx, c, ms(before), now)
		return err
	})
	return n, err
}
