package store

import (
	"context"
	"errors"
	"slices"
	"strings"

	"tidings/event"
	"tidings/internal/attribute"
	"tidings/internal/receipt"
)

// plan is one scan of events along one index. The parts of where that are not to choose an index begin with a plus
// sign, which both engines take as a hint that is none of theirs to doubt.
type plan struct {
	where   []string // over events alone, served by the index or cheap
	args    []any
	checks  []driver // over events, after those of where: no index serves them together
	filters []messageFilter
	values  []valueFilter
	tag     string
	nothing bool // nothing can match
	// order is how the scan's index sorts, newest first.
	order string
}

// messageFilter is a filter over the joined rows that no index serves.
type messageFilter struct {
	column string
	ref    int64
}

// valueFilter is a filter over what filters compare of an event, see attribute.OfEvent.
type valueFilter struct {
	key  int64
	text string
}

func (p *plan) arg(v any) string {
	p.args = append(p.args, v)
	return "$" + itoa(len(p.args))
}

// driver is a filter that an index serves.
type driver struct {
	column string
	refs   []int64
}

// planEvents turns a query into scans: one, or one for each of several names, whose results are merged.
func (s *Store) planEvents(ctx context.Context, c conn, q EventQuery) ([]*plan, error) {
	project, err := projectRef(ctx, c, q.Project)
	if err != nil {
		return nil, err
	}
	drivers, err := s.drivers(ctx, c, project, q)
	if err != nil {
		return nil, err
	}
	base, err := s.filterPlan(ctx, c, project, q)
	if err != nil {
		return nil, err
	}
	for _, d := range drivers {
		if len(d.refs) == 0 {
			return nil, nil // what was asked for never happened
		}
	}
	if base.nothing {
		return nil, nil
	}
	if len(drivers) == 0 {
		base.where = append(base.where, "+e.project = "+base.arg(project))
		return []*plan{base}, nil
	}
	s.alongStems(base, q)
	return split(base, drivers, project), nil
}

// alongStems bounds and sorts a scan the way the indexes of drivers do.
func (s *Store) alongStems(p *plan, q EventQuery) {
	stem := s.engine.stem
	if from := newest(q); !from.IsZero() {
		p.where = append(p.where, stem("e.id")+" <= "+stem(p.arg(from)))
	}
	if !q.From.IsZero() {
		p.where = append(p.where, stem("e.id")+" >= "+stem(p.arg(event.FirstID(q.From))))
	}
	p.order = stem("e.id") + " DESC, " + p.order
}

// split makes a scan for each value of the first driver; the others filter.
func split(base *plan, drivers []driver, project int64) []*plan {
	first := drivers[0]
	var plans []*plan
	for _, ref := range first.refs {
		p := &plan{tag: base.tag, order: base.order}
		p.where = append(p.where, base.where...)
		p.filters = append(p.filters, base.filters...)
		p.values = base.values
		p.args = append(p.args, base.args...)
		p.where = append(p.where, "e."+first.column+" = "+p.arg(ref), "+e.project = "+p.arg(project))
		if first.column == "template" || first.column == "receipt" {
			p.where = append(p.where, "e."+first.column+" <> 0") // what its index is limited to: a parameter might be 0
		}
		p.checks = drivers[1:]
		plans = append(plans, p)
	}
	return plans
}

// drivers lists the filters that an index serves, the most selective first.
func (s *Store) drivers(ctx context.Context, c conn, project int64, q EventQuery) (list []driver, err error) {
	if q.Receipt != "" {
		ref, _ := refOf(receiptPrefix, q.Receipt)
		list = append(list, driver{"receipt", nonZero(ref)})
	}
	if q.Message != "" {
		refs, err := messageRefs(ctx, c, project, q.Message)
		if err != nil {
			return nil, err
		}
		list = append(list, driver{"message", refs})
	}
	if q.Contact != "" {
		refs, err := mergedRefs(ctx, c, project, q.Contact)
		if err != nil {
			return nil, err
		}
		list = append(list, driver{"contact", refs})
	}
	if q.Template != "" {
		ref, err := s.termOf(ctx, c, termKey{project, termTemplate, q.Template})
		if err != nil {
			return nil, err
		}
		list = append(list, driver{"template", nonZero(ref)})
	}
	if len(q.Names) > 0 {
		d := driver{column: "name"}
		for _, n := range q.Names {
			ref, err := s.termOf(ctx, c, termKey{project, termName, string(n)})
			if err != nil {
				return nil, err
			}
			d.refs = append(d.refs, nonZero(ref)...)
		}
		list = append(list, d)
	}
	if q.Source != "" || q.Provider != "" {
		refs, err := sourceRefs(ctx, c, project, q.Source, q.Provider)
		if err != nil {
			return nil, err
		}
		list = append(list, driver{"source", refs})
	}
	return list, nil
}

