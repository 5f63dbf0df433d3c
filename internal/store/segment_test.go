package store_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"testing"
	"time"

	"tidings/event"
	"tidings/internal/contact"
	"tidings/internal/fault"
	"tidings/internal/segment"
	"tidings/internal/store"
)

// world is a random population, and random conditions on it.
type world struct {
	*rand.Rand
	now time.Time
}

// Words are few, so that conditions meet what is there; odd ones are among them.
var (
	worldTexts = []string{
		"team", "Team", "free", "", "a b", "49", "true", "2026-05-04", "2026-05-04T10:00:00+02:00", "ä", "\U0001f600", "%_'\"\\",
		"2026-13-40", "20260504", "te",
	}
	worldNumbers  = []string{"0", "-1", "49", "49.0", "4.9e1", "0.1", "9007199254740993", "1e400", "-0"}
	worldKeys     = []string{"plan", "amount", "a.b", "a", "when", "Plan", "odd key", "ü"}
	worldEvents   = []event.Name{"invoice.paid", "cart.filled", "log in", "segment.vip.entry"}
	worldMails    = []event.Name{event.EmailSent, event.EmailDelivery, event.EmailOpen, event.EmailClick, event.EmailBounce}
	worldTags     = []string{"vip", "team", "ä"}
	worldURLs     = []string{"https://a.test/", "https://a.test/?x=1", "https://b.test/team"}
	worldTemplate = []string{"welcome", "team", ""}
	worldTopics   = []string{"news", "offers"}
	worldSegments = []string{"seg_static", "seg_dynamic", "seg_nested"}
)

func pick[T any](w *world, list []T) T { return list[w.IntN(len(list))] }

func (w *world) likely(percent int) bool { return w.IntN(100) < percent }

// moment is a time around now, often on a boundary.
func (w *world) moment() time.Time {
	span := pick(w, []time.Duration{time.Minute, time.Hour, 24 * time.Hour, 30 * 24 * time.Hour})
	at := w.now.Add(-span * time.Duration(w.IntN(4)))
	if w.likely(30) {
		at = at.Add(time.Duration(w.IntN(3)-1) * time.Millisecond)
	}
	if w.likely(10) {
		at = at.Add(2 * span)
	}
	return at
}

func (w *world) scalar() any {
	switch w.IntN(6) {
	case 0:
		return json.Number(pick(w, worldNumbers))
	case 1:
		return w.likely(50)
	case 2:
		return w.moment().Format(time.RFC3339Nano)
	}
	return pick(w, worldTexts)
}

func (w *world) value() any {
	switch w.IntN(12) {
	case 0:
		list := make([]any, w.IntN(4))
		for i := range list {
			list[i] = w.scalar()
		}
		return list
	case 1:
		return map[string]any{"b": w.scalar(), "plan": []any{w.scalar(), map[string]any{"a": w.scalar()}}}
	case 2:
		return nil
	}
	return w.scalar()
}

func (w *world) object() string {
	m := make(map[string]any)
	for range w.IntN(6) {
		m[pick(w, worldKeys)] = w.value()
	}
	b, err := json.Marshal(m)
	if err != nil {
		panic(err)
	}
	return string(b)
}

func (w *world) raw() json.RawMessage {
	b, err := json.Marshal(w.scalar())
	if err != nil {
		panic(err)
	}
	return b
}

func quoted(s string) json.RawMessage { return json.RawMessage(strconv.Quote(s)) }

// condition makes a condition that is understood; those that are not are made again.
func (w *world) condition(depth int) segment.Condition {
	c := segment.Condition{Logic: pick(w, []segment.Logic{segment.All, segment.Any})}
	for range 1 + w.IntN(3) {
		var g segment.Group
		for range 1 + w.IntN(2) {
			g.Filters = append(g.Filters, w.filter())
		}
		if depth > 0 && w.likely(30) {
			inner := w.condition(depth - 1)
			g.Conditions = &inner
		}
		c.Groups = append(c.Groups, g)
	}
	return c
}

func (w *world) filter() segment.Filter {
	for {
		f := w.anyFilter()
		if _, problems := segment.Compile(segment.Condition{
			Logic: segment.All, Groups: []segment.Group{{Filters: []segment.Filter{f}}},
		}); len(problems) == 0 {
			return f
		}
	}
}

