package workflow_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"tidings/internal/workflow"
)

func TestADrawingShowsTextsAsTheyAre(t *testing.T) {
	t.Parallel()
	g := graph(t, `
name: x
steps:
  - {id: end, name: "Say \"hi\" & <b>#1</b>\n`+"`x`"+`", send: x}
  - {id: b, wait: {for: 1d, at: "09:00", days: [mon]}}
  - {id: c, if: {sent: a, clicked: "*", logic: OR, groups: [{filters: [{field: data.a, operator: exists}, {field: data.b, operator: exists}]}]}}
  - {id: d, wait: {until: data.x, for: -2d}, name: "`+strings.Repeat("long ", 20)+`"}
  - {id: e, wait: {until: data.x, for: -2d}}
  - {id: f, wait: {until: data.x, for: 2d}}
  - {id: g, exit: }
`)
	//nolint:dupword // a name is long
	const want = `flowchart TD
  begin(["account.created"])
  begin --> s0
  s0["Say #quot;hi#quot; #amp; #lt;b#gt;#35;1#lt;/b#gt; #96;x#96;"]
  s1("Wait 1d until mon 09:00")
  s2{"sent a, clicked any email, condition?"}
  s3("long long long long long long long long long long long long long long long long…")
  s4("Wait until 2d before data.x")
  s5("Wait until 2d after data.x")
  s6(["Exit"])
  s0 --> s1
  s1 --> s2
  s2 --> s3
  s3 --> s4
  s4 --> s5
  s5 --> s6
`
	if diff := cmp.Diff(want, workflow.Mermaid(&g.Definition)); diff != "" {
		t.Error(diff)
	}
}
