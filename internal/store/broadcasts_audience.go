package store

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"tidings/internal/segment"
	"tidings/internal/send"
)

// audienceWindow is how many contacts one transaction looks at while an audience is taken.
const audienceWindow = 20_000

// What broadcast_recipients.state says.
const (
	waitingRecipient = 0
	handledRecipient = 1
)

// broadcastReasons are why somebody of an audience is not mailed: broadcast_recipients.state is 2 more than the place. It is
// stored: they are only ever appended.
var broadcastReasons = []send.Reason{
	send.Suppressed, send.Unsubscribed, send.OffTopic, send.Snoozed, send.Pending, send.Gone,
}

func recipientState(reason send.Reason) int64 {
	if i := slices.Index(broadcastReasons, reason); i >= 0 {
		return int64(i + 2)
	}
	return handledRecipient
}

func recipientReason(state int64) send.Reason { return broadcastReasons[state-2] }

// audience is what selects the contacts of a broadcast.
type audience struct {
	from, where string // with b's arguments; contacts are c
	state       string // what recipients begin with
	b           *segment.SQL
}

// audienceOf writes what selects the contacts that a definition speaks of, in the range (after, to] of contacts.
func (s *Store) audienceOf(
	ctx context.Context, c conn, project int64, d *BroadcastDefinition, now, after, to int64,
) (*audience, error) {
	condition := d.Condition
	members := int64(0)
	if d.AudienceType == AudienceSegment {
		x, err := segmentOf(ctx, c, project, d.Segment)
		if err != nil {
			return nil, err
		}
		condition, members = x.selects()
	}
	a, err := s.selectionOf(ctx, c, project, condition, members, now, after, to)
	if err != nil {
		return nil, err
	}
	for _, tag := range d.Tags {
		ref, err := s.termOf(ctx, c, termKey{project, termTag, tag})
		if err != nil {
			return nil, err
		}
		a.where += " AND EXISTS (SELECT 1 FROM contact_tags ct WHERE ct.contact = c.ref AND ct.tag = " + a.b.Arg(ref) + ")"
	}
	if err := a.judge(ctx, c, project, d, now); err != nil {
		return nil, err
	}
	return a, nil
}

// selects is what says who is in the segment: its condition, or, where members are kept, its ref.
func (x *Segment) selects() (condition json.RawMessage, members int64) {
	if x.Type == StaticSegment || x.Track && !x.ComputedAt.IsZero() {
		return nil, x.Ref
	}
	return x.Condition, 0
}

// selectionOf writes what selects contacts by a condition, or as members of a segment that keeps them, in the range (after, to].
func (s *Store) selectionOf(
	ctx context.Context, c conn, project int64, condition json.RawMessage, members, now, after, to int64,
) (*audience, error) {
	r := &rules{project: project, named: make(map[string]namedRule)}
	if len(condition) > 0 {
		rule, problems := segment.Parse(condition)
		if len(problems) > 0 {
			return nil, fmt.Errorf("condition: %s %s", problems[0].At, problems[0].Says)
		}
		var err error
		if r, err = loadRules(ctx, c, project, rule); err != nil {
			return nil, ofCondition(err)
		}
	}
	a := &audience{b: r.sql(s.Engine(), now, project, after, to), from: "contacts c"}
	a.b.Each = true
	// Whoever waits for room among the active contacts is in no segment, and not in an audience.
	a.where = fmt.Sprintf("c.project = $1 AND c.ref > $2 AND c.ref <= $3 AND c.status = %d", activeContact)
	if r.root != nil {
		where, err := a.b.Where(r.root)
		if err != nil {
			return nil, err
		}
		a.where += " AND " + where
	}
	if members != 0 {
		a.where += " AND EXISTS (SELECT 1 FROM segment_members sm WHERE sm.segment = " + a.b.Arg(members) + " AND sm.contact = c.ref)"
	}
	return a, nil
}

