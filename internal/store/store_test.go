package store_test

import (
	"crypto/sha256"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"tidings/event"
	"tidings/internal/contact"
	"tidings/internal/receipt"
	"tidings/internal/source"
	"tidings/internal/store"
	"tidings/provider"
	"tidings/test/database"
	"tidings/test/postgres"
)

// onBoth runs a test on both engines. PostgreSQL is the server that TIDINGS_TEST_POSTGRES names; make test starts one.
func onBoth(t *testing.T, run func(t *testing.T, open func(...func(*store.Options)) *store.Store)) {
	t.Helper()
	for _, engine := range []string{"sqlite", "postgres"} {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			run(t, opener(t, engine))
		})
	}
}

// opener makes a database without data and returns what opens it, as often as a test likes.
func opener(t testing.TB, engine string) func(...func(*store.Options)) *store.Store {
	t.Helper()
	return openerAt(t, database.New(t, engine))
}

// databaseURL makes a database without even the schema.
func databaseURL(t testing.TB, engine string) string {
	t.Helper()
	if engine == "postgres" {
		return postgres.Database(t)
	}
	return filepath.Join(t.TempDir(), "tidings.db")
}

func openerAt(t testing.TB, at string) func(...func(*store.Options)) *store.Store {
	t.Helper()
	return func(change ...func(*store.Options)) *store.Store {
		t.Helper()
		o := store.Options{URL: at, Soft: contact.DefaultSoftPolicy}
		for _, c := range change {
			c(&o)
		}
		s, err := store.Open(t.Context(), o)
		if err != nil {
			t.Fatalf("open: %v", err)
		}
		t.Cleanup(func() { _ = s.Close() })
		return s
	}
}

// feed makes entries for a source, as ingest would.
type feed struct {
	t     testing.TB
	store *store.Store
	src   *source.Source
	build receipt.Builder
	n     int
}

func newFeed(t testing.TB, s *store.Store, name string) *feed {
	t.Helper()
	return newFeedOf(t, s, name, "ses")
}

// newFeedOf is newFeed for a source of another provider.
func newFeedOf(t testing.TB, s *store.Store, name, slug string) *feed {
	t.Helper()
	src := &source.Source{
		ID: "src_" + name, Project: store.DefaultProject, Name: name, Provider: slug,
		TokenHash: sha256.Sum256([]byte(name)), CreatedAt: start,
	}
	if err := s.CreateSource(t.Context(), src, store.Act{At: start, By: "test", Door: "test", Operation: "create"}); err != nil {
		t.Fatal(err)
	}
	codec, err := receipt.NewCodec()
	if err != nil {
		t.Fatal(err)
	}
	return &feed{t: t, store: s, src: src, build: receipt.Builder{Codec: codec}}
}

var start = time.Date(2026, 5, 4, 10, 0, 0, 0, time.UTC)

// fact is an event in short.
type fact struct {
	name      event.Name
	message   string
	to        string
	at        time.Duration // after start
	change    func(*event.Draft)
	transport string // empty: a new one
}

func (f *feed) entry(facts ...fact) *receipt.Entry {
	f.n++
	transport := fmt.Sprintf("%s-%d", f.src.ID, f.n)
	var drafts []event.Draft
	for i, x := range facts {
		if x.transport != "" {
			transport = x.transport
		}
		when := start.Add(x.at)
		d := event.Draft{IdentityAt: when, Element: i, Key: []string{string(x.name), x.message, x.to, when.String()}}
		d.Name, d.Recipient, d.OccurredAt = x.name, x.to, when
		if x.message != "" {
			d.Message = &event.Message{ID: x.message}
		}
		if x.change != nil {
			x.change(&d)
		}
		drafts = append(drafts, d)
	}
	body := []byte(transport)
	return f.build.Build(f.src, provider.Result{
		Transport: provider.Transport{ID: transport, At: start}, Drafts: drafts, Keep: body, Kind: "notification",
	}, body, start.Add(time.Hour))
}

func (f *feed) commit(entries ...*receipt.Entry) {
	f.t.Helper()
	if err := f.store.Commit(f.t.Context(), entries); err != nil {
		f.t.Fatalf("commit: %v", err)
	}
}

func TestAnEventIsStoredOnceAndFound(t *testing.T) {
	onBoth(t, func(t *testing.T, open func(...func(*store.Options)) *store.Store) {
		s := open()
		f := newFeed(t, s, "one")
		e := f.entry(fact{name: event.EmailBounce, message: "m1", to: "Ghost@acme.test", change: func(d *event.Draft) {
			d.Bounce = &event.Bounce{Class: event.Hard, Final: true, Reason: "no_such_user"}
			d.Message.Template = "welcome"
			d.Message.Tags = []string{"may"}
		}})
		f.commit(e)
		if e.Outcome.New != 1 || e.Outcome.Duplicate {
			t.Fatalf("outcome %+v", e.Outcome)
		}
		f.commit(e)
		if e.Outcome.New != 0 || !e.Outcome.Duplicate {
			t.Fatalf("second outcome %+v", e.Outcome)
		}
		for _, q := range []store.EventQuery{
			{Names: []event.Name{event.EmailBounce}},
			{Contact: "ghost@ACME.test", Names: []event.Name{event.EmailBounce}},
			{Message: "m1"},
			{Template: "welcome"},
			{Source: f.src.ID},
			{Tag: "may"},
			{Names: []event.Name{event.EmailBounce}, From: start, To: start.Add(time.Second)},
		} {
			q.Project = store.DefaultProject
			page, err := s.ListEvents(t.Context(), q)
			if err != nil {
				t.Fatalf("%+v: %v", q, err)
			}
			if len(page.Events) != 1 || page.Events[0].ID != e.Events[0].ID || !page.Next.IsZero() {
				t.Errorf("%+v: got %+v", q, page)
			}
		}
		k, err := s.Contact(t.Context(), store.DefaultProject, "ghost@acme.test")
		if err != nil {
			t.Fatal(err)
		}
		if len(k.Suppressions) != 1 || k.Suppressions[0].Reason != contact.HardBounce {
			t.Errorf("contact %+v", k)
		}
	})
}
