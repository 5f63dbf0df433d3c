package store

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"tidings/event"
	"tidings/internal/job"
	"tidings/internal/segment"
)

// newWork begins a transaction of the event's path that no request brought.
func (s *Store) newWork(ctx context.Context, b batch) *work {
	return &work{
		store: s, b: b, ctx: ctx, now: s.now(), terms: make(map[termKey]*termRow), words: make(map[tallyKey]int64),
	}
}

// finish stores what contacts that moved between segments are followed by.
func (w *work) finish() error {
	for _, step := range [...]func() error{
		func() error { return w.derive(w.moves) }, w.saveFacts, w.tellInterested,
	} {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

// moved notes that a contact came into a segment or left it. It is an event where the segment is tracked, and whoever asks
// for the segment is told.
func (w *work) moved(x Segment, ref int64, address string, project int64, in bool) error {
	c := &contactRow{ref: ref, address: address, project: project, dirty: true}
	w.contacts = append(w.contacts, c)
	if !x.Track {
		return nil
	}
	name := "segment." + x.Slug + ".exit"
	if in {
		name = "segment." + x.Slug + ".entry"
	}
	data, err := json.Marshal(map[string]string{"segmentId": x.ID, "segmentName": x.Name})
	if err != nil {
		return err
	}
	e, err := w.derived(c, event.Event{Name: event.Name(name), OccurredAt: w.now, Data: data},
		fmt.Sprintf("%s %d", x.ID, w.now.UnixNano()))
	if err != nil {
		return err
	}
	w.moves = append(w.moves, e)
	return nil
}

func (w *work) count(segment, by int64) error {
	if by == 0 {
		return nil
	}
	_, err := w.b.exec(w.ctx, `UPDATE segments SET members = members + $2 WHERE ref = $1`, segment, by)
	return err
}

// tracked is a segment whose members are kept, ready to be asked.
type tracked struct {
	Segment
	rules *rules
}

// trackedSegments reads the dynamic segments that are tracked and whose condition can be read.
func (s *Store) trackedSegments(ctx context.Context, c conn) (list []*tracked, err error) {
	all, err := segments(ctx, c, `WHERE track <> 0 AND type = $1 ORDER BY ref`, string(DynamicSegment))
	if err != nil {
		return nil, err
	}
	for _, x := range all {
		rule, problems := segment.Parse(x.Condition)
		if len(problems) > 0 {
			continue
		}
		r, err := loadRules(ctx, c, x.project, rule)
		if ofSegments(err) {
			continue // one that can't be read says so itself, and keeps nobody from the others
		}
		if err != nil {
			return nil, err
		}
		list = append(list, &tracked{x, r})
	}
	return list, nil
}

// asks reports whether a change may turn the segment: name is an event's, or "" for the contact's own fields.
func (t *tracked) asks(name event.Name) bool {
	n := t.rules.needs
	if name == "" {
		return n.Contact || n.Activity
	}
	return slices.Contains(n.Events, name) || slices.Contains(n.Log, name)
}

// segmentBatch is how many contacts one transaction looks at: short enough that ingest hardly waits.
const segmentBatch = 50

// KeepSegments looks at the contacts of which something changed, and at those whose time has come, and keeps the members of
// tracked segments current, in one short transaction. more tells that there is more to do; next is when time alone will
// make something to do, zero: never.
func (s *Store) KeepSegments(ctx context.Context) (more bool, next time.Time, err error) {
	err = s.engine.ingest(ctx, func(b batch) error {
		w := s.newWork(ctx, b)
		k := &keeper{work: w, asked: make(map[int64]map[int64]bool)}
		if k.list, err = s.trackedSegments(ctx, b); err != nil {
			return err
		}
		changes, err := k.changes()
		if err != nil {
			return err
		}
		dues, err := k.dues()
		if err != nil {
			return err
		}
		for _, ref := range sortedRefs(k.asked) {
			if err := k.look(ref); err != nil {
				return err
			}
		}
		if err := k.counts(); err != nil {
			return err
		}
		if err := w.finish(); err != nil {
			return err
		}
		more = changes >= segmentBatch || dues >= segmentBatch || len(w.moves) > 0
		next, err = k.next()
		return err
	})
	if err != nil {
		return false, next, fmt.Errorf("keep segments: %w", err)
	}
	return more, next, nil
}

// keeper is one transaction of KeepSegments.
type keeper struct {
	*work
	list  []*tracked
	asked map[int64]map[int64]bool // by contact: the segments to look at, by ref
	delta map[int64]int64
}

func sortedRefs(m map[int64]map[int64]bool) []int64 {
	list := make([]int64, 0, len(m))
	for ref := range m {
		list = append(list, ref)
	}
	slices.Sort(list)
	return list
}

func (k *keeper) ask(contact, segment int64) {
	if k.asked[contact] == nil {
		k.asked[contact] = make(map[int64]bool)
	}
	k.asked[contact][segment] = true
}

// changes takes what changed, and notes which segments have to look at it.
func (k *keeper) changes() (n int, err error) {
	var refs []any
	err = k.b.query(k.ctx, `SELECT x.ref, x.project, x.contact, coalesce(n.text, '') FROM contact_changes x
		LEFT JOIN terms n ON n.ref = x.name ORDER BY x.ref LIMIT `+itoa(segmentBatch), nil, func(r row) error {
		var ref, project, contact int64
		var name string
		if err := r.Scan(&ref, &project, &contact, &name); err != nil {
			return err
		}
		refs = append(refs, ref)
		for _, t := range k.list {
			if t.project == project && t.asks(event.Name(name)) {
				k.ask(contact, t.Ref)
			}
		}
		return nil
	})
	if err != nil || len(refs) == 0 {
		return 0, err
	}
	// Each by its own ref: on PostgreSQL a smaller one may be committed later.
	_, err = k.b.exec(k.ctx, `DELETE FROM contact_changes WHERE ref IN (`+marks(1, len(refs))+`)`, refs...)
	return len(refs), err
}

// dues takes those whose time has come.
func (k *keeper) dues() (n int, err error) {
	type due struct{ segment, contact int64 }
	var list []due
	err = k.b.query(k.ctx, `SELECT segment, contact FROM segment_dues WHERE due_at <= $1 ORDER BY due_at LIMIT `+
		itoa(segmentBatch), []any{ms(k.now)}, func(r row) error {
		var d due
		err := r.Scan(&d.segment, &d.contact)
		list = append(list, d)
		return err
	})
	for _, d := range list {
		k.ask(d.contact, d.segment)
		if err == nil {
			_, err = k.b.exec(k.ctx, `DELETE FROM segment_dues WHERE segment = $1 AND contact = $2`, d.segment, d.contact)
		}
	}
	return len(list), err
}

// look asks every segment that has to be asked about a contact, over one reading of its facts.
func (k *keeper) look(ref int64) error {
	var address string
	var status, project int64
	found, err := one(k.ctx, k.b, `SELECT address, status, project FROM contacts WHERE ref = $1`, []any{ref}, &address, &status,
		&project)
	if err != nil || !found {
		return err
	}
	var mine []*tracked
	all := &rules{project: project, named: make(map[string]namedRule)}
	for _, t := range k.list {
		if k.asked[ref][t.Ref] {
			mine = append(mine, t)
			all.join(t.rules.needs)
			for id, n := range t.rules.named {
				all.named[id] = n
			}
		}
	}
	if len(mine) == 0 {
		return nil
	}
	facts, err := k.store.factsOf(k.ctx, k.b, all, ref, ms(k.now))
	if err != nil {
		return err
	}
	for _, t := range mine {
		in := status == activeContact && t.rules.root.Eval(facts, ms(k.now)) == segment.True
		if err := k.settle(t, ref, address, in); err != nil {
			return err
		}
		if err := k.setDue(t, ref, t.rules.due(facts, ms(k.now))); err != nil {
			return err
		}
	}
	return nil
}

// due is the next time at which the rule, or one that it names, may turn.
func (r *rules) due(f *segment.Facts, now int64) int64 {
	due := r.root.Due(f, now)
	for _, n := range r.named {
		if n.rule == nil {
			continue
		}
		if at := n.rule.Due(f, now); at != 0 && (due == 0 || at < due) {
			due = at
		}
	}
	return due
}

// settle brings the membership of a contact in line with what is true. A segment that is not computed yet is left to that.
func (k *keeper) settle(t *tracked, ref int64, address string, in bool) error {
	if t.computed == 0 {
		return nil
	}
	sql, args := `DELETE FROM segment_members WHERE segment = $1 AND contact = $2`, []any{t.Ref, ref}
	by := int64(-1)
	if in {
		sql, by = `INSERT INTO segment_members (segment, contact, since) VALUES ($1, $2, $3)
			ON CONFLICT (segment, contact) DO NOTHING`, 1
		args = append(args, ms(k.now))
	}
	n, err := k.b.exec(k.ctx, sql, args...)
	if err != nil || n == 0 {
		return err
	}
	if k.delta == nil {
		k.delta = make(map[int64]int64)
	}
	k.delta[t.Ref] += by
	return k.moved(t.Segment, ref, address, t.project, in)
}

func (k *keeper) setDue(t *tracked, ref, due int64) error {
	if due == 0 {
		_, err := k.b.exec(k.ctx, `DELETE FROM segment_dues WHERE segment = $1 AND contact = $2`, t.Ref, ref)
		return err
	}
	_, err := k.b.exec(k.ctx, `INSERT INTO segment_dues (segment, contact, due_at) VALUES ($1, $2, $3)
		ON CONFLICT (segment, contact) DO UPDATE SET due_at = excluded.due_at`, t.Ref, ref, due)
	return err
}

func (k *keeper) counts() error {
	for _, t := range k.list {
		if err := k.count(t.Ref, k.delta[t.Ref]); err != nil {
			return err
		}
	}
	return nil
}

func (k *keeper) next() (time.Time, error) {
	var due int64
	_, err := one(k.ctx, k.b, `SELECT coalesce(min(due_at), 0) FROM segment_dues`, nil, &due)
	return at(due), err
}

// wakeSegments lets a job look at what changed.
func (w *work) wakeSegments() error {
	_, err := enqueue(w.ctx, w.b, w.now, []job.NewJob{{Kind: SegmentsKind, Key: "all"}})
	return err
}
