package store

import (
	"context"
	"strings"
)

// ExplainContacts tells how SQLite reads the contacts of a query.
func (s *Store) ExplainContacts(ctx context.Context, q ContactQuery) (string, error) {
	w := &contactWalk{ctx: ctx, q: q, project: 1, engine: s.Engine(), place: q.After, size: contactChunk}
	sql, args := w.scan()
	return s.explain(ctx, func(conn) ([]statement, error) { return []statement{{sql: sql, args: args}}, nil })
}

// ExplainReceipts tells how SQLite reads the receipts with problems of a source, or with source 0 all receipts.
func (s *Store) ExplainReceipts(ctx context.Context, source int64) (string, error) {
	w := &receiptWalk{ctx: ctx, size: scanBound}
	sql, args := w.sql(source, lastRef)
	return s.explain(ctx, func(conn) ([]statement, error) { return []statement{{sql: sql, args: args}}, nil })
}

// explain tells how SQLite runs statements.
func (s *Store) explain(ctx context.Context, of func(conn) ([]statement, error)) (string, error) {
	var lines []string
	err := s.engine.read(ctx, func(c conn) error {
		list, err := of(c)
		for _, x := range list {
			if err == nil {
				err = c.query(ctx, `EXPLAIN QUERY PLAN `+x.sql, x.args, func(r row) error {
					var id, parent, unused int64
					var line string
					err := r.Scan(&id, &parent, &unused, &line)
					lines = append(lines, line)
					return err
				})
			}
		}
		return err
	})
	return strings.Join(lines, "\n"), err
}
