package store

import (
	"context"
	"time"
)

// Membership is a segment that a contact is in.
type Membership struct {
	ID, Name string
	Since    time.Time // zero: not known
}

// SegmentsOf lists the segments that a contact is in, as far as their members are kept, by name.
func (s *Store) SegmentsOf(ctx context.Context, project string, contact int64) (list []Membership, err error) {
	err = s.engine.read(ctx, func(c conn) error {
		p, err := projectRef(ctx, c, project)
		if err != nil {
			return err
		}
		return c.query(ctx, `SELECT s.id, s.name, m.since FROM segment_members m JOIN segments s ON s.ref = m.segment
			WHERE m.contact = $1 AND s.project = $2 ORDER BY s.name`, []any{contact, p}, func(r row) error {
			var m Membership
			var since int64
			err := r.Scan(&m.ID, &m.Name, &since)
			m.Since = at(since)
			list = append(list, m)
			return err
		})
	})
	return list, err
}
