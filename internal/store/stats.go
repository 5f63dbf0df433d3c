package store

import (
	"context"
	"maps"
	"slices"
	"strings"
	"time"

	"tidings/event"
	"tidings/internal/stats"
)

// StatsQuery asks for counters of a project. Zero fields do not filter.
type StatsQuery struct {
	Project string
	By      stats.Kind
	// Value is the one source (src_…), template, workflow, domain, tag, reason or, for links, template to look at.
	Value string
	Names []event.Name
	// From and To bound the time that was counted: From inclusive, To exclusive. They are used down to the hour for
	// sources, down to the day (UTC) for everything else.
	From, To time.Time
	// Series asks for every hour or day by itself; else each value has one sum.
	Series bool
}

// Figure is one counter or a sum of counters.
type Figure struct {
	Value string    // as StatsQuery.Value; "" for what has none
	Link  string    // of ByLink
	Delay int64     // the bucket, of ByDelay
	At    time.Time // where the hour or day begins, of a series
	Name  event.Name
	Class stats.Class
	stats.Count
}

// Stats reads counters. It never looks at events.
func (s *Store) Stats(ctx context.Context, q StatsQuery) (list []Figure, err error) {
	err = s.engine.read(ctx, func(c conn) error {
		r := statsReader{store: s, ctx: ctx, c: c, query: q}
		list, err = r.run()
		return err
	})
	return list, err
}

// statsReader answers one query.
type statsReader struct {
	store   *Store
	ctx     context.Context // of the one call that this value lives for
	c       conn
	query   StatsQuery
	project int64
	names   map[int64]event.Name // of the project, that are asked for
	sources map[int64]string     // of the project
}

func (r *statsReader) run() ([]Figure, error) {
	var err error
	if r.project, err = projectRef(r.ctx, r.c, r.query.Project); err != nil {
		return nil, err
	}
	if err := r.readNames(); err != nil {
		return nil, err
	}
	p := &plan{}
	kind := "kind = "
	if r.query.Value != "" || r.query.By == stats.ByName {
		kind = "+kind = " // the index of dimensions reads a hundredth of what the kind has
	}
	p.where = append(p.where, kind+p.arg(int64(r.query.By)))
	known, err := r.bound(p)
	if err != nil || !known || len(r.names) == 0 {
		return nil, err
	}
	r.span(p)
	r.onlyNames(p)
	return r.read(p)
}

func (r *statsReader) readNames() error {
	r.names = make(map[int64]event.Name)
	if r.query.By == stats.BySending && len(r.query.Names) == 0 {
		r.names[0] = ""
	}
	return r.c.query(r.ctx, `SELECT ref, text FROM terms WHERE project = $1 AND kind = $2`, []any{r.project, termName},
		func(x row) error {
			var ref int64
			var text string
			err := x.Scan(&ref, &text)
			if n := event.Name(text); len(r.query.Names) == 0 || slices.Contains(r.query.Names, n) {
				r.names[ref] = n
			}
			return err
		})
}

// kindTerms are what the dimensions of kinds are, where they are terms.
var kindTerms = map[stats.Kind]int{
	stats.ByTemplate: termTemplate, stats.ByWorkflow: termWorkflow, stats.ByDomain: termDomain,
	stats.BySenderDomain: termDomain, stats.ByTag: termTag, stats.ByReason: termReason,
	stats.ByLink: termTemplate, stats.BySending: termTemplate, stats.ByDelay: termTemplate,
}

