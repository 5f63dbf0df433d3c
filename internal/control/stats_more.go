package control

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"tidings/event"
	"tidings/internal/stats"
	"tidings/internal/store"
)

// OverviewFilter asks how a project did. Empty fields have the defaults of Stats.
type OverviewFilter struct {
	From, To string
	Zone     string
}

// Overview is how a project did in a span and in the span of the same length before it.
type Overview struct {
	From, To, Before time.Time // Before is where the span before begins
	Zone             string
	Now, Then        StatsRow
	Days             []StatsRow // of the span, oldest first
	Attention        []Attention
}

// Attention is a rate that endangers the sender.
type Attention struct {
	By    string // project, template or senderDomain
	Value string
	Rate  stats.Rate
}

// attended are what is looked at for rates that need attention; attendedNames what those rates are made of.
var (
	attended      = []string{"template", "senderDomain"}
	attendedNames = []string{
		string(event.EmailSent), string(event.EmailDelivery), string(event.EmailBounce), string(event.EmailComplaint),
	}
)

// Overview answers the first question of the day.
func (c *Control) Overview(ctx context.Context, who Actor, f OverviewFilter) (Overview, error) {
	days, err := c.Stats(ctx, who, StatsFilter{By: "name", Unit: unitDay, From: f.From, To: f.To, Zone: f.Zone})
	if err != nil {
		return Overview{}, err
	}
	o := Overview{From: days.From, To: days.To, Before: days.From.Add(days.From.Sub(days.To)), Zone: days.Zone, Days: days.Rows}
	o.Now = sumRows(days.Rows)
	then, err := c.Stats(ctx, who, StatsFilter{
		By: "name", From: o.Before.Format(time.RFC3339), To: o.From.Format(time.RFC3339), Zone: f.Zone,
	})
	if err != nil {
		return Overview{}, err
	}
	o.Then = sumRows(then.Rows)
	o.attend("project", []StatsRow{o.Now})
	for _, by := range attended {
		// What is counted by day of UTC is looked at for the days that the span touches.
		report, err := c.Stats(ctx, who, StatsFilter{
			By: by, Names: attendedNames, From: o.From.Truncate(24 * time.Hour).Format(time.RFC3339),
			To: o.To.Add(24*time.Hour - 1).Truncate(24 * time.Hour).Format(time.RFC3339), Limit: maxLimit,
		})
		if err != nil {
			return Overview{}, err
		}
		o.attend(by, report.Rows)
	}
	slices.SortStableFunc(o.Attention, func(a, b Attention) int { return cmp.Compare(a.Rate.Level, b.Rate.Level) })
	return o, nil
}

func (o *Overview) attend(by string, rows []StatsRow) {
	for _, r := range rows {
		for _, rate := range r.Rates {
			if rate.Level != stats.Fine {
				o.Attention = append(o.Attention, Attention{By: by, Value: r.Value, Rate: rate})
			}
		}
	}
}

// sumRows adds rows into one.
func sumRows(rows []StatsRow) StatsRow {
	var figures []store.Figure
	for _, r := range rows {
		for _, c := range r.Cells {
			figures = append(figures, store.Figure{Name: c.Name, Class: c.Class, Count: c.Count})
		}
	}
	sum := rated(rowsOf(figures, func(time.Time) time.Time { return time.Time{} }))
	if len(sum) == 0 {
		return StatsRow{Rates: stats.Rates(nil)}
	}
	return sum[0]
}

// TemplateFilter asks about one template, or all together. Empty fields have the defaults of Stats; the days are UTC's.
type TemplateFilter struct {
	Template string
	From, To string
	Limit    int
}

// LinkRow is how often a link was clicked.
type LinkRow struct {
	Template string
	URL      string // without query; ":id" stands for parts that are one thing's of many
	Clicks   int64  // of people and of whom nobody knows
	Unique   int64  // messages in which a person clicked it
	Machine  int64  // clicks of programs
}

// Links are the links most clicked, those of people first.
type Links struct {
	From, To time.Time
	Rows     []LinkRow
	More     bool
}

func (c *Control) templateQuery(who Actor, by stats.Kind, f TemplateFilter) (store.StatsQuery, error) {
	var p problems
	p.text("template", f.Template, 0, maxFilter)
	p.limit(f.Limit)
	q := store.StatsQuery{Project: who.Project, By: by, Value: f.Template}
	q.From, q.To = p.spanIn(f.From, f.To, time.UTC, c.Now())
	if !onDays(q.From, q.To) {
		p.add("from", "is counted by days of UTC: from and to must begin one, as 2026-05-04 does")
	}
	return q, p.err()
}

