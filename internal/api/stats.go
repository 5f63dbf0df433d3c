package api

import (
	"context"
	"math"
	"time"

	"tidings/internal/control"
	"tidings/internal/stats"
)

// Counted is how often a name happened.
type Counted struct {
	Name   string `json:"name" doc:"The event name" example:"email.bounce"`
	Class  string `json:"class,omitempty" enum:"human,machine,proxy,unknown,candidates,aside,hard,soft,block,other,mild" doc:"Who opened or clicked, how it bounced, or why it is in no rate"`
	Count  int64  `json:"count" doc:"Events"`
	Unique int64  `json:"unique" doc:"Messages, each in the bucket of its first such event"`
}

// Share is a rate.
type Share struct {
	Name  string  `json:"name" enum:"delivery,bounce,complaint,open,click,unsubscribe"`
	Part  int64   `json:"part" doc:"Messages that did it"`
	Of    int64   `json:"of" doc:"Messages that could"`
	Value float64 `json:"value" doc:"part / of" example:"0.021"`
	Low   float64 `json:"low" doc:"What it is at least, with 95 % confidence (Wilson)"`
	High  float64 `json:"high" doc:"What it is at most"`
	Level string  `json:"level" enum:"ok,warn,severe" doc:"warn: providers put senders under review; severe: they stop them. Judged by low"`
}

// StatsRow is what was counted of one value.
type StatsRow struct {
	Value  string     `json:"value,omitempty" doc:"The template, source, …; absent for the whole project" example:"onboarding/welcome"`
	At     *time.Time `json:"at,omitempty" doc:"Where the hour or day begins"`
	Counts []Counted  `json:"counts" nullable:"false" doc:"Sorted by name and class"`
	Rates  []Share    `json:"rates" nullable:"false"`
}

func statsRowOf(r control.StatsRow) StatsRow {
	out := StatsRow{Value: r.Value, Counts: make([]Counted, len(r.Cells)), Rates: make([]Share, len(r.Rates))}
	if !r.At.IsZero() {
		out.At = &r.At
	}
	for i, c := range r.Cells {
		out.Counts[i] = Counted{Name: string(c.Name), Class: c.Class.String(), Count: c.N, Unique: c.Unique}
	}
	for i, x := range r.Rates {
		out.Rates[i] = shareOf(x)
	}
	return out
}

func shareOf(r stats.Rate) Share {
	return Share{r.Name, r.Part, r.Of, rounded(r.Value), rounded(r.Low), rounded(r.High), string(r.Level)}
}

// rounded leaves six digits of a share: one in a million.
func rounded(share float64) float64 { return math.Round(share*1e6) / 1e6 }

func statsRowsOf(list []control.StatsRow) []StatsRow {
	rows := make([]StatsRow, len(list))
	for i, r := range list {
		rows[i] = statsRowOf(r)
	}
	return rows
}

// StatsSpan is over what time something is counted.
type StatsSpan struct {
	From string `query:"from" doc:"Not before this date or time; 30 days before to if absent" example:"2026-05-04"`
	To   string `query:"to" doc:"Before this date or time; the end of today if absent" example:"2026-06-03"`
}

type statsIn struct {
	By    string   `query:"by" enum:"name,source,template,workflow,tag,domain,senderDomain,reason" default:"name" doc:"What to cut by"`
	Value string   `query:"value" doc:"Only this source, template, …" example:"onboarding/welcome"`
	Name  []string `query:"name,explode" doc:"Only these names, ours or another system's; may be repeated" example:"email.open"`
	Unit  string   `query:"unit" enum:"total,day,hour" default:"total" doc:"One row for each value, or for each of its days or hours"`
	Zone  string   `query:"zone" default:"UTC" doc:"Whose days are meant" example:"Europe/Berlin"`
	StatsSpan
	Limit int `query:"limit" minimum:"1" maximum:"1000" default:"100" doc:"The most values, those with most events first"`
}

// Stats answers what was counted.
type Stats struct {
	By      string     `json:"by"`
	Unit    string     `json:"unit"`
	Zone    string     `json:"zone"`
	From    time.Time  `json:"from"`
	To      time.Time  `json:"to"`
	Rows    []StatsRow `json:"rows" nullable:"false" doc:"By value with most events first, then by time"`
	HasMore bool       `json:"hasMore" doc:"Whether there are more values than limit"`
}

