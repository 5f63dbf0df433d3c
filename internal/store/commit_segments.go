package store

import (
	"cmp"
	"context"
	"slices"

	"tidings/event"
	"tidings/internal/segment"
)

// wants is what the segments of a project want to be told of.
type wants struct {
	names    map[event.Name]bool
	contact  bool // changes of contacts themselves
	activity bool // every event
}

// segmentWants are the wants of every project, as of a version of the segments.
type segmentWants struct {
	version  string
	projects map[int64]*wants
}

// segmentsVersion is the row of meta that changes with every segment.
const segmentsVersion = "segments"

// wanted reads what segments want, where that changed since it was read last.
func (s *Store) wanted(ctx context.Context, c conn) (*segmentWants, error) {
	v, err := readVersions(ctx, c)
	if err != nil {
		return nil, err
	}
	return s.wantedOf(ctx, c, v.segments)
}

func (s *Store) wantedOf(ctx context.Context, c conn, version string) (*segmentWants, error) {
	if known := s.wants.Load(); known != nil && known.version == version {
		return known, nil
	}
	fresh := &segmentWants{version: version, projects: make(map[int64]*wants)}
	type tracked struct {
		project   int64
		condition string
	}
	var list []tracked
	err := c.query(ctx, `SELECT project, condition FROM segments WHERE track <> 0 AND type = $1`, []any{string(DynamicSegment)},
		func(r row) error {
			var t tracked
			err := r.Scan(&t.project, &t.condition)
			list = append(list, t)
			return err
		})
	if err != nil {
		return nil, err
	}
	for _, t := range list {
		rule, problems := segment.Parse([]byte(t.condition))
		if len(problems) > 0 {
			continue // such a segment says so itself, and changes for nobody
		}
		r, err := loadRules(ctx, c, t.project, rule)
		if ofSegments(err) {
			continue
		}
		if err != nil {
			return nil, err
		}
		fresh.add(t.project, r.needs)
	}
	s.wants.Store(fresh)
	return fresh, nil
}

func (w *segmentWants) add(project int64, n segment.Needs) {
	p := w.projects[project]
	if p == nil {
		p = &wants{names: make(map[event.Name]bool)}
		w.projects[project] = p
	}
	for _, name := range n.Names() {
		p.names[name] = true
	}
	p.contact, p.activity = p.contact || n.Contact, p.activity || n.Activity
}

// contactChange is one row of contact_changes.
type contactChange struct{ project, contact, name int64 }

// wanted is Store.wanted as of when the transaction began, where that was asked: what a segment misses that is made meanwhile
// it finds when it is computed, after this transaction has ended.
func (w *work) wanted() (*segmentWants, error) {
	if w.versions == nil {
		return w.store.wanted(w.ctx, w.b)
	}
	return w.store.wantedOf(w.ctx, w.b, w.versions.segments)
}

// tellInterested tells segments, rules and workflows of what the batch brought.
func (w *work) tellInterested() error {
	for _, tell := range [...]func() error{w.tellSegments, w.tellRules, w.tellWorkflows} {
		if err := tell(); err != nil {
			return err
		}
	}
	return nil
}

// tellSegments notes the contacts of which something changed that segments ask for.
func (w *work) tellSegments() error {
	if len(w.contacts) == 0 && len(w.touched) == 0 {
		return nil
	}
	wanted, err := w.wanted()
	if err != nil || len(wanted.projects) == 0 {
		return err
	}
	told := make(map[contactChange]bool)
	for _, e := range w.events {
		p := wanted.projects[e.project]
		if !e.inserted || e.contact == nil || p == nil {
			continue
		}
		if p.names[e.Name] {
			told[contactChange{e.project, e.contact.ref, e.name}] = true
		}
		if p.activity {
			told[contactChange{e.project, e.contact.ref, 0}] = true
		}
	}
	for _, x := range w.touched {
		if p := wanted.projects[x.project]; p != nil && p.contact {
			told[x] = true
		}
	}
	for _, c := range w.contacts {
		if p := wanted.projects[c.project]; c.dirty && p != nil && p.contact {
			told[contactChange{c.project, c.ref, 0}] = true
		}
	}
	return w.putChanges(told)
}

func (w *work) putChanges(told map[contactChange]bool) error {
	rows := make([]contactChange, 0, len(told))
	for x := range told {
		rows = append(rows, x)
	}
	slices.SortFunc(rows, func(a, b contactChange) int {
		return cmp.Or(cmp.Compare(a.contact, b.contact), cmp.Compare(a.name, b.name))
	})
	for _, x := range rows {
		_, err := w.b.exec(w.ctx, `INSERT INTO contact_changes (project, contact, name) VALUES ($1, $2, $3)`,
			x.project, x.contact, x.name)
		if err != nil {
			return err
		}
	}
	if len(rows) == 0 {
		return nil
	}
	return w.wakeSegments()
}
