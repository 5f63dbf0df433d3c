package store

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"tidings/internal/contact"
	"tidings/internal/fault"
	"tidings/internal/segment"
)

// SegmentType says how a segment gets its members.
type SegmentType string

// The types of segments.
const (
	DynamicSegment SegmentType = "DYNAMIC" // by a condition
	StaticSegment  SegmentType = "STATIC"  // by hand
)

// segmentTerms are the kinds of terms that conditions name.
var segmentTerms = segment.Terms{Name: termName, Attribute: termAttribute, Template: termTemplate, Tag: termTag}

// rules are a condition and those of the segments that it names, and that those name.
type rules struct {
	project int64
	root    *segment.Rule
	named   map[string]namedRule
	needs   segment.Needs // of all of them
}

// namedRule is a segment that a condition names. rule is nil for a static one.
type namedRule struct {
	ref  int64
	rule *segment.Rule
}

// maxMembership is how long a chain of segments that name each other may be.
const maxMembership = 10

// loadRules reads the segments that a rule names.
func loadRules(ctx context.Context, c conn, project int64, root *segment.Rule) (*rules, error) {
	r := &rules{project: project, root: root, named: make(map[string]namedRule), needs: root.Needs()}
	wanted := r.needs.Segments
	for depth := 0; len(wanted) > 0; depth++ {
		if depth >= maxMembership {
			return nil, fault.New(fault.Invalid, "segment_chain",
				"segments that name segments go deeper than %d", maxMembership)
		}
		var next []string
		for _, id := range wanted {
			if _, known := r.named[id]; known {
				continue
			}
			n, err := loadNamed(ctx, c, project, id)
			if err != nil {
				return nil, err
			}
			r.named[id] = n
			if n.rule != nil {
				needs := n.rule.Needs()
				next = append(next, needs.Segments...)
				r.join(needs)
			}
		}
		wanted = next
	}
	return r, nil
}

// ofSegments reports whether an error is the fault of what segments say, and no trouble of the store's.
func ofSegments(err error) bool { return fault.Is(err, fault.NotFound) || fault.Is(err, fault.Invalid) }

func (r *rules) join(n segment.Needs) {
	r.needs.Events = slices.Concat(r.needs.Events, n.Events)
	r.needs.Log = slices.Concat(r.needs.Log, n.Log)
	r.needs.Contact = r.needs.Contact || n.Contact
	r.needs.Activity = r.needs.Activity || n.Activity
	r.needs.Timed = r.needs.Timed || n.Timed
}

func loadNamed(ctx context.Context, c conn, project int64, id string) (n namedRule, err error) {
	var kind, condition string
	found, err := one(ctx, c, `SELECT ref, type, condition FROM segments WHERE id = $1 AND project = $2`, []any{id, project},
		&n.ref, &kind, &condition)
	if err != nil {
		return n, err
	}
	if !found {
		return n, fault.Missing("there is no segment %q", id)
	}
	if SegmentType(kind) == StaticSegment {
		return n, nil
	}
	rule, problems := segment.Parse([]byte(condition))
	if len(problems) > 0 {
		return n, fault.New(fault.Invalid, "segment_condition",
			"the condition of segment %s can't be read: %s %s", id, problems[0].At, problems[0].Says)
	}
	n.rule = rule
	return n, nil
}

// sql begins a statement over contacts c; args are those that stand before it.
func (r *rules) sql(engine string, now int64, args ...any) *segment.SQL {
	depth := 0
	return &segment.SQL{
		Engine: engine, Project: r.project, Now: now, Terms: segmentTerms, Args: args,
		Member: func(b *segment.SQL, id string) (string, error) {
			n := r.named[id]
			if n.rule == nil {
				return "c.ref IN (SELECT contact FROM segment_members WHERE segment = " + b.Arg(n.ref) + ")", nil
			}
			if depth++; depth > maxMembership {
				return "", fault.New(fault.Invalid, "segment_chain", "segments name each other in a circle")
			}
			defer func() { depth-- }()
			return b.Where(n.rule)
		},
	}
}

// activeContact is the status of contacts that segments may have.
const activeContact = 0

// selectContacts finds the contacts for which a rule is true, by Contact.Ref, those after one: at most limit of them, and
// how many there are in all. Pending contacts are in no segment.
func (s *Store) selectContacts(
	ctx context.Context, c conn, r *rules, now, after int64, limit int,
) (refs []int64, total int64, err error) {
	b := r.sql(s.Engine(), now, r.project)
	where, err := b.Where(r.root)
	if err != nil {
		return nil, 0, err
	}
	all := fmt.Sprintf("SELECT c.ref FROM contacts c WHERE "+everybody+" AND %s", activeContact, where)
	sql := `WITH members AS MATERIALIZED (` + all + `) SELECT t.n, coalesce(m.ref, 0) FROM (SELECT count(*) AS n FROM members) t
		LEFT JOIN (SELECT ref FROM members WHERE ref > ` + b.Arg(after) + ` ORDER BY ref LIMIT ` + itoa(limit) + `) m ON 1 = 1
		ORDER BY 2`
	err = c.query(ctx, sql, b.Args, func(row row) error {
		var ref int64
		err := row.Scan(&total, &ref)
		if ref != 0 {
			refs = append(refs, ref)
		}
		return err
	})
	return refs, total, err
}

// everybody is who may be in segments of the project $1. With the plus SQLite goes through contacts as they lie, or through
// those that a part of the rule found, and not along an index on the project.
const everybody = "+c.project = $1 AND c.status = %d"

// selected finds contacts for which a rule is true as selectContacts does. The rule may be one that nobody checked: it may name
// segments that are not there, and that is a fault of the field condition.
func (s *Store) selected(
	ctx context.Context, c conn, project int64, rule *segment.Rule, now, after int64, limit int,
) (refs []int64, total int64, err error) {
	r, err := loadRules(ctx, c, project, rule)
	if err == nil {
		refs, total, err = s.selectContacts(ctx, c, r, now, after, limit)
	}
	return refs, total, ofCondition(err)
}

// eachDue tells for contacts the next time at which time alone may turn a rule, or one of those that it names. A contact
// may come more than once.
func (s *Store) eachDue(ctx context.Context, c conn, r *rules, now int64, tell func(contact, at int64) error) error {
	all := []*segment.Rule{r.root}
	for _, id := range slices.Sorted(maps.Keys(r.named)) {
		if n := r.named[id]; n.rule != nil {
			all = append(all, n.rule)
		}
	}
	for _, rule := range all {
		for _, due := range r.sql(s.Engine(), now).Dues(rule) {
			if err := c.query(ctx, due.SQL, due.Args, scanDue(due.Window, tell)); err != nil {
				return err
			}
		}
	}
	return nil
}

func scanDue(window int64, tell func(contact, at int64) error) func(row) error {
	return func(r row) error {
		var ref, at int64
		if window == 0 {
			if err := r.Scan(&ref, &at); err != nil {
				return err
			}
			return tell(ref, at)
		}
		var last []byte
		if err := r.Scan(&ref, &last); err != nil {
			return err
		}
		return tell(ref, contact.DecodeLast(last)+window)
	}
}
