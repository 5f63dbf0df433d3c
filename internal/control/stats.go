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

// StatsFilter is a question about counters. Empty fields have the defaults of Stats.
type StatsFilter struct {
	By       string // what to cut by, a word of StatsBy
	Value    string // only this template, source, …
	Names    []string
	Unit     string // total, day or hour
	From, To string // a time or a date; From inclusive, To exclusive
	Zone     string // IANA name of the zone whose days are meant
	Limit    int    // values, those with most events first; 1 to 1000, 0 means 100
}

// StatsRow is what was counted of one value, over the whole span or in one hour or day.
type StatsRow struct {
	Value string
	At    time.Time // zero for a total
	Cells []stats.Cell
	Rates []stats.Rate
}

// StatsReport answers a StatsFilter.
type StatsReport struct {
	By, Unit string
	Zone     string
	From, To time.Time
	Rows     []StatsRow // by value with most events first, then by time
	More     bool       // there were more values than the limit
}

// statsKinds are the words for what counters are cut by.
var statsKinds = []struct {
	word string
	kind stats.Kind
}{
	{"name", stats.ByName},
	{"source", stats.BySource},
	{"template", stats.ByTemplate},
	{"workflow", stats.ByWorkflow},
	{"tag", stats.ByTag},
	{"domain", stats.ByDomain},
	{"senderDomain", stats.BySenderDomain},
	{"reason", stats.ByReason},
}

// StatsBy lists the words of StatsFilter.By.
func StatsBy() []string {
	words := make([]string, len(statsKinds))
	for i, k := range statsKinds {
		words[i] = k.word
	}
	return words
}

// StatsUnits lists the words of StatsFilter.Unit.
func StatsUnits() []string { return []string{unitTotal, unitDay, unitHour} }

const (
	unitTotal = "total"
	unitDay   = "day"
	unitHour  = "hour"

	defaultSpan  = 30 * 24 * time.Hour
	maxDays      = 400
	maxHours     = 31 * 24
	defaultStats = 100
)

// Stats answers from counters alone, however many events there are. The default span is the last 30 days, today
// included.
func (c *Control) Stats(ctx context.Context, who Actor, f StatsFilter) (StatsReport, error) {
	q, report, zone, err := c.statsQuery(who, f)
	if err != nil {
		return StatsReport{}, err
	}
	figures, err := c.Store.Stats(ctx, q)
	if err != nil {
		return StatsReport{}, fmt.Errorf("read counters: %w", err)
	}
	if q.By == stats.BySource && report.By == "name" {
		for i := range figures {
			figures[i].Value = "" // of all sources together
		}
	}
	report.Rows = rowsOf(figures, func(t time.Time) time.Time { return beginOf(t, report.Unit, zone) })
	report.Rows, report.More = topValues(report.Rows, cmp.Or(f.Limit, defaultStats))
	rated(report.Rows)
	return report, nil
}

func (c *Control) statsQuery(who Actor, f StatsFilter) (store.StatsQuery, StatsReport, *time.Location, error) {
	var p problems
	r := StatsReport{By: cmp.Or(f.By, "name"), Unit: cmp.Or(f.Unit, unitTotal), Zone: cmp.Or(f.Zone, "UTC")}
	p.oneOf("by", r.By, StatsBy())
	p.oneOf("unit", r.Unit, StatsUnits())
	p.text("value", f.Value, 0, maxFilter)
	p.limit(f.Limit)
	names := p.eventNames(f.Names)
	zone := p.zone(r.Zone)
	r.From, r.To = p.spanIn(f.From, f.To, zone, c.Now())
	kind := kindOf(r.By)
	hourly := r.By == "source" || r.By == "name" && (r.Unit == unitHour || !onDays(r.From, r.To))
	if r.By == "name" && hourly {
		kind = stats.BySource
	}
	switch {
	case r.By == "name" && f.Value != "":
		p.add("value", "says nothing with by=name: use name to choose names")
	case !hourly && r.Unit == unitHour:
		p.add("unit", "hours are counted by name and by source only; %s is counted by day", r.By)
	case !hourly && !onDays(r.From, r.To):
		p.add("from", "%s is counted by days of UTC: from and to must begin one, as 2026-05-04 does, without a zone", r.By)
	}
	p.spanLength(r)
	q := store.StatsQuery{
		Project: who.Project, By: kind, Value: f.Value, Names: names, From: r.From, To: r.To, Series: r.Unit != unitTotal,
	}
	return q, r, zone, p.err()
}

func kindOf(word string) stats.Kind {
	for _, k := range statsKinds {
		if k.word == word {
			return k.kind
		}
	}
	return stats.ByName
}

// onDays reports whether both times begin a day in UTC.
func onDays(from, to time.Time) bool {
	return from.Equal(from.Truncate(24*time.Hour)) && to.Equal(to.Truncate(24*time.Hour))
}

