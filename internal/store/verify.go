package store

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"tidings/event"
	"tidings/internal/message"
	"tidings/internal/receipt"
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
	v, err := s.verify(ctx, progress)
	return v.out, err
}

func (s *Store) verify(ctx context.Context, progress func(done, total int64)) (v verifier, err error) {
	if progress == nil {
		progress = func(done, total int64) {}
	}
	err = s.engine.snapshot(ctx, func(c conn) error {
		v = verifier{
			store: s, c: c, ctx: ctx, progress: progress, terms: make(map[termKey]int64),
			off: make(map[stats.Key]stats.Count),
		}
		return v.run()
	})
	return v, err
}

type verifier struct {
	store    *Store
	c        conn
	ctx      context.Context // of the one call that this value lives for
	progress func(done, total int64)
	out      Verification

	horizon int64 // events before it may have been removed; Unix milliseconds
	tally   stats.Tally
	terms   map[termKey]int64
	done    int64
	total   int64
	off     map[stats.Key]stats.Count // what counters lack
}

func (v *verifier) readHorizon() error {
	_, err := one(v.ctx, v.c, `SELECT CAST(value AS BIGINT) FROM meta WHERE name = 'horizon'`, nil, &v.horizon)
	return err
}

func (v *verifier) run() error {
	if err := v.readHorizon(); err != nil {
		return err
	}
	_, err := one(v.ctx, v.c, `SELECT count(*) FROM events e JOIN terms n ON n.ref = e.name WHERE `+notDerived, nil, &v.total)
	if err != nil {
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

// notDerived leaves out the events that follow from others, of which n is the name: no counter has them.
const notDerived = `n.text NOT LIKE 'contact.%' AND n.text NOT LIKE 'segment.%'`

// differ notes two values that should be the same, and reports whether it did.
func (v *verifier) differ(what string, have, want any) bool {
	h, w := fmt.Sprintf("%+v", have), fmt.Sprintf("%+v", want)
	if h == w || len(v.out.Differences) >= maxDifferences {
		return false
	}
	v.out.Differences = append(v.out.Differences, Difference{What: what, Have: h, Want: w})
	return true
}

func (v *verifier) step(n int) {
	v.done += int64(n)
	v.progress(v.done/2, v.total) // every event is looked at twice: for its message and for its contact
}

// verifiedMessage is a message with the dimensions of its counters.
type verifiedMessage struct {
	ref, template, workflow, sender, project int64
	address                                  string
	state, info                              []byte
}

func (v *verifier) messages() error {
	var after int64
	for {
		list, err := v.nextMessages(after, verifyChunk)
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

func (v *verifier) nextMessages(after int64, limit int) (list []verifiedMessage, err error) {
	err = v.c.query(v.ctx, `SELECT m.ref, m.template, m.workflow, m.sender_domain, m.project, c.address, m.state, m.info
		FROM messages m JOIN contacts c ON c.ref = m.contact WHERE m.ref > $1 ORDER BY m.ref LIMIT $2`,
		[]any{after, limit}, func(r row) error {
			var m verifiedMessage
			err := r.Scan(&m.ref, &m.template, &m.workflow, &m.sender, &m.project, &m.address, &m.state, &m.info)
			list = append(list, m)
			return err
		})
	return list, err
}

func (v *verifier) factsByMessage(from, to int64) (map[int64][]verifiedFact, int, error) {
	byMessage := make(map[int64][]verifiedFact)
	n := 0
	err := v.c.query(v.ctx, `SELECT e.id, e.name, n.text, e.class, e.occurred_at, e.source, e.detail, e.message
		FROM events e JOIN terms n ON n.ref = e.name WHERE e.message BETWEEN $1 AND $2`, []any{from, to},
		func(r row) error {
			var owner int64
			f, said, err := v.store.scanFact(also{r, &owner})
			byMessage[owner] = append(byMessage[owner], verifiedFact{f, said})
			n++
			return err
		})
	return byMessage, n, err
}

// verifiedFact is a fact with what it is counted by still in words.
type verifiedFact struct {
	storedFact
	said
}

// facts finds the integers of what facts are counted by.
func (v *verifier) facts(project int64, list []verifiedFact) ([]storedFact, error) {
	facts := make([]storedFact, len(list))
	for i, f := range list {
		var err error
		if f.storedFact.reason, err = v.term(project, termReason, f.said.reason); err != nil {
			return nil, err
		}
		if f.storedFact.link, err = v.term(project, termLink, f.said.link); err != nil {
			return nil, err
		}
		facts[i] = f.storedFact
	}
	return facts, nil
}

// also scans one more column than the caller asks for.
type also struct {
	row
	last *int64
}

func (a also) Scan(dest ...any) error { return a.row.Scan(append(dest, a.last)...) }

func (v *verifier) message(m verifiedMessage, list []verifiedFact) error {
	state, err := message.Decode(m.state)
	if err != nil {
		return err
	}
	facts, err := v.facts(m.project, list)
	if err != nil {
		return err
	}
	dims, err := v.dims(m)
	if err != nil {
		return err
	}
	want := state
	if v.reachesBack(state) {
		v.partial(state, facts, dims)
	} else {
		want = refold(facts, dims, v.tally.Merge)
		v.differ("message "+publicID(messagePrefix, m.ref), state, want)
	}
	var failed error
	want.Tell(message.Sending{SentAt: receipt.SentAt(m.info), Project: m.project, Template: m.template, Name: func(slot int) int64 {
		ref, err := v.term(m.project, termName, string(event.SlotName(slot)))
		failed = cmp.Or(failed, err)
		return ref
	}}, &v.tally, 1)
	return failed
}

func (v *verifier) dims(m verifiedMessage) (d stats.Dims, err error) {
	d = stats.Dims{Project: m.project, Template: m.template, Workflow: m.workflow, SenderDomain: m.sender}
	if d.Domain, err = v.term(m.project, termDomain, domainOf(m.address)); err != nil {
		return d, err
	}
	for _, tag := range receipt.Tags(m.info) {
		ref, err := v.term(m.project, termTag, tag)
		if err != nil {
			return d, err
		}
		d.Tags = append(d.Tags, ref)
	}
	return d, nil
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
		d.Name, d.Reason, d.Link = f.name, f.reason, f.link
		names[f.Slot] = f.name
		v.tally.Add(d, f.Class, f.Point, stats.Count{N: 1})
		if f.link != 0 && f.Class != stats.OfCandidates {
			v.tally.AddLink(d, f.Class, f.Point, stats.Count{N: 1})
		}
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
	for _, e := range state.Links() {
		if e.First.At >= v.horizon {
			d := dims
			d.Name, d.Link = names[e.Slot], e.Link
			v.tally.AddLink(d, e.Class, e.First, stats.Count{Unique: 1})
		}
	}
}

// loose counts the events that belong to no message.
func (v *verifier) loose() error {
	n := 0
	type looseFact struct {
		verifiedFact
		address string
		project int64
	}
	var list []looseFact
	err := v.c.query(v.ctx, `SELECT e.id, e.name, n.text, e.class, e.occurred_at, e.source, e.detail, e.project,
		coalesce(c.address, '') FROM events e JOIN terms n ON n.ref = e.name
		LEFT JOIN contacts c ON c.ref = e.contact WHERE e.message = 0 AND `+notDerived, nil, func(r row) error {
		var f looseFact
		var err error
		f.storedFact, f.said, err = v.store.scanFact(alsoText{also{r, &f.project}, &f.address})
		list = append(list, f)
		return err
	})
	if err != nil {
		return err
	}
	for _, f := range list {
		domain, err := v.term(f.project, termDomain, domainOf(f.address))
		if err != nil {
			return err
		}
		facts, err := v.facts(f.project, []verifiedFact{f.verifiedFact})
		if err != nil {
			return err
		}
		d := stats.Dims{Project: f.project, Name: f.name, Domain: domain, Reason: facts[0].reason, Link: facts[0].link}
		v.tally.Add(d, f.Class, f.Point, stats.Count{N: 1})
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

func (v *verifier) term(project int64, kind int, text string) (int64, error) {
	if text == "" {
		return 0, nil
	}
	k := termKey{project, kind, text}
	if ref, ok := v.terms[k]; ok {
		return ref, nil
	}
	ref, err := v.store.termOf(v.ctx, v.c, k)
	if len(v.terms) < maxTerms {
		v.terms[k] = ref
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
			v.off[k] = want[k].Plus(have[k].Minus())
		}
	}
	slices.SortFunc(sorted, compareKeys)
	for _, k := range sorted {
		what, err := v.describe(k)
		if err != nil {
			return err
		}
		if v.differ(what, have[k], want[k]) {
			v.out.Differences[len(v.out.Differences)-1].repaired = true
		}
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
	stats.ByName: "project", stats.BySenderDomain: "sender", stats.ByTag: "tag", stats.ByReason: "reason",
	stats.ByLink: "link", stats.BySending: "sent in template", stats.ByDelay: "delay",
}

// describe says in words which counter it is: "2026-05-04 10h email.open source src_x human".
func (v *verifier) describe(k stats.Key) (string, error) {
	first, second := k.Dim, int64(0)
	if k.Kind == stats.ByLink || k.Kind == stats.ByDelay || k.Kind == stats.BySending {
		first, second = stats.Unpair(k.Dim)
	}
	texts, err := v.store.termTexts(v.ctx, v.c, []int64{k.Name, first, second})
	if err != nil {
		return "", err
	}
	start := time.UnixMilli(bucketStart(k)).UTC()
	when, dim := start.Format("2006-01-02"), texts[first]
	switch k.Kind {
	case stats.BySource:
		when = start.Format("2006-01-02 15h")
		_, err = one(v.ctx, v.c, `SELECT id FROM sources WHERE ref = $1`, []any{k.Dim}, &dim)
	case stats.ByName:
		_, err = one(v.ctx, v.c, `SELECT id FROM projects WHERE ref = $1`, []any{k.Dim}, &dim)
	case stats.BySending:
		dim = texts[second]
	case stats.ByLink:
		dim += " " + texts[second]
	case stats.ByDelay:
		dim += " " + stats.DelayEnd(second).String()
	}
	return strings.TrimSpace(fmt.Sprintf("counter %s %s %s %s %s", when, texts[k.Name], kindWords[k.Kind], dim, k.Class)), err
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
