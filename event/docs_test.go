package event_test

import (
	"bytes"
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"tidings/event"
)

func readDocs(t *testing.T) string {
	t.Helper()
	b, err := os.ReadFile("../docs/events.md")
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestTheDocumentationHasEveryNameClassReasonAndWord(t *testing.T) {
	t.Parallel()
	docs := readDocs(t)
	var words []string
	for _, n := range event.EmailNames() {
		words = append(words, "\n| `"+string(n)+"` | ")
	}
	for _, r := range event.Reasons() {
		words = append(words, "\n| `"+r+"` | ")
	}
	for _, c := range []event.BounceClass{
		event.Hard, event.Soft, event.Block, event.Suppressed, event.AutoReply, event.Undetermined,
	} {
		words = append(words, "\n| `"+string(c)+"` | ")
	}
	for _, field := range []string{
		"event_type", "message_id", "recipient", "timestamp", "esp_name", "tags", "metadata", "reject_reason", "description",
		"click_url", "user_agent", "raw_event",
	} {
		words = append(words, "\n| `"+field+"` | ")
	}
	for _, w := range words {
		if !strings.Contains(docs, w) {
			t.Errorf("docs/events.md has no row %q", strings.TrimSpace(w))
		}
	}
}

func TestTheDocumentedReasonsCountAsTheyAreSaidTo(t *testing.T) {
	t.Parallel()
	_, table, _ := strings.Cut(readDocs(t), "\n| reason | means | ")
	for _, r := range event.Reasons() {
		_, row, _ := strings.Cut(table, "\n| `"+r+"` | ")
		row, _, _ = strings.Cut(row, "\n")
		if said := strings.HasSuffix(row, "| yes |"); said != event.AddressReason(r) {
			t.Errorf("%s: %q", r, row)
		}
	}
}

func TestTheDocumentedExampleIsAnEvent(t *testing.T) {
	t.Parallel()
	_, example, _ := strings.Cut(readDocs(t), "```json\n")
	example, _, ok := strings.Cut(example, "```")
	if !ok {
		t.Fatal("docs/events.md has no example")
	}
	var e event.Event
	if err := json.Unmarshal([]byte(example), &e); err != nil {
		t.Fatal(err)
	}
	got, err := e.MarshalJSON()
	if err != nil {
		t.Fatal(err)
	}
	var want bytes.Buffer
	if err := json.Compact(&want, []byte(example)); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want.String(), string(got)); diff != "" {
		t.Errorf("(-documented +got)\n%s", diff)
	}
}