// zone reads the name of a time zone.
func (p *problems) zone(name string) *time.Location {
	zone, err := time.LoadLocation(name)
	if err != nil || name == "Local" {
		p.add("zone", "%.60q is not a time zone: write it as Europe/Berlin", name)
		return time.UTC
	}
	return zone
}

// spanIn is span with dates in a zone, and the default of the last 30 days. Both are cut to the hour.
func (p *problems) spanIn(from, to string, zone *time.Location, now time.Time) (time.Time, time.Time) {
	read := func(field, s string, missing time.Time) time.Time {
		if s == "" {
			return missing
		}
		if t, err := time.ParseInLocation(time.DateOnly, s, zone); err == nil && event.ValidTime(t) {
			return t.UTC()
		}
		t, err := parseWhen(field, s)
		p.addError(err)
		return t
	}
	t := read("to", to, midnight(now, zone, 1))
	f := read("from", from, midnight(t.Add(-time.Millisecond), zone, -29))
	if !f.IsZero() && !t.IsZero() && !f.Before(t) {
		p.add("to", "must be later than from")
	}
	return f.Truncate(time.Hour), t.Add(time.Hour - 1).Truncate(time.Hour)
}

// midnight is the beginning of the day of t in a zone, days later.
func midnight(t time.Time, zone *time.Location, days int) time.Time {
	y, m, d := t.In(zone).Date()
	return time.Date(y, m, d+days, 0, 0, 0, 0, zone).UTC()
}

func (p *problems) spanLength(r StatsReport) {
	span := r.To.Sub(r.From)
	switch {
	case r.Unit == unitHour && span > maxHours*time.Hour:
		p.add("from", "is too early: hours are listed for at most %d days", maxHours/24)
	case r.Unit == unitDay && span > maxDays*24*time.Hour:
		p.add("from", "is too early: days are listed for at most %d days", maxDays)
	}
}

// beginOf is when the hour or day of a counter begins, in a zone. Counters are kept by the hour, so the days of zones
// that are half an hour off are cut at the hour.
func beginOf(at time.Time, unit string, zone *time.Location) time.Time {
	if at.IsZero() || unit != unitDay {
		return at
	}
	return midnight(at, zone, 0)
}

// rowsOf gathers figures by value and time, without rates.
func rowsOf(figures []store.Figure, at func(time.Time) time.Time) []StatsRow {
	type key struct {
		value string
		at    int64
	}
	places := make(map[key]int)
	var rows []StatsRow
	// Counters come in the order of time and value, so what the last one was of is mostly what the next one is of.
	var last key
	var begins, when time.Time
	place := -1
	for _, f := range figures {
		if !f.At.Equal(begins) || place < 0 {
			begins, when = f.At, at(f.At)
		}
		if k := (key{f.Value, when.UnixNano()}); place < 0 || k != last {
			var known bool
			if place, known = places[k]; !known {
				place = len(rows)
				rows = append(rows, StatsRow{Value: f.Value, At: when})
			}
			places[k], last = place, k
		}
		rows[place].Cells = addCell(rows[place].Cells, f)
	}
	return rows
}

// rated sorts the cells of rows by name and class, and adds the rates.
func rated(rows []StatsRow) []StatsRow {
	for i := range rows {
		slices.SortFunc(rows[i].Cells, func(a, b stats.Cell) int {
			return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.Class, b.Class))
		})
		rows[i].Rates = stats.Rates(rows[i].Cells)
	}
	return rows
}

// addCell adds a figure to the cell of its name and class. A row has few.
func addCell(cells []stats.Cell, f store.Figure) []stats.Cell {
	for i := range cells {
		if cells[i].Class == f.Class && cells[i].Name == f.Name {
			cells[i].Count = cells[i].Plus(f.Count)
			return cells
		}
	}
	return append(cells, stats.Cell{Name: f.Name, Class: f.Class, Count: f.Count})
}

// topValues keeps the values with most events and sorts: by events, then value, then time.
func topValues(rows []StatsRow, limit int) (kept []StatsRow, more bool) {
	type value struct {
		text   string
		events int64
		rows   []StatsRow
	}
	var values []*value
	known := make(map[string]*value)
	for _, r := range rows {
		v := known[r.Value]
		if v == nil {
			v = &value{text: r.Value}
			known[r.Value], values = v, append(values, v)
		}
		v.rows = append(v.rows, r)
		for _, c := range r.Cells {
			v.events += c.N
		}
	}
	slices.SortFunc(values, func(a, b *value) int {
		return cmp.Or(cmp.Compare(b.events, a.events), cmp.Compare(a.text, b.text))
	})
	kept = make([]StatsRow, 0, len(rows))
	for _, v := range values[:min(limit, len(values))] {
		slices.SortFunc(v.rows, func(a, b StatsRow) int { return a.At.Compare(b.At) })
		kept = append(kept, v.rows...)
	}
	return kept, len(values) > limit
}
