package workflow_test

import (
	"encoding/json"
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"

	"tidings/internal/workflow"
)

func TestDefinitionsAreWrittenInMailGlyphsShape(t *testing.T) {
	t.Parallel()
	for _, file := range inputs(t, "good") {
		var list []workflow.Glyph
		f := read(t, file)
		for _, g := range f.Graphs {
			glyph, err := workflow.ToMailGlyph(&g.Definition)
			if err != nil {
				t.Fatal(err)
			}
			list = append(list, glyph)
			got, warnings, problems := workflow.FromMailGlyph(&glyph)
			if len(warnings)+len(problems) > 0 {
				t.Errorf("%s: %s%s", file, lines(warnings), lines(problems))
			}
			want := g.Definition
			want.Trigger.ID, got.Trigger.ID = "", ""
			if !workflow.Same(&want, &got) {
				t.Errorf("%s: another workflow: %s", file, cmp.Diff(indented(t, want), indented(t, got)))
			}
		}
		golden(t, file+".glyph.golden", indented(t, list))
	}
}

// TestWhatMailGlyphSaysIsKept compares all that MailGlyph's own JSON has with what is made of the definition that is made of it.
func TestWhatMailGlyphSaysIsKept(t *testing.T) {
	t.Parallel()
	b, err := os.ReadFile("testdata/good/mailglyph.json")
	if err != nil {
		t.Fatal(err)
	}
	f := workflow.Read(b)
	glyph, err := workflow.ToMailGlyph(&f.Graphs[0].Definition)
	if err != nil {
		t.Fatal(err)
	}
	var was, is map[string]any
	if err := json.Unmarshal(b, &was); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal([]byte(indented(t, glyph)), &is); err != nil {
		t.Fatal(err)
	}
	for _, server := range []string{"id", "enabled", "projectId", "createdAt", "updatedAt"} {
		delete(was, server) // these are not the definition's
	}
	delete(is, "key")
	// What is known to be written another way: a body of JSON as its text, the ways in the order of their outcomes, a template
	// in both of its places. One key of no meaning is left out.
	step := func(m map[string]any, i int) map[string]any {
		list, _ := m["steps"].([]any)
		s, _ := list[i].(map[string]any)
		return s
	}
	config := func(m map[string]any, i int) map[string]any {
		c, _ := step(m, i)["config"].(map[string]any)
		return c
	}
	delete(config(was, 9), "retries")
	config(was, 9)["body"] = `{"a": "{{email}}"}`
	config(was, 8)["templateId"] = "2c1f"
	ways, _ := step(was, 5)["outgoingTransitions"].([]any)
	ways[0], ways[1] = ways[1], ways[0]
	if diff := cmp.Diff(was, is); diff != "" {
		t.Error(diff)
	}
}
