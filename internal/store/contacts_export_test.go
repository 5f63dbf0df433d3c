package store

import (
	"context"
	"strings"
)

// ExplainContacts tells how SQLite reads the contacts of a query.
func (s *Store) ExplainContacts(ctx context.Context, q ContactQuery) (string, error) {
	var lines []string
	err := s.engine.read(ctx, func(c conn) error {
		w := &contactWalk{c: c, ctx: ctx, q: q, project: 1, engine: s.Engine(), place: q.After, size: contactChunk}
		sql, args := w.scan()
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