func (w *world) anyFilter() segment.Filter {
	fields := []string{
		"email", "externalId", "tags", "subscribed", "unsubscribed", "suppressed", "createdAt", "updatedAt", "firstSeenAt",
		"lastSeenAt", "lastOpenAt", "lastClickAt", "snoozed", "snoozedUntil", "topics.news", "topics.offers", "topics.none",
	}
	operators := []segment.Operator{
		segment.Equals, segment.NotEquals, segment.Contains, segment.NotContains, segment.GreaterThan, segment.LessThan,
		segment.GreaterThanOrEqual, segment.LessThanOrEqual, segment.Exists, segment.NotExists, segment.Within, segment.OlderThan,
	}
	f := segment.Filter{Field: pick(w, fields), Operator: pick(w, operators)}
	switch w.IntN(8) {
	case 0, 1, 2:
		f.Field = "data." + pick(w, append(worldKeys, "none", "a.plan", "a.plan.a"))
	case 3, 4, 5:
		return w.eventFilter()
	case 6:
		if w.likely(20) {
			return segment.Filter{
				Field: "segment", Operator: pick(w, []segment.Operator{segment.MemberOf, segment.NotMemberOf}),
				Value: quoted(pick(w, worldSegments)),
			}
		}
	}
	switch {
	case f.Operator == segment.Within || f.Operator == segment.OlderThan:
		f.Value, f.Unit = w.span()
	case f.Operator != segment.Exists && f.Operator != segment.NotExists:
		f.Value = w.raw()
		if f.Field == "email" {
			f.Value = quoted(pick(w, []string{"p1@acme.test", "P1", "@", "bad.test", "p2@sub.bad.test"}))
		}
	}
	return f
}

func (w *world) span() (json.RawMessage, segment.Unit) {
	return json.RawMessage(pick(w, []string{"1", "2", "30", `"3"`, "0.5"})),
		pick(w, []segment.Unit{segment.Minutes, segment.Hours, segment.Days})
}

func (w *world) eventFilter() segment.Filter {
	field := "event." + string(pick(w, worldEvents))
	if w.likely(50) {
		field = pick(w, []string{"email.opened", "email.click", "event.email.delivery", "email.sent", "event.bounced"})
	}
	f := segment.Filter{Field: field, Operator: pick(w, []segment.Operator{
		segment.Triggered, segment.TriggeredWithin, segment.TriggeredOlderThan, segment.NotTriggered, segment.NotTriggeredWithin,
	})}
	if f.Operator != segment.Triggered && f.Operator != segment.NotTriggered {
		f.Value, f.Unit = w.span()
	}
	if w.likely(30) {
		low := int64(w.IntN(3))
		f.Count = &segment.Count{Min: &low}
		if w.likely(50) {
			high := low + int64(w.IntN(2))
			f.Count.Max = &high
		}
	}
	if w.likely(30) {
		f.Where = w.wheres()
	}
	f.Machines = w.likely(20)
	if w.likely(15) {
		f.Operator, f.Count, f.Where, f.Machines, f.Field = segment.Sequence, nil, nil, false, "events"
		f.Value, f.Unit = w.span()
		for range 2 + w.IntN(2) {
			s := segment.Step{Event: string(pick(w, append(worldEvents, "opened", "email.click")))}
			if w.likely(20) {
				s.Where = w.wheres()
			}
			f.Steps = append(f.Steps, s)
		}
	}
	return f
}

func (w *world) wheres() (list []segment.Where) {
	for range 1 + w.IntN(2) {
		x := segment.Where{Field: "data." + pick(w, worldKeys), Operator: pick(w, []segment.Operator{
			segment.Equals, segment.NotEquals, segment.Contains, segment.GreaterThan, segment.LessThanOrEqual, segment.Exists,
			segment.NotExists, segment.NotContains,
		})}
		if x.Operator != segment.Exists && x.Operator != segment.NotExists {
			x.Value = w.raw()
		}
		if w.likely(50) {
			x.Field = pick(w, []string{"url", "template", "workflow", "source", "class", "reason"})
			if x.Value != nil {
				x.Value = quoted(pick(w, append(worldURLs, "team", "welcome", "hard", "no_such_user", "src_seg", "a.test")))
			}
		}
		list = append(list, x)
	}
	return list
}

func (w *world) fact(address string) fact {
	x := fact{to: address, at: w.moment().Sub(start)}
	if w.likely(50) {
		x.name = pick(w, worldEvents)
		data := w.object()
		x.change = func(d *event.Draft) { d.Data = []byte(data) }
		return x
	}
	x.name, x.message = pick(w, worldMails), fmt.Sprintf("m%d", w.IntN(4))
	url, template := pick(w, worldURLs), pick(w, worldTemplate)
	verdict, candidates := pick(w, []event.Verdict{event.Human, event.Machine, event.Proxy}), w.likely(10)
	x.change = func(d *event.Draft) {
		d.Message.Template, d.Message.Workflow = template+x.message, template
		if candidates {
			d.Attribution = event.Candidates
		}
		switch d.Name {
		case event.EmailBounce:
			d.Bounce = &event.Bounce{Class: event.Hard, Reason: "no_such_user", Final: true}
		case event.EmailClick:
			d.Click = &event.Engagement{URL: url}
			d.Automation = &event.Automation{Verdict: verdict}
		case event.EmailOpen:
			d.Automation = &event.Automation{Verdict: verdict}
		}
	}
	return x
}

