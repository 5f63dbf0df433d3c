package source

import (
	"crypto/x509"
	"time"

	"tidings/provider"
)

// Test is a self-test of a source that is under way. Its token leads to it once, until ExpiresAt, and to nothing else: a
// request at its URL is never stored, whatever it holds.
type Test struct {
	TokenHash [32]byte
	SourceRef int64
	// Certificate is the only one that proves the test's request; nil: the source's own secrets do.
	Certificate *x509.Certificate
	ExpiresAt   time.Time
}

// Verdict is what became of a self-test's request where it arrived.
type Verdict struct {
	At     time.Time `json:"at"`
	Status int       `json:"status"` // what it was answered with
	// Code is why it was refused, as for a request of the provider; empty: it would have been stored.
	Code    string `json:"code,omitempty"`
	Message string `json:"message,omitempty"`
	// SHA256 is of the body as it arrived, in hexadecimal; empty: the body was not read.
	SHA256   string             `json:"sha256,omitempty"`
	Bytes    int                `json:"bytes"`
	Events   []VerdictEvent     `json:"events,omitempty"`
	Problems []provider.Problem `json:"problems,omitempty"`
}

// VerdictEvent is an event that would have been stored.
type VerdictEvent struct {
	Name      string `json:"name"`
	Recipient string `json:"recipient"`
}
