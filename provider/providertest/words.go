package providertest

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"tidings/event"
)

var (
	codeSpan = regexp.MustCompile("`([^`]+)`")
	nameSpan = regexp.MustCompile("`((?:email|contact)\\.[a-z]+)`")
)

// Words holds a provider's page to what the adapter does: of the table below "## What becomes of each word", each row's
// first cell has the provider's words, its second the name of the event that payload(word) becomes. Every name that the
// adapter lists must be in it.
func Words(t *testing.T, s Suite, page string, payload func(word string) []byte) {
	t.Helper()
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	_, section, _ := strings.Cut(string(text), "\n## What becomes of each word\n")
	section, _, _ = strings.Cut(section, "\n## ")
	var told []event.Name
	for line := range strings.Lines(section) {
		cells := strings.Split(line, "|")
		if len(cells) < 4 {
			continue
		}
		name := nameSpan.FindStringSubmatch(cells[2])
		if name == nil {
			continue
		}
		told = append(told, event.Name(name[1]))
		for _, word := range codeSpan.FindAllStringSubmatch(cells[1], -1) {
			s.word(t, word[1], event.Name(name[1]), payload(word[1]))
		}
	}
	for _, n := range s.Adapter.Names {
		if !slices.Contains(told, n) {
			t.Errorf("%s does not say what becomes %s", page, n)
		}
	}
}

func (s Suite) word(t *testing.T, word string, want event.Name, payload []byte) {
	t.Helper()
	r, err := s.Adapter.Reparse(payload, s.Source)
	if err != nil {
		t.Errorf("%s: %v", word, err)
	}
	if len(r.Drafts) != 1 || r.Drafts[0].Name != want {
		t.Errorf("%s: %d drafts and problems %v, want one %s", word, len(r.Drafts), r.Problems, want)
	}
}
