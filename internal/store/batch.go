package store

import (
	"context"

	"tidings/event"
	"tidings/internal/attribute"
	"tidings/internal/contact"
	"tidings/internal/message"
	"tidings/internal/receipt"
	"tidings/internal/stats"
)

// batch is the event's path, written for each engine: every call handles many rows, sorted by the caller, so that
// nodes that work at once wait for the same row only and never for each other in a circle.
type batch interface {
	conn
	// putReceipts stores a block and its receipts, of which it only counts the known; it fills the block's ref, and
	// ref, known and storedSHA of the receipts.
	putReceipts(ctx context.Context, b *blockRow) error
	// putTerms finds or makes terms; it fills ref.
	putTerms(ctx context.Context, rows []*termRow) error
	// lockContacts finds or makes contacts and keeps others from changing them; it fills all but the key.
	lockContacts(ctx context.Context, rows []*contactRow) error
	// lockMessages does the same with messages.
	lockMessages(ctx context.Context, rows []*messageRow) error
	// putEvents stores the events whose id is new; it fills inserted.
	putEvents(ctx context.Context, rows []*eventRow) error
	saveContacts(ctx context.Context, rows []*contactRow) error
	saveMessages(ctx context.Context, rows []*messageRow) error
	addCounters(ctx context.Context, rows []counterRow) error
	addTallies(ctx context.Context, rows []tallyRow) error
	// addContactEvents adds to what is known of contacts and custom events.
	addContactEvents(ctx context.Context, rows []contactEventRow) error
	// putEventValues stores what filters compare of events.
	putEventValues(ctx context.Context, rows []eventValueRow) error
	// putContactValues stores what filters compare of contacts, under paths that have nothing.
	putContactValues(ctx context.Context, rows []contactValueRow) error
	// putConsents adds to the history of consent, in the order of rows.
	putConsents(ctx context.Context, rows []consentRow) error
}

// blockRow has the bodies of receipts, joined.
type blockRow struct {
	receipt.Block
	ref      int64
	size     int
	newest   int64 // when the last of its receipts came
	receipts []*receiptRow
}

type receiptRow struct {
	entry     *receipt.Entry
	of        *receiptRow // the one before it in the batch that this repeats; nil for none
	problems  string      // JSON; "" for none
	repeats   int64       // how often the batch itself has it beyond the first
	begins    int         // where its body begins in its block
	kind      int64
	ref       int64
	known     bool
	storedSHA []byte // of a known one
	dropped   bool   // its body is not kept: it names somebody who was erased
}

// Kinds of terms. They are stored.
const (
	termName = iota + 1
	termTemplate
	termWorkflow
	termDomain
	termAccount
	termProvider
	termKind // of receipts
	termReason
	termLink
	termTag
	termAttribute // a path of attributes, or what is compared of events: "plan", "data.amount", "url"
)

type termKey struct {
	project int64
	kind    int
	text    string
}

type termRow struct {
	termKey
	ref int64
}

// contactKey is what there is at most one contact of.
type contactKey struct {
	project int64
	address string
}

type contactRow struct {
	project int64
	address string

	ref     int64
	state   contact.State
	counts  []byte // as loaded
	created bool
	changed bool
	// updatedAt is when the newest of the batch's events was received.
	updatedAt int64
	// before is whether it was unsubscribed when the batch began, cause the last event that turned that.
	before bool
	cause  *eventRow
	// origin, reason and turnedAt are those of the last change that turned it, where no event did.
	origin, reason string
	turnedAt       int64
	dirty          bool // its own fields changed, or whether it may be mailed
	told           bool // a change told of it that it is new
	// inherited is whether it is unsubscribed as it was before it was erased.
	inherited bool
	// suppressed is whether it was suppressed when the batch began; nil: nothing asked yet, and nothing changed.
	suppressed *bool
}

type messageKey struct {
	project  int64
	provider int64
	key      string // message.Key of its id
	contact  int64
}

type messageRow struct {
	messageKey
	to           *contactRow
	ref          int64
	template     int64
	workflow     int64
	senderDomain int64
	account      int64
	lastAt       int64
	state        message.State
	stateBytes   []byte // as loaded
	info         []byte
	created      bool
	changed      bool
	tags         []int64 // the integers of info's, in its order
}

// Flags of a stored event.
const (
	flagFirst = 1 << iota
	flagSoft

	// Above the flags of an open or a click stands how many of its name its message had with it, from 2 on: a first one
	// has flagFirst. 0 without it: not known.
	nthShift = 2
	maxNth   = 1<<13 - 1 // a SMALLINT has no room for more
)

// nthOf is how many events of its name a message had with the one that has these flags; 0: not known.
func nthOf(flags int) int64 {
	if flags&flagFirst != 0 {
		return 1
	}
	return int64(flags >> nthShift)
}

type eventRow struct {
	*receipt.Event
	entry    *receipt.Entry
	project  int64
	name     int64
	contact  *contactRow
	message  *messageRow
	receipt  int64
	class    stats.Class
	reason   string // stats.ReasonOf
	link     string // stats.LinkOf
	flags    int
	inserted bool
	upgraded bool // it was email.unknown
	// own tells that it is an event about a send that we made ourselves; ofMessage the message that a send has; 0: not known.
	own       bool
	ofMessage int64
}

func (e *eventRow) contactRef() int64 {
	if e.contact == nil {
		return 0
	}
	return e.contact.ref
}

func (e *eventRow) messageRef() int64 {
	if e.message == nil {
		return 0
	}
	return e.message.ref
}

func (e *eventRow) template() int64 {
	if e.message == nil {
		return 0
	}
	return e.message.template
}

// tallyRow is what a source's door took in within an hour, by word.
type tallyRow struct {
	tallyKey
	n int64
}

// contactEventRow is what a batch adds to a contact and the name of a custom event. Times are Unix milliseconds.
type contactEventRow struct {
	name, contact, n, first, last int64
}

// eventValueRow is one value of an event.
type eventValueRow struct {
	event  event.ID
	key, n int64
	attribute.Value
}

// contactValueRow is one value of a contact's attributes.
type contactValueRow struct {
	contact, key, n int64
	attribute.Value
}

type counterRow struct {
	stats.Key
	stats.Count
}

// storedEvent is an event as a duplicate is compared with it.
type storedEvent struct {
	id         event.ID
	name       event.Name
	occurredAt int64
	detail     []byte
}