// bound limits a plan to the dimensions asked for, and reports whether there are any.
func (r *statsReader) bound(p *plan) (bool, error) {
	by, value := r.query.By, r.query.Value
	switch {
	case by == stats.ByName:
		p.where = append(p.where, "dim = "+p.arg(r.project))
		return true, nil
	case by == stats.BySource:
		return r.boundSources(p)
	case by == stats.BySending && value == "":
		p.where = append(p.where, "dim >= "+p.arg(stats.Pair(r.project, 0)), "dim < "+p.arg(stats.Pair(r.project+1, 0)))
		return true, nil
	case value == "":
		return true, nil // names are the project's own, and tell its counters from others'
	}
	ref, err := r.store.termOf(r.ctx, r.c, termKey{r.project, kindTerms[by], value})
	if err != nil || ref == 0 {
		return false, err
	}
	switch by {
	case stats.ByLink, stats.ByDelay:
		p.where = append(p.where, "dim >= "+p.arg(stats.Pair(ref, 0)), "dim < "+p.arg(stats.Pair(ref+1, 0)))
	case stats.BySending:
		p.where = append(p.where, "dim = "+p.arg(stats.Pair(r.project, ref)))
	default:
		p.where = append(p.where, "dim = "+p.arg(ref))
	}
	return true, nil
}

func (r *statsReader) boundSources(p *plan) (bool, error) {
	r.sources = make(map[int64]string)
	err := r.c.query(r.ctx, `SELECT ref, id FROM sources WHERE project = $1`, []any{r.project}, func(x row) error {
		var ref int64
		var id string
		err := x.Scan(&ref, &id)
		if r.query.Value == "" || r.query.Value == id {
			r.sources[ref] = id
		}
		return err
	})
	if err != nil || len(r.sources) == 0 {
		return false, err
	}
	if r.query.Value != "" {
		for ref := range r.sources {
			p.where = append(p.where, "dim = "+p.arg(ref))
		}
	}
	return true, nil
}

// onlyNames bounds a plan to the names asked for. Without a filter they are told apart when they are read.
func (r *statsReader) onlyNames(p *plan) {
	if len(r.query.Names) == 0 || len(r.names) == 0 {
		return
	}
	var list []string
	for _, ref := range slices.Sorted(maps.Keys(r.names)) {
		list = append(list, p.arg(ref))
	}
	p.where = append(p.where, "+name IN ("+strings.Join(list, ", ")+")")
}

// span bounds a plan in time.
func (r *statsReader) span(p *plan) {
	bucket := days
	if r.query.By == stats.BySource {
		bucket = hours
	}
	if !r.query.From.IsZero() {
		p.where = append(p.where, "bucket >= "+p.arg(bucket(r.query.From)))
	}
	if to := r.query.To; !to.IsZero() {
		p.where = append(p.where, "bucket <= "+p.arg(bucket(to.Add(-time.Millisecond))))
	}
}

// sumKey is what counters of several hours or days are added up by.
type sumKey struct{ dim, name, class int64 }

func (r *statsReader) read(p *plan) ([]Figure, error) {
	sql := `SELECT dim, name, class, bucket, n, uniques, any_uniques FROM counters WHERE ` + joinAnd(p.where)
	if !r.query.Series && !r.store.engine.sums() {
		sql = `SELECT dim, name, class, 0, CAST(sum(n) AS BIGINT), CAST(sum(uniques) AS BIGINT),
			CAST(sum(any_uniques) AS BIGINT) FROM counters WHERE ` + joinAnd(p.where) + ` GROUP BY dim, name, class`
	}
	var list []Figure
	var dims []int64
	sums := make(map[sumKey]int) // places in list
	err := r.c.query(r.ctx, sql, p.args, func(x row) error {
		var f Figure
		var k sumKey
		var bucket int64
		if err := x.Scan(&k.dim, &k.name, &k.class, &bucket, &f.N, &f.Unique, &f.Any); err != nil {
			return err
		}
		if i, ok := sums[k]; ok {
			list[i].Count = list[i].Plus(f.Count)
			return nil
		}
		var ok bool
		if f.Name, ok = r.names[k.name]; !ok {
			return nil
		}
		if _, ok := r.sources[k.dim]; r.query.By == stats.BySource && !ok {
			return nil
		}
		f.Class = stats.Class(k.class)
		if r.query.Series {
			f.At = r.begin(bucket)
		} else {
			sums[k] = len(list)
		}
		list, dims = append(list, f), append(dims, k.dim)
		return nil
	})
	if err != nil {
		return nil, err
	}
	list, dims = withoutZeros(list, dims)
	return list, r.nameDims(list, dims)
}

