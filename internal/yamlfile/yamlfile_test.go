package yamlfile_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"tidings/internal/yamlfile"
)

type shape struct {
	Name  string         `json:"name"`
	Count int            `json:"count"`
	List  []shape        `json:"list"`
	Any   map[string]any `json:"any"`
}

func TestEverythingThatDoesNotFitIsToldAndLeftOut(t *testing.T) {
	t.Parallel()
	const text = `
name: [1]
count: many
colour: red
list:
  - name: good
    count: 3
  - 7
  - {name: x, list: [{size: 1, count: {}}]}
any: {a b: 1, "1": [2]}
`
	var got shape
	_, problems := yamlfile.Decode([]byte(text), &got, "thing")
	var b strings.Builder
	for _, p := range problems {
		fmt.Fprintln(&b, p.At, p.Says)
	}
	const want = `line 2: name does not fit: a list does not belong there
line 3: count does not fit: a text does not belong there
line 4: colour is no field of a thing
line 8: list[1] does not fit: a number does not belong there
line 9: list[2].list[0].count does not fit: a map does not belong there
line 9: list[2].list[0].size is no field of a thing
`
	if diff := cmp.Diff(want, b.String()); diff != "" {
		t.Error(diff)
	}
	rest := shape{
		List: []shape{{Name: "good", Count: 3}, {}, {Name: "x", List: []shape{{}}}},
		Any:  map[string]any{"a b": 1.0, "1": []any{2.0}},
	}
	if diff := cmp.Diff(rest, got); diff != "" {
		t.Error(diff)
	}
}

func TestAFileThatIsNoYAMLOrTooLargeIsRefused(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"a: [":                   "is no YAML",
		"a: 1\na: 2":             "already defined",
		"a: &x 1\nb: *x":         "line 1 has an anchor or an alias",
		strings.Repeat(" ", 2e6): "has 2000000 bytes, at most 1048576 are read",
	} {
		_, raw, problems := yamlfile.Parse([]byte(text))
		if len(problems) != 1 || raw != nil || !strings.Contains(problems[0].At+" "+problems[0].Says, want) {
			t.Errorf("%.30q: %v, want %s", text, problems, want)
		}
	}
}

func TestAProblemNamesTheLineOfThePartThatIsThere(t *testing.T) {
	t.Parallel()
	f, _, problems := yamlfile.Parse([]byte("a:\n  b:\n    - c: 1\n    - d: 2\n"))
	if problems != nil {
		t.Fatal(problems)
	}
	for at, want := range map[string]string{
		"a.b[1].d":    "line 4: a.b[1].d",
		"a.b[1].gone": "line 4: a.b[1].gone",
		"a.b[7].x.y":  "line 3: a.b[7].x.y",
		"elsewhere":   "elsewhere",
		"":            "",
	} {
		if got := f.Lined("", yamlfile.Problem{At: at}).At; got != want {
			t.Errorf("%q: %q, want %q", at, got, want)
		}
	}
	if got := f.Lined("a", yamlfile.Problem{At: "b[1]"}).At; got != "line 4: a.b[1]" {
		t.Error(got)
	}
	if got := (yamlfile.File{}).Lined("", yamlfile.Problem{At: "a"}).At; got != "a" {
		t.Error(got)
	}
}

func TestWhatIsNoObjectDoesNotFit(t *testing.T) {
	t.Parallel()
	var got shape
	_, problems := yamlfile.Decode([]byte("[1]"), &got, "thing")
	if len(problems) != 1 || problems[0].Says != "does not fit: a list does not belong there" {
		t.Error(problems)
	}
}
