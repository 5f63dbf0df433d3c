// Package provider defines what an adapter of an email provider is: a value with one pure function that proves a
// request genuine and turns its bytes into drafts of events. It also has what adapters share, verifiers and bounded
// JSON, and Handler, which makes an adapter useful in any Go program. An adapter never does I/O, reads a clock or logs.
package provider

import (
	"crypto/x509"
	"net/http"
	"time"

	"tidings/event"
)

// Adapter is one email provider. It is a value: facts and one function, no state. All adapters are listed in package
// all; CONTRIBUTING.md says how to add one.
type Adapter struct {
	Slug  string // in URLs and events: lower-case letters and digits, "ses"
	Title string // for people: "Amazon SES"
	Docs  string // the provider's page on its events

	Names   []event.Name // the names it can emit, for documentation and tests
	Custom  bool         // it emits custom events, too, which its users name
	Methods []string     // the HTTP methods it uses; empty means POST alone
	MaxBody int64        // the largest body it can send, in bytes; 0 means 1 MiB, see Limit
	Answers Answers      // what to answer for each cause, see providers' retry rules

	// Road says what differs for the requests of one road, where the provider has several; nil: they are all alike.
	Road func(http.Header) Road

	// Remedies say, by Refusal.Code and Problem.Code, what a person can do about it. A code that is not here is explained
	// by its message alone.
	Remedies map[string]string
	Features Features // what the matrix of the documentation shows

	// Open proves a request genuine and reads it. It is pure: the same arguments give the same result. It returns
	// a *Refusal where the request must not be accepted, with no result. A result with a FetchCertificate wish is
	// not proved yet: it asks to be called again once the wish is granted (see Request.Certificates), and nothing
	// in it is to be stored. A ConfirmSubscription wish comes with a proved result, to be granted after it is stored.
	Open func(Request, Source, time.Time) (Result, error)

	// Reparse reads a body that Open once proved and returned as Result.Keep. It never verifies: replay parses
	// kept receipts with today's adapter.
	Reparse func(keep []byte, src Source) (Result, error)

	// Element returns element i of a kept body: the bytes an event was made from. Drafts of a batch carry them in Raw
	// already, so that nobody looks through the whole batch for each of its elements.
	Element func(keep []byte, i int) ([]byte, error)

	// Import reads one record of the provider's own archives, in whichever envelope it was kept, for a person who vouches
	// for it: nothing is verified. Result.Keep is the record without what must never be kept. nil: the provider has no
	// archives that can be imported.
	Import func(record []byte, src Source) (Result, error)

	// Queue reads one message of a queue that the owner of the source named. What it does not believe or can't read comes
	// back as a Refusal beside a Result, which keeps the message with the refusal as its problem and has no drafts:
	// whoever takes from a queue ends the message, so nobody would send it again. It is pure, and it asks for a
	// certificate as Open does. nil: events of the provider do not come by queues.
	Queue func(Queued, Source, time.Time) (Result, *Refusal)

	// Sample makes a request that Open accepts of the source, signed at a time, for the self-test of a source. It is
	// the one function of an adapter that may use entropy. nil: sources of this provider can't be tested.
	Sample func(Source, time.Time) (Sample, error)
}

// Features are facts about a provider, each in a few words for people, as docs/providers/README.md shows them.
type Features struct {
	Proof   string // how a request is proved genuine: "ECDSA P-256 over timestamp and body"
	Bots    string // what it says of opens and clicks by programs; empty: nothing
	Dedupe  string // by what a fact is known again: "sg_event_id"
	Retries string // how long and how a request is sent again that was not accepted
	Batches string // how many events a request may hold; empty: one
}

// Request is one HTTP request from a provider. Body is whole and exactly as received; adapters do not change it and
// may keep slices of it.
type Request struct {
	Method string
	Header http.Header
	Body   []byte
	// Certificates holds what earlier FetchCertificate wishes brought, by Wish.Key, made with ParseCertificate. The
	// caller parses once and may share the values between requests; an adapter only reads them.
	Certificates map[string]*x509.Certificate
}