// withoutZeros leaves out what came to nothing.
func withoutZeros(list []Figure, dims []int64) (some []Figure, of []int64) {
	for i, f := range list {
		if !f.IsZero() {
			some, of = append(some, f), append(of, dims[i])
		}
	}
	return some, of
}

func (r *statsReader) begin(bucket int64) time.Time {
	if r.query.By == stats.BySource {
		return time.Unix(bucket*3600, 0).UTC()
	}
	return time.Unix(bucket*86400, 0).UTC()
}

// nameDims writes what the dimensions of figures are.
func (r *statsReader) nameDims(list []Figure, dims []int64) error {
	if r.query.By == stats.ByName {
		return nil
	}
	values, links := make([]int64, len(dims)), make([]int64, len(dims))
	for i, dim := range dims {
		switch r.query.By {
		case stats.BySource:
			list[i].Value = r.sources[dim]
		case stats.BySending:
			_, values[i] = stats.Unpair(dim)
		case stats.ByLink:
			values[i], links[i] = stats.Unpair(dim)
		case stats.ByDelay:
			values[i], list[i].Delay = stats.Unpair(dim)
		default:
			values[i] = dim
		}
	}
	distinct := make(map[int64]struct{})
	for i := range dims {
		distinct[values[i]], distinct[links[i]] = struct{}{}, struct{}{}
	}
	texts, err := r.store.termTexts(r.ctx, r.c, slices.Collect(maps.Keys(distinct)))
	if err != nil {
		return err
	}
	for i := range list {
		if values[i] != 0 {
			list[i].Value = texts[values[i]]
		}
		list[i].Link = texts[links[i]]
	}
	return nil
}

// contactBound is how many events a count of distinct contacts looks at.
const contactBound = 1_000_000

// Reach is how many distinct contacts a question found.
type Reach struct {
	Contacts int64
	Events   int64
	// Bounded tells that there were more events than are looked at: the numbers are at least these.
	Bounded bool
}

// Reached counts the distinct contacts that events of a template and a name are about, by the index of templates. An
// event that may be another recipient's does not count, nor does a machine's where human is set.
func (s *Store) Reached(ctx context.Context, q EventQuery, human bool) (r Reach, err error) {
	err = s.engine.read(ctx, func(c conn) error {
		project, err := projectRef(ctx, c, q.Project)
		if err != nil {
			return err
		}
		template, err := s.termOf(ctx, c, termKey{project, termTemplate, q.Template})
		if err != nil || template == 0 {
			return err
		}
		p := &plan{}
		p.where = append(p.where, "e.template = "+p.arg(template), "e.template <> 0", "e.class <> "+p.arg(int64(stats.OfCandidates)))
		if human {
			p.where = append(p.where, "e.class <> "+p.arg(int64(stats.ByMachine)))
		}
		var names []string
		for _, n := range q.Names {
			ref, err := s.termOf(ctx, c, termKey{project, termName, string(n)})
			if err != nil {
				return err
			}
			names = append(names, p.arg(ref))
		}
		if len(names) > 0 {
			p.where = append(p.where, "+e.name IN ("+strings.Join(names, ", ")+")")
		}
		stem := s.engine.stem
		if !q.From.IsZero() {
			p.where = append(p.where, stem("e.id")+" >= "+stem(p.arg(event.FirstID(q.From))))
		}
		if !q.To.IsZero() {
			p.where = append(p.where, stem("e.id")+" < "+stem(p.arg(event.FirstID(q.To))))
		}
		_, err = one(ctx, c, `SELECT count(DISTINCT contact), count(*) FROM (SELECT e.contact FROM events e WHERE `+
			joinAnd(p.where)+` LIMIT `+itoa(contactBound)+`) x WHERE contact <> 0`, p.args, &r.Contacts, &r.Events)
		r.Bounded = r.Events >= contactBound
		return err
	})
	return r, err
}
