package provider

import (
	"errors"
	"fmt"
	"net/http"
	"slices"

	"tidings/event"
)

const (
	defaultMaxBody = 1 << 20
	maxSlug        = 32
)

// Limit is the largest body to read for the adapter, in bytes: MaxBody, or 1 MiB where that is 0.
func (a Adapter) Limit() int64 {
	if a.MaxBody > 0 {
		return a.MaxBody
	}
	return defaultMaxBody
}

// Takes reports whether the provider sends requests with the method: one of Methods, or POST where that is empty.
func (a Adapter) Takes(method string) bool { return slices.Contains(a.methods(), method) }

func (a Adapter) methods() []string {
	if len(a.Methods) > 0 {
		return a.Methods
	}
	return []string{http.MethodPost}
}

// Validate checks that an adapter is complete and names only what exists. It reports every fault at once; nil means
// that the adapter may be used.
func Validate(a Adapter) error {
	checks := []struct {
		ok   bool
		what string
	}{
		{validSlug(a.Slug), "Slug must be 1 to 32 lower-case letters and digits and begin with a letter"},
		{a.Title != "", "Title is empty"},
		{a.Docs != "", "Docs is empty"},
		{a.Features.Proof != "", "Features.Proof is empty"},
		{a.Features.Dedupe != "", "Features.Dedupe is empty"},
		{a.Features.Retries != "", "Features.Retries is empty"},
		{len(a.Names) > 0, "Names is empty"},
		{a.MaxBody >= 0, "MaxBody is negative"},
		{a.Open != nil, "Open is nil"},
		{a.Reparse != nil, "Reparse is nil"},
		{a.Element != nil, "Element is nil"},
	}
	var errs []error
	for _, c := range checks {
		if !c.ok {
			errs = append(errs, errors.New(c.what))
		}
	}
	for i, n := range a.Names {
		if n.Slot() == 0 || slices.Contains(a.Names[:i], n) {
			errs = append(errs, fmt.Errorf("name %q is unknown or listed twice", n))
		}
	}
	if !slices.Contains(a.Names, event.EmailUnknown) {
		errs = append(errs, errors.New("Names lacks email.unknown, which every adapter falls back on"))
	}
	for c, status := range a.Answers {
		if _, ok := DefaultAnswers[c]; !ok || status < 200 || status > 599 {
			errs = append(errs, fmt.Errorf("answer %d to cause %q is not possible", status, c))
		}
	}
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("adapter %q: %w", a.Slug, err)
	}
	return nil
}

func validSlug(s string) bool {
	if s == "" || len(s) > maxSlug || s[0] < 'a' || s[0] > 'z' {
		return false
	}
	for _, c := range []byte(s) {
		if (c < 'a' || c > 'z') && (c < '0' || c > '9') {
			return false
		}
	}
	return true
}
