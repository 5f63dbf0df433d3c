package event

import (
	"errors"
	"time"
)

// Draft is an event as an adapter reads it off a provider's bytes: everything but the identity. The embedded
// Event's ID, ReceivedAt, ProjectID, Source, ContactID and EmailID are left empty, Recipient is as the provider wrote it.
type Draft struct {
	Event

	// IdentityAt is the time that goes into the id: the provider's own event time, else the message's send time,
	// else the signed envelope's. Zero: the fact has none, and takes the time of its first receipt.
	IdentityAt time.Time
	// Key is the natural key in the provider's raw words: event word, message id, recipient, time text, link, …
	// or the provider's own event id where that is stable.
	Key []string
	// Element is the place of the fact's element in its receipt, from 0.
	Element int
}

// Origin is where a draft came from.
type Origin struct {
	Project    string // prj_…
	SourceID   string // src_…; may be empty for library users
	Provider   string // the adapter's slug
	ReceivedAt time.Time
	// FirstReceivedAt is when the receipt came for the first time; zero means ReceivedAt.
	FirstReceivedAt time.Time
}

// The mistakes that make a draft no event.
var (
	// ErrNoKey: the adapter made a draft without a natural key or without a name.
	ErrNoKey = errors.New("draft without a natural key")
	// ErrNoTime: neither the draft nor its origin has a valid time, see ValidTime.
	ErrNoTime = errors.New("draft without a time")
)

// Finish turns a draft into an event: cleans its texts, normalises its address, settles its times and computes its
// identity. Finishing the draft of a finished event changes nothing. It fails only with ErrNoKey and ErrNoTime, for a
// mistake of the adapter or of the caller. What the draft points to is shared where it was clean, and never changed.
func (d Draft) Finish(o Origin) (Event, error) {
	if len(d.Key) == 0 || d.Name == "" {
		return Event{}, ErrNoKey
	}
	at := firstValid(d.IdentityAt, o.FirstReceivedAt, o.ReceivedAt)
	if !ValidTime(at) {
		return Event{}, ErrNoTime
	}
	e := d.Event
	e.ID = NewID(at, o.Project, o.Provider, d.Key...)
	e.ProjectID = o.Project
	e.Source = &Source{ID: o.SourceID, Provider: o.Provider}
	e.ReceivedAt = cleanTime(o.ReceivedAt)
	e.OccurredAt = millis(firstValid(e.OccurredAt, at))
	if e.Attribution == "" {
		e.Attribution = Exact
	}
	e.address()
	e.clean()
	return e, nil
}

// address normalises the recipient. The form as received is kept only where it differs.
func (e *Event) address() {
	raw := e.Recipient
	if e.RecipientAs != "" {
		raw = e.RecipientAs
	}
	a := ParseAddress(raw)
	e.Recipient, e.RecipientAs = a.Key, ""
	if a.Received != a.Key {
		e.RecipientAs = a.Received
	}
}

// firstValid returns the first time that can be an identity time, else the last.
func firstValid(list ...time.Time) time.Time {
	for _, t := range list[:len(list)-1] {
		if ValidTime(t) {
			return t
		}
	}
	return list[len(list)-1]
}

func millis(t time.Time) time.Time { return t.UTC().Truncate(time.Millisecond) }