// Queued is one message of a queue. Body is whole and exactly as received; adapters do not change it and may keep slices
// of it.
type Queued struct {
	ID   string // the queue's, the same whenever the message is delivered
	Body []byte
	// Certificates are those of Request.
	Certificates map[string]*x509.Certificate
}

// Source is the configured stream that a request came to, as far as an adapter needs it. The zero value of a field
// means that the source does not use it, never that a check is off.
type Source struct {
	ID      string // src_…
	Project string // prj_…, goes into identities

	// Secrets are the shared secrets, current first, then the previous one while it is still valid.
	Secrets []string
	// BasicAuth are accepted "user:password" pairs, current first. Empty: basic auth is not asked for.
	BasicAuth []string

	// URLs are those that a provider which signs its URL may have been given, exactly as it was: with query, and with user
	// and password where they stand in it. They hold the token, so they are secrets.
	URLs []string

	Topics             []string          // SNS topic ARNs that may post here; required for SNS
	SigningCertificate *x509.Certificate // pinned: then only it is trusted
	RequireVersion2    bool              // refuse SNS SignatureVersion 1
	AllowRaw           bool              // accept SNS raw delivery, which carries no signature
	KeepBody           bool              // events of inbound mail have its body
	AutoConfirm        bool              // confirm subscriptions of listed topics without asking
	Account            string            // the sending account that events must name; empty: any
	MaxAge             time.Duration     // the oldest signed timestamp to accept; 0: any age
	TemplateTag        string            // message tag that holds the template key; empty means "templateKey"
	WorkflowTag        string            // message tag that holds the workflow; empty means "sequenceId"
	TokenProved        bool              // the request's URL held the source's token
}

// Result is what a proved request holds.
type Result struct {
	Transport Transport
	Drafts    []event.Draft
	Problems  []Problem
	Wishes    []Wish
	// Keep is the body to store: the received one without what must never be kept (SNS UnsubscribeURL and
	// Signature). It may share memory with Request.Body.
	Keep []byte
	// Elements are what Element returns for this Keep, by number, where the adapter has them at hand: a batch of
	// thousands is not to be read through for each of its events. nil: Element is asked.
	Elements [][]byte
	// Kind says what the request was, for receipts and logs: "notification", "subscription_confirmation", "probe".
	Kind string
}

// Transport is how the provider's transport names the request, the same on every redelivery.
type Transport struct {
	ID string    // SNS MessageId; empty: the request is known by the hash of its body
	At time.Time // the signed time of the request; zero: none
	// OneBody says that the ID may come with one body only, because the provider's signature covers ID and At and not
	// the body: whoever saw one signature could put it on any other. ID and At are then set. Whoever takes in the
	// request remembers the ID for as long as it accepts requests of that age, and refuses it with another body as
	// Unacceptable; the same body again is a redelivery like any other. Handler does not remember and so can't do it.
	OneBody bool
}

// Problem is something in a proved request that could not be made an event, or was made one only in part. It is kept
// on the receipt, counted and shown.
type Problem struct {
	Element int    `json:"element"` // -1: the whole request
	Code    string `json:"code"`    // stable: "inbound_mail", "unreadable", …
	Message string `json:"message"` // for people: what is wrong and what to do
}

// WishKind is what an adapter may ask for.
type WishKind string

const (
	// FetchCertificate wants the PEM at URL, through ParseCertificate, under Key, before Open is called again.
	FetchCertificate WishKind = "fetch_certificate"
	// ConfirmSubscription wants a GET of URL after the receipt is stored; Auto says whether without a person.
	ConfirmSubscription WishKind = "confirm_subscription"
)

// Wish is I/O that an adapter asks for. Its URL was built by the adapter from validated parts and is never a string
// that came from outside.
type Wish struct {
	Kind WishKind
	Key  string // under which the answer comes back in Request.Certificates
	URL  string
	Auto bool   // ConfirmSubscription: no person is needed
	Note string // ConfirmSubscription: account, region and topic, for the person who decides
}
