package store

import (
	"context"

	"tidings/event"
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
)

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