// Links answers which links were clicked.
func (c *Control) Links(ctx context.Context, who Actor, f TemplateFilter) (Links, error) {
	q, err := c.templateQuery(who, stats.ByLink, f)
	if err != nil {
		return Links{}, err
	}
	figures, err := c.Store.Stats(ctx, q)
	if err != nil {
		return Links{}, fmt.Errorf("read links: %w", err)
	}
	rows := make(map[[2]string]*LinkRow)
	for _, g := range figures {
		k := [2]string{g.Value, g.Link}
		if rows[k] == nil {
			rows[k] = &LinkRow{Template: g.Value, URL: g.Link}
		}
		rows[k].add(g)
	}
	out := Links{From: q.From, To: q.To}
	for _, r := range rows {
		out.Rows = append(out.Rows, *r)
	}
	slices.SortFunc(out.Rows, func(a, b LinkRow) int {
		return cmp.Or(cmp.Compare(b.Unique, a.Unique), cmp.Compare(b.Clicks, a.Clicks), cmp.Compare(a.URL, b.URL),
			cmp.Compare(a.Template, b.Template))
	})
	if limit := cmp.Or(f.Limit, defaultStats); len(out.Rows) > limit {
		out.Rows, out.More = out.Rows[:limit], true
	}
	return out, nil
}

func (r *LinkRow) add(g store.Figure) {
	switch g.Class {
	case stats.ByMachine:
		r.Machine += g.N
	case stats.ByHuman:
		r.Unique += g.Unique
		r.Clicks += g.N
	default:
		r.Clicks += g.N
	}
}

// FunnelReport is what became of the messages that were sent in a span, whenever it happened.
type FunnelReport struct {
	From, To time.Time
	Template string
	Stages   []stats.Stage
}

// Funnel follows the messages of a span from sending to click.
func (c *Control) Funnel(ctx context.Context, who Actor, f TemplateFilter) (FunnelReport, error) {
	q, err := c.templateQuery(who, stats.BySending, f)
	if err != nil {
		return FunnelReport{}, err
	}
	figures, err := c.Store.Stats(ctx, q)
	if err != nil {
		return FunnelReport{}, fmt.Errorf("read the funnel: %w", err)
	}
	return FunnelReport{From: q.From, To: q.To, Template: f.Template, Stages: stats.Funnel(cellsOf(figures))}, nil
}

func cellsOf(figures []store.Figure) []stats.Cell {
	cells := make([]stats.Cell, len(figures))
	for i, f := range figures {
		cells[i] = stats.Cell{Name: f.Name, Class: f.Class, Count: f.Count}
	}
	return cells
}

// DelayRow is how long people took, from sending to their first open or click.
type DelayRow struct {
	Name     event.Name
	Messages int64
	// P50 to P99 are the delays that so many percent of the messages did not exceed, to a fifth.
	P50, P75, P90, P99 time.Duration
}

// Delays is the answer to how long people took.
type Delays struct {
	From, To time.Time // of sending
	Template string
	Rows     []DelayRow // by name
}

// Delays answers how long people took to open and to click the messages that were sent in a span.
func (c *Control) Delays(ctx context.Context, who Actor, f TemplateFilter) (Delays, error) {
	q, err := c.templateQuery(who, stats.ByDelay, f)
	if err != nil {
		return Delays{}, err
	}
	figures, err := c.Store.Stats(ctx, q)
	if err != nil {
		return Delays{}, fmt.Errorf("read delays: %w", err)
	}
	out := Delays{From: q.From, To: q.To, Template: f.Template}
	for _, name := range []event.Name{event.EmailOpen, event.EmailClick} {
		buckets, row := make(map[int64]int64), DelayRow{Name: name}
		for _, g := range figures {
			if g.Name == name {
				buckets[g.Delay] += g.N
				row.Messages += g.N
			}
		}
		for _, q := range [...]struct {
			into  *time.Duration
			share float64
		}{{&row.P50, 0.50}, {&row.P75, 0.75}, {&row.P90, 0.90}, {&row.P99, 0.99}} {
			if row.Messages > 0 {
				*q.into = stats.DelayEnd(stats.Quantile(buckets, q.share)).Round(time.Second)
			}
		}
		out.Rows = append(out.Rows, row)
	}
	return out, nil
}

// ReachFilter asks how many people an email reached. Template is required.
type ReachFilter struct {
	Template string
	Names    []string // any of them; default email.open
	From, To string   // to the second; empty: no bound
	Machines bool     // count opens and clicks of programs too
}

// Reach counts distinct people, from the events of a template themselves.
func (c *Control) Reach(ctx context.Context, who Actor, f ReachFilter) (store.Reach, error) {
	var p problems
	p.text("template", f.Template, 1, maxFilter)
	if len(f.Names) == 0 {
		f.Names = []string{string(event.EmailOpen)}
	}
	q := store.EventQuery{Project: who.Project, Template: f.Template, Names: p.eventNames(f.Names)}
	q.From, q.To = p.span(f.From, f.To)
	if err := p.err(); err != nil {
		return store.Reach{}, err
	}
	r, err := c.Store.Reached(ctx, q, !f.Machines)
	if err != nil {
		return r, fmt.Errorf("count contacts: %w", err)
	}
	return r, nil
}

// Recount puts counters and states right. progress may be nil.
func (c *Control) Recount(
	ctx context.Context, who Actor, progress func(done, total int64),
) (store.Recounted, error) {
	r, err := c.Store.Recount(ctx, c.act(who, opRecount, "", ""), progress)
	if err != nil {
		return r, fmt.Errorf("recount: %w", err)
	}
	return r, nil
}