func nonZero(ref int64) []int64 {
	if ref == 0 {
		return nil
	}
	return []int64{ref}
}

func sourceRefs(ctx context.Context, c conn, project int64, id, slug string) (refs []int64, err error) {
	err = c.query(ctx, `SELECT ref FROM sources WHERE project = $1 AND (CAST($2 AS TEXT) = '' OR id = $2)
		AND (CAST($3 AS TEXT) = '' OR provider = $3)
		ORDER BY ref`, []any{project, id, slug}, func(r row) error {
		var ref int64
		err := r.Scan(&ref)
		refs = append(refs, ref)
		return err
	})
	return refs, err
}

// filterPlan has the filters that no index serves, and the bounds of time and cursor.
func (s *Store) filterPlan(ctx context.Context, c conn, project int64, q EventQuery) (*plan, error) {
	p := &plan{tag: q.Tag, order: "e.id DESC"}
	if !q.From.IsZero() {
		p.where = append(p.where, "e.id >= "+p.arg(event.FirstID(q.From)))
	}
	if before := newest(q); !before.IsZero() {
		p.where = append(p.where, "e.id < "+p.arg(before))
	}
	for _, f := range [...]struct {
		column string
		kind   int
		text   string
	}{
		{"workflow", termWorkflow, q.Workflow},
		{"sender_domain", termDomain, strings.ToLower(q.SenderDomain)},
		{"account", termAccount, q.Account},
	} {
		if f.text == "" {
			continue
		}
		ref, err := s.termOf(ctx, c, termKey{project, f.kind, f.text})
		if err != nil {
			return nil, err
		}
		p.nothing = p.nothing || ref == 0
		p.filters = append(p.filters, messageFilter{f.column, ref})
	}
	for _, f := range [...]struct{ key, text string }{{attribute.EventBus, q.Bus}, {attribute.EventApp, q.App}} {
		if f.text == "" {
			continue
		}
		ref, err := s.termOf(ctx, c, termKey{project, termAttribute, f.key})
		if err != nil {
			return nil, err
		}
		p.nothing = p.nothing || ref == 0
		p.values = append(p.values, valueFilter{ref, f.text})
	}
	return p, nil
}

// newest is the id that every event of the query is below; zero for none.
func newest(q EventQuery) event.ID {
	before := q.After
	if !q.To.IsZero() {
		if to := event.FirstID(q.To); before.IsZero() || lessID(to, before) {
			before = to
		}
	}
	return before
}

func lessID(a, b event.ID) bool { return string(a[:]) < string(b[:]) }

// scan is the SQL that reads at most bound events along the index.
func (p *plan) scan(bound int) string {
	sql := `SELECT * FROM events e`
	if len(p.where) > 0 {
		sql += ` WHERE ` + strings.Join(p.where, ` AND `)
	}
	return sql + ` ORDER BY ` + p.order + ` LIMIT ` + itoa(bound)
}

// sparse reports whether a scan passes over events that it looked at.
func (p *plan) sparse() bool {
	return len(p.checks) > 0 || len(p.filters) > 0 || len(p.values) > 0 || p.tag != ""
}

// scanChunk is how many events of a sparse scan are looked at in one go.
const scanChunk = 1000

