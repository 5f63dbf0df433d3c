// Package providertest asks every adapter the same hard questions and compares what it reads with golden files. An
// adapter's own tests call Run and add only what is particular to their provider.
package providertest

import (
	"crypto/x509"
	"net/http"
	"testing"
	"time"

	"tidings/event"
	"tidings/provider"
)

// Suite is what the questions need to know of an adapter. Fields without a note are required.
type Suite struct {
	Adapter provider.Adapter
	// Source accepts the requests that Request makes at Now.
	Source       provider.Source
	Now          time.Time
	Certificates map[string]*x509.Certificate // as granted; nil if the provider has none

	// Request makes the genuine request that carries a payload, made by the provider at a time. header holds what a
	// fixture says beside its payload. It always makes the same request of the same arguments.
	Request func(header http.Header, payload []byte, at time.Time) provider.Request

	// Folder holds the fixtures, as *.http: headers, an empty line, the payload. Beside each is its *.golden.json.
	Folder string
	// Sample is the name of the fixture that the questions are asked with. It has at least one event.
	Sample string
	// UnknownWord is a payload with an event word that nobody knows.
	UnknownWord []byte
	// BadElement is a batch with one good element and one that can't be read; nil: the provider sends no batches.
	BadElement []byte

	// Lenient says that a payload is read as far as it goes, wherever it ends and whatever stands beside it, as MIME is.
	Lenient bool
	// Signed says that a signature covers the whole payload.
	Signed bool
	// Dated says that requests carry a proved time, which Source.MaxAge limits.
	Dated bool
	// Strangers are requests that somebody else can make, each to be refused before anything is asked for.
	Strangers map[string]provider.Request
	// NeverKept are texts that must not be in Result.Keep.
	NeverKept []string
	// Credentials are the shared secrets of the provider; nil: it has none.
	Credentials *Credentials
}

// Credentials say how a source gets shared secrets and how a request shows one.
type Credentials struct {
	Accept func(src *provider.Source, secrets []string)
	Show   func(req *provider.Request, secret string)
}

// Run asks everything.
func Run(t *testing.T, s Suite) {
	t.Helper()
	if err := provider.Validate(s.Adapter); err != nil {
		t.Fatal(err)
	}
	questions := []struct {
		name string
		ask  func(*testing.T, Suite)
	}{
		{"each fixture becomes its golden", goldens},
		{"opening twice gives the same and leaves the body as it was", deterministic},
		{"reparsing what was kept gives the same drafts", reparsed},
		{"what must not be kept is not", nothingKept},
		{"a flipped byte changes nothing that is read", flipped},
		{"a stale request is refused", stale},
		{"strangers are refused before any wish", strangers},
		{"a redelivery has the same ids", redelivered},
		{"an unknown word becomes email.unknown", unknownWord},
		{"a bad element costs only itself", badElement},
		{"secrets are compared, rotated and never empty", credentials},
		{"the sample of a self-test is the event that it says", samples},
		{"hostile bodies are refused", hostileBodies},
		{"hostile payloads in genuine requests are problems", hostilePayloads},
	}
	for _, q := range questions {
		t.Run(q.name, func(t *testing.T) {
			t.Parallel()
			q.ask(t, s)
		})
	}
}

// Origin is the origin that the suite finishes drafts with.
func (s Suite) Origin() event.Origin {
	return event.Origin{
		Project: s.Source.Project, SourceID: s.Source.ID, Provider: s.Adapter.Slug,
		ReceivedAt: s.Now, FirstReceivedAt: s.Now,
	}
}

// Open opens a request with the suite's certificates at Now.
func (s Suite) Open(req provider.Request) (provider.Result, error) {
	req.Certificates = s.Certificates
	return s.Adapter.Open(req, s.Source, s.Now)
}

// MustOpen is Open for a request that has to be accepted.
func (s Suite) MustOpen(t *testing.T, req provider.Request) provider.Result {
	t.Helper()
	r, err := s.Open(req)
	if err != nil {
		t.Fatalf("a genuine request is refused: %v", err)
	}
	return r
}

// Finish turns drafts into events.
func (s Suite) Finish(t *testing.T, drafts []event.Draft) []event.Event {
	t.Helper()
	events := make([]event.Event, 0, len(drafts))
	for _, d := range drafts {
		e, err := d.Finish(s.Origin())
		if err != nil {
			t.Fatalf("finish draft: %v", err)
		}
		events = append(events, e)
	}
	return events
}
