package store

import (
	"context"
	"fmt"
	"slices"

	"tidings/event"
	"tidings/internal/segment"
)

// computeChunk is how many contacts one transaction of a computation goes over.
const computeChunk = 5000

// ComputeSegment computes all members of a tracked segment anew, in short transactions. The first computation of a segment
// makes no entry events: nobody came, they were there. Later ones, after a change of the condition or as a repair, make an
// event for everybody who comes or goes. progress, which may be nil, is told how many contacts are done.
func (s *Store) ComputeSegment(
	ctx context.Context, project, id string, progress func(done, total int64),
) (members int64, err error) {
	if progress == nil {
		progress = func(done, total int64) {}
	}
	if err := s.engine.settled(ctx); err != nil {
		return 0, fmt.Errorf("compute segment: %w", err)
	}
	var x Segment
	var after, last int64
	err = s.engine.read(ctx, func(c conn) error {
		p, err := projectRef(ctx, c, project)
		if err != nil {
			return err
		}
		if x, err = segmentOf(ctx, c, p, id); err != nil {
			return err
		}
		_, err = one(ctx, c, `SELECT coalesce(max(ref), 0) FROM contacts`, nil, &last)
		return err
	})
	if err != nil || x.Type != DynamicSegment || !x.Track {
		return 0, err
	}
	if err := s.computeDues(ctx, project, x); err != nil {
		return 0, fmt.Errorf("compute when segment %s changes: %w", id, err)
	}
	for ; after < last; after += computeChunk {
		progress(after, last)
		if err := s.computeRange(ctx, project, x.ID, after, after+computeChunk); err != nil {
			return 0, fmt.Errorf("compute segment %s: %w", id, err)
		}
	}
	progress(last, last)
	return s.computed(ctx, x)
}

// computed notes that the members are those of the segment's version as it was read.
func (s *Store) computed(ctx context.Context, x Segment) (members int64, err error) {
	err = s.engine.write(ctx, func(c conn) error {
		if _, err := one(ctx, c, `SELECT count(*) FROM segment_members WHERE segment = $1`, []any{x.Ref}, &members); err != nil {
			return err
		}
		_, err := c.exec(ctx, `UPDATE segments SET members = $2, computed = $3, computed_at = $4, problem = '' WHERE ref = $1`,
			x.Ref, members, x.version, ms(s.now()))
		return err
	})
	return members, err
}

// computeRange brings the members among the contacts of a range in line with the condition.
func (s *Store) computeRange(ctx context.Context, project, id string, after, to int64) error {
	return s.engine.ingest(ctx, func(b batch) error {
		p, err := projectRef(ctx, b, project)
		if err != nil {
			return err
		}
		x, err := segmentOf(ctx, b, p, id)
		if err != nil {
			return err
		}
		w := s.newWork(ctx, b)
		is, err := s.selectedIn(ctx, b, p, x, after, to, ms(w.now))
		if err != nil {
			return err
		}
		was := make(map[int64]bool)
		err = b.query(ctx, `SELECT contact FROM segment_members WHERE segment = $1 AND contact > $2 AND contact <= $3`,
			[]any{x.Ref, after, to}, func(r row) error {
				var ref int64
				err := r.Scan(&ref)
				was[ref] = true
				return err
			})
		if err != nil {
			return err
		}
		return w.bring(x, p, was, is)
	})
}

// selectedIn finds which contacts of a range the condition selects.
func (s *Store) selectedIn(
	ctx context.Context, c conn, project int64, x Segment, after, to, now int64,
) (is map[int64]bool, err error) {
	rule, problems := segment.Parse(x.Condition)
	if len(problems) > 0 {
		return nil, fmt.Errorf("condition: %s %s", problems[0].At, problems[0].Says)
	}
	r, err := loadRules(ctx, c, project, rule)
	if err != nil {
		return nil, err
	}
	b := r.sql(s.Engine(), now, project, after, to)
	b.Each = true
	where, err := b.Where(r.root)
	if err != nil {
		return nil, err
	}
	is = make(map[int64]bool)
	err = c.query(ctx, fmt.Sprintf(`SELECT c.ref FROM contacts c WHERE c.project = $1 AND c.ref > $2 AND c.ref <= $3
		AND c.status = %d AND %s`, activeContact, where), b.Args, func(r row) error {
		var ref int64
		err := r.Scan(&ref)
		is[ref] = true
		return err
	})
	return is, err
}

// bring makes those members who are to be, and no others.
func (w *work) bring(x Segment, project int64, was, is map[int64]bool) error {
	var moving []int64
	for ref := range is {
		if !was[ref] {
			moving = append(moving, ref)
		}
	}
	for ref := range was {
		if !is[ref] {
			moving = append(moving, ref)
		}
	}
	slices.Sort(moving)
	first := x.ComputedAt.IsZero()
	for _, ref := range moving {
		sql, args := `DELETE FROM segment_members WHERE segment = $1 AND contact = $2`, []any{x.Ref, ref}
		if is[ref] {
			sql, args = `INSERT INTO segment_members (segment, contact, since) VALUES ($1, $2, $3)`, append(args, ms(w.now))
		}
		if _, err := w.b.exec(w.ctx, sql, args...); err != nil {
			return err
		}
		if first {
			continue
		}
		var address string
		if _, err := one(w.ctx, w.b, `SELECT address FROM contacts WHERE ref = $1`, []any{ref}, &address); err != nil {
			return err
		}
		if err := w.moved(x, ref, address, project, is[ref]); err != nil {
			return err
		}
	}
	return w.finish()
}

// computeDues finds when time alone will change the segment, for every contact.
func (s *Store) computeDues(ctx context.Context, project string, x Segment) error {
	dues := make(map[int64]int64)
	now := s.now()
	err := s.engine.snapshot(ctx, func(c conn) error {
		p, err := projectRef(ctx, c, project)
		if err != nil {
			return err
		}
		rule, problems := segment.Parse(x.Condition)
		if len(problems) > 0 {
			return fmt.Errorf("condition: %s %s", problems[0].At, problems[0].Says)
		}
		r, err := loadRules(ctx, c, p, rule)
		if err != nil {
			return err
		}
		return s.eachDue(ctx, c, r, ms(now), func(ref, at int64) error {
			if old, ok := dues[ref]; !ok || at < old {
				dues[ref] = at
			}
			return nil
		})
	})
	if err != nil {
		return err
	}
	refs := make([]int64, 0, len(dues))
	for ref := range dues {
		refs = append(refs, ref)
	}
	slices.Sort(refs)
	for chunk := range slices.Chunk(refs, computeChunk) {
		err := s.engine.write(ctx, func(c conn) error {
			for _, ref := range chunk {
				_, err := c.exec(ctx, `INSERT INTO segment_dues (segment, contact, due_at) VALUES ($1, $2, $3)
					ON CONFLICT (segment, contact) DO UPDATE SET due_at = excluded.due_at
					WHERE segment_dues.due_at > excluded.due_at`, x.Ref, ref, dues[ref])
				if err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// SegmentFailed notes why the members of a segment could not be computed.
func (s *Store) SegmentFailed(ctx context.Context, id, problem string) error {
	return s.engine.write(ctx, func(c conn) error {
		_, err := c.exec(ctx, `UPDATE segments SET problem = $2 WHERE id = $1`, id, event.CleanText(problem, 1000))
		return err
	})
}
