package store

import (
	"context"
	"fmt"
	"slices"
	"time"

	"tidings/internal/message"
	"tidings/internal/stats"
)

// maxDifferences bounds what a verification lists.
const maxDifferences = 1000

// verifyChunk is how many messages or contacts are recounted at once.
const verifyChunk = 2000

// Verify recounts everything that is kept per event, messages, contacts, suppressions and counters, from the stored
// events, and compares. It sees one snapshot and may run beside a server. Buckets and states that reach back before
// events were removed by retention are compared as far as the events reach. progress, which may be nil, is told how
// many events are done.
func (s *Store) Verify(ctx context.Context, progress func(done, total int64)) (Verification, error) {
	if progress == nil {
		progress = func(done, total int64) {}
	}
	var v verifier
	err := s.engine.snapshot(ctx, func(c conn) error {
		v = verifier{store: s, c: c, ctx: ctx, progress: progress, domains: make(map[string]int64)}
		return v.run()
	})
	return v.out, err
}

type verifier struct {
	store    *Store
	c        conn
	ctx      context.Context // of the one call that this value lives for
	progress func(done, total int64)
	out      Verification

	horizon int64 // events before it may have been removed; Unix milliseconds
	tally   stats.Tally
	domains map[string]int64 // of the project that is looked at, by text
	done    int64
	total   int64
}

func (v *verifier) run() error {
	if _, err := one(v.ctx, v.c, `SELECT CAST(value AS BIGINT) FROM meta WHERE name = 'horizon'`, nil, &v.horizon); err != nil {
		return err
	}
	if _, err := one(v.ctx, v.c, `SELECT count(*) FROM events`, nil, &v.total); err != nil {
		return err
	}
	for _, step := range [...]func() error{v.messages, v.loose, v.contacts, v.counters} {
		if err := step(); err != nil {
			return err
		}
	}
	v.out.Events = v.total
	return nil
}

func (v *verifier) differ(what string, have, want any) {
	h, w := fmt.Sprintf("%+v", have), fmt.Sprintf("%+v", want)
	if h != w && len(v.out.Differences) < maxDifferences {
		v.out.Differences = append(v.out.Differences, Difference{What: what, Have: h, Want: w})
	}
}

func (v *verifier) step(n int) {
	v.done += int64(n)
	v.progress(v.done/2, v.total) // every event is looked at twice: for its message and for its contact
}

// verifiedMessage is a message with the dimensions of its counters.
type verifiedMessage struct {
	ref, template, workflow, project int64
	address                          string
	state                            []byte
}

func (v *verifier) messages() error {
	var after int64
	for {
		var list []verifiedMessage
		err := v.c.query(v.ctx, `SELECT m.ref, m.template, m.workflow, m.project, c.address, m.state
			FROM messages m JOIN contacts c ON c.ref = m.contact WHERE m.ref > $1 ORDER BY m.ref LIMIT $2`,
			[]any{after, verifyChunk}, func(r row) error {
				var m verifiedMessage
				err := r.Scan(&m.ref, &m.template, &m.workflow, &m.project, &m.address, &m.state)
				list = append(list, m)
				return err
			})
		if err != nil || len(list) == 0 {
			return err
		}
		byMessage, n, err := v.factsByMessage(list[0].ref, list[len(list)-1].ref)
		if err != nil {
			return err
		}
		for _, m := range list {
			if err := v.message(m, byMessage[m.ref]); err != nil {
				return err
			}
		}
		v.out.Messages += int64(len(list))
		v.step(n)
		after = list[len(list)-1].ref
	}
}

func (v *verifier) factsByMessage(from, to int64) (map[int64][]storedFact, int, error) {
	byMessage := make(map[int64][]storedFact)
	w, n := work{store: v.store}, 0
	err := v.c.query(v.ctx, `SELECT e.id, e.name, n.text, e.class, e.occurred_at, e.source, e.detail, e.message
		FROM events e JOIN terms n ON n.ref = e.name WHERE e.message BETWEEN $1 AND $2`, []any{from, to},
		func(r row) error {
			var owner int64
			f, err := w.scanFact(also{r, &owner})
			byMessage[owner] = append(byMessage[owner], f)
			n++
			return err
		})
	return byMessage, n, err
}

// also scans one more column than the caller asks for.
type also struct {
	row
	last *int64
}

func (a also) Scan(dest ...any) error { return a.row.Scan(append(dest, a.last)...) }

func (v *verifier) message(m verifiedMessage, facts []storedFact) error {
	state, err := message.Decode(m.state)
	if err != nil {
		return err
	}
	domain, err := v.domain(m.project, domainOf(m.address))
	if err != nil {
		return err
	}
	dims := stats.Dims{Template: m.template, Workflow: m.workflow, Domain: domain}
	if v.reachesBack(state) {
		v.partial(state, facts, dims)
		return nil
	}
	want := refold(facts, dims, v.tally.Merge)
	v.differ("message "+publicID(messagePrefix, m.ref), state, want)
	return nil
}

func (v *verifier) reachesBack(s message.State) bool {
	return slices.ContainsFunc(s.Entries(), func(e message.Entry) bool { return e.First.At < v.horizon })
}

