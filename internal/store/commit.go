package store

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"slices"
	"time"

	"tidings/event"
	"tidings/internal/contact"
	"tidings/internal/message"
	"tidings/internal/receipt"
	"tidings/internal/stats"
	"tidings/provider"
)

// Commit stores proved requests in one transaction: receipts, new events, the state of their contacts and messages,
// suppressions and counters. When it returns nil, everything is on disk and each entry's Outcome is filled; when it
// returns an error, nothing was stored. The same entries may be given again, and again at once from several nodes.
func (s *Store) Commit(ctx context.Context, entries []*receipt.Entry) error {
	if len(entries) == 0 {
		return nil
	}
	a := s.arrive(entries)
	var w *work
	err := s.engine.ingest(ctx, func(b batch) error {
		w = &work{store: s, b: b, ctx: ctx, now: s.now(), terms: make(map[termKey]*termRow)}
		return w.run(a)
	})
	if err != nil {
		return err
	}
	w.keepTerms()
	return nil
}

// work is one transaction of the event's path.
type work struct {
	store *Store
	b     batch
	ctx   context.Context // of the one call that this value lives for
	now   time.Time

	terms    map[termKey]*termRow
	contacts []*contactRow
	messages []*messageRow
	events   []*eventRow
	changes  []*changeRow
	moves    []*eventRow     // of contacts between segments
	touched  []contactChange // what segments are told of besides
	tally    stats.Tally
	words    map[tallyKey]int64     // what goes into tallies
	given    map[firstKey]int64     // how many events of a name messages have, those of the batch among them
	rooms    map[int64]*contactRoom // by project
	values   []contactValueRow      // that wait to be stored
	consents []consentRow           // the same
	suppress suppressing
	failed   error // of a look-up that could not return it

	versions *versions // of what is remembered beside the database; nil: nothing was asked yet
	erased   *erasedSet

	back   []int64              // the sends that events of the batch speak of
	linked map[int64]messageKey // how the messages of sends are known, by ref
}

type tallyKey struct {
	source int64
	hour   int64
	word   string
}

// run takes the steps in the one order in which every node touches the tables.
func (w *work) run(a *arrivals) error {
	w.words = make(map[tallyKey]int64)
	if err := w.recognise(a); err != nil {
		return err
	}
	receipts, err := w.receipts(a)
	if err != nil {
		return err
	}
	w.collect(receipts)
	w.collectChanges(receipts)
	for _, step := range [...]func() error{
		w.answer, w.putTerms, w.lockContacts, w.lockMessages, w.fillMessages, w.once, w.putEvents, w.settleKnown, w.apply,
		w.applyChanges,
		func() error { return w.tellSendings(1) }, w.saveState, w.saveSuppressions, w.flip, w.saveFacts,
		w.tellInterested, w.saveCounters,
		w.saveTallies, w.settleBack,
	} {
		if err := step(); err != nil {
			return err
		}
	}
	return w.saveRest(receipts)
}

func (w *work) tallyWord(e *receipt.Entry, word string, n int64) {
	if n != 0 {
		w.words[tallyKey{e.Source.Ref, hours(e.ReceivedAt), word}] += n
	}
}

// collect gathers the events to store, sorted by id, each once, and what they point at.
func (w *work) collect(receipts []*receiptRow) {
	seen := make(map[event.ID]*eventRow)
	for _, r := range receipts {
		for i := range r.entry.Events {
			e := &r.entry.Events[i]
			if w.blanked(e) {
				continue
			}
			if w.expired(e) {
				r.entry.Outcome.Expired++
				continue
			}
			if first, ok := seen[e.ID]; ok {
				w.known(r.entry, !sameFact(first.Event, e))
				w.alsoSaid(first, e)
				continue
			}
			row := &eventRow{Event: e, entry: r.entry, receipt: r.ref, project: r.entry.Source.ProjectRef}
			row.class, row.reason, row.link = stats.ClassOf(&e.Event), stats.ReasonOf(&e.Event), stats.LinkOf(&e.Event)
			if contact.SoftBounce(&e.Event) {
				row.flags |= flagSoft
			}
			seen[e.ID] = row
			w.events = append(w.events, row)
		}
		w.tallyWord(r.entry, "expired", int64(r.entry.Outcome.Expired))
	}
	slices.SortFunc(w.events, func(a, b *eventRow) int { return bytes.Compare(a.ID[:], b.ID[:]) })
}

