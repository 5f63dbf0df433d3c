package control

import (
	"context"
	"crypto/rand"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"tidings/event"
	"tidings/internal/contact"
	"tidings/internal/fault"
	"tidings/internal/receipt"
	"tidings/internal/source"
	"tidings/internal/store"
	"tidings/provider"
)

// MaxTracked is how many events one request may track.
const MaxTracked = 1000

// The codes of what tracking refuses and reports.
const (
	CodeReservedEvent  = "reserved_event"
	CodeEventForbidden = "event_not_allowed"
	CodeOrigin         = "origin_not_allowed"
	CodeKeyReused      = "idempotency_key_reused"
	CodeRateLimited    = "rate_limited"

	ignoredReserved = "reserved_key"
	ignoredEmpty    = "empty"
	ignoredPublic   = "public_key"
)

// TrackRules bound what may be tracked.
type TrackRules struct {
	// Past and Ahead are how far a timestamp may be from now; 0: as far as events are kept, and not at all.
	Past, Ahead time.Duration
	// Retention is how long events are kept.
	Retention store.Retention
	// Events of a project and of a key within a time; of public keys also those from one network address and those about
	// one contact. nil: no limit.
	Project, Key, Client, Contact *Rates
}

// TrackItem is one event that somebody tells of. Zero fields say nothing.
type TrackItem struct {
	Email      string
	Event      string
	Subscribed *bool
	Data       []byte // a JSON object
	Timestamp  string // a time or a date; empty: now
	ExternalID *string
	Tags       []string
	// Bus is where the event was put, if it was put on a bus: then Data is its detail, Email, Subscribed, ExternalID and Tags say
	// nothing, and the detail or a rule names whom it is about.
	Bus *event.Bus
	// Problem is why the door could not read the item: then it is not taken.
	Problem error
}

// TrackRequest is what one request tracks.
type TrackRequest struct {
	Items          []TrackItem
	IdempotencyKey string     // the same request again with it gets the first answer; empty: it is a new one each time
	Origin         string     // of the browser's page; empty: not said
	Client         netip.Addr // who asks; zero: not known
}

// Tracked is what became of an item.
type Tracked struct {
	Contact string // con_…; empty: it was erased since, or the event came by a bus
	Event   string
	At      time.Time
	Ignored []Ignored // what was not taken, in the order of fields
	Problem error     // why the item was not taken; nil: it was
}

// Ignored is a part of an item that was passed over.
type Ignored struct {
	Field   string // "data.id"
	Code    string
	Message string
}

// Track stores what happened to contacts. An item that can't be taken costs only itself. It returns an error where none was
// looked at: the request as a whole is wrong, too much, or could not be stored.
func (c *Control) Track(ctx context.Context, who Actor, in TrackRequest) ([]Tracked, Allowance, error) {
	if err := in.check(who); err != nil {
		return nil, Allowance{}, err
	}
	now := c.Now().UTC().Truncate(time.Millisecond)
	left, err := c.Tracking.take(who, &in, now)
	if err != nil {
		return nil, left, err
	}
	t := &tracking{control: c, who: who, in: in, now: now, nonce: rand.Text()}
	list, err := t.run(ctx)
	return list, left, err
}

const maxIdempotencyKey = 255

func (p *problems) idempotencyKey(k string) {
	unprintable := func(r rune) bool { return r < ' ' || r > '~' }
	if len(k) > maxIdempotencyKey || strings.ContainsFunc(k, unprintable) {
		p.add("Idempotency-Key", "must have 1 to %d printable characters of ASCII", maxIdempotencyKey)
	}
}

// check looks at the request as a whole.
func (in *TrackRequest) check(who Actor) error {
	var p problems
	if n := len(in.Items); n < 1 || n > MaxTracked {
		p.add("events", "must have 1 to %d entries, not %d", MaxTracked, n)
	}
	p.idempotencyKey(in.IdempotencyKey)
	if err := p.err(); err != nil {
		return err
	}
	if origins := who.Bounds.Origins; len(origins) > 0 && !slices.Contains(origins, in.Origin) {
		return fault.New(fault.Forbidden, CodeOrigin, "this key may not be used from %s", originText(in.Origin)).
			WithHint("use a key whose origins include it: tidings key create --kind public --origin …")
	}
	return nil
}

func originText(origin string) string {
	if origin == "" {
		return "outside the pages that it is for"
	}
	return fmt.Sprintf("%.100q", origin)
}

// tracking is one request on its way into the store.
type tracking struct {
	control *Control
	who     Actor
	in      TrackRequest
	src     *source.Source
	now     time.Time
	nonce   string // makes the identity of its events, where there is no idempotency key

	list  []Tracked
	taken []trackedItem
}

// trackedItem is an item that is taken.
type trackedItem struct {
	at     int // among the items
	line   []byte
	draft  event.Draft
	change contact.Change
}

