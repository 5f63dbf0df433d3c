package store

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"tidings/internal/fault"
	"tidings/internal/segment"
	"tidings/internal/workflow"
)

// Segment is a group of contacts: those that a condition selects, or those that somebody put there.
type Segment struct {
	Ref         int64
	ID          string // seg_…
	Name        string
	Slug        string // of the events segment.<slug>.entry and .exit; it stays when the name changes
	Description string
	Type        SegmentType
	Condition   json.RawMessage // nil for a static one
	// Track tells that members are kept, so that who comes and goes makes events. Of a dynamic segment that is not tracked the
	// members are found when somebody asks.
	Track      bool
	Members    int64     // of a static or tracked one, as of now
	ComputedAt time.Time // when all members of a tracked one were last computed; zero: not yet
	Problem    string    // why that failed
	CreatedAt  time.Time
	UpdatedAt  time.Time

	project  int64 // by ref
	version  int64 // grows when the condition changes, or whether the members are kept
	computed int64 // the version that the members are of; 0: they were not computed yet
}

// SegmentEdit changes a segment; nil leaves what is there.
type SegmentEdit struct {
	Name, Description *string
	Condition         json.RawMessage
	Track             *bool
}

// SegmentsKind is the kind of the job that keeps the members of segments current. Its payload is empty.
const SegmentsKind = "segments"

// ComputeKind is the kind of the job that computes all members of a segment. Its payload is the segment's id.
const ComputeKind = "segment"

const selectSegment = `SELECT ref, id, slug, name, description, type, condition, track, members, computed_at, problem,
	created_at, updated_at, project, version, computed FROM segments `

func scanSegment(r row) (x Segment, err error) {
	var kind, condition string
	var computed, created, updated int64
	err = r.Scan(&x.Ref, &x.ID, &x.Slug, &x.Name, &x.Description, &kind, &condition, &x.Track, &x.Members, &computed,
		&x.Problem, &created, &updated, &x.project, &x.version, &x.computed)
	x.Type, x.ComputedAt, x.CreatedAt, x.UpdatedAt = SegmentType(kind), at(computed), at(created), at(updated)
	if condition != "" {
		x.Condition = json.RawMessage(condition)
	}
	return x, err
}

func segments(ctx context.Context, c conn, sql string, args ...any) (list []Segment, err error) {
	err = c.query(ctx, selectSegment+sql, args, func(r row) error {
		x, err := scanSegment(r)
		list = append(list, x)
		return err
	})
	return list, err
}

func segmentOf(ctx context.Context, c conn, project int64, id string) (Segment, error) {
	list, err := segments(ctx, c, `WHERE project = $1 AND id = $2`, project, id)
	if err != nil {
		return Segment{}, err
	}
	if len(list) == 0 {
		return Segment{}, fault.Missing("there is no segment %q", id)
	}
	return list[0], nil
}

// CreateSegment stores a new segment. Its slug must be free: a Conflict, slug_taken, says that it is not.
func (s *Store) CreateSegment(ctx context.Context, project string, x Segment, act Act) (out Segment, err error) {
	act.Subject = x.ID
	err = s.actOf(ctx, project, &act, func(c conn, p int64) error {
		if err := checkNamed(ctx, c, p, x); err != nil {
			return err
		}
		added, err := c.exec(ctx, `INSERT INTO segments (id, project, slug, name, description, type, condition, track,
			created_at, updated_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $9) ON CONFLICT (project, slug) DO NOTHING`,
			x.ID, p, x.Slug, x.Name, x.Description, string(x.Type), string(x.Condition), x.Track, ms(act.At))
		if err != nil {
			return err
		}
		if added == 0 {
			return fault.New(fault.Conflict, "slug_taken", "another segment has the name %q, or one so alike that its events "+
				"would be called the same (segment.%s.entry)", x.Name, x.Slug)
		}
		if out, err = segmentOf(ctx, c, p, x.ID); err != nil {
			return err
		}
		return s.segmentChanged(ctx, c, out)
	})
	return out, err
}

