package store_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"testing"
	"time"

	"tidings/event"
	"tidings/internal/contact"
	"tidings/internal/fault"
	"tidings/internal/segment"
	"tidings/internal/store"
)

// membership is a world whose segments are kept, and a book of who should be in which.
type membership struct {
	*world
	t     *testing.T
	s     *store.Store
	f     *feed
	rules map[string]*segment.Rule
	in    map[string]map[string]bool // by segment, by address: as brute force last found it
	moves []string                   // the entry and exit events that brute force expects, sorted
}

// track makes tracked segments of random conditions.
func (m *membership) track(n int) {
	m.t.Helper()
	for i := range n {
		c := m.condition(1)
		rule, problems := segment.Compile(c)
		if len(problems) > 0 {
			m.t.Fatal(problems)
		}
		raw, err := json.Marshal(c)
		if err != nil {
			m.t.Fatal(err)
		}
		id := fmt.Sprintf("seg_%d", i)
		_, err = m.s.CreateSegment(m.t.Context(), store.DefaultProject, store.Segment{
			ID: id, Name: id, Slug: id, Type: store.DynamicSegment, Condition: raw, Track: true,
		}, store.Act{At: m.now, By: "test", Door: "test", Operation: "createSegment"})
		if err != nil {
			m.t.Fatal(err)
		}
		if _, err := m.s.ComputeSegment(m.t.Context(), store.DefaultProject, id, nil); err != nil {
			m.t.Fatal(err)
		}
		m.rules[id] = rule
		m.in[id] = m.brute(id)
	}
}

// brute evaluates a condition over everybody.
func (m *membership) brute(id string) map[string]bool {
	m.t.Helper()
	refs, _, err := m.s.Selected(m.t.Context(), store.DefaultProject, m.rules[id], m.now.UnixMilli(), 0, 10_000)
	if err != nil {
		m.t.Fatal(err)
	}
	in := make(map[string]bool)
	for _, ref := range refs {
		in[m.address(ref)] = true
	}
	return in
}

func (m *membership) address(ref int64) string {
	return fmt.Sprintf("p%d@acme.test", ref-1)
}

// keep lets the store follow what happened, and writes down what brute force expects of it.
func (m *membership) keep() {
	m.t.Helper()
	if m.likely(30) {
		if _, err := m.s.TellEnded(m.t.Context()); err != nil {
			m.t.Fatal(err)
		}
	}
	for {
		more, _, err := m.s.KeepSegments(m.t.Context())
		if err != nil {
			m.t.Fatal(err)
		}
		if !more {
			break
		}
	}
	for id := range m.rules {
		now := m.brute(id)
		for address := range now {
			if !m.in[id][address] {
				m.moves = append(m.moves, "segment."+id+".entry "+address)
			}
		}
		for address := range m.in[id] {
			if !now[address] {
				m.moves = append(m.moves, "segment."+id+".exit "+address)
			}
		}
		m.in[id] = now
	}
}

// steps is how many random things happen; TIDINGS_SEGMENT_EVENTS asks for more.
func steps(t *testing.T, n int) int {
	t.Helper()
	if s := os.Getenv("TIDINGS_SEGMENT_EVENTS"); s != "" {
		more, err := strconv.Atoi(s)
		if err != nil {
			t.Fatal(err)
		}
		return more
	}
	return n
}

func TestEntriesAndExitsAreThoseOfBruteForceAsEventsComeAndTimePasses(t *testing.T) {
	onBoth(t, func(t *testing.T, open func(...func(*store.Options)) *store.Store) {
		seed := uint64(time.Now().UnixNano())
		t.Logf("seed %d", seed)
		m := &membership{
			world: &world{rand.New(rand.NewPCG(seed, 1)), start}, t: t, rules: make(map[string]*segment.Rule),
			in: make(map[string]map[string]bool),
		}
		m.s = open(func(o *store.Options) { o.Now = func() time.Time { return m.now } })
		m.f = newFeed(t, m.s, "seg")
		for i, slug := range worldTopics {
			if err := m.s.PutTopic(t.Context(), slug, i == 0); err != nil {
				t.Fatal(err)
			}
		}
		people := 20
		for i := range people {
			edit(t, m.s, contact.Change{Address: fmt.Sprintf("p%d@acme.test", i), At: m.now.UnixMilli()})
		}
		m.named()
		m.track(8)
		n := steps(t, 100)
		pause := 60 * 24 * time.Hour / time.Duration(n)
		for range n {
			m.now = m.now.Add(time.Duration(m.Int64N(int64(2 * pause)))).Truncate(time.Millisecond)
			m.happen(people)
			m.keep()
		}
		m.now = m.now.Add(400 * 24 * time.Hour) // everything that time alone changes
		for range 20 {
			m.keep()
		}
		m.check()
	})
}

// happen lets one random thing happen.
func (m *membership) happen(people int) {
	address := fmt.Sprintf("p%d@acme.test", m.IntN(people))
	switch m.IntN(7) {
	case 0:
		m.suppress(address)
	case 1:
		change := contact.Change{Address: address, At: m.now.UnixMilli(), Attributes: data(m.t, m.object())}
		if m.likely(30) {
			change.Tags = []string{pick(m.world, worldTags)}
		}
		if m.likely(30) {
			change.Consent = pick(m.world, []contact.Consent{contact.OptIn, contact.OptOut})
		}
		if m.likely(30) {
			change.Topics = map[string]bool{pick(m.world, worldTopics): m.likely(50)}
		}
		edit(m.t, m.s, change)
	case 2, 3: // time alone
	default:
		var facts []fact
		for range 1 + m.IntN(3) {
			x := m.fact(address)
			x.name = pick(m.world, append(worldMails, "invoice.paid", "cart.filled", "log in"))
			if x.name.Slot() != 0 && x.message == "" {
				x.message = "m"
			}
			facts = append(facts, x)
		}
		for i := range facts {
			facts[i].change = m.plain(facts[i])
		}
		m.f.commit(m.f.entry(facts...))
	}
}