func (t *tracking) run(ctx context.Context) ([]Tracked, error) {
	again, err := t.recall(ctx)
	if err != nil {
		return nil, err
	}
	t.read()
	if len(t.taken) == 0 {
		return t.list, nil
	}
	if t.src, err = t.control.trackSource(ctx, t.who, true); err != nil {
		return nil, err
	}
	entry, err := t.entry()
	if err != nil {
		return nil, err
	}
	if err := t.control.Submit(ctx, entry); err != nil {
		return nil, fmt.Errorf("store what was tracked: %w", err)
	}
	switch {
	case entry.Outcome.Conflict:
		return nil, fault.New(fault.Conflict, CodeKeyReused, "this Idempotency-Key was used for another request").
			WithHint("use a new key for each request; the same one only to repeat it unchanged")
	case entry.Outcome.Duplicate && !again && t.in.IdempotencyKey != "": // the same request came at the same time
		return t.run(ctx)
	case t.byBus():
		t.answerBus()
		return t.list, nil
	case entry.Outcome.Duplicate: // or it was stored by a try that seemed to have failed
		return t.list, t.answerAgain(ctx, entry)
	}
	t.answer(entry)
	return t.list, nil
}

// transport names the request.
func (t *tracking) transport() provider.Transport {
	if key := t.in.IdempotencyKey; key != "" {
		return provider.Transport{ID: "key:" + key}
	}
	return provider.Transport{ID: t.nonce, At: t.now}
}

// recall looks whether a request with the idempotency key was stored before: then this one happens at its time.
func (t *tracking) recall(ctx context.Context) (again bool, err error) {
	if t.in.IdempotencyKey == "" {
		return false, nil
	}
	src, err := t.control.trackSource(ctx, t.who, false)
	if src == nil || err != nil {
		return false, err
	}
	first, err := t.control.Store.ReceivedAt(ctx, src, receipt.KeyOf(t.transport(), [32]byte{}))
	if err != nil {
		return false, fmt.Errorf("look for the idempotency key: %w", err)
	}
	if !first.IsZero() {
		t.now = first
	}
	return !first.IsZero(), nil
}

// read reads the items.
func (t *tracking) read() {
	t.list, t.taken = make([]Tracked, len(t.in.Items)), make([]trackedItem, 0, len(t.in.Items))
	for i := range t.in.Items {
		x, ignored, err := t.item(&t.in.Items[i])
		t.list[i] = Tracked{Ignored: ignored, Problem: err}
		if err == nil {
			x.at, x.draft.Element = i, len(t.taken)
			x.draft.Key = t.key(i)
			t.taken = append(t.taken, x)
		}
	}
}

// key is the natural key of an item's event.
func (t *tracking) key(i int) []string { return []string{t.transport().ID, strconv.Itoa(i)} }

// entry makes the receipt of the request.
func (t *tracking) entry() (*receipt.Entry, error) {
	keep := t.keep()
	result := provider.Result{
		Transport: t.transport(), Kind: trackKind, Keep: keep, Drafts: make([]event.Draft, len(t.taken)),
	}
	if t.byBus() {
		result.Kind = busKind
	}
	for i := range t.taken {
		result.Drafts[i] = t.taken[i].draft
	}
	result.Problems = largeData(result.Drafts)
	entry := t.control.Builder.Build(t.src, result, t.said(keep), t.now)
	if t.byBus() {
		return entry, nil // what it says of contacts is in it, and who is not known is a problem
	}
	if len(entry.Events) != len(t.taken) {
		return nil, fmt.Errorf("%d of %d tracked events could be made: %v", len(entry.Events), len(t.taken), entry.Problems)
	}
	entry.Changes = make([]contact.Change, len(t.taken))
	for i := range t.taken {
		entry.Changes[i] = t.taken[i].change
	}
	return entry, nil
}

// byBus reports whether the items were put on a bus: all are, or none.
func (t *tracking) byBus() bool { return len(t.in.Items) > 0 && t.in.Items[0].Bus != nil }

// answerBus tells the ids of events of a bus, also of those that are still to be made.
func (t *tracking) answerBus() {
	for _, x := range t.taken {
		of := &t.list[x.at]
		of.Event = event.NewID(x.draft.IdentityAt, t.src.Project, t.src.Provider, x.draft.Key...).String()
		of.At = x.draft.OccurredAt
	}
}

func (t *tracking) answer(entry *receipt.Entry) {
	for i, x := range t.taken {
		e := &entry.Events[i]
		of := &t.list[x.at]
		of.Event, of.At = e.ID.String(), e.OccurredAt
		became := entry.Outcome.Contacts[i]
		of.Contact = became.ID
		if became.Problem != "" {
			of.Ignored = append(of.Ignored, notTaken(became.Problem))
		}
	}
}

// answerAgain gives the answer to a request that was stored before.
func (t *tracking) answerAgain(ctx context.Context, entry *receipt.Entry) error {
	for i, x := range t.taken {
		of := &t.list[x.at]
		of.Event, of.At = entry.Events[i].ID.String(), entry.Events[i].OccurredAt
		k, err := t.control.Store.Contact(ctx, t.who.Project, x.change.Address)
		if err != nil && !fault.Is(err, fault.NotFound) {
			return fmt.Errorf("find the contact: %w", err)
		}
		of.Contact = k.ID
	}
	return nil
}

// notTaken says which part of a change the store left out.
func notTaken(problem string) Ignored {
	switch problem {
	case receipt.ProblemAttributes:
		return Ignored{"data", problem, contact.ErrTooLarge.Error() + ": those of the contact stay as they were"}
	case receipt.ProblemExternalID:
		return Ignored{"externalId", problem, "another contact has it"}
	}
	return Ignored{"", problem, "was left out"}
}
