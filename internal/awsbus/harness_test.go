package awsbus_test

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
	"github.com/aws/smithy-go"

	"tidings/event"
	"tidings/internal/auth"
	"tidings/internal/awsbus"
	"tidings/internal/contact"
	"tidings/internal/control"
	"tidings/internal/ingest"
	"tidings/internal/receipt"
	"tidings/internal/store"
	"tidings/provider/all"
	"tidings/test/database"
)

var operator = control.Actor{Project: store.DefaultProject, By: "cli", Door: "cli"}

// world is the door over a real database.
type world struct {
	testing.TB
	control *control.Control
	store   *store.Store
	url     string

	mu   sync.Mutex
	slow time.Duration // by how much the server's clock is behind
	// before is called with every request before the door; it may be nil.
	before func(*http.Request)
}

func (w *world) Now() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return time.Now().Add(-w.slow)
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func onBoth(t *testing.T, run func(w *world)) {
	t.Helper()
	for _, engine := range []string{"sqlite", "postgres"} {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			run(newWorld(t, engine))
		})
	}
}

func newWorld(t testing.TB, engine string) *world {
	t.Helper()
	w := &world{TB: t}
	var err error
	w.store, err = store.Open(t.Context(), store.Options{URL: database.New(t, engine), Soft: contact.DefaultSoftPolicy, Now: w.Now})
	must(t, err)
	t.Cleanup(func() { _ = w.store.Close() })
	codec, err := receipt.NewCodec()
	must(t, err)
	committer := ingest.NewCommitter(ingest.CommitterOptions{Commit: w.store.Commit})
	t.Cleanup(func() { must(t, committer.Close(context.WithoutCancel(t.Context()))) })
	w.control = &control.Control{
		Store: w.store, Adapters: all.Adapters(), Now: w.Now, PublicURL: "https://public.test/base", BasePath: "/in",
		Builder: receipt.Builder{Codec: codec}, Commit: w.store.Commit, Submit: committer.Submit,
		Tracking: control.TrackRules{Past: 90 * 24 * time.Hour, Ahead: 5 * time.Minute},
	}
	logger := slog.New(slog.DiscardHandler)
	door := awsbus.New(awsbus.Options{
		Control: w.control, Auth: auth.NewAuthenticator(w.store, control.DoorAWS, w.Now, logger), Logger: logger,
	})
	server := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if w.before != nil {
			w.before(r)
		}
		rw.Header().Set("Date", w.Now().UTC().Format(http.TimeFormat))
		door.ServeHTTP(rw, r)
	}))
	t.Cleanup(server.Close)
	w.url = server.URL + awsbus.Path
	return w
}

// pair makes a key with a pair.
func (w *world) pair(in control.NewKey) control.AWSPair {
	w.Helper()
	if in.Kind == "" && in.Scopes == nil {
		in.Scopes = []string{"events:write"}
	}
	key, _, err := w.control.CreateLimitedKey(w.Context(), operator, in)
	must(w, err)
	pair, err := w.control.GiveAWSPair(w.Context(), operator, key.ID)
	must(w, err)
	return pair
}

// client is the SDK, with its endpoint changed.
func (w *world) client(p control.AWSPair, change ...func(*eventbridge.Options)) *eventbridge.Client {
	o := eventbridge.Options{
		BaseEndpoint: aws.String(w.url), Region: "eu-west-1",
		Credentials: credentials.NewStaticCredentialsProvider(p.AccessKeyID, p.SecretAccessKey, ""),
	}
	for _, c := range change {
		c(&o)
	}
	return eventbridge.New(o)
}

func once(o *eventbridge.Options) { o.Retryer = retry.AddWithMaxAttempts(retry.NewStandard(), 1) }

func entry(name, detail string) types.PutEventsRequestEntry {
	return types.PutEventsRequestEntry{Source: aws.String("com.acme.shop"), DetailType: aws.String(name), Detail: aws.String(detail)}
}

func put(w *world, c *eventbridge.Client, list ...types.PutEventsRequestEntry) *eventbridge.PutEventsOutput {
	w.Helper()
	out, err := c.PutEvents(w.Context(), &eventbridge.PutEventsInput{Entries: list})
	must(w, err)
	return out
}

// codeOf is AWS's code of an error; empty: there is none.
func codeOf(err error) string {
	if e, ok := errors.AsType[smithy.APIError](err); ok {
		return e.ErrorCode()
	}
	if err != nil {
		return err.Error()
	}
	return ""
}

func (w *world) events(f control.EventFilter) []event.Event {
	w.Helper()
	page, err := w.control.ListEvents(w.Context(), operator, f)
	must(w, err)
	return page.Events
}

// ruled is what a rule may say of whom an event is about.
func ruled(_ string, e *event.Event) (says contact.Change, ok bool) {
	var detail struct{ Customer struct{ Mail string } }
	if json.Unmarshal(e.Data, &detail) != nil || detail.Customer.Mail == "" {
		return says, false
	}
	return contact.Change{
		Address: detail.Customer.Mail, Attributes: map[string]json.RawMessage{"firstName": json.RawMessage(`"Kim"`)},
	}, true
}
