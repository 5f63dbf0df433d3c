package store

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"tidings/internal/receipt"
	"tidings/internal/source"
)

// KeyBounds narrow what a key may do beyond its kind and its scopes. Empty lists bound nothing. They are stored as JSON:
// fields are added, never renamed.
type KeyBounds struct {
	// Events are the names that may be tracked with it, as event.CustomName makes them.
	Events []string `json:"events,omitempty"`
	// Origins are the pages that may use it: "https://acme.test". Only public keys have some.
	Origins []string `json:"origins,omitempty"`
	// Domains are those that mail may be sent from with it.
	Domains []string `json:"domains,omitempty"`
	// Subscribes tells that a public key may say whether a contact is subscribed.
	Subscribes bool `json:"subscribes,omitempty"`
}

// Within reports whether bounds allow no more than others do.
func (b KeyBounds) Within(other KeyBounds) bool {
	return within(b.Events, other.Events) && within(b.Domains, other.Domains)
}

func within(list, other []string) bool {
	if len(other) == 0 {
		return true
	}
	return len(list) > 0 && !slices.ContainsFunc(list, func(s string) bool { return !slices.Contains(other, s) })
}

// text is the stored form.
func (b KeyBounds) text() string {
	text, err := json.Marshal(b)
	if err != nil || string(text) == "{}" { // lists of texts always encode
		return ""
	}
	return string(text)
}

func readBounds(text string) (b KeyBounds, err error) {
	if text == "" {
		return b, nil
	}
	if err := json.Unmarshal([]byte(text), &b); err != nil {
		return b, fmt.Errorf("read the bounds of a key: %w", err)
	}
	return b, nil
}

// ReceivedAt tells when a source's receipt came; zero: it is not stored.
func (s *Store) ReceivedAt(ctx context.Context, src *source.Source, key receipt.Key) (when time.Time, err error) {
	err = s.engine.read(ctx, func(c conn) error {
		var received int64
		_, err := one(ctx, c, `SELECT received_at FROM receipts WHERE source = $1 AND key = $2`, []any{src.Ref, key[:]}, &received)
		when = at(received)
		return err
	})
	return when, err
}
