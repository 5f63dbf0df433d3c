package store

import (
	"context"
	"time"

	"tidings/internal/job"
	"tidings/internal/segment"
)

// SelectedContacts finds the first contacts for which a rule is true, at most limit of them, and how many there are in all.
func (s *Store) SelectedContacts(
	ctx context.Context, project string, rule *segment.Rule, now time.Time, limit int,
) (list []Contact, total int64, err error) {
	err = s.engine.read(ctx, func(c conn) error {
		p, err := projectRef(ctx, c, project)
		if err != nil {
			return err
		}
		var refs []int64
		if refs, total, err = s.selected(ctx, c, p, rule, ms(now), 0, limit); err != nil {
			return err
		}
		list, err = wholeContacts(ctx, c, project, p, refs)
		return err
	})
	return list, total, err
}

// IsMember reports whether a contact, by Contact.Ref, is kept as a member of a segment.
func (s *Store) IsMember(ctx context.Context, project, id string, contact int64) (is bool, err error) {
	err = s.engine.read(ctx, func(c conn) error {
		p, err := projectRef(ctx, c, project)
		if err != nil {
			return err
		}
		var there int64
		is, err = one(ctx, c, `SELECT 1 FROM segment_members m JOIN segments s ON s.ref = m.segment
			WHERE s.id = $1 AND s.project = $2 AND m.contact = $3`, []any{id, p, contact}, &there)
		return err
	})
	return is, err
}

// RecomputeSegment lets a job compute all members of a segment anew.
func (s *Store) RecomputeSegment(ctx context.Context, project, id string, act Act) error {
	return s.act(ctx, project, act, func(c conn, _ int64) error {
		return s.compute(ctx, c, id)
	})
}

// compute lets a job compute the members of segments anew; one that waits will do.
func (s *Store) compute(ctx context.Context, c conn, ids ...string) error {
	jobs := make([]job.NewJob, len(ids))
	for i, id := range ids {
		jobs[i] = job.NewJob{Kind: ComputeKind, Key: id, Payload: []byte(id)}
	}
	_, err := enqueue(ctx, c, s.now(), jobs)
	return err
}

// recomputeContacts lets the tracked segments that ask for contacts' own fields compute their members anew, where any number
// of contacts changed at once: patterns do that. Nobody flips for it.
func (s *Store) recomputeContacts(ctx context.Context, c conn, project int64) error {
	list, err := s.trackedSegments(ctx, c)
	if err != nil {
		return err
	}
	var ids []string
	for _, t := range list {
		if t.project == project && t.asks("") {
			ids = append(ids, t.ID)
		}
	}
	return s.compute(ctx, c, ids...)
}

// ProjectOfSegment finds whose segment it is; empty: there is none, any more.
func (s *Store) ProjectOfSegment(ctx context.Context, id string) (project string, err error) {
	err = s.engine.read(ctx, func(c conn) error {
		_, err := one(ctx, c, `SELECT p.id FROM segments s JOIN projects p ON p.ref = s.project WHERE s.id = $1`, []any{id}, &project)
		return err
	})
	return project, err
}

// CountSegment counts who is in a dynamic segment whose members are not kept, and keeps the number, or not kept yet.
func (s *Store) CountSegment(ctx context.Context, project, id string, now time.Time) (x Segment, err error) {
	err = s.engine.read(ctx, func(c conn) error {
		p, err := projectRef(ctx, c, project)
		if err != nil {
			return err
		}
		if x, err = segmentOf(ctx, c, p, id); err != nil {
			return err
		}
		from, args, err := s.membersSQL(ctx, c, p, x, now)
		if err != nil {
			return err
		}
		_, err = one(ctx, c, `SELECT count(*) `+from, args, &x.Members)
		return err
	})
	if err != nil || x.Track {
		return x, err
	}
	x.ComputedAt = now.UTC().Truncate(time.Millisecond)
	return x, s.engine.write(ctx, func(c conn) error {
		_, err := c.exec(ctx, `UPDATE segments SET members = $2, computed_at = $3 WHERE id = $1 AND track = 0`,
			id, x.Members, ms(now))
		return err
	})
}