// runPlan runs one of the scans of a query. cursor is where it ended at the bound, zero where it did not. A scan that passes
// over events ends as soon as it has enough, and loads those alone that match.
func (s *Store) runPlan(
	ctx context.Context, c conn, plans []*plan, i int, q EventQuery,
) (rows []*eventRecord, cursor event.ID, err error) {
	if p := plans[i]; !p.sparse() {
		rows, err = loadEvents(ctx, c, `(`+p.scan(q.Limit+1)+`)`, p.args, "", q.Limit+1)
		return rows, cursor, err
	}
	for looked := 0; looked < eventBound; looked += scanChunk {
		p := plans[i]
		ids, last, n, err := p.chunk(ctx, c)
		if err != nil {
			return nil, cursor, err
		}
		if most := q.Limit + 1 - len(rows); p.tag == "" {
			ids = ids[:min(len(ids), most)]
		}
		if len(ids) > 0 {
			from := `(SELECT * FROM events WHERE id IN (` + marks(1, len(ids)) + `))`
			more, err := loadEvents(ctx, c, from, ids, p.tag, q.Limit+1-len(rows))
			if err != nil {
				return nil, cursor, err
			}
			rows = append(rows, more...)
		}
		if len(rows) > q.Limit || n < scanChunk {
			return rows, event.ID{}, nil
		}
		cursor, q.After = last, last
		if plans, err = s.planEvents(ctx, c, q); err != nil {
			return nil, cursor, err
		}
	}
	return rows, cursor, nil
}

// chunk looks at the next events along the index: the ids of those that all but the tag holds for, the id of the last one
// looked at, and how many those were.
func (p *plan) chunk(ctx context.Context, c conn) (ids []any, last event.ID, looked int, err error) {
	args := slices.Clone(p.args)
	arg := func(v any) string {
		args = append(args, v)
		return "$" + itoa(len(args))
	}
	join, holds := p.onMessages(arg)
	holds = append(holds, "1 = 1")
	for _, d := range p.checks {
		list := make([]string, len(d.refs))
		for i, r := range d.refs {
			list[i] = arg(r)
		}
		holds = append(holds, "e."+d.column+" IN ("+strings.Join(list, ", ")+")")
	}
	for _, v := range p.values { // the primary key of event_values serves it
		holds = append(holds, `EXISTS (SELECT 1 FROM event_values v WHERE v.event = e.id AND v.key = `+arg(v.key)+
			` AND v.text = `+arg(v.text)+`)`)
	}
	sql := `SELECT e.id, CASE WHEN ` + joinAnd(holds) + ` THEN 1 ELSE 0 END FROM (` + p.scan(scanChunk) + `) e` + join +
		` ORDER BY e.id DESC`
	err = c.query(ctx, sql, args, func(r row) error {
		var match int64
		if err := r.Scan(&last, &match); err != nil {
			return err
		}
		if looked++; match == 1 {
			ids = append(ids, last)
		}
		return nil
	})
	return ids, last, looked, err
}

// onMessages writes the filters over the messages of a scan's events e: the join, and what must hold. arg places an argument.
func (p *plan) onMessages(arg func(any) string) (join string, holds []string) {
	for _, f := range p.filters {
		join = ` LEFT JOIN messages m ON m.ref = e.message`
		holds = append(holds, "coalesce(m."+f.column+", 0) = "+arg(f.ref))
	}
	return join, holds
}

// loadEvents reads events of a table or subquery, newest first: at most so many, and with a tag only those that have it.
func loadEvents(ctx context.Context, c conn, from string, args []any, tag string, most int) (rows []*eventRecord, err error) {
	err = c.query(ctx, selectEvent+` FROM `+from+` e `+joinEvent+` ORDER BY e.id DESC`, args, func(r row) error {
		rec, err := scanEvent(r)
		if err != nil {
			return err
		}
		if tag != "" {
			ok, err := hasTag(rec.info, tag)
			if err != nil || !ok {
				return err
			}
		}
		if rows = append(rows, rec); len(rows) >= most {
			return errEnough
		}
		return nil
	})
	if errors.Is(err, errEnough) {
		err = nil
	}
	return rows, err
}

func hasTag(info []byte, tag string) (bool, error) {
	var m event.Message
	if err := receipt.DecodeInfo(info, &m); err != nil {
		return false, err
	}
	for _, t := range m.Tags {
		if t == tag {
			return true, nil
		}
	}
	return false, nil
}
