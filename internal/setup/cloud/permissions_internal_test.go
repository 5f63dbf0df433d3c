package cloud

import (
	"encoding/json"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var actionName = regexp.MustCompile(`"((?:sns|sqs|ses):[A-Z][A-Za-z]+)"`)

// TestThePolicyInTheDocumentationHasEveryPermissionAndNoOther compares the page of SES with the names in this package's
// code, which are those of its reads and of its calls, and the tags of what is made.
func TestThePolicyInTheDocumentationHasEveryPermissionAndNoOther(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../../../docs/providers/ses.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(page), "### Permissions")
	_, rest, _ = strings.Cut(rest, "```json\n")
	text, _, _ := strings.Cut(rest, "```")
	var policy struct {
		Statement []struct{ Action []string }
	}
	if err := json.Unmarshal([]byte(text), &policy); err != nil {
		t.Fatalf("the policy: %v", err)
	}
	var got []string
	for _, s := range policy.Statement {
		got = append(got, s.Action...)
	}
	want := map[string]bool{"sns:TagResource": true, "sqs:TagQueue": true, "ses:TagResource": true}
	for _, file := range []string{"find.go", "do.go"} {
		code, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range actionName.FindAllStringSubmatch(string(code), -1) {
			want[m[1]] = true
		}
	}
	slices.Sort(got)
	if diff := cmp.Diff(slices.Sorted(maps.Keys(want)), got); diff != "" {
		t.Errorf("permissions (-needed +documented):\n%s", diff)
	}
}
