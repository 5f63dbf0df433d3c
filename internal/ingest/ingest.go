// Package ingest provides the way of a provider's request in: it is bounded, its source is found, it is proved genuine,
// parsed, committed with others in one transaction, and only then answered. It is the first stage. It never decides
// what an event means.
package ingest

import (
	"time"

	"tidings/internal/receipt"
)

// The codes of refusals that are not an adapter's. They are counted per source and documented.
const (
	CodeUnknownProvider = "unknown_provider" // there is no adapter of that name
	CodeUnknownSource   = "unknown_source"   // no source has this token or path
	CodeDisabled        = "source_disabled"  // the source was switched off
	CodeMethod          = "wrong_method"     // the provider does not use this method
	CodeEncoded         = "encoded_body"     // the body has a Content-Encoding
	CodeTooLarge        = "body_too_large"   // the body is over the adapter's limit
	CodeIncomplete      = "incomplete_body"  // the connection ended, or was too slow, within the body
	CodeOverloaded      = "overloaded"       // too much at once: come again
	CodeShuttingDown    = "shutting_down"    // the server stops: come again
	CodeCertificate     = "no_certificate"   // the certificate that signed could not be fetched now
	CodeOtherBody       = "other_body"       // signed for another body: somebody uses a signature again
	CodeUnstorable      = "unstorable"       // the store can't take this request, alone or with others
	CodeInternal        = "internal"         // a mistake of ours
)

// Meter counts what happens. Its methods are called from many goroutines at once and must not block.
type Meter interface {
	// Accepted is called when a request was stored: the provider and what became of it.
	Accepted(provider string, o receipt.Outcome)
	// Refused is called when a request was not stored. The code is one of a fixed, small set.
	Refused(provider, code string)
	// Answered is called after every answer.
	Answered(provider string, status int, took time.Duration)
	// Committed is called after every transaction.
	Committed(entries int, took time.Duration)
}

// noMeter counts nothing.
type noMeter struct{}

// Accepted implements Meter.
func (noMeter) Accepted(string, receipt.Outcome) {}

// Refused implements Meter.
func (noMeter) Refused(string, string) {}

// Answered implements Meter.
func (noMeter) Answered(string, int, time.Duration) {}

// Committed implements Meter.
func (noMeter) Committed(int, time.Duration) {}
