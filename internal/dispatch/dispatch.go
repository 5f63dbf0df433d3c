// Package dispatch provides how events go out to endpoints, as functions of values: which events an endpoint wants, what a
// request holds and how it is signed, when one that failed is tried again, and when an endpoint is left alone for a while or
// for good.
package dispatch

import (
	"time"

	"tidings/internal/rule"
	"tidings/internal/segment"
)

// Definition is what an endpoint is, as people write it. Zero fields say nothing, or the default that is named.
type Definition struct {
	Name string `json:"name"`
	URL  string `json:"url"` // https, unless the server lets endpoints have http
	// On says which events go there. Without words for verdicts those of machines go, too.
	On rule.Match `json:"on"`
	// If is a condition on the event's contact, as of segments, asked when the event goes out; nil: it holds for everybody.
	If     *segment.Condition `json:"if,omitempty"`
	Format Format             `json:"format,omitempty"`
	Raw    bool               `json:"raw,omitempty"` // what the provider told goes with the event
	Batch  *Batch             `json:"batch,omitempty"`
	// Headers go with each request. What they hold is secret.
	Headers map[string]string `json:"headers,omitempty"`
	// Concurrency is how many requests are under way at once; 0: DefaultConcurrency.
	Concurrency int `json:"concurrency,omitempty"`
	// PerSecond is how many requests begin in a second at most; 0: as many as there are.
	PerSecond float64 `json:"perSecond,omitempty"`
	// Ordered lets the events of one email, or of one contact where there is no email, wait for the one before: a request
	// that fails holds up those behind it.
	Ordered bool `json:"ordered,omitempty"`
	// For is how long after its first try an event is tried again: "24h"; empty: DefaultFor.
	For string `json:"for,omitempty"`
}

// Format is the form of what an endpoint is told.
type Format string

// The forms. The empty one is Standard.
const (
	Standard    Format = "standard"    // {type, timestamp, data} of Standard Webhooks: data is the event in the public JSON
	CloudEvents Format = "cloudevents" // CloudEvents 1.0, structured: data is the same
	MailGlyph   Format = "mailglyph"   // {contact, workflow, execution, event} of MailGlyph's webhook step
)

// Batch lets several events go in one request, as a list. Of CloudEvents it is their batch.
type Batch struct {
	Max  int    `json:"max"`            // events in a request, 2 to MaxBatch
	Wait string `json:"wait,omitempty"` // how long a batch waits for more: "5s"; empty: DefaultBatchWait
}

// The bounds of an endpoint.
const (
	DefaultConcurrency = 8
	MaxConcurrency     = 64
	DefaultFor         = 72 * time.Hour
	MaxFor             = 7 * 24 * time.Hour
	MaxBatch           = 500
	DefaultBatchWait   = time.Second
	MaxBatchWait       = time.Minute
	maxPerSecond       = 10_000
	maxURL             = 2_000
	maxName            = 100
	maxHeaders         = 20
	maxHeaderValue     = 1_000
)
