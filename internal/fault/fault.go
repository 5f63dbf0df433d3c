// Package fault provides the kinds of things that go wrong, and errors that say which kind, for whom and what to do.
// An error gets its kind where its meaning is known; every door has one table from kind to its own status. It is pure.
package fault

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
)

// Kind is what sort of thing went wrong. The zero value is Internal: an error that nobody classified.
type Kind uint8

const (
	Internal        Kind = iota // a mistake of ours, or something nobody thought of
	Invalid                     // the input can't be used as it is
	Unauthenticated             // no credentials, or ones that nobody knows
	Forbidden                   // known, and not allowed
	NotFound                    // there is no such thing, or not any more
	Conflict                    // it contradicts what is there
	TooLarge                    // over a limit on size
	RateLimited                 // too much at once from this caller
	Unavailable                 // not now: something we need is down, full or shutting down
	Timeout                     // it took too long
	Gone                        // there was such a thing, and it is over for good
)

// kindNames are the texts of kinds, which are also the default codes.
var kindNames = [...]string{
	Internal: "internal", Invalid: "invalid", Unauthenticated: "unauthenticated", Forbidden: "forbidden",
	NotFound: "not_found", Conflict: "conflict", TooLarge: "too_large", RateLimited: "rate_limited",
	Unavailable: "unavailable", Timeout: "timeout", Gone: "gone",
}

// String returns the kind in lower-case letters: "not_found".
func (k Kind) String() string {
	if int(k) < len(kindNames) {
		return kindNames[k]
	}
	return kindNames[Internal]
}

// Error is an error with a kind. Code is stable and documented, Message and Hint are for people and never hold a
// secret; Err is the cause, for the log alone.
type Error struct {
	Kind    Kind
	Code    string // "bad_cursor"; programs compare it
	Message string // what is wrong
	Field   string // path of the input that is wrong: "filter.from"; empty: none in particular
	Hint    string // what a person can do about it; empty: nothing
	Err     error  // the cause; nil: none

	After time.Duration // when the same call may succeed; zero: not told
}

// Error returns field, message and cause: the text for logs. Doors show Message alone.
func (e *Error) Error() string {
	parts := make([]string, 0, 3)
	for _, p := range [...]string{e.Field, e.Message} {
		if p != "" {
			parts = append(parts, p)
		}
	}
	if e.Err != nil {
		parts = append(parts, e.Err.Error())
	}
	return strings.Join(parts, ": ")
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// WithHint returns a copy that tells what to do.
func (e *Error) WithHint(format string, args ...any) *Error {
	c := *e
	c.Hint = fmt.Sprintf(format, args...)
	return &c
}

// WithAfter returns a copy that tells how long to wait before the same call may succeed.
func (e *Error) WithAfter(wait time.Duration) *Error {
	c := *e
	c.After = wait
	return &c
}

// WithField returns a copy that names the input that is wrong.
func (e *Error) WithField(path string) *Error {
	c := *e
	c.Field = path
	return &c
}

// New makes an error without a cause.
func New(kind Kind, code, format string, args ...any) *Error {
	return &Error{Kind: kind, Code: code, Message: fmt.Sprintf(format, args...)}
}

// BadField makes an Invalid error about one field of the input, with the code "invalid".
func BadField(path, format string, args ...any) *Error {
	return New(Invalid, Invalid.String(), format, args...).WithField(path)
}

// Missing makes a NotFound error, with the code "not_found". The text says what is not there: "no source src_1".
func Missing(format string, args ...any) *Error {
	return New(NotFound, NotFound.String(), format, args...)
}

// Wrap makes an error with a cause. An err of nil is allowed and means New.
func Wrap(kind Kind, code string, err error, message string) *Error {
	return &Error{Kind: kind, Code: code, Message: message, Err: err}
}

// KindOf returns the kind of the outermost Error in err's tree. An ended context without one is a Timeout, everything
// else Internal. nil is Internal too: ask only about errors.
func KindOf(err error) Kind {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Kind
	}
	if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) {
		return Timeout
	}
	return Internal
}

// Is reports whether err is of a kind.
func Is(err error, kind Kind) bool { return err != nil && KindOf(err) == kind }

// Retryable reports whether the same call may succeed later, unchanged.
func Retryable(err error) bool {
	return Is(err, Unavailable) || Is(err, Timeout) || Is(err, RateLimited)
}

// Fields returns every Error in err's tree that names a field, in order: the problems that one validation joined with
// errors.Join. It returns nil where there is none.
func Fields(err error) []*Error {
	var found []*Error
	walk(err, func(e *Error) {
		if e.Field != "" {
			found = append(found, e)
		}
	})
	return found
}

func walk(err error, visit func(*Error)) {
	switch x := err.(type) { //nolint:errorlint // the tree is walked by hand, node for node
	case nil:
		return
	case *Error:
		visit(x)
	case interface{ Unwrap() []error }:
		for _, e := range x.Unwrap() {
			walk(e, visit)
		}
		return
	}
	walk(errors.Unwrap(err), visit)
}