// segmentChanged makes every node look at segments anew, and computes the members of one that is tracked.
func (s *Store) segmentChanged(ctx context.Context, c conn, x Segment) error {
	_, err := c.exec(ctx, `INSERT INTO meta (name, value) VALUES ('`+segmentsVersion+`', '1')
		ON CONFLICT (name) DO UPDATE SET value = CAST(CAST(meta.value AS BIGINT) + 1 AS TEXT)`)
	if err != nil || x.Type != DynamicSegment || !x.Track {
		return err
	}
	return s.compute(ctx, c, x.ID)
}

// UpdateSegment changes a segment. A new condition is computed by a job; until it is done the members are the old ones.
func (s *Store) UpdateSegment(
	ctx context.Context, project, id string, e SegmentEdit, act Act,
) (out Segment, err error) {
	act.Subject = id
	err = s.actOf(ctx, project, &act, func(c conn, p int64) error {
		x, err := segmentOf(ctx, c, p, id)
		if err != nil {
			return err
		}
		toggled := e.Track != nil && *e.Track != x.Track
		if toggled && x.Track {
			if err := segmentEnters(ctx, c, p, &x); err != nil {
				return err
			}
		}
		recompute := e.Condition != nil || toggled
		set(&x.Name, e.Name)
		set(&x.Description, e.Description)
		set(&x.Track, e.Track)
		if e.Condition != nil {
			x.Condition = e.Condition
		}
		if err := checkNamed(ctx, c, p, x); err != nil {
			return err
		}
		_, err = c.exec(ctx, `UPDATE segments SET name = $2, description = $3, condition = $4, track = $5, updated_at = $6,
			version = version + $7, problem = '' WHERE ref = $1`, x.Ref, x.Name, x.Description, string(x.Condition), x.Track,
			ms(act.At), recompute)
		if err != nil {
			return err
		}
		if x.Type == DynamicSegment && (toggled || recompute && !x.Track) {
			if err := forgetMembers(ctx, c, x.Ref); err != nil {
				return err
			}
		}
		if recompute {
			if err := s.segmentChanged(ctx, c, x); err != nil {
				return err
			}
		}
		out, err = segmentOf(ctx, c, p, id)
		return err
	})
	return out, err
}

// checkNamed checks the segments that a condition names: they must be there, and must not lead back to the segment itself.
func checkNamed(ctx context.Context, c conn, project int64, x Segment) error {
	if x.Type != DynamicSegment {
		return nil
	}
	rule, problems := segment.Parse(x.Condition)
	if len(problems) > 0 {
		return fault.BadField("condition", "%s %s", problems[0].At, problems[0].Says)
	}
	r, err := loadRules(ctx, c, project, rule)
	if err != nil {
		return ofCondition(err)
	}
	if _, circle := r.named[x.ID]; circle {
		return fault.BadField("condition", "asks, by way of other segments, who is in the segment itself")
	}
	return nil
}

// ofCondition makes what is wrong with the segments that a condition names a fault of the condition.
func ofCondition(err error) error {
	if fault.Is(err, fault.NotFound) || fault.Is(err, fault.Invalid) {
		return fault.BadField("condition", "%s", err.Error())
	}
	return err
}

func set[T any](to *T, value *T) {
	if value != nil {
		*to = *value
	}
}

func forgetMembers(ctx context.Context, c conn, ref int64) error {
	for _, sql := range [...]string{
		`DELETE FROM segment_members WHERE segment = $1`, `DELETE FROM segment_dues WHERE segment = $1`,
		`UPDATE segments SET members = 0, computed = 0, computed_at = 0 WHERE ref = $1`,
	} {
		if _, err := c.exec(ctx, sql, ref); err != nil {
			return err
		}
	}
	return nil
}