type statsOut struct{ Body Stats }

func (a *api) getStats(ctx context.Context, in *statsIn) (*statsOut, error) {
	r, err := a.Control.Stats(ctx, who(ctx), control.StatsFilter{
		By: in.By, Value: in.Value, Names: in.Name, Unit: in.Unit, From: in.From, To: in.To, Zone: in.Zone,
		Limit: Paging{Limit: in.Limit}.limit(),
	})
	if err != nil {
		return nil, err
	}
	return &statsOut{StatsOf(r)}, nil
}

// StatsOf makes the public form of a report.
func StatsOf(r control.StatsReport) Stats {
	return Stats{r.By, r.Unit, r.Zone, r.From, r.To, statsRowsOf(r.Rows), r.More}
}

type overviewIn struct {
	StatsSpan
	Zone string `query:"zone" default:"UTC" doc:"Whose days are meant" example:"Europe/Berlin"`
}

// Overview is how a project did.
type Overview struct {
	From      time.Time   `json:"from"`
	To        time.Time   `json:"to"`
	Zone      string      `json:"zone"`
	Before    time.Time   `json:"before" doc:"Where the span before begins; it ends at from"`
	Now       StatsRow    `json:"now" doc:"The span"`
	Then      StatsRow    `json:"then" doc:"The span before"`
	Days      []StatsRow  `json:"days" nullable:"false" doc:"Each day of the span that has events"`
	Attention []Attention `json:"attention" nullable:"false" doc:"Rates that endanger the sender, the worst first"`
}

// Attention is a rate that endangers the sender.
type Attention struct {
	By    string `json:"by" enum:"project,template,senderDomain"`
	Value string `json:"value,omitempty" example:"news/monthly"`
	Rate  Share  `json:"rate"`
}

type overviewOut struct{ Body Overview }

func (a *api) getOverview(ctx context.Context, in *overviewIn) (*overviewOut, error) {
	o, err := a.Control.Overview(ctx, who(ctx), control.OverviewFilter{From: in.From, To: in.To, Zone: in.Zone})
	if err != nil {
		return nil, err
	}
	return &overviewOut{OverviewOf(o)}, nil
}

// OverviewOf makes the public form of an overview.
func OverviewOf(o control.Overview) Overview {
	out := Overview{
		From: o.From, To: o.To, Zone: o.Zone, Before: o.Before, Now: statsRowOf(o.Now), Then: statsRowOf(o.Then),
		Days: statsRowsOf(o.Days), Attention: make([]Attention, len(o.Attention)),
	}
	for i, x := range o.Attention {
		out.Attention[i] = Attention{x.By, x.Value, shareOf(x.Rate)}
	}
	return out
}

type templateIn struct {
	Template string `query:"template" doc:"Only this template" example:"onboarding/welcome"`
	StatsSpan
}

func (in templateIn) filter() control.TemplateFilter {
	return control.TemplateFilter{Template: in.Template, From: in.From, To: in.To}
}

type linksIn struct {
	Template string `query:"template" doc:"Only this template" example:"onboarding/welcome"`
	StatsSpan
	Limit int `query:"limit" minimum:"1" maximum:"1000" default:"100" doc:"The most rows in the answer"`
}

// Link is how often a link was clicked.
type Link struct {
	Template string `json:"template,omitempty" example:"onboarding/welcome"`
	URL      string `json:"url" example:"https://app.test/orders/:id"`
	Clicks   int64  `json:"clicks" doc:"Of people, and of whom nobody knows"`
	Unique   int64  `json:"unique" doc:"Messages in which a person clicked it"`
	Machine  int64  `json:"machine" doc:"Clicks of programs"`
}

// Links are the links most clicked.
type Links struct {
	From    time.Time `json:"from"`
	To      time.Time `json:"to"`
	Links   []Link    `json:"links" nullable:"false" doc:"Those of most people first"`
	HasMore bool      `json:"hasMore"`
}

type linksOut struct{ Body Links }

func (a *api) getLinks(ctx context.Context, in *linksIn) (*linksOut, error) {
	f := control.TemplateFilter{Template: in.Template, From: in.From, To: in.To}
	f.Limit = Paging{Limit: in.Limit}.limit()
	l, err := a.Control.Links(ctx, who(ctx), f)
	if err != nil {
		return nil, err
	}
	return &linksOut{LinksOf(l)}, nil
}

