package store

import (
	"context"

	"tidings/event"
	"tidings/internal/attribute"
	"tidings/internal/contact"
	"tidings/internal/fault"
	"tidings/internal/segment"
	"tidings/internal/stats"
)

// maxLog is how many events of a contact are read to evaluate a rule in memory.
const maxLog = 50_000

// Facts reads of a contact what a rule asks, as of now, in Unix milliseconds.
func (s *Store) Facts(
	ctx context.Context, project, idOrAddress string, rule *segment.Rule, now int64,
) (f *segment.Facts, err error) {
	err = s.engine.read(ctx, func(c conn) error {
		p, err := projectRef(ctx, c, project)
		if err != nil {
			return err
		}
		ref, err := contactRef(ctx, c, p, idOrAddress)
		if err != nil {
			return err
		}
		if ref == 0 {
			return fault.Missing("there is no contact %q", idOrAddress)
		}
		r, err := loadRules(ctx, c, p, rule)
		if err != nil {
			return err
		}
		f, err = s.factsOf(ctx, c, r, ref, now)
		return err
	})
	return f, err
}

// factsOf reads what rules ask of a contact.
func (s *Store) factsOf(ctx context.Context, c conn, r *rules, ref, now int64) (*segment.Facts, error) {
	f := &segment.Facts{}
	l := factLoader{s: s, c: c, ctx: ctx, r: r, ref: ref, now: now, f: f}
	steps := []func() error{l.contact, l.custom, l.log}
	if r.needs.Contact {
		steps = append(steps, l.suppressions, l.tags, l.topics)
	}
	for _, step := range append(steps, l.segments) {
		if err := step(); err != nil {
			return nil, err
		}
	}
	return f, nil
}

type factLoader struct {
	s        *Store
	c        conn
	ctx      context.Context // of the one call that this value lives for
	r        *rules
	ref, now int64
	f        *segment.Facts
}

func (l *factLoader) contact() error {
	f := l.f
	var attributes string
	var lasts []byte
	var unsubscribed bool
	_, err := one(l.ctx, l.c, `SELECT address, external_id, attributes, unsubscribed, created_at, updated_at, first_seen,
		last_seen, last_open, last_click, snoozed_until, lasts FROM contacts WHERE ref = $1`, []any{l.ref}, &f.Email, &f.ExternalID,
		&attributes, &unsubscribed, &f.CreatedAt, &f.UpdatedAt, &f.FirstSeenAt, &f.LastSeenAt, &f.LastOpenAt, &f.LastClickAt,
		&f.SnoozedUntil, &lasts)
	if err != nil {
		return err
	}
	f.Unsubscribed, f.Snoozed = unsubscribed, f.SnoozedUntil > l.now
	f.Seen = make(map[event.Name]segment.Seen)
	for slot, at := range contact.DecodeLasts(lasts) {
		if at != 0 {
			f.Seen[event.SlotName(slot)] = segment.Seen{N: 1, Last: at}
		}
	}
	f.Data, err = attribute.Values([]byte(attributes))
	return err
}

// custom reads what is known of custom events.
func (l *factLoader) custom() error {
	return l.c.query(l.ctx, `SELECT t.text, f.n, f.first_at, f.last_at FROM contact_events f JOIN terms t ON t.ref = f.name
		WHERE f.contact = $1`, []any{l.ref}, func(r row) error {
		var name string
		var s segment.Seen
		err := r.Scan(&name, &s.N, &s.First, &s.Last)
		l.f.Seen[event.Name(name)] = s
		return err
	})
}

