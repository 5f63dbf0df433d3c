// Package control provides every operation that a person or program may ask for. Doors decode what was asked, call one
// function here and encode its answer; what is allowed, what is valid and what is noted is decided here, once.
package control

import (
	"context"
	"net/http"
	"time"

	"golang.org/x/sync/semaphore"

	"tidings/internal/archive"
	"tidings/internal/feed"
	"tidings/internal/netguard"
	"tidings/internal/receipt"
	"tidings/internal/sender"
	"tidings/internal/source"
	"tidings/internal/store"
	"tidings/internal/template"
	"tidings/provider"
)

// Control does the operations. Its fields are set once; it is safe for concurrent use.
type Control struct {
	Store    *store.Store
	Adapters []provider.Adapter
	Now      func() time.Time

	// TrackingURL is where the links of emails lead: "https://click.example.com"; empty: PublicURL.
	TrackingURL string
	// SentMail finds the emails that links were in; nil: the store does.
	SentMail SentMail
	// LinkUses bound what is done, and what is counted, by each link of an email; nil: nothing does.
	LinkUses *Rates
	// HitPatience is how long whoever follows a link waits until that is stored; 0: 0.3 s. Storing goes on beside.
	HitPatience time.Duration

	PublicURL string // where providers reach this server: "https://tidings.example.com", without a slash at the end
	BasePath  string // of sources' URLs: "/in"

	// Feed is the live feed, which only a server has.
	Feed *feed.Hub
	// Exporting bounds how many exports of events run at once; nil: nothing does.
	Exporting *semaphore.Weighted
	// Archive is where scheduled exports may write; nil: nowhere.
	Archive *archive.Places
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
	// AssistantCalls bound the calls of each key of an AI assistant, AssistantStops whom it unsubscribes, SelfTests those of each
	// source; nil: nothing does.
	AssistantCalls, AssistantStops, SelfTests *Rates
	// Commit stores entries and fills their outcomes, as ingest does. Replay alone needs it.
	Commit func(context.Context, []*receipt.Entry) error
	// Submit stores an entry together with those of others and fills its outcome. Tracking alone needs it.
	Submit func(context.Context, *receipt.Entry) error
	// Tracking bounds what may be tracked, Joining what strangers do with forms.
	Tracking TrackRules
	Joining  JoinRules

	// Outgoing keeps senders at work, Ways is what senders stand on, Outbox what those of kind file write into. Tests of
	// senders and questions about the outbox alone need them.
	Outgoing *sender.Registry
	Ways     sender.Deps
	Outbox   *sender.Outbox

	// Compiled keeps compiled templates; nil: each is compiled anew.
	Compiled *template.Cache

	// Rulebook keeps the rules. Changes of rules and their work alone need it.
	Rulebook *RuleBook
	// Workflowbook keeps the workflows at work. Changes of workflows and runs alone need it.
	Workflowbook *WorkflowBook
	// Webhooks calls those of workflows. Their runs alone need it.
	Webhooks *Caller

	// Outlets is what endpoints, and channels of alerts with a URL, stand on. They alone need it.
	Outlets Outlets

	// Mailing hands emails over. Sending alone needs it.
	Mailing Mailing

	own     ownSources
	sealing sealing
	hits    hits
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
	Public    bool         // its key is one that anybody may see
	Bounds    store.KeyBounds
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