// LinksOf makes the public form of links.
func LinksOf(l control.Links) Links {
	out := Links{From: l.From, To: l.To, Links: make([]Link, len(l.Rows)), HasMore: l.More}
	for i, r := range l.Rows {
		out.Links[i] = Link(r)
	}
	return out
}

// Stage is one step of a funnel.
type Stage struct {
	Name     string  `json:"name" enum:"sent,delivered,opened,clicked"`
	Messages int64   `json:"messages"`
	Machine  int64   `json:"machine" doc:"Messages that only programs opened or clicked"`
	Share    float64 `json:"share" doc:"Of the messages sent" example:"0.42"`
}

// Funnel is what became of messages.
type Funnel struct {
	From     time.Time `json:"from" doc:"Of sending"`
	To       time.Time `json:"to"`
	Template string    `json:"template,omitempty"`
	Stages   []Stage   `json:"stages" nullable:"false"`
}

type funnelOut struct{ Body Funnel }

func (a *api) getFunnel(ctx context.Context, in *templateIn) (*funnelOut, error) {
	f, err := a.Control.Funnel(ctx, who(ctx), in.filter())
	if err != nil {
		return nil, err
	}
	return &funnelOut{FunnelOf(f)}, nil
}

// FunnelOf makes the public form of a funnel.
func FunnelOf(f control.FunnelReport) Funnel {
	out := Funnel{From: f.From, To: f.To, Template: f.Template, Stages: make([]Stage, len(f.Stages))}
	for i, s := range f.Stages {
		out.Stages[i] = Stage{s.Name, s.Messages, s.Machine, rounded(s.Share)}
	}
	return out
}

// Delay is how long people took.
type Delay struct {
	Name     string  `json:"name" enum:"email.open,email.click"`
	Messages int64   `json:"messages"`
	P50      float64 `json:"p50" doc:"Seconds that half of the messages did not exceed"`
	P75      float64 `json:"p75"`
	P90      float64 `json:"p90"`
	P99      float64 `json:"p99"`
}

// Delays are how long people took to open and to click.
type Delays struct {
	From     time.Time `json:"from" doc:"Of sending"`
	To       time.Time `json:"to"`
	Template string    `json:"template,omitempty"`
	Delays   []Delay   `json:"delays" nullable:"false"`
}

type delaysOut struct{ Body Delays }

func (a *api) getDelays(ctx context.Context, in *templateIn) (*delaysOut, error) {
	d, err := a.Control.Delays(ctx, who(ctx), in.filter())
	if err != nil {
		return nil, err
	}
	return &delaysOut{DelaysOf(d)}, nil
}

// DelaysOf makes the public form of delays.
func DelaysOf(d control.Delays) Delays {
	out := Delays{From: d.From, To: d.To, Template: d.Template, Delays: make([]Delay, len(d.Rows))}
	for i, r := range d.Rows {
		out.Delays[i] = Delay{
			string(r.Name), r.Messages, r.P50.Seconds(), r.P75.Seconds(), r.P90.Seconds(), r.P99.Seconds(),
		}
	}
	return out
}

type reachIn struct {
	Template string   `query:"template" required:"true" doc:"The template" example:"onboarding/welcome"`
	Name     []string `query:"name,explode" doc:"What they did, email.open if absent; any of them" example:"email.open"`
	Machines bool     `query:"machines" doc:"Count what programs did too"`
	Span
}

// Reach is how many people a template reached.
type Reach struct {
	Contacts int64 `json:"contacts" doc:"Distinct contacts"`
	Events   int64 `json:"events"`
	Bounded  bool  `json:"bounded" doc:"There are more events than are looked at: the numbers are at least these"`
}

type reachOut struct{ Body Reach }

func (a *api) getReach(ctx context.Context, in *reachIn) (*reachOut, error) {
	r, err := a.Control.Reach(ctx, who(ctx), control.ReachFilter{
		Template: in.Template, Names: in.Name, From: in.From, To: in.To, Machines: in.Machines,
	})
	if err != nil {
		return nil, err
	}
	return &reachOut{Reach(r)}, nil
}