// log reads events one by one.
func (l *factLoader) log() error {
	if len(l.r.needs.Log) == 0 {
		return nil
	}
	args := []any{l.ref, l.r.project}
	for _, n := range l.r.needs.Log {
		args = append(args, string(n))
	}
	return l.c.query(l.ctx, `SELECT e.id, n.text, e.occurred_at, e.class, e.detail, coalesce(t.text, ''), coalesce(w.text, ''),
		coalesce(s.id, '') FROM events e JOIN terms n ON n.ref = e.name LEFT JOIN terms t ON t.ref = e.template
		LEFT JOIN messages m ON m.ref = e.message LEFT JOIN terms w ON w.ref = m.workflow LEFT JOIN sources s ON s.ref = e.source
		WHERE e.contact = $1 AND e.class <> `+itoa(int(stats.OfCandidates))+` AND e.name IN (SELECT ref FROM terms
			WHERE project = $2 AND kind = `+itoa(termName)+` AND text IN (`+marks(3, len(l.r.needs.Log))+`))
		ORDER BY e.id DESC LIMIT `+itoa(maxLog), args, func(r row) error {
		o, err := l.occurrence(r)
		l.f.Log = append(l.f.Log, o)
		return err
	})
}

func (l *factLoader) occurrence(r row) (o segment.Occurrence, err error) {
	var name, template, workflow, source string
	var class int64
	var detail []byte
	if err := r.Scan(&o.ID, &name, &o.At, &class, &detail, &template, &workflow, &source); err != nil {
		return o, err
	}
	o.Name, o.Machine = event.Name(name), stats.Class(class) == stats.ByMachine
	e := event.Event{Name: o.Name}
	if err := l.s.codec.DecodeDetail(detail, &e); err != nil {
		return o, err
	}
	o.Values = attribute.OfEvent(&e)
	if o.Values == nil {
		o.Values = make(map[string][]attribute.Value)
	}
	for key, text := range map[string]string{"template": template, "workflow": workflow, "source": source} {
		if text != "" {
			o.Values[key] = []attribute.Value{{Kind: attribute.Text, Text: text}}
		}
	}
	return o, nil
}

// suppressions tells whether the contact is suppressed, and until when: the latest end of those that hold.
func (l *factLoader) suppressions() error {
	forGood := false
	err := l.c.query(l.ctx, `SELECT until FROM suppressions WHERE contact = $1 AND lifted_at = 0 AND (until = 0 OR until > $2)`,
		[]any{l.ref, l.now}, func(r row) error {
			var until int64
			err := r.Scan(&until)
			l.f.Suppressed = true
			forGood = forGood || until == 0
			l.f.SuppressedUntil = max(l.f.SuppressedUntil, until)
			return err
		})
	if err != nil {
		return err
	}
	list, err := patternsOf(l.ctx, l.c, l.r.project, l.f.Email)
	if len(list) > 0 {
		l.f.Suppressed, forGood = true, true
	}
	if forGood {
		l.f.SuppressedUntil = 0
	}
	return err
}

func (l *factLoader) tags() error {
	return l.c.query(l.ctx, `SELECT t.text FROM contact_tags k JOIN terms t ON t.ref = k.tag WHERE k.contact = $1
		ORDER BY t.text`, []any{l.ref}, func(r row) error {
		var tag string
		err := r.Scan(&tag)
		l.f.Tags = append(l.f.Tags, tag)
		return err
	})
}

func (l *factLoader) topics() error {
	l.f.Topics = make(map[string]bool)
	return l.c.query(l.ctx, `SELECT o.slug, coalesce(k.takes, o.takes) FROM topics o LEFT JOIN contact_topics k
		ON k.topic = o.ref AND k.contact = $1 WHERE o.project = $2`, []any{l.ref, l.r.project}, func(r row) error {
		var slug string
		var takes bool
		err := r.Scan(&slug, &takes)
		l.f.Topics[slug] = takes
		return err
	})
}

// segments tells in which of the named segments the contact is.
func (l *factLoader) segments() error {
	static := make(map[string]bool)
	for id, n := range l.r.named {
		if n.rule != nil {
			continue
		}
		var there int64
		found, err := one(l.ctx, l.c, `SELECT 1 FROM segment_members WHERE segment = $1 AND contact = $2`,
			[]any{n.ref, l.ref}, &there)
		if err != nil {
			return err
		}
		static[id] = found
	}
	facts, now, named := l.f, l.now, l.r.named
	facts.Member = func(id string) bool {
		if n := named[id]; n.rule != nil {
			return n.rule.Eval(facts, now) == segment.True
		}
		return static[id]
	}
	return nil
}
