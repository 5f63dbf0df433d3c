package event_test

import (
	"encoding/json"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"tidings/event"
)

func TestTextsFromOutsideAreMadeFit(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, in string
		limit    int
		want     string
	}{
		{"clean text stays", "plain", 5, "plain"},
		{"NUL", "a\x00b", 100, "a\ufffdb"},
		{"bad UTF-8", "a\xffb", 100, "a\ufffdb"},
		{"half a character at the end", "ab\xc3", 100, "ab\ufffd"},
		{"cut between characters", "\u00e9\u00e9", 3, "\u00e9"},
		{"cut short of a replacement", "\x00\x00", 5, "\ufffd"},
		{"nothing fits", "\u00e9", 1, ""},
		{"no room", "abc", 0, ""},
		{"less than no room", "abc", -1, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if got := event.CleanText(c.in, c.limit); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
	rapid.Check(t, func(t *rapid.T) {
		s := string(rapid.SliceOf(rapid.Byte()).Draw(t, "bytes")) + rapid.String().Draw(t, "text")
		cleanTextLaws(t, s, rapid.IntRange(-1, 40).Draw(t, "limit"))
	})
}

func TestDataIsAnObjectThatEveryDatabaseTakes(t *testing.T) {
	t.Parallel()
	fits := `{"a":"` + strings.Repeat("x", 64<<10-len(`{"a":""}`)) + `"}`
	for _, c := range []struct{ name, in, want string }{
		{"an object stays", `{"a": [1, null]}`, `{"a": [1, null]}`},
		{"of 64 KiB", fits, fits},
		{"of more is dropped", fits + " ", ""},
		{"nothing", "", ""},
		{"an empty object is nothing", " { } ", ""},
		{"null is nothing", "null", ""},
		{"an array is dropped", "[1]", ""},
		{"no JSON is dropped", `{"a":`, ""},
		{"two values are dropped", `{"a":1}{"b":2}`, ""},
		{"a key twice is dropped", `{"a":1,"a":2}`, ""},
		{"an escaped NUL", `{"a":"\u0000\\\u0000"}`, `{"a":"\ufffd\\\ufffd"}`},
		{"an escaped backslash before u0000", `{"a":"\\u0000"}`, `{"a":"\\u0000"}`},
		{"half a surrogate pair", `{"a":"\ud800"}`, "{\"a\":\"\ufffd\"}"},
		{"bad UTF-8", "{\"a\":\"\xff\"}", "{\"a\":\"\ufffd\"}"},
		{"a raw NUL is no JSON", "{\"a\":\"\x00\"}", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			d := typical()
			d.Data = json.RawMessage(c.in)
			e, err := d.Finish(origin())
			if err != nil || string(e.Data) != c.want {
				t.Errorf("got %.80q, want %.80q, %v", e.Data, c.want, err)
			}
		})
	}
}

func TestLabelsAreASortedBoundedSet(t *testing.T) {
	t.Parallel()
	d := typical()
	message := *d.Message
	message.Tags, message.Metadata = manyLabels(), map[string]string{}
	for _, l := range manyLabels() {
		message.Metadata[l] = strings.Repeat("v", 2000)
	}
	d.Message = &message
	e, err := d.Finish(origin())
	if err != nil {
		t.Fatal(err)
	}
	if len(e.Message.Tags) != 50 || len(e.Message.Metadata) != 50 || len(e.Message.Metadata["label-0"]) != 1024 {
		t.Errorf("%d tags, %d metadata, a value of %d bytes", len(e.Message.Tags), len(e.Message.Metadata), len(e.Message.Metadata["label-0"]))
	}
}
