package store

import (
	"context"
	"strings"
)

// ExplainContacts tells how SQLite reads the contacts of a query.
func (s *Store) ExplainContacts(ctx context.Context, q ContactQuery) (string, error) {
	w := &contactWalk{ctx: ctx, q: q, project: 1, engine: s.Engine(), place: q.After, size: contactChunk}
	sql, args := w.scan()
	return s.explain(ctx, sql, args)
}

// ExplainReceipts tells how SQLite reads the receipts with problems of a source, or with source 0 all receipts.
func (s *Store) ExplainReceipts(ctx context.Context, source int64) (string, error) {
	w := &receiptWalk{ctx: ctx, size: scanBound}
	sql, args := w.sql(source, lastRef)
	return s.explain(ctx, sql, args)
}

func (s *Store) explain(ctx context.Context, sql string, args []any) (string, error) {
	var lines []string
	err := s.engine.read(ctx, func(c conn) error {
		return c.query(ctx, `EXPLAIN QUERY PLAN `+sql, args, func(r row) error {
			var id, parent, unused int64
			var line string
			err := r.Scan(&id, &parent, &unused, &line)
			lines = append(lines, line)
			return err
		})
	})
	return strings.Join(lines, "\n"), err
}
