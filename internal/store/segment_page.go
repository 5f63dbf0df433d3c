package store

import (
	"context"
	"time"

	"tidings/internal/fault"
)

// segmentNamed finds a segment by its id or slug.
func segmentNamed(ctx context.Context, c conn, project int64, idOrSlug string) (Segment, error) {
	list, err := segments(ctx, c, `WHERE project = $1 AND (id = $2 OR slug = $2)`, project, idOrSlug)
	if err != nil {
		return Segment{}, err
	}
	if len(list) == 0 {
		return Segment{}, fault.Missing("there is no segment %q", idOrSlug)
	}
	return list[0], nil
}

// SegmentPage is a part of the members of a segment.
type SegmentPage struct {
	Contacts []Contact
	After    int64 // the next page follows it
	Done     bool  // there is no next page
}

// SegmentPage returns members of a segment, by its id or slug, that follow a contact (0: from the first), in the order of
// Contact.Ref, as of a time. It looks at so many contacts that it is short, and may find fewer than limit before it is done.
func (s *Store) SegmentPage(
	ctx context.Context, project, idOrSlug string, after int64, limit int, now time.Time,
) (page SegmentPage, err error) {
	err = s.engine.read(ctx, func(c conn) error {
		page = SegmentPage{}
		p, err := projectRef(ctx, c, project)
		if err != nil {
			return err
		}
		x, err := segmentNamed(ctx, c, p, idOrSlug)
		if err != nil {
			return err
		}
		var last int64
		if _, err := one(ctx, c, `SELECT coalesce(max(ref), 0) FROM contacts`, nil, &last); err != nil {
			return err
		}
		page.After = min(after+audienceWindow, last)
		page.Done = page.After >= last
		condition, members := x.selects()
		a, err := s.selectionOf(ctx, c, p, condition, members, ms(now), after, page.After)
		if err != nil {
			return err
		}
		var refs []int64
		err = c.query(ctx, `SELECT c.ref FROM `+a.from+` WHERE `+a.where+` ORDER BY c.ref LIMIT `+itoa(limit), a.b.Args,
			func(r row) error {
				var ref int64
				err := r.Scan(&ref)
				refs = append(refs, ref)
				return err
			})
		if err != nil {
			return err
		}
		if len(refs) == limit {
			page.After, page.Done = refs[limit-1], false
		}
		page.Contacts, err = wholeContacts(ctx, c, project, p, refs)
		return err
	})
	return page, wrapStep("list members of a segment", err)
}