func (w *work) expired(e *receipt.Event) bool {
	keep := w.store.opts.Retention.Of(e.Name)
	return keep > 0 && e.ID.Time().Before(w.now.Add(-keep))
}

func (w *work) known(e *receipt.Entry, conflict bool) {
	e.Outcome.Known++
	w.tallyWord(e, "known", 1)
	if conflict {
		e.Outcome.Conflicts++
		w.tallyWord(e, "conflict", 1)
		if !slices.Contains(e.Problems, conflictProblem) {
			e.Problems = append(e.Problems, conflictProblem)
		}
	}
}

var conflictProblem = provider.Problem{
	Element: -1, Code: "conflict",
	Message: "a fact with this identity was stored before with another content; the first stays",
}

// alsoSaid keeps what a second event of the batch with the same id says of its message.
func (w *work) alsoSaid(first *eventRow, again *receipt.Event) {
	if merged, changed := receipt.MergeInfo(first.Info, again.Info); changed {
		first.Info = merged
	}
	a, b := first.Message, again.Message
	if a == nil || b == nil {
		return
	}
	m := *a
	m.Template = joinText(a.Template, b.Template)
	m.Workflow = joinText(a.Workflow, b.Workflow)
	m.SenderDomain = joinText(a.SenderDomain, b.SenderDomain)
	m.Account = joinText(a.Account, b.Account)
	first.Message = &m
}

// joinText is the join of two scalars of a message: the one that is there, of two the smaller. It is what makes the
// order of events of one message not matter.
func joinText(a, b string) string {
	if a == "" || b != "" && b < a {
		return b
	}
	return a
}

func sameFact(a, b *receipt.Event) bool {
	return a.Name == b.Name && a.OccurredAt.Equal(b.OccurredAt) && bytes.Equal(a.Detail, b.Detail)
}

// apply tells messages, contacts and counters of the new events.
func (w *work) apply() error {
	for _, e := range w.events {
		if !e.inserted {
			continue
		}
		if !e.upgraded {
			e.entry.Outcome.New++
		}
		reason, suppresses := contact.Suppresses(&e.Event.Event)
		w.applyToMessage(e, suppresses)
		if c := e.contact; c != nil {
			f := contact.FactOf(&e.Event.Event)
			was := c.state.Unsubscribed
			if !c.created && e.Name == event.EmailReceived {
				c.state.Known()
			}
			c.state.Apply(f)
			if c.created && c.state.ConsentAt == 0 { // it begins so: nothing flips
				c.before = c.state.Unsubscribed
			} else if c.state.Unsubscribed != was {
				c.cause = e
			}
			c.changed, c.updatedAt = true, max(c.updatedAt, ms(e.ReceivedAt))
			w.suppress.note(e, reason, suppresses, w.store.opts.Soft.Count)
		}
	}
	for _, e := range w.entries() {
		w.tallyWord(e, "event", int64(e.Outcome.New))
	}
	return nil
}

// entries returns the entries that brought events, each once.
func (w *work) entries() []*receipt.Entry {
	var list []*receipt.Entry
	seen := make(map[*receipt.Entry]bool)
	for _, e := range w.events {
		if !seen[e.entry] {
			seen[e.entry] = true
			list = append(list, e.entry)
		}
	}
	return list
}

