// Package control provides every operation that a person or program may ask for. Doors decode what was asked, call one
// function here and encode its answer; what is allowed, what is valid and what is noted is decided here, once.
package control

import (
	"context"
	"net/http"
	"time"

	"tidings/internal/feed"
	"tidings/internal/netguard"
	"tidings/internal/receipt"
	"tidings/internal/source"
	"tidings/internal/store"
	"tidings/provider"
)

// Control does the operations. Its fields are set once; it is safe for concurrent use.
type Control struct {
	Store    *store.Store
	Adapters []provider.Adapter
	Now      func() time.Time

	PublicURL string // where providers reach this server: "https://tidings.example.com", without a slash at the end
	BasePath  string // of sources' URLs: "/in"

	// Feed is the live feed, which only a server has.
	Feed *feed.Hub
	// Settings are what the server was started with, for people to look at.
	Settings []Setting

	// Confirm fetches the URL of a subscription that waits for a person. Control notes how it ended.
	Confirm func(context.Context, source.Confirmation) error
	// Send makes a request to a URL below PublicURL and tells what it met. Self-tests alone need it.
	Send func(ctx context.Context, method, url string, header http.Header, body []byte) netguard.Trip
	// Builder makes entries of what adapters read, as ingest does. Replay alone needs it.
	Builder receipt.Builder
	// Gate is what passwords pass through. Signing in and setting passwords alone need it.
	Gate *Gate
	// AssistantCalls bound the calls of each key of an AI assistant, SelfTests those of each source; nil: nothing does.
	AssistantCalls, SelfTests *Rates
	// Commit stores entries and fills their outcomes, as ingest does. Replay alone needs it.
	Commit func(context.Context, []*receipt.Entry) error
}

// Actor is who asks, through which door.
type Actor struct {
	Project string // prj_…: what is asked for belongs to it
	By      string // a key's id, a person's id, or "cli"
	Door    string // "api", "ui", "cli"
	Name    string // of a person; empty: By is no person
	Session string // ses_…, in which a person asks; empty: By is no person

	Scopes    store.Scopes // of its key; empty: everything
	ExpiresAt time.Time    // of its key; zero: never
}

// act is the note of a deed for the audit log.
func (c *Control) act(who Actor, operation, subject, note string) store.Act {
	return store.Act{
		At: c.Now().UTC(), Project: who.Project, By: who.By, Door: who.Door,
		Operation: operation, Subject: subject, Note: note,
	}
}

// ByServer is the act of a server that nobody asked.
func ByServer(now time.Time, operation string) store.Act {
	return store.Act{
		At: now.UTC(), Project: store.DefaultProject, By: DoorServer, Door: DoorServer, Operation: operation,
	}
}

func (c *Control) adapter(slug string) (provider.Adapter, bool) {
	for _, a := range c.Adapters {
		if a.Slug == slug {
			return a, true
		}
	}
	return provider.Adapter{}, false
}

func (c *Control) slugs() []string {
	slugs := make([]string, len(c.Adapters))
	for i, a := range c.Adapters {
		slugs[i] = a.Slug
	}
	return slugs
}