// partial counts what is left of a message whose older events were removed: the events that are there, and the
// uniques of which its state says that they began later.
func (v *verifier) partial(state message.State, facts []storedFact, dims stats.Dims) {
	names := make(map[int]int64)
	for _, f := range facts {
		d := dims
		d.Name = f.name
		names[f.Slot] = f.name
		v.tally.Add(d, f.Class, f.Point, stats.Count{N: 1})
	}
	for _, e := range state.Entries() {
		if e.First.At < v.horizon || e.Class == stats.OfCandidates {
			continue
		}
		d := dims
		d.Name = names[e.Slot]
		v.tally.Add(d, e.Class, e.First, stats.Count{Unique: 1})
		if first, _ := state.First(e.Slot); first == e {
			v.tally.Add(d, e.Class, e.First, stats.Count{Any: 1})
		}
	}
}

// loose counts the events that belong to no message.
func (v *verifier) loose() error {
	n := 0
	w := work{store: v.store}
	type looseFact struct {
		storedFact
		address string
		project int64
	}
	var list []looseFact
	err := v.c.query(v.ctx, `SELECT e.id, e.name, n.text, e.class, e.occurred_at, e.source, e.detail, e.project,
		coalesce(c.address, '') FROM events e JOIN terms n ON n.ref = e.name
		LEFT JOIN contacts c ON c.ref = e.contact WHERE e.message = 0`, nil, func(r row) error {
		var f looseFact
		var err error
		f.storedFact, err = w.scanFact(alsoText{also{r, &f.project}, &f.address})
		list = append(list, f)
		return err
	})
	if err != nil {
		return err
	}
	for _, f := range list {
		domain, err := v.domain(f.project, domainOf(f.address))
		if err != nil {
			return err
		}
		v.tally.Add(stats.Dims{Name: f.name, Domain: domain}, f.Class, f.Point, stats.Count{N: 1})
		n++
	}
	v.step(n)
	return nil
}

type alsoText struct {
	also
	text *string
}

func (a alsoText) Scan(dest ...any) error { return a.row.Scan(append(dest, a.last, a.text)...) }

func (v *verifier) domain(project int64, text string) (int64, error) {
	if text == "" {
		return 0, nil
	}
	key := fmt.Sprint(project, "/", text)
	if ref, ok := v.domains[key]; ok {
		return ref, nil
	}
	ref, err := v.store.termOf(v.ctx, v.c, termKey{project, termDomain, text})
	if len(v.domains) < maxTerms {
		v.domains[key] = ref
	}
	return ref, err
}

// counters compares what was counted with what is stored.
func (v *verifier) counters() error {
	want := v.tally.Counts()
	have := make(map[stats.Key]stats.Count)
	err := v.c.query(v.ctx, `SELECT kind, dim, name, class, bucket, n, uniques, any_uniques FROM counters
		WHERE n <> 0 OR uniques <> 0 OR any_uniques <> 0`, nil, func(r row) error {
		var k stats.Key
		var c stats.Count
		var kind, class int64
		err := r.Scan(&kind, &k.Dim, &k.Name, &class, &k.Bucket, &c.N, &c.Unique, &c.Any)
		k.Kind, k.Class = stats.Kind(kind), stats.Class(class)
		have[k] = c
		return err
	})
	if err != nil {
		return err
	}
	keys := make(map[stats.Key]bool, len(have))
	for k := range have {
		keys[k] = true
	}
	for k := range want {
		keys[k] = true
	}
	v.out.Counters = int64(len(keys))
	sorted := make([]stats.Key, 0, len(keys))
	for k := range keys {
		if have[k] != want[k] && bucketStart(k) >= v.horizon {
			sorted = append(sorted, k)
		}
	}
	slices.SortFunc(sorted, compareKeys)
	for _, k := range sorted {
		what, err := v.describe(k)
		if err != nil {
			return err
		}
		v.differ(what, have[k], want[k])
	}
	return nil
}

func bucketStart(k stats.Key) int64 {
	if k.Kind == stats.BySource {
		return k.Bucket * time.Hour.Milliseconds()
	}
	return k.Bucket * 24 * time.Hour.Milliseconds()
}

var kindWords = map[stats.Kind]string{
	stats.BySource: "source", stats.ByTemplate: "template", stats.ByWorkflow: "workflow", stats.ByDomain: "domain",
}

// describe says in words which counter it is: "2026-05-04 10h email.open source src_x human".
func (v *verifier) describe(k stats.Key) (string, error) {
	refs := []int64{k.Name}
	if k.Kind != stats.BySource {
		refs = append(refs, k.Dim)
	}
	texts, err := v.store.termTexts(v.ctx, v.c, refs)
	if err != nil {
		return "", err
	}
	start := time.UnixMilli(bucketStart(k)).UTC()
	when, dim := start.Format("2006-01-02"), texts[k.Dim]
	if k.Kind == stats.BySource {
		when = start.Format("2006-01-02 15h")
		if _, err := one(v.ctx, v.c, `SELECT id FROM sources WHERE ref = $1`, []any{k.Dim}, &dim); err != nil {
			return "", err
		}
	}
	return fmt.Sprintf("counter %s %s %s %s %s", when, texts[k.Name], kindWords[k.Kind], dim, k.Class.Verdict()), nil
}

// contacts recounts the state of every contact, and its suppressions.
func (v *verifier) contacts() error {
	var after int64
	for {
		var refs []int64
		err := v.c.query(v.ctx, `SELECT ref FROM contacts WHERE ref > $1 ORDER BY ref LIMIT $2`,
			[]any{after, verifyChunk}, func(r row) error {
				var ref int64
				err := r.Scan(&ref)
				refs = append(refs, ref)
				return err
			})
		if err != nil || len(refs) == 0 {
			return err
		}
		n, err := v.contactChunk(refs[0], refs[len(refs)-1])
		if err != nil {
			return err
		}
		v.out.Contacts += int64(len(refs))
		v.step(n)
		after = refs[len(refs)-1]
	}
}