// populate fills a store with contacts and returns their addresses.
func (w *world) populate(t *testing.T, s *store.Store, n int) []string {
	t.Helper()
	f := newFeed(t, s, "seg")
	for i, slug := range worldTopics {
		if err := s.PutTopic(t.Context(), slug, i == 0); err != nil {
			t.Fatal(err)
		}
	}
	var addresses []string
	for i := range n {
		address := fmt.Sprintf("p%d@%s", i, pick(w, []string{"acme.test", "bad.test", "sub.bad.test"}))
		addresses = append(addresses, address)
		facts := []fact{{name: "seen", to: address, at: w.moment().Sub(start)}}
		for range w.IntN(8) {
			facts = append(facts, w.fact(address))
		}
		f.commit(f.entry(facts...))
		topics := make(map[string]bool)
		for _, slug := range worldTopics {
			if w.likely(40) {
				topics[slug] = w.likely(50)
			}
		}
		var tags []string
		for _, tag := range worldTags {
			if w.likely(30) {
				tags = append(tags, tag)
			}
		}
		external := ""
		if w.likely(50) {
			external = fmt.Sprintf("team%d", i)
		}
		if err := s.PutContact(t.Context(), store.DefaultProject, address, w.object(), external, tags, topics); err != nil {
			t.Fatal(err)
		}
	}
	for _, address := range addresses { // once all have their numbers: a change of a contact may take one, too
		if w.likely(50) {
			until := w.moment().UnixMilli()
			edit(t, s, contact.Change{Address: address, Snooze: &until})
		}
	}
	dynamic := `{"logic":"AND","groups":[{"filters":[{"field":"event.invoice.paid","operator":"triggeredWithin","value":2,"unit":"hours"}]}]}`
	nested := `{"logic":"OR","groups":[{"filters":[{"field":"segment","operator":"notMemberOf","value":"seg_dynamic"},
		{"field":"data.plan","operator":"exists"}]}]}`
	for id, condition := range map[string]string{"seg_static": "", "seg_dynamic": dynamic, "seg_nested": nested} {
		var members []string
		if condition == "" {
			members = addresses[:n/3]
		}
		if err := s.PutSegment(t.Context(), id, condition, members...); err != nil {
			t.Fatal(err)
		}
	}
	return addresses
}

// cases is how many pairs of a condition and a contact are tried on each engine; TIDINGS_SEGMENT_CASES asks for more.
func cases(t *testing.T, n int) int {
	t.Helper()
	if s := os.Getenv("TIDINGS_SEGMENT_CASES"); s != "" {
		more, err := strconv.Atoi(s)
		if err != nil {
			t.Fatal(err)
		}
		return more
	}
	return n
}

// everything is a rule that asks for all that the population has, so that its facts serve every rule.
func everything(t *testing.T) *segment.Rule {
	t.Helper()
	filters := []segment.Filter{{Field: "email", Operator: segment.Exists}}
	for _, name := range append(worldEvents, worldMails...) {
		filters = append(filters, segment.Filter{Field: "event." + string(name), Operator: segment.Triggered, Machines: true})
	}
	for _, id := range worldSegments {
		filters = append(filters, segment.Filter{Field: "segment", Operator: segment.MemberOf, Value: quoted(id)})
	}
	rule, problems := segment.Compile(segment.Condition{Logic: segment.Any, Groups: []segment.Group{{Filters: filters}}})
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	return rule
}

