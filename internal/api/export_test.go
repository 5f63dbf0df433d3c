package api_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tidings/event"
	"tidings/internal/api"
	"tidings/internal/export"
)

// examples are the goldens of the public JSON of every name, as events.
func examplesOfEvents(t testing.TB) (list []event.Event) {
	t.Helper()
	files, err := filepath.Glob("../../event/testdata/*.json")
	must(t, err)
	if len(files) < 15 {
		t.Fatalf("only %d examples", len(files))
	}
	for _, f := range files {
		b, err := os.ReadFile(f)
		must(t, err)
		var e event.Event
		must(t, json.Unmarshal(b, &e))
		list = append(list, e)
	}
	return list
}

func sameJSON(t testing.TB, e *event.Event) {
	t.Helper()
	got, err := export.AppendJSON(nil, e)
	must(t, err)
	var want bytes.Buffer
	must(t, api.Encode(&want, api.EventOf(e)))
	if diff := cmp.Diff(want.String(), string(got)); diff != "" {
		t.Errorf("(-api +export)\n%s", diff)
	}
}

func TestExportsWriteTheJSONOfTheAPI(t *testing.T) {
	t.Parallel()
	for _, e := range examplesOfEvents(t) {
		sameJSON(t, &e)
		e.ContactID, e.EmailID, e.ReceivedAt = "con_4f", "msg_2b", e.ReceivedAt.Add(7*time.Millisecond)
		e.Data = json.RawMessage(`{"subject":"theirs", "zz":[1, 2.50, "A"],"a\"b":null,"Ünï":{"b":1,"a":2}}`)
		sameJSON(t, &e)
	}
	sameJSON(t, &event.Event{})
}

func FuzzExportsWriteTheJSONOfTheAPI(f *testing.F) {
	for _, e := range examplesOfEvents(f) {
		b, err := json.Marshal(e)
		must(f, err)
		f.Add(b, "")
	}
	f.Add([]byte(`{"name":"email.open","message":{"id":"m","metadata":{"b":"1","a":"2"}}}`), "\x00\xff\u2028<&>\"\\\x7f")
	f.Fuzz(func(t *testing.T, b []byte, text string) {
		var e event.Event
		if json.Unmarshal(b, &e) != nil {
			return
		}
		e.Recipient, e.RecipientAs = text, text
		if e.Message != nil {
			e.Message.Subject, e.Message.Tags = text, append(e.Message.Tags, text)
		}
		sameJSON(t, &e)
	})
}
