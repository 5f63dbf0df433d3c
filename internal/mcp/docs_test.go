package mcp_test

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"tidings/internal/control"
)

func TestThePageListsEveryToolWithItsScopes(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../../docs/mcp.md")
	must(t, err)
	var want, got [][]string
	for _, tool := range control.Tools() {
		if !strings.HasPrefix(tool.Name, "read_") {
			want = append(want, append([]string{tool.Name}, tool.Needs...))
		}
	}
	row := regexp.MustCompile("(?m)^\\| `([a-z_]+)` \\| [^|]+ \\| (`[^|]+`) \\|$")
	for _, m := range row.FindAllStringSubmatch(string(page), -1) {
		got = append(got, append([]string{m[1]}, strings.Fields(strings.ReplaceAll(m[2], "`", ""))...))
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("docs/mcp.md (-want +got):\n%s", diff)
	}
}