func (w *work) dims(e *eventRow) stats.Dims {
	var d stats.Dims
	if e.message != nil {
		d = w.messageDims(e.message)
	} else if e.contact != nil {
		d.Domain = w.termRef(e.project, termDomain, domainOf(e.Recipient))
	}
	d.Project, d.Name = e.project, e.name
	d.Reason = w.termRef(e.project, termReason, e.reason)
	d.Link = w.termRef(e.project, termLink, e.link)
	return d
}

func (w *work) applyToMessage(e *eventRow, suppresses bool) {
	point := stats.Point{At: e.OccurredAt.UnixMilli(), Source: e.entry.Source.Ref}
	if e.message == nil {
		w.tally.Add(w.dims(e), e.class, point, stats.Count{N: 1})
		return
	}
	m := e.message
	m.state.Apply(message.Fact{
		Slot: e.Name.Slot(), Class: e.class, Point: point, Rank: message.RankOf(&e.Event.Event, suppresses),
	}, w.dims(e), &w.tally)
	m.lastAt = max(m.lastAt, point.At)
	m.changed = true
}

func (w *work) saveState() error {
	changed := w.contacts[:0:0]
	for _, c := range w.contacts {
		if c.changed {
			changed = append(changed, c)
		}
	}
	if err := w.b.saveContacts(w.ctx, changed); err != nil {
		return err
	}
	var messages []*messageRow
	for _, m := range w.messages {
		if m.changed {
			messages = append(messages, m)
		}
	}
	return w.b.saveMessages(w.ctx, messages)
}

func (w *work) saveCounters() error {
	counts := w.tally.Counts()
	rows := make([]counterRow, 0, len(counts))
	for k, c := range counts {
		rows = append(rows, counterRow{k, c})
	}
	slices.SortFunc(rows, func(a, b counterRow) int { return compareKeys(a.Key, b.Key) })
	return w.b.addCounters(w.ctx, rows)
}

func compareKeys(a, b stats.Key) int {
	return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Bucket, b.Bucket), cmp.Compare(a.Dim, b.Dim),
		cmp.Compare(a.Name, b.Name), cmp.Compare(a.Class, b.Class))
}

func (w *work) saveTallies() error {
	rows := make([]tallyRow, 0, len(w.words))
	for k, n := range w.words {
		rows = append(rows, tallyRow{k, n})
	}
	slices.SortFunc(rows, func(a, b tallyRow) int {
		return cmp.Or(cmp.Compare(a.source, b.source), cmp.Compare(a.hour, b.hour), cmp.Compare(a.word, b.word))
	})
	return w.b.addTallies(w.ctx, rows)
}

// saveRest stores the problems that came up on the way, and the subscriptions that ask to be confirmed.
func (w *work) saveRest(receipts []*receiptRow) error {
	for _, r := range receipts {
		e := r.entry
		if p := encodeProblems(e.Problems); p != r.problems || e.Replay != 0 {
			if _, err := w.b.exec(w.ctx, `UPDATE receipts SET problems = $2 WHERE ref = $1`, r.ref, p); err != nil {
				return err
			}
		}
		if c := e.Confirm; c != nil {
			_, err := w.b.exec(w.ctx, `INSERT INTO confirmations (source, key, topic, note, url, asked_at)
				VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (source, key) DO NOTHING`,
				e.Source.Ref, c.Key, c.Topic, c.Note, c.URL, ms(c.AskedAt))
			if err != nil {
				return err
			}
		}
	}
	return nil
}

func encodeProblems(p []provider.Problem) string {
	if len(p) == 0 {
		return ""
	}
	b, err := json.Marshal(p)
	if err != nil { // a slice of strings and integers always encodes
		panic(err)
	}
	return string(b)
}

func decodeProblems(s string) ([]provider.Problem, error) {
	if s == "" {
		return nil, nil
	}
	var p []provider.Problem
	if err := json.Unmarshal([]byte(s), &p); err != nil {
		return nil, errors.Join(errors.New("problems of a receipt: unreadable"), err)
	}
	return p, nil
}
