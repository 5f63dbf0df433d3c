package export_test

import (
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"tidings/internal/export"
)

func TestThePageListsTheColumns(t *testing.T) {
	t.Parallel()
	const path, from, to = "../../docs/export.md", "<!-- columns -->\n", "<!-- end of columns -->"
	page, err := os.ReadFile(path)
	must(t, err)
	head, rest, found := strings.Cut(string(page), from)
	have, tail, ended := strings.Cut(rest, to)
	if !found || !ended {
		t.Fatalf("%s has no %q or no %q", path, from, to)
	}
	want := "| column | kind | what it is |\n|---|---|---|\n"
	for _, c := range export.Columns() {
		want += "| `" + c.Name + "` | " + c.Kind + " | " + c.Doc + " |\n"
	}
	if *update {
		must(t, os.WriteFile(path, []byte(head+from+want+to+tail), 0o644))
		return
	}
	if diff := cmp.Diff(want, have); diff != "" {
		t.Errorf("%s: (-want +got)\n%s", path, diff)
	}
}
