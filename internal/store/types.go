package store

import (
	"encoding/json"
	"time"

	"tidings/event"
	"tidings/internal/contact"
	"tidings/internal/source"
	"tidings/provider"
)

// Retention is how long things are kept; 0 means for ever.
type Retention struct {
	Receipts time.Duration
	Events   time.Duration
	PerName  map[event.Name]time.Duration // overrides Events for a name
	// Dispatches is how long it is kept what endpoints were told and answered; 0 means for ever.
	Dispatches time.Duration
}

// Longest is the longest time that an event of any name is kept; 0 means for ever.
func (r Retention) Longest() time.Duration {
	longest := r.Events
	for _, d := range r.PerName {
		if d == 0 || longest == 0 {
			return 0
		}
		longest = max(longest, d)
	}
	return longest
}

// Of is how long events of a name are kept; 0 means for ever.
func (r Retention) Of(n event.Name) time.Duration {
	if d, ok := r.PerName[n]; ok {
		return d
	}
	return r.Events
}

// Project is a space of its own: keys, sources, contacts and events belong to one.
type Project struct {
	Ref       int64
	ID        string // prj_…
	Name      string
	CreatedAt time.Time
}

// KeyKind says what an API key may do.
type KeyKind string

// The kinds of keys.
const (
	SecretKey KeyKind = "secret" // sk_…: everything but track
	PublicKey KeyKind = "public" // pk_…: track only
)

// Key is an API key. Only its hash is stored.
type Key struct {
	ID         string // key_…
	Project    string
	Name       string
	Kind       KeyKind
	Prefix     string // what a person may see of it: "sk_Ab12Cd"
	Hash       [32]byte
	CreatedAt  time.Time
	Scopes     Scopes
	Bounds     KeyBounds
	ExpiresAt  time.Time // zero: never
	RevokedAt  time.Time // zero: in force
	LastUsedAt time.Time // zero: never; within a minute
	AWSVersion int64     // how often it was given a pair for AWS's signatures; 0: never
}

// Activity is what came to a source's door: enough to tell its state.
type Activity struct {
	LastReceiptAt time.Time
	// Hours are the hours in which a request was stored or seen again, ascending, as hours since 1970: those of the 14
	// days that end with the newest of them.
	Hours       []int64
	Receipts24h int64
	Repeats24h  int64                 // redeliveries of known receipts
	Refusals    []source.Refusal      // of the last seven days, by code, with Count24h
	Pending     []source.Confirmation // subscriptions that wait for a person
	Queues      []source.QueueNote    // how the nodes do that read the source's queue now, by node
}

// Health is what is known of how a source does.
type Health struct {
	Activity
	LastEventAt time.Time // receivedAt of the newest event
	LastByName  map[event.Name]time.Time
	Events24h   int64
	Expired24h  int64         // events older than the retention
	LagP50      time.Duration // between occurrence and receipt, over the newest 1,000 events
	LagP95      time.Duration
	LagMax      time.Duration
	Problems24h map[string]int64
}

// EventQuery selects events of a project, newest id first. Zero fields do not filter.
type EventQuery struct {
	Project      string
	Names        []event.Name
	Contact      string // con_… or an address
	Message      string // the provider's message id
	Receipt      string // rcp_…: events that this receipt was the first to tell
	Template     string
	Workflow     string
	Source       string // src_…
	Provider     string
	Tag          string
	SenderDomain string
	Account      string
	Bus, App     string    // of custom events: the bus's name, and who put them there
	From, To     time.Time // identity time, From inclusive, To exclusive
	After        event.ID  // the last id of the page before
	Limit        int       // 1 to 1000; 0 means 100
}

// EventPage is one page of events.
type EventPage struct {
	Events []event.Event
	Next   event.ID // the cursor of the next page; zero: there is none
	// Bounded tells that the page ended at the bound on rows looked at, before Limit: Next goes on from there.
	Bounded bool
}

// RawElement is what an event was made from.
type RawElement struct {
	Provider   string
	Keep       []byte // the kept body of the receipt
	Element    int
	ReceiptID  string
	ReceivedAt time.Time
}