// judge writes who of the audience may not be mailed, as send.Check says for marketing.
func (a *audience) judge(ctx context.Context, c conn, project int64, d *BroadcastDefinition, now int64) error {
	at := a.b.Arg(now)
	suppressed := "EXISTS (SELECT 1 FROM suppressions x WHERE x.contact = c.ref AND " + activeSQL(at, true) + ")"
	var there int64
	patterns, err := one(ctx, c, `SELECT 1 FROM suppression_patterns WHERE project = $1 AND lifted_at = 0 LIMIT 1`,
		[]any{project}, &there)
	if err != nil {
		return err
	}
	if patterns { // *@acme.test ends as @acme.test does, *@*.acme.test as .acme.test
		const begins = `CASE WHEN sp.pattern LIKE '*@*.%' THEN 4 ELSE 2 END`
		suppressed = "(" + suppressed + ` OR EXISTS (SELECT 1 FROM suppression_patterns sp WHERE sp.project = c.project
			AND sp.lifted_at = 0 AND length(c.address) > length(sp.pattern) - ` + begins + `
			AND substr(c.address, length(c.address) - length(sp.pattern) + ` + begins + `) = substr(sp.pattern, ` + begins + `)))`
	}
	offTopic := "1 = 0"
	if d.Topic != "" {
		var ref int64
		var takes bool
		found, err := one(ctx, c, `SELECT ref, takes FROM topics WHERE project = $1 AND slug = $2`, []any{project, d.Topic},
			&ref, &takes)
		if err != nil {
			return err
		}
		taken := "SELECT 1 FROM contact_topics tt WHERE tt.contact = c.ref AND tt.topic = " + a.b.Arg(ref)
		switch {
		case found && takes:
			offTopic = "EXISTS (" + taken + " AND tt.takes = 0)"
		case found:
			offTopic = "NOT EXISTS (" + taken + " AND tt.takes <> 0)"
		}
	}
	a.state = "CASE"
	for _, x := range [...]struct {
		when   string
		reason send.Reason
	}{
		{suppressed, send.Suppressed},
		{"c.unsubscribed <> 0", send.Unsubscribed},
		{offTopic, send.OffTopic},
		{"c.snoozed_until > " + at, send.Snoozed},
	} {
		a.state += fmt.Sprintf(" WHEN %s THEN %d", x.when, recipientState(x.reason))
	}
	a.state += fmt.Sprintf(" ELSE %d END", waitingRecipient)
	return nil
}

// AudienceSize is who a broadcast would go to.
type AudienceSize struct {
	Audience   int64
	Recipients int64
	LeftOut    map[send.Reason]int64
	Sample     []Contact // of the recipients, the first few
}

// MeasureAudience finds who a broadcast would go to now. Nothing is stored.
func (s *Store) MeasureAudience(
	ctx context.Context, project string, d *BroadcastDefinition, now time.Time, sample int,
) (out AudienceSize, err error) {
	out.LeftOut = make(map[send.Reason]int64)
	var last int64
	err = s.engine.read(ctx, func(c conn) error {
		_, err := one(ctx, c, `SELECT coalesce(max(ref), 0) FROM contacts`, nil, &last)
		return err
	})
	for after := int64(0); err == nil && after < last; after += audienceWindow {
		counts := make(map[int64]int64)
		var found []Contact
		err = s.engine.read(ctx, func(c conn) error {
			clear(counts)
			found = nil
			p, err := projectRef(ctx, c, project)
			if err != nil {
				return err
			}
			a, err := s.audienceOf(ctx, c, p, d, ms(now), after, min(after+audienceWindow, last))
			if err != nil {
				return err
			}
			err = c.query(ctx, `SELECT state, count(*) FROM (SELECT `+a.state+` AS state FROM `+a.from+` WHERE `+a.where+`) x
				GROUP BY state`, a.b.Args, scanCounts(counts))
			if err != nil || counts[waitingRecipient] == 0 || len(out.Sample) >= sample {
				return err
			}
			var refs []int64
			err = c.query(ctx, `SELECT c.ref FROM `+a.from+` WHERE `+a.where+` AND `+a.state+` = 0 ORDER BY c.ref LIMIT `+
				itoa(sample-len(out.Sample)), a.b.Args, func(r row) error {
				var ref int64
				err := r.Scan(&ref)
				refs = append(refs, ref)
				return err
			})
			if err != nil {
				return err
			}
			found, err = wholeContacts(ctx, c, project, p, refs)
			return err
		})
		out.Sample = append(out.Sample, found...)
		for state, n := range counts {
			out.Audience += n
			if state == waitingRecipient {
				out.Recipients += n
			} else {
				out.LeftOut[recipientReason(state)] += n
			}
		}
	}
	return out, wrapStep("measure the audience", err)
}

func scanCounts(to map[int64]int64) func(row) error {
	return func(r row) error {
		var key, n int64
		err := r.Scan(&key, &n)
		to[key] += n
		return err
	}
}

// TimeZones lists the values of the attribute timezone that contacts of a project have.
func (s *Store) TimeZones(ctx context.Context, project string) (list []string, err error) {
	err = s.engine.read(ctx, func(c conn) error {
		list = nil
		p, err := projectRef(ctx, c, project)
		if err != nil {
			return err
		}
		key, err := s.termOf(ctx, c, termKey{p, termAttribute, zoneAttribute})
		if err != nil || key == 0 {
			return err
		}
		return c.query(ctx, `SELECT DISTINCT text FROM contact_values WHERE key = $1 AND n = 0 AND length(text) BETWEEN 1 AND 64`,
			[]any{key}, func(r row) error {
				var zone string
				err := r.Scan(&zone)
				list = append(list, zone)
				return err
			})
	})
	return list, err
}

// zoneAttribute is the attribute of contacts that says where they are, as an IANA zone.
const zoneAttribute = "timezone"

// Due says when recipients are due.
type Due struct {
	Otherwise time.Time            // of those of no zone, and of all where Zones is empty
	Zones     map[string]time.Time // by zone
}

