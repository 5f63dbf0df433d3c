package yamlfile_test

import (
	"encoding/json"
	"reflect"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"tidings/internal/yamlfile"
)

func TestYAMLIsWrittenAsPeopleWriteIt(t *testing.T) {
	t.Parallel()
	const in = `{"workflow":"a","trigger":{"on":{"event":["x","y"]},"if":{}},"at":"09:00","wait":"2d","ok":"yes","url":"https://acme.test/a?b=c",
"body":"{\n  \"a\": 1\n}\n","odd":"a: b # c","n":-1.5,"list":[{"a":1,"b":[[1,2],[]]},"x",{}],"empty":[],"two words":null,"":"","no":true}`
	const want = `workflow: a
trigger:
  on:
    event: [x, "y"]
  if: {}
at: "09:00"
wait: 2d
ok: "yes"
url: https://acme.test/a?b=c
body: |
  {
    "a": 1
  }
odd: "a: b # c"
"n": -1.5
list:
  - a: 1
    b:
      - [1, 2]
      - []
  - x
  - {}
empty: []
two words: null
"": ""
no: true
`
	got, err := yamlfile.Write([]byte(in))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestWhateverIsWrittenIsReadAgain(t *testing.T) {
	t.Parallel()
	texts := rapid.OneOf(
		rapid.StringN(0, 20, 80), rapid.SampledFrom([]string{"a\nb", "a\n\n b\n", "a\n b\n\n", " a\nb", "a \nb", "\t", "~", "1e3", "0x1F", "2026-05-04", "|", "-"}),
		rapid.StringMatching(`[ a-z:#{}\[\],&*!|>'"%@0-9.\n-]{0,12}`),
	)
	var value *rapid.Generator[any]
	value = rapid.Custom(func(t *rapid.T) any {
		switch rapid.IntRange(0, 9).Draw(t, "kind") {
		case 0:
			return rapid.SliceOfN(rapid.Deferred(func() *rapid.Generator[any] { return value }), 0, 3).Draw(t, "list")
		case 1, 2:
			return rapid.MapOfN(texts, rapid.Deferred(func() *rapid.Generator[any] { return value }), 0, 3).Draw(t, "map")
		case 3:
			return float64(rapid.IntRange(-1e6, 1e6).Draw(t, "number"))
		case 4:
			return rapid.SampledFrom([]any{true, false, nil}).Draw(t, "word")
		}
		return texts.Draw(t, "text")
	})
	rapid.Check(t, func(t *rapid.T) {
		want := map[string]any{"all": value.Draw(t, "all")}
		raw, err := json.Marshal(want)
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(raw, &want); err != nil { // what JSON can't say
			t.Fatal(err)
		}
		text, err := yamlfile.Write(raw)
		if err != nil {
			t.Fatal(err)
		}
		_, again, problems := yamlfile.Parse([]byte(text))
		var got map[string]any
		if len(problems) > 0 || json.Unmarshal(again, &got) != nil || !reflect.DeepEqual(got, want) {
			t.Fatalf("%v\n%q\n%s\n%s\n%s", problems, text, text, raw, again)
		}
	})
}
