package event_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tidings/event"
)

var update = flag.Bool("update", false, "write the goldens anew")

func TestThePublicJSONOfEveryNameIsItsGolden(t *testing.T) {
	t.Parallel()
	for _, e := range examples(t) {
		t.Run(string(e.Name), func(t *testing.T) {
			t.Parallel()
			path := filepath.Join("testdata", string(e.Name)+".json")
			got := indented(t, &e)
			if *update {
				if err := os.WriteFile(path, got, 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), string(got)); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

func indented(t *testing.T, e *event.Event) []byte {
	t.Helper()
	b, err := e.MarshalJSON()
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := json.Indent(&out, b, "", "  "); err != nil {
		t.Fatal(err)
	}
	out.WriteByte('\n')
	return out.Bytes()
}

// testdata/keys.txt holds every path of the public JSON with the type of its value. -update adds to it and never takes
// away: a field is added, never changed in place.
func TestNoKeyOfThePublicJSONDisappearsOrChanges(t *testing.T) {
	t.Parallel()
	got := map[string]bool{}
	for _, e := range examples(t) {
		b, err := e.MarshalJSON()
		if err != nil {
			t.Fatal(err)
		}
		var v any
		if err := json.Unmarshal(b, &v); err != nil {
			t.Fatal(err)
		}
		addPaths(got, "", v)
	}
	path := filepath.Join("testdata", "keys.txt")
	stored, err := os.ReadFile(path)
	if err != nil && !*update {
		t.Fatal(err)
	}
	want := map[string]bool{}
	for line := range strings.Lines(string(stored)) {
		want[strings.TrimSpace(line)] = true
	}
	for key := range want {
		if !got[key] {
			t.Errorf("%q is gone: programs rely on it", key)
		}
	}
	if *update {
		maps.Copy(want, got)
		lines := strings.Join(slices.Sorted(maps.Keys(want)), "\n") + "\n"
		if err := os.WriteFile(path, []byte(lines), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for key := range got {
		if !want[key] {
			t.Errorf("%q is new: run the test with -update", key)
		}
	}
}

func addPaths(paths map[string]bool, path string, v any) {
	switch v := v.(type) {
	case map[string]any:
		for k, x := range v {
			addPaths(paths, path+"."+k, x)
		}
	case []any:
		for _, x := range v {
			addPaths(paths, path+"[]", x)
		}
	case string:
		paths[path+" string"] = true
	case bool:
		paths[path+" boolean"] = true
	case float64:
		paths[path+" number"] = true
	default:
		paths[path+" null"] = true
	}
}

func TestAnEventIsReadBackFromItsJSON(t *testing.T) {
	t.Parallel()
	for _, e := range examples(t) {
		b, err := json.Marshal(e)
		if err != nil {
			t.Fatal(err)
		}
		var got event.Event
		if err := json.Unmarshal(b, &got); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(e, got); diff != "" {
			t.Errorf("%s: (-want +got)\n%s", e.Name, diff)
		}
	}
}

func TestTheZeroEventHasJSON(t *testing.T) {
	t.Parallel()
	b, err := json.Marshal(&event.Event{})
	if err != nil {
		t.Fatal(err)
	}
	want := `{"id":"00000000-0000-0000-0000-000000000000","name":"","occurredAt":"0001-01-01T00:00:00.000Z",` +
		`"receivedAt":"0001-01-01T00:00:00.000Z","projectId":"","data":{}}`
	if string(b) != want {
		t.Errorf("got  %s\nwant %s", b, want)
	}
}

func TestTimesAreWrittenInUTCToTheMillisecond(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 5, 4, 12, 12, 0, 999_999_999, time.FixedZone("", 2*3600))
	b, err := event.Event{OccurredAt: at, Message: &event.Message{SentAt: at}}.MarshalJSON()
	if err != nil || bytes.Count(b, []byte(`"2026-05-04T10:12:00.999Z"`)) != 2 {
		t.Errorf("%s, %v", b, err)
	}
}

func TestJSONOfALaterVersionIsRead(t *testing.T) {
	t.Parallel()
	var e event.Event
	err := e.UnmarshalJSON([]byte(`{"name":"email.open","occurredAt":"2026-05-04T12:12:00.1239+02:00","later":{"a":[1]},"data":null}`))
	if err != nil {
		t.Fatal(err)
	}
	want := event.Event{Name: event.EmailOpen, OccurredAt: time.Date(2026, 5, 4, 10, 12, 0, 123e6, time.UTC)}
	if diff := cmp.Diff(want, e); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestReadingAnEventEmptiesWhatIsNotThere(t *testing.T) {
	t.Parallel()
	e := event.Event{ContactID: "con_1", Open: &event.Engagement{First: true}}
	if err := e.UnmarshalJSON([]byte(`{"name":"email.sent"}`)); err != nil || e.ContactID != "" || e.Open != nil {
		t.Errorf("%+v, %v", e, err)
	}
	before := e
	if err := e.UnmarshalJSON([]byte(`{"name":7}`)); err == nil || !cmp.Equal(before, e) {
		t.Errorf("a refused text changed the event: %+v, %v", e, err)
	}
}

func TestInvalidUTF8DoesNotStopTheJSON(t *testing.T) {
	t.Parallel()
	b, err := event.Event{Recipient: "a\xffb"}.MarshalJSON()
	if err != nil || !bytes.Contains(b, []byte("a\ufffdb")) {
		t.Errorf("%s, %v", b, err)
	}
}

func TestVerdicts(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		e    event.Event
		want event.Verdict
	}{
		{"an open without one is unsure", event.Event{Name: event.EmailOpen}, event.Unsure},
		{"a click without one is unsure", event.Event{Name: event.EmailClick}, event.Unsure},
		{"a delivery is nobody's doing", event.Event{Name: event.EmailDelivery}, event.Human},
		{"what it carries holds", event.Event{Name: event.EmailOpen, Automation: &event.Automation{Verdict: event.Proxy}}, event.Proxy},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if got := c.e.VerdictOf(); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}