// suppress lets a person suppress somebody, for good or for a while, or lift what holds.
func (m *membership) suppress(address string) {
	m.t.Helper()
	act := store.Act{At: m.now, By: "test", Door: "test", Operation: "suppress"}
	n := store.NewSuppression{Address: address, Reason: contact.Manual, Since: m.now}
	switch m.IntN(3) {
	case 0:
		_, err := m.s.Lift(m.t.Context(), store.DefaultProject, address, "", "asked", act)
		if err != nil && !fault.Is(err, fault.NotFound) {
			m.t.Fatal(err)
		}
		return
	case 1:
		n.Until = m.now.Add(time.Duration(1+m.IntN(72)) * time.Hour)
	}
	if _, err := m.s.Suppress(m.t.Context(), store.DefaultProject, []store.NewSuppression{n}, false, act); err != nil {
		m.t.Fatal(err)
	}
}

// plain fills what a fact of either kind must have.
func (m *membership) plain(x fact) func(*event.Draft) {
	object, url := m.object(), pick(m.world, worldURLs)
	verdict := pick(m.world, []event.Verdict{event.Human, event.Machine})
	return func(d *event.Draft) {
		switch {
		case d.Name.Slot() == 0:
			d.Data, d.Message = []byte(object), nil
		case d.Name == event.EmailClick:
			d.Click = &event.Engagement{URL: url}
			d.Automation = &event.Automation{Verdict: verdict}
		case d.Name == event.EmailOpen:
			d.Automation = &event.Automation{Verdict: verdict}
		case d.Name == event.EmailBounce:
			d.Bounce = &event.Bounce{Class: event.Soft, Reason: "mailbox_full", Final: true}
		}
	}
}

// named makes the segments that conditions name.
func (m *membership) named() {
	m.t.Helper()
	act := store.Act{At: m.now, By: "test", Door: "test", Operation: "createSegment"}
	for _, x := range []store.Segment{
		{ID: "seg_static", Type: store.StaticSegment},
		{ID: "seg_dynamic", Type: store.DynamicSegment, Condition: json.RawMessage(`{"logic":"AND","groups":[{"filters":[
			{"field":"event.invoice.paid","operator":"triggeredWithin","value":2,"unit":"days"}]}]}`)},
		{ID: "seg_nested", Type: store.DynamicSegment, Condition: json.RawMessage(`{"logic":"OR","groups":[{"filters":[
			{"field":"segment","operator":"notMemberOf","value":"seg_dynamic"},{"field":"data.plan","operator":"exists"}]}]}`)},
	} {
		x.Name, x.Slug = x.ID, x.ID
		if _, err := m.s.CreateSegment(m.t.Context(), store.DefaultProject, x, act); err != nil {
			m.t.Fatal(err)
		}
	}
	if _, _, err := m.s.AddMembers(m.t.Context(), store.DefaultProject, "seg_static", []string{"p1@acme.test", "p2@acme.test"}, act); err != nil {
		m.t.Fatal(err)
	}
}

// check compares the members that are kept, and every event that was made, with what brute force found.
func (m *membership) check() {
	m.t.Helper()
	for id := range m.rules {
		list, total, err := m.s.SegmentMembers(m.t.Context(), store.DefaultProject, id, m.now, 0, 1000)
		if err != nil {
			m.t.Fatal(err)
		}
		if int(total) != len(m.in[id]) || len(list) != len(m.in[id]) {
			m.t.Errorf("%s has %d members, brute force finds %d", id, total, len(m.in[id]))
		}
		for _, x := range list {
			if !m.in[id][x.Contact.Address] {
				m.t.Errorf("%s has %s, brute force not", id, x.Contact.Address)
			}
		}
		x, err := m.s.Segment(m.t.Context(), store.DefaultProject, id)
		if err != nil || x.Members != total {
			m.t.Errorf("%s says that it has %d members, it has %d: %v", id, x.Members, total, err)
		}
	}
	got := m.stored()
	slices.Sort(m.moves)
	if !slices.Equal(got, m.moves) {
		m.t.Errorf("%d entries and exits, brute force expects %d\nmissing: %v\ntoo many: %v", len(got), len(m.moves),
			without(m.moves, got), without(got, m.moves))
	}
	m.t.Logf("%d entries and exits", len(got))
}

// stored lists the entry and exit events of the store, sorted.
func (m *membership) stored() (list []string) {
	m.t.Helper()
	q := store.EventQuery{Project: store.DefaultProject, Limit: 1000}
	for id := range m.rules {
		q.Names = append(q.Names, event.Name("segment."+id+".entry"), event.Name("segment."+id+".exit"))
	}
	for {
		page, err := m.s.ListEvents(m.t.Context(), q)
		if err != nil {
			m.t.Fatal(err)
		}
		for _, e := range page.Events {
			list = append(list, string(e.Name)+" "+e.Recipient)
		}
		if page.Next.IsZero() {
			slices.Sort(list)
			return list
		}
		q.After = page.Next
	}
}

func without(list, other []string) (left []string) {
	n := make(map[string]int)
	for _, x := range other {
		n[x]++
	}
	for _, x := range list {
		if n[x]--; n[x] < 0 {
			left = append(left, x)
		}
	}
	return left[:min(len(left), 10)]
}
