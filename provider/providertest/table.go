package providertest

import (
	"flag"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"tidings/event"
)

// The marks of a generated table in a page.
const (
	tableBegin = "<!-- names: written by the adapter's test with -update -->\n"
	tableEnd   = "<!-- end of names -->\n"
)

// Names compares the table of a provider's words in its page with what the adapter makes of them, and writes it anew
// with -update. The table stands between two marks; words that several fields decide have their own table beside it.
func Names(t *testing.T, page, title string, words map[string]event.Name) {
	t.Helper()
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	head, rest, begun := strings.Cut(string(text), tableBegin)
	old, tail, ended := strings.Cut(rest, tableEnd)
	if !begun || !ended {
		t.Fatalf("%s lacks the marks of its table: %s … %s", page, tableBegin, tableEnd)
	}
	var table strings.Builder
	fmt.Fprintf(&table, "\n| %s | event |\n|---|---|\n", title)
	for _, word := range slices.Sorted(maps.Keys(words)) {
		fmt.Fprintf(&table, "| `%s` | `%s` |\n", word, words[word])
	}
	table.WriteString("\n")
	if flag.Lookup("update").Value.String() == "true" {
		if err := os.WriteFile(page, []byte(head+tableBegin+table.String()+tableEnd+tail), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(old, table.String()); diff != "" {
		t.Errorf("%s is not what the adapter does (-page +adapter, mend it with -update):\n%s", page, diff)
	}
}
