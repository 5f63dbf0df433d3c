package receipt_test

import (
	"bytes"
	"crypto/sha256"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tidings/event"
	"tidings/internal/receipt"
	"tidings/internal/source"
	"tidings/provider"
)

var update = flag.Bool("update", false, "write the golden files anew")

var (
	now = time.Date(2026, 5, 4, 10, 12, 1, 400_999_999, time.UTC)
	src = &source.Source{Ref: 7, ID: "src_1", Project: "prj_1", Provider: "ses"}
)

func draft(name event.Name, recipient string, element int) event.Draft {
	return event.Draft{
		Event: event.Event{
			Name: name, OccurredAt: now.Add(-time.Second), Recipient: recipient,
			Message: &event.Message{ID: "m1", Subject: "Hi"}, Data: []byte("{}"),
		},
		IdentityAt: now.Add(-time.Second), Key: []string{string(name), recipient}, Element: element,
	}
}

func build(t *testing.T, judge func(*event.Event), drafts ...event.Draft) *receipt.Entry {
	t.Helper()
	b := receipt.Builder{Codec: newCodec(t), Judge: judge}
	return b.Build(src, provider.Result{Drafts: drafts, Keep: []byte(`{"kept":true}`), Kind: "notification"}, []byte("whole"), now)
}

func describe(e *receipt.Entry) string {
	var b strings.Builder
	fmt.Fprintf(&b, "key %x kind %s received %s size %d\n", e.Key, e.Kind, e.ReceivedAt.Format(time.RFC3339Nano), len(e.Keep))
	for _, ev := range e.Events {
		fmt.Fprintf(&b, "event %s %s %s element %d detail %s info %s\n", ev.ID, ev.Name, ev.Recipient, ev.Element, ev.Detail, ev.Info)
	}
	for _, p := range e.Problems {
		fmt.Fprintf(&b, "problem %d %s: %s\n", p.Element, p.Code, p.Message)
	}
	return b.String()
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name+".golden")
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(string(want), got); d != "" {
		t.Error(d)
	}
}

func TestABadElementCostsOnlyItself(t *testing.T) {
	t.Parallel()
	keyless := draft(event.EmailOpen, "ann@acme.test", 1)
	keyless.Key = nil
	breaks := func(e *event.Event) {
		if e.Recipient == "cy@acme.test" {
			e.Data = []byte("{")
		}
	}
	e := build(t, breaks, draft(event.EmailOpen, "Bob@acme.test", 0), keyless,
		draft(event.EmailDelivery, "dan@acme.test", 2), draft(event.EmailOpen, "cy@acme.test", 3))
	if len(e.Events) != 2 || len(e.Problems) != 2 {
		t.Errorf("%d events and %d problems, want 2 and 2", len(e.Events), len(e.Problems))
	}
	golden(t, "bad_element", describe(e))
}

func TestTheSameFactTwiceInOneRequestIsOneEvent(t *testing.T) {
	t.Parallel()
	other := draft(event.EmailOpen, "ann@acme.test", 2)
	other.Client = &event.Client{IP: "198.51.100.1"}
	e := build(t, nil, draft(event.EmailOpen, "ann@acme.test", 0), draft(event.EmailOpen, "ann@acme.test", 1), other,
		draft(event.EmailClick, "ann@acme.test", 3), draft(event.EmailClick, "ann@acme.test", 4))
	if len(e.Events) != 2 || e.Events[0].Client != nil {
		t.Errorf("events %+v, want the first open and the first click", e.Events)
	}
	if len(e.Problems) != 1 || e.Problems[0].Code != receipt.CodeConflict || e.Problems[0].Element != 2 {
		t.Errorf("problems %+v, want a conflict of element 2 alone", e.Problems)
	}
}

func TestTheVerdictIsPartOfWhatIsStored(t *testing.T) {
	t.Parallel()
	judge := func(e *event.Event) { e.Automation = &event.Automation{Verdict: event.Machine} }
	e := build(t, judge, draft(event.EmailOpen, "ann@acme.test", 0))
	if got := string(e.Events[0].Detail); got != `{"a":{"verdict":"machine"}}` {
		t.Errorf("detail %s", got)
	}
}

func TestARequestToConfirmCarriesWhatAPersonNeeds(t *testing.T) {
	t.Parallel()
	b := receipt.Builder{Codec: newCodec(t)}
	res := provider.Result{Wishes: []provider.Wish{
		{Kind: provider.FetchCertificate, Key: "c", URL: "https://cert.test"},
		{Kind: provider.ConfirmSubscription, Key: "arn:topic", URL: "https://confirm.test", Note: "account 1"},
	}}
	e := b.Build(src, res, []byte("whole"), now)
	want := &source.Confirmation{
		SourceRef: 7, Key: fmt.Sprintf("%x", e.Key), Topic: "arn:topic", Note: "account 1", URL: "https://confirm.test",
		AskedAt: now.Truncate(time.Millisecond),
	}
	if d := cmp.Diff(want, e.Confirm); d != "" {
		t.Error(d)
	}
	if got := build(t, nil, draft(event.EmailOpen, "ann@acme.test", 0)); got.Confirm != nil {
		t.Errorf("a notification asks to confirm %+v", got.Confirm)
	}
}

func TestARedeliveryHasTheSameKeyAndAnotherRequestAnother(t *testing.T) {
	t.Parallel()
	at := now.Truncate(time.Millisecond)
	keys := map[string]receipt.Key{
		"id and time":   receipt.KeyOf(provider.Transport{ID: "a", At: at}, sha256.Sum256([]byte("1"))),
		"another id":    receipt.KeyOf(provider.Transport{ID: "b", At: at}, sha256.Sum256([]byte("1"))),
		"no id":         receipt.KeyOf(provider.Transport{}, sha256.Sum256([]byte("1"))),
		"another body":  receipt.KeyOf(provider.Transport{}, sha256.Sum256([]byte("2"))),
		"another time":  receipt.KeyOf(provider.Transport{ID: "a", At: at.Add(time.Second)}, sha256.Sum256([]byte("1"))),
		"year ten thou": receipt.KeyOf(provider.Transport{ID: "c", At: time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC)}, sha256.Sum256(nil)),
	}
	seen := map[receipt.Key]string{}
	for name, k := range keys {
		if other, ok := seen[k]; ok {
			t.Errorf("%q and %q have one key", name, other)
		}
		seen[k] = name
	}
	if again := receipt.KeyOf(provider.Transport{ID: "a", At: at}, sha256.Sum256([]byte("signed anew"))); again != keys["id and time"] {
		t.Error("a redelivery has another key")
	}
	earlier, later := keys["id and time"], keys["another time"]
	if bytes.Compare(earlier[:6], later[:6]) >= 0 {
		t.Error("keys do not sort by time")
	}
}

func TestTheHashIsOfTheBodyAsReceived(t *testing.T) {
	t.Parallel()
	e := build(t, nil)
	if e.SHA256 != sha256.Sum256([]byte("whole")) {
		t.Errorf("hash %x", e.SHA256)
	}
}
