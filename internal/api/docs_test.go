package api_test

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"tidings/event"
	"tidings/internal/control"
)

// guide is the page for users.
func guide(t *testing.T) string {
	t.Helper()
	b, err := os.ReadFile("../../docs/api.md")
	must(t, err)
	return string(b)
}

func TestTheGuideHasEveryPath(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	var doc struct{ Paths map[string]map[string]any }
	s.call(http.MethodGet, "/openapi.json", nil).into(&doc)
	page := guide(t)
	for path, methods := range doc.Paths {
		for method := range methods {
			if line := "`" + strings.ToUpper(method) + " " + path + "`"; !strings.Contains(page, line) {
				t.Errorf("docs/api.md lacks %s", line)
			}
		}
	}
}

func TestTheGuidesWordsForNamesAreTrue(t *testing.T) {
	t.Parallel()
	rows := regexp.MustCompile("(?m)^\\| `(email\\.[a-z]+)` \\| (.*) \\|$").FindAllStringSubmatch(guide(t), -1)
	if len(rows) != len(event.EmailNames()) {
		t.Errorf("%d names in docs/api.md, want %d", len(rows), len(event.EmailNames()))
	}
	for _, row := range rows {
		for _, word := range strings.Split(strings.ReplaceAll(row[2], "`", ""), ", ") {
			if got := event.Canonical(word); string(got) != row[1] {
				t.Errorf("%s means %s, not %s", word, got, row[1])
			}
		}
	}
}

func TestTheGuideHasEveryScope(t *testing.T) {
	t.Parallel()
	page := guide(t)
	for _, s := range control.KeyScopes() {
		if line := "| `" + s.Word + "` | " + s.Means + " |"; !strings.Contains(page, line) {
			t.Errorf("docs/api.md lacks the line %s", line)
		}
	}
}

func TestTheGuideHasEveryCodeThatAnErrorWasSeenWith(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/problems/*.json")
	must(t, err)
	if len(files) < 50 {
		t.Fatalf("%d golden problems", len(files))
	}
	page := guide(t)
	for _, file := range files {
		b, err := os.ReadFile(file)
		must(t, err)
		var p problem
		must(t, json.Unmarshal(b, &p))
		codes := []string{strings.TrimPrefix(p.Type, "urn:tidings:error:")}
		for _, e := range p.Errors {
			codes = append(codes, e.Code)
		}
		for _, code := range codes {
			if !strings.Contains(page, "`"+code+"`") {
				t.Errorf("docs/api.md lacks the code %s", code)
			}
		}
	}
}