// DeleteSegment removes a segment and its members. No exit events are made. A Conflict, segment_in_use, names the segments
// whose conditions ask for it.
func (s *Store) DeleteSegment(ctx context.Context, project, id string, act Act) error {
	act.Subject = id
	return s.actOf(ctx, project, &act, func(c conn, p int64) error {
		x, err := segmentOf(ctx, c, p, id)
		if err != nil {
			return err
		}
		list, err := segments(ctx, c, `WHERE project = $1 AND condition <> '' AND id <> $2`, p, id)
		if err != nil {
			return err
		}
		for _, other := range list {
			if names(other.Condition, id) {
				return fault.New(fault.Conflict, "segment_in_use", "segment %q (%s) asks who is in this one", other.Name, other.ID).
					WithHint("change or delete that one first")
			}
		}
		if err := segmentInBroadcast(ctx, c, p, id); err != nil {
			return err
		}
		if err := segmentInEndpoint(ctx, c, p, id); err != nil {
			return err
		}
		if err := inWorkflow(ctx, c, p, "segment_in_use", workflow.OfSegment, x.ID, x.Slug); err != nil {
			return err
		}
		if err := forgetMembers(ctx, c, x.Ref); err != nil {
			return err
		}
		if _, err := c.exec(ctx, `DELETE FROM segments WHERE ref = $1`, x.Ref); err != nil {
			return err
		}
		x.Track = false
		return s.segmentChanged(ctx, c, x)
	})
}

// Segment finds a segment.
func (s *Store) Segment(ctx context.Context, project, id string) (x Segment, err error) {
	err = s.engine.read(ctx, func(c conn) error {
		p, err := projectRef(ctx, c, project)
		if err != nil {
			return err
		}
		x, err = segmentOf(ctx, c, p, id)
		return err
	})
	return x, err
}

// Segments lists the segments of a project, newest first.
func (s *Store) Segments(ctx context.Context, project string) (list []Segment, err error) {
	err = s.engine.read(ctx, func(c conn) error {
		p, err := projectRef(ctx, c, project)
		if err != nil {
			return err
		}
		list, err = segments(ctx, c, `WHERE project = $1 ORDER BY ref DESC`, p)
		return err
	})
	return list, err
}

// SegmentMember is a contact in a segment.
type SegmentMember struct {
	Contact Contact
	Since   time.Time // zero where members are not kept
}

// SegmentMembers finds the contacts of a segment in the order of Contact.Ref, from offset on, and how many there are in
// all.
func (s *Store) SegmentMembers(
	ctx context.Context, project, id string, now time.Time, offset, limit int,
) (list []SegmentMember, total int64, err error) {
	err = s.engine.read(ctx, func(c conn) error {
		list, total = nil, 0
		p, err := projectRef(ctx, c, project)
		if err != nil {
			return err
		}
		x, err := segmentOf(ctx, c, p, id)
		if err != nil {
			return err
		}
		from, args, err := s.membersSQL(ctx, c, p, x, now)
		if err != nil {
			return err
		}
		if _, err := one(ctx, c, `SELECT count(*) `+from, args, &total); err != nil {
			return err
		}
		var refs []int64
		err = c.query(ctx, `SELECT c.ref `+from+fmt.Sprintf(" ORDER BY c.ref LIMIT %d OFFSET %d", limit, offset), args,
			func(r row) error {
				var ref int64
				err := r.Scan(&ref)
				refs = append(refs, ref)
				return err
			})
		if err != nil {
			return err
		}
		contacts, err := wholeContacts(ctx, c, project, p, refs)
		for _, k := range contacts {
			list = append(list, SegmentMember{Contact: k})
		}
		return err
	})
	return list, total, err
}

// membersSQL is what follows SELECT to read the members of a segment: those that are kept, else those that the condition
// selects.
func (s *Store) membersSQL(ctx context.Context, c conn, project int64, x Segment, now time.Time) (string, []any, error) {
	if x.Type == StaticSegment || x.Track && !x.ComputedAt.IsZero() {
		return `FROM segment_members m JOIN contacts c ON c.ref = m.contact WHERE m.segment = $1`, []any{x.Ref}, nil
	}
	n, err := loadNamed(ctx, c, project, x.ID)
	if err != nil {
		return "", nil, err
	}
	r, err := loadRules(ctx, c, project, n.rule)
	if err != nil {
		return "", nil, err
	}
	b := r.sql(s.Engine(), ms(now), project)
	where, err := b.Where(r.root)
	return fmt.Sprintf("FROM contacts c WHERE "+everybody+" AND %s", activeContact, where), b.Args, err
}

// names reports whether a condition asks for a segment.
func names(condition json.RawMessage, id string) bool {
	rule, problems := segment.Parse(condition)
	if len(problems) > 0 {
		return false
	}
	for _, other := range rule.Needs().Segments {
		if other == id {
			return true
		}
	}
	return false
}