func TestSQLAndMemoryAgreeOnEveryConditionAndContact(t *testing.T) {
	onBoth(t, func(t *testing.T, open func(...func(*store.Options)) *store.Store) {
		s := open()
		seed := uint64(time.Now().UnixNano())
		t.Logf("seed %d", seed)
		w := &world{rand.New(rand.NewPCG(seed, 1)), start.Add(40 * 24 * time.Hour)}
		addresses := w.populate(t, s, 60)
		now := w.now.UnixMilli()
		all := everything(t)
		facts := make(map[int64]*segment.Facts)
		for i, address := range addresses {
			f, err := s.Facts(t.Context(), store.DefaultProject, address, all, now)
			if err != nil {
				t.Fatal(err)
			}
			facts[int64(i+1)] = f
		}
		in, n := 0, cases(t, 10_000)/len(addresses)
		for range n {
			c := w.condition(2)
			rule, problems := segment.Compile(c)
			if len(problems) > 0 {
				t.Fatalf("%+v: %+v", problems, c)
			}
			selected, total, err := s.Selected(t.Context(), store.DefaultProject, rule, now, 0, len(addresses))
			if err != nil {
				t.Fatalf("%v: %s", err, asJSON(c))
			}
			if int(total) != len(selected) {
				t.Fatalf("%d contacts, %d in all", len(selected), total)
			}
			dues, err := s.DuesOf(t.Context(), store.DefaultProject, rule, now)
			if err != nil {
				t.Fatalf("dues: %v: %s", err, asJSON(c))
			}
			in += compareRule(t, rule, c, now, facts, selected, dues)
		}
		t.Logf("%d of %d were in", in, n*len(addresses))
	})
}

// compareRule evaluates a rule in memory for every contact, and compares with what SQL said.
func compareRule(
	t *testing.T, rule *segment.Rule, c segment.Condition, now int64, all map[int64]*segment.Facts, selected []int64,
	dues map[int64]int64,
) (in int) {
	t.Helper()
	inSQL := make(map[int64]bool)
	for _, ref := range selected {
		inSQL[ref] = true
	}
	itself := func(id string) string { return id }
	for ref, facts := range all {
		holds := rule.Eval(facts, now) == segment.True
		if holds != inSQL[ref] {
			t.Fatalf("%s: memory says %v, SQL %v: %s\n%s\n%+v", facts.Email, holds, inSQL[ref], asJSON(c),
				asJSON(rule.Explain(facts, now, itself)), facts)
		}
		if holds {
			in++
		}
		// What time does to segments that are named is asked of them.
		if due := rule.Due(facts, now); len(rule.Needs().Segments) == 0 && due != dues[ref] {
			t.Fatalf("%s: memory is due at %d, SQL at %d: %s\n%+v", facts.Email, due, dues[ref], asJSON(c), facts)
		}
		if got := rule.Explain(facts, now, itself); (got.Holds == segment.True) != holds {
			t.Fatalf("the explanation says %v, the rule %v", got.Holds, holds)
		}
	}
	return in
}

func asJSON(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		return err.Error()
	}
	return string(b)
}

// selectedBy finds the contacts that one filter of JSON selects.
func selectedBy(t *testing.T, s *store.Store, filter string) []int64 {
	t.Helper()
	rule, problems := segment.Parse([]byte(`{"logic":"AND","groups":[{"filters":[` + filter + `]}]}`))
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	refs, _, err := s.Selected(t.Context(), store.DefaultProject, rule, start.UnixMilli(), 0, 1000)
	if err != nil {
		t.Fatal(err)
	}
	return refs
}

// ownFields asks for all of a contact's own.
func ownFields(t *testing.T) *segment.Rule {
	t.Helper()
	rule, problems := segment.Parse([]byte(`{"logic":"AND","groups":[{"filters":[{"field":"email","operator":"exists"}]}]}`))
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	return rule
}

func TestAChainOfSegmentsThatCanBeStoredCanBeEvaluated(t *testing.T) {
	onBoth(t, func(t *testing.T, open func(...func(*store.Options)) *store.Store) {
		s := open()
		edit(t, s, contact.Change{Address: "ann@acme.test", At: start.UnixMilli()})
		condition := `{"field":"subscribed","operator":"equals","value":true}`
		for i := range 20 {
			id := fmt.Sprintf("seg_%d", i)
			raw := []byte(`{"logic":"AND","groups":[{"filters":[` + condition + `]}]}`)
			_, err := s.CreateSegment(t.Context(), store.DefaultProject, store.Segment{
				ID: id, Name: id, Slug: id, Type: store.DynamicSegment, Condition: raw,
			}, act("createSegment"))
			if err != nil {
				if i != 11 || !fault.Is(err, fault.Invalid) {
					t.Fatalf("segment %d of a chain: %v", i, err)
				}
				return
			}
			list, _, err := s.SegmentMembers(t.Context(), store.DefaultProject, id, start, 0, 10)
			if err != nil || len(list) != 1 {
				t.Fatalf("segment %d of a chain has %d members, want 1: %v", i, len(list), err)
			}
			condition = `{"field":"segment","operator":"memberOf","value":"` + id + `"}`
		}
		t.Error("a chain may be of any length")
	})
}
