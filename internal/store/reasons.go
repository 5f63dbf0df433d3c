package store

import (
	"cmp"
	"context"
	"slices"
	"time"

	"tidings/event"
)

// reasonBound is ReasonQuery.Most where it is 0.
const reasonBound = 100_000

// ReasonQuery asks why mail bounced at one domain of recipients, of one domain of senders, or both.
type ReasonQuery struct {
	Project      string
	Domain       string    // of the recipients, normalised; empty: any
	SenderDomain string    // empty: any
	From, To     time.Time // identity time, From inclusive, To exclusive
	Most         int       // bounces to look at, the newest first; 0 means 100,000
}

// ReasonReport is why mail bounced.
type ReasonReport struct {
	Rows    []BounceReason // the most frequent first
	Bounces int64          // sum of Rows
	// Since is from when on all bounces were looked at: there were Most of them. Zero: all of the span were.
	Since time.Time
}

// BounceReason is one reason and how often it was given.
type BounceReason struct {
	Class  event.BounceClass
	Reason string // empty: none was given
	Count  int64
	// Said is what the remote server said with the newest that has words. They may name the recipient.
	Said string
	// Newest is the newest bounce for this reason.
	Newest   event.ID
	NewestAt time.Time
}

// BounceReasons counts the reasons of bounces from the events themselves, for the counters know reasons and domains but
// not both together. It goes along the index of names and looks at q.Most bounces.
func (s *Store) BounceReasons(ctx context.Context, q ReasonQuery) (report ReasonReport, err error) {
	q.Most = cmp.Or(q.Most, reasonBound)
	err = s.engine.read(ctx, func(c conn) error {
		report = ReasonReport{}
		p, err := s.bouncePlan(ctx, c, q)
		if err != nil || p == nil {
			return err
		}
		return s.countReasons(ctx, c, p, q, &report)
	})
	return report, err
}

// bouncePlan is the scan of the bounces of a span; nil where nothing can match.
func (s *Store) bouncePlan(ctx context.Context, c conn, q ReasonQuery) (*plan, error) {
	plans, err := s.planEvents(ctx, c, EventQuery{
		Project: q.Project, Names: []event.Name{event.EmailBounce}, SenderDomain: q.SenderDomain, From: q.From, To: q.To,
	})
	if err != nil || len(plans) == 0 {
		return nil, err
	}
	return plans[0], nil
}

// reasonSQL reads the bounces that a scan looks at. Those that are not of the domains come without their detail: how far the
// scan went is known by them, too.
func (s *Store) reasonSQL(p *plan, q ReasonQuery) (string, []any) {
	args := slices.Clone(p.args)
	arg := func(v any) string {
		args = append(args, v)
		return "$" + itoa(len(args))
	}
	join, holds := p.onMessages(arg)
	if q.Domain != "" {
		join += ` LEFT JOIN contacts c ON c.ref = e.contact`
		holds = append(holds, contactDomain[s.Engine()]+` = `+arg(q.Domain))
	}
	detail := "e.detail"
	if len(holds) > 0 {
		detail = `CASE WHEN ` + joinAnd(holds) + ` THEN e.detail END`
	}
	return `SELECT e.id, e.occurred_at, ` + detail + ` FROM (` + p.scan(q.Most) + `) e` + join, args
}

func (s *Store) countReasons(ctx context.Context, c conn, p *plan, q ReasonQuery, report *ReasonReport) error {
	type key struct {
		class  event.BounceClass
		reason string
	}
	found := make(map[key]*BounceReason)
	words := make(map[key]time.Time) // of what Said is
	var last event.ID                // the oldest that was looked at
	looked := 0
	sql, args := s.reasonSQL(p, q)
	err := c.query(ctx, sql, args, func(r row) error {
		var id event.ID
		var occurred int64
		var detail []byte
		if err := r.Scan(&id, &occurred, &detail); err != nil {
			return err
		}
		if looked++; last.IsZero() || lessID(id, last) {
			last = id
		}
		if len(detail) == 0 {
			return nil
		}
		var e event.Event
		if err := s.codec.DecodeDetail(detail, &e); err != nil || e.Bounce == nil {
			return err
		}
		k := key{e.Bounce.Class, e.Bounce.Reason}
		b := found[k]
		if b == nil {
			b = &BounceReason{Class: k.class, Reason: k.reason}
			found[k] = b
		}
		b.Count++
		report.Bounces++
		when := at(occurred)
		if b.Newest.IsZero() || lessID(b.Newest, id) {
			b.Newest, b.NewestAt = id, when
		}
		if said := e.Bounce.Diagnostic; said != "" && (b.Said == "" || when.After(words[k])) {
			b.Said, words[k] = said, when
		}
		return nil
	})
	if err != nil {
		return err
	}
	for _, b := range found {
		report.Rows = append(report.Rows, *b)
	}
	slices.SortFunc(report.Rows, func(a, b BounceReason) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.Class, b.Class), cmp.Compare(a.Reason, b.Reason))
	})
	if looked == q.Most {
		report.Since = last.Time()
	}
	return nil
}
