// Package receipt provides what one request from a source becomes before it is stored: its key, what is kept of its body,
// its finished events and its problems; and how bodies are compressed. It is pure.
package receipt

import (
	"crypto/sha256"
	"encoding/binary"
	"time"

	"tidings/event"
	"tidings/internal/attribute"
	"tidings/internal/contact"
	"tidings/internal/source"
	"tidings/provider"
)

// Key is how a receipt is known within its source: six bytes of the transport's signed time in milliseconds (zero
// where it has none), so that keys sort by time, then ten bytes of SHA-256 over the transport's id, else the body.
type Key [16]byte

// KeyOf makes the key of a request. body is the SHA-256 of its body.
func KeyOf(t provider.Transport, body [32]byte) Key {
	var k Key
	if event.ValidTime(t.At) {
		var ms [8]byte
		binary.BigEndian.PutUint64(ms[:], uint64(t.At.UnixMilli()))
		copy(k[:6], ms[2:])
	}
	if t.ID != "" {
		body = sha256.Sum256([]byte(t.ID))
	}
	copy(k[6:], body[:10])
	return k
}

// Entry is one proved request, ready to be stored. Commit fills Outcome.
type Entry struct {
	Source     *source.Source
	Key        Key
	ReceivedAt time.Time
	SHA256     [32]byte // of the body as received
	Kind       string   // provider.Result.Kind
	Keep       []byte   // what is kept of the request, at most MaxSize bytes
	Problems   []provider.Problem
	Events     []Event
	// Changes are what the request says of contacts themselves; Outcome.Contacts tells what became of each.
	Changes []contact.Change
	// Confirm is a subscription that asks to be confirmed; nil for none.
	Confirm *source.Confirmation
	// Replay is the store's integer of the receipt that these events were parsed from again; 0 for a request. A
	// replayed entry brings no receipt of its own: Commit adds what is missing and writes Problems anew.
	Replay int64

	Outcome Outcome
}

// Event is one finished event with its stored form.
type Event struct {
	event.Event
	Element int
	Detail  []byte                       // EncodeDetail of the event
	Info    []byte                       // EncodeInfo of its message; nil without one
	Values  map[string][]attribute.Value // what filters compare of it, see attribute.OfEvent
	Erased  bool                         // it is of somebody who was erased, and blanked: set by Commit
}

// ContactOutcome is what became of a change of a contact.
type ContactOutcome struct {
	ID      string // con_…; empty: there is no such contact
	Created bool
	Changed bool
	// Problem tells why a part of the change was left out; empty: nothing was.
	Problem string
}

// The problems of a ContactOutcome.
const (
	ProblemAttributes = "attributes_too_large" // contact.ErrTooLarge: the attributes stay as they are
	ProblemExternalID = "external_id_taken"    // another contact has it
	ProblemTopic      = "unknown_topic"
	ProblemErased     = "erased" // the address was erased, and a list makes no new beginning with it
)

// Outcome is what became of an entry.
type Outcome struct {
	Receipt   int64 // the store's integer
	Duplicate bool  // the request was stored before; nothing else was done
	Conflict  bool  // the same key with another body: the first stays
	New       int   // events that were not there before
	Known     int   // events that were
	Conflicts int   // events that were there with another content: the first stays
	Upgraded  int   // events that were email.unknown and are now understood
	Expired   int   // events older than the retention: kept on the receipt, not applied
	// Contacts tells of each of Changes what became of it.
	Contacts []ContactOutcome
}
