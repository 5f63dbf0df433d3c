package provider

import (
	"fmt"
	"net/http"
)

// Cause is why a request is answered as it is. Providers retry by status code, each in its own way, so the code for
// a cause is the adapter's to say (Answers).
type Cause string

const (
	Stored          Cause = "stored"          // on disk, now or before
	OurFault        Cause = "our_fault"       // database down, shutting down, certificate not fetchable: send it again
	Overloaded      Cause = "overloaded"      // shed early: send it again, later
	Unauthenticated Cause = "unauthenticated" // no credentials where they are needed; SNS sends them only after a 401
	Forbidden       Cause = "forbidden"       // proved wrong: signature, topic, token, age
	Unacceptable    Cause = "unacceptable"    // will never be accepted: not JSON, wrong method or shape
	TooLarge        Cause = "too_large"       // over MaxBody
	Encoded         Cause = "encoded"         // has a Content-Encoding
)

// Answers maps causes to status codes where a provider wants other ones than DefaultAnswers.
type Answers map[Cause]int

// DefaultAnswers are the status codes for providers that retry everything but a 2xx.
var DefaultAnswers = Answers{
	Stored:          http.StatusOK,
	OurFault:        http.StatusServiceUnavailable,
	Overloaded:      http.StatusServiceUnavailable,
	Unauthenticated: http.StatusUnauthorized,
	Forbidden:       http.StatusForbidden,
	Unacceptable:    http.StatusBadRequest,
	TooLarge:        http.StatusRequestEntityTooLarge,
	Encoded:         http.StatusUnsupportedMediaType,
}

// Status returns the code for a cause: the adapter's own, else the default, else 500.
func (a Adapter) Status(c Cause) int {
	if s, ok := a.Answers[c]; ok {
		return s
	}
	if s, ok := DefaultAnswers[c]; ok {
		return s
	}
	return http.StatusInternalServerError
}

// StatusOn is Status for a request that came by a road.
func (a Adapter) StatusOn(r Road, c Cause) int {
	if s, ok := r.Answers[c]; ok {
		return s
	}
	return a.Status(c)
}

// Refusal is why Open did not accept a request. Code is stable and counted per source; Message says what is wrong and
// what to do, and never repeats a secret.
type Refusal struct {
	Cause   Cause
	Code    string // "bad_signature", "unknown_topic", "stale", …
	Message string
}

// Error makes a Refusal an error.
func (r *Refusal) Error() string { return r.Code + ": " + r.Message }

// Refuse makes a Refusal with a formatted message.
func Refuse(c Cause, code, format string, args ...any) *Refusal {
	return &Refusal{Cause: c, Code: code, Message: fmt.Sprintf(format, args...)}
}