// Contact is an address and what is known of it.
type Contact struct {
	Ref          int64
	ID           string // con_…
	Project      string
	Address      string
	State        contact.State
	Attributes   json.RawMessage // a JSON object
	ExternalID   string          // what the user's own system knows it by; empty: none
	Status       ContactStatus
	ExpiresAt    time.Time // when a pending one is removed; zero: never
	Tags         []string  // sorted; Contact and ListContacts alone fill it and Topics
	Topics       []ContactTopic
	Suppressions []contact.Suppression
	Patterns     []SuppressionPattern // those that hold and match the address
	SnoozedUntil time.Time            // until then it wants no mail that it does not need; zero: it may have any
	Confirmation *OptIn               // its newest wish to be subscribed; nil: none. Contact alone fills it
	CreatedAt    time.Time
	UpdatedAt    time.Time
}

// Message is one email to one recipient.
type Message struct {
	ID        string // msg_…
	Provider  string
	ContactID string
	Recipient string
	Status    event.Name // of the highest rank; empty: none yet
	Counts    []MessageCount
	Info      event.Message
	// Latest is the newest event of it that is kept, by when it happened. Zero: none is.
	Latest LatestEvent
	// Recipients is how many recipients of the same email are known, this one among them.
	Recipients int64
}

// LatestEvent is what happened to a message last.
type LatestEvent struct {
	Name    event.Name
	At      time.Time     // OccurredAt
	Verdict event.Verdict // opens and clicks only
	// Candidates tells that it is not sure that it was this recipient.
	Candidates bool
}

// MessageCount is how often a name happened to a message.
type MessageCount struct {
	Name    event.Name
	Verdict event.Verdict // opens and clicks only
	// Candidates tells that it is not sure that it was this recipient.
	Candidates bool
	Count      int64
	FirstAt    time.Time
}

// SuppressionQuery selects suppressions of a project, newest first.
type SuppressionQuery struct {
	Project string
	Reason  contact.Reason
	Contact string // con_… or an address
	Active  *bool  // nil: both
	Now     time.Time
	After   int64 // SuppressionRow.Ref of the last row of the page before
	Limit   int   // 1 to 1000; 0 means 100
}

// SuppressionRow is a suppression with whom it is about.
type SuppressionRow struct {
	Ref       int64
	ContactID string
	Address   string
	contact.Suppression
}

// SuppressionPage is one page of suppressions.
type SuppressionPage struct {
	Rows []SuppressionRow
	Next int64 // zero: no more
}

// ReceiptQuery selects receipts of a project, newest first.
type ReceiptQuery struct {
	Project  string
	Source   string // src_…
	Problem  string // a problem's code, or "any"
	Kind     string // Receipt.Kind
	From, To time.Time
	After    int64 // Receipt.Ref of the last row of the page before
	Limit    int   // 1 to 1000; 0 means 100
}

// Receipt is one request from a source.
type Receipt struct {
	Ref        int64
	ID         string // rcp_…
	SourceID   string
	Provider   string
	Kind       string
	ReceivedAt time.Time
	Count      int64 // how often it came
	SHA256     [32]byte
	Size       int // bytes of the kept body, uncompressed
	Problems   []provider.Problem
}

// ReceiptPage is one page of receipts.
type ReceiptPage struct {
	Receipts []Receipt
	Next     int64 // zero: no more
}

// Act is something a person or program did through a door.
type Act struct {
	At        time.Time
	Project   string
	By        string // a key's id, or "cli"
	Door      string // api, cli
	Operation string
	Subject   string // what it was done to, by its id
	Note      string
	Changes   []Change // without secrets
}

// ReplayQuery selects receipts to parse again, oldest first.
type ReplayQuery struct {
	Project      string
	Source       string // src_…; empty: all
	From, To     time.Time
	OnlyProblems bool
	After        int64 // only receipts with a higher Ref
	Newest       int64 // only receipts with this Ref or a lower one; 0: all
}

// Difference is a counter that does not equal the recount of the events.
type Difference struct {
	What string // in words: "2026-05-04 email.open template onboarding/welcome human"
	Have string
	Want string

	repaired bool // by a recount
}

// Verification is what a recount found.
type Verification struct {
	Events      int64
	Messages    int64
	Contacts    int64
	Counters    int64
	Differences []Difference // at most 1,000
}

// Removed is what one pass of retention removed.
type Removed struct {
	Receipts int64
	Events   int64
	Messages int64
	Sends    int64
	More     bool // there is more: call again
}