// TakeAudience takes the next contacts of the audience of a broadcast that began, in one short transaction. due is asked once,
// before the first. done: the audience is whole.
func (s *Store) TakeAudience(
	ctx context.Context, id string, due func(*Broadcast) (Due, error),
) (x Broadcast, done bool, err error) {
	var first *Due
	err = s.engine.read(ctx, func(c conn) error {
		list, err := broadcasts(ctx, c, `WHERE b.id = $1`, id)
		if err == nil && len(list) > 0 {
			x = list[0]
		}
		return err
	})
	if err != nil {
		return x, false, err
	}
	if x.Ref != 0 && x.upto == 0 && !x.Taken {
		d, err := due(&x)
		if err != nil {
			return x, false, err
		}
		first = &d
	}
	err = s.engine.write(ctx, func(c conn) error {
		var found bool
		var err error
		x, found, err = lockBroadcast(ctx, c, id)
		if done = err == nil && (!found || x.Status != BroadcastSending || x.Taken); err != nil || done {
			return err
		}
		if x.upto == 0 {
			if first == nil {
				return nil
			}
			return beginAudience(ctx, c, &x, first)
		}
		return s.takeWindow(ctx, c, &x)
	})
	if err != nil {
		return x, false, fmt.Errorf("take the audience of broadcast %s: %w", id, err)
	}
	return x, done, nil
}

// beginAudience notes how far the contacts go, and when whom is due.
func beginAudience(ctx context.Context, c conn, x *Broadcast, due *Due) error {
	var last int64
	if _, err := one(ctx, c, `SELECT coalesce(max(ref), 0) + 1 FROM contacts`, nil, &last); err != nil {
		return err
	}
	for _, zone := range append(sortedTexts(due.Zones), "") {
		when := due.Otherwise
		if zone != "" {
			when = due.Zones[zone]
		}
		_, err := c.exec(ctx, `INSERT INTO broadcast_zones (broadcast, zone, due_at) VALUES ($1, $2, $3)
			ON CONFLICT (broadcast, zone) DO UPDATE SET due_at = excluded.due_at`, x.Ref, zone, ms(when))
		if err != nil {
			return err
		}
	}
	_, err := c.exec(ctx, `UPDATE broadcasts SET upto = $2 WHERE ref = $1`, x.Ref, last)
	return err
}

// takeWindow stores the recipients of the next range of contacts.
func (s *Store) takeWindow(ctx context.Context, c conn, x *Broadcast) error {
	to := min(x.after+audienceWindow, x.upto)
	a, err := s.audienceOf(ctx, c, x.project, &x.BroadcastDefinition, ms(s.now()), x.after, to)
	if err != nil {
		return err
	}
	var otherwise, zones int64
	if _, err := one(ctx, c, `SELECT due_at FROM broadcast_zones WHERE broadcast = $1 AND zone = ''`, []any{x.Ref},
		&otherwise); err != nil {
		return err
	}
	if _, err := one(ctx, c, `SELECT count(*) FROM broadcast_zones WHERE broadcast = $1 AND zone <> ''`, []any{x.Ref},
		&zones); err != nil {
		return err
	}
	ref := a.b.Arg(x.Ref)
	due := "CAST(" + a.b.Arg(otherwise) + " AS BIGINT)"
	if zones > 0 {
		key, err := s.termOf(ctx, c, termKey{x.project, termAttribute, zoneAttribute})
		if err != nil {
			return err
		}
		a.from += " LEFT JOIN contact_values tz ON tz.contact = c.ref AND tz.n = 0 AND tz.key = " + a.b.Arg(key) +
			" LEFT JOIN broadcast_zones bz ON bz.broadcast = " + ref + " AND bz.zone = tz.text"
		due = "coalesce(bz.due_at, " + due + ")"
	}
	if _, err := c.exec(ctx, `INSERT INTO broadcast_recipients (broadcast, contact, due_at, state) SELECT CAST(`+ref+` AS BIGINT),
		c.ref, `+due+`, `+a.state+` FROM `+a.from+` WHERE `+a.where+` ORDER BY c.ref ON CONFLICT (broadcast, contact) DO NOTHING`,
		a.b.Args...); err != nil {
		return err
	}
	counts := make(map[int64]int64)
	if err := c.query(ctx, `SELECT state, count(*) FROM broadcast_recipients WHERE broadcast = $1 AND contact > $2 AND contact <= $3
		GROUP BY state`, []any{x.Ref, x.after, to}, scanCounts(counts)); err != nil {
		return err
	}
	for state, n := range counts {
		x.Audience += n
		if state == waitingRecipient {
			x.Recipients += n
		} else {
			x.LeftOut[recipientReason(state)] += n
		}
	}
	x.after = to
	taken := int64(0)
	if to >= x.upto {
		taken = ms(s.now())
	}
	left, err := json.Marshal(x.LeftOut)
	if err != nil {
		return err
	}
	_, err = c.exec(ctx, `UPDATE broadcasts SET after = $2, audience = $3, recipients = $4, left_out = $5, taken_at = $6
		WHERE ref = $1`, x.Ref, x.after, x.Audience, x.Recipients, string(left), taken)
	return err
}
