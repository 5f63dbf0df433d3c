package workflow_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"tidings/internal/workflow"
)

var update = flag.Bool("update", false, "write the goldens")

func golden(t *testing.T, file, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", file, diff)
	}
}

// inputs are the files of a folder of testdata that are no goldens.
func inputs(t *testing.T, folder string) []string {
	t.Helper()
	var list []string
	for _, ext := range []string{"yaml", "json"} {
		found, err := filepath.Glob("testdata/" + folder + "/*." + ext)
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, found...)
	}
	if len(list) == 0 {
		t.Fatalf("testdata/%s is empty", folder)
	}
	return list
}

func read(t *testing.T, file string) workflow.File {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return workflow.Read(b)
}

func lines(problems []workflow.Problem) string {
	var b strings.Builder
	for _, p := range problems {
		fmt.Fprintf(&b, "%s %s\n", p.At, p.Says)
	}
	return b.String()
}

func TestEveryProblemOfAFileIsToldAtOnceWithItsLine(t *testing.T) {
	t.Parallel()
	for _, file := range inputs(t, "bad") {
		f := read(t, file)
		if f.Graphs != nil || f.Rules != nil {
			t.Errorf("%s: a file with problems has workflows", file)
		}
		golden(t, file+".golden", lines(f.Problems))
	}
}

func indented(t *testing.T, v any) string {
	t.Helper()
	b, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	return string(b) + "\n"
}

func TestEveryFormatIsReadIntoDefinitions(t *testing.T) {
	t.Parallel()
	for _, file := range inputs(t, "good") {
		f := read(t, file)
		if len(f.Problems) > 0 {
			t.Errorf("%s: %s", file, lines(f.Problems))
			continue
		}
		var b strings.Builder
		fmt.Fprintf(&b, "format %s\n%s", f.Format, lines(f.Warnings))
		for _, g := range f.Graphs {
			b.WriteString(indented(t, g.Definition))
		}
		if f.Rules != nil {
			b.WriteString("rules " + indented(t, f.Rules))
		}
		golden(t, file+".golden", b.String())
	}
}

func TestWhatIsWrittenReadsAsTheSameWorkflow(t *testing.T) {
	t.Parallel()
	for _, file := range inputs(t, "good") {
		f := read(t, file)
		var all strings.Builder
		for _, g := range f.Graphs {
			text, err := workflow.Write(&g.Definition)
			if err != nil {
				t.Fatal(err)
			}
			again := workflow.Read([]byte(text))
			if len(again.Problems) > 0 {
				t.Errorf("%s: %s\n%s", file, lines(again.Problems), text)
			} else if !workflow.Same(&again.Graphs[0].Definition, &g.Definition) {
				t.Errorf("%s: another workflow:\n%s\n%s\n%s", file, text, indented(t, g.Definition), indented(t, again.Graphs[0].Definition))
			}
			all.WriteString(text + "---\n" + workflow.Mermaid(&g.Definition) + "---\n")
		}
		golden(t, file+".written.golden", all.String())
	}
}

func TestAFileThatIsNoWorkflowSaysSo(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"[1]":                      "is no workflow",
		"":                         "is no workflow",
		"workflow: [":              "is no YAML",
		"workflows: []":            "workflows is empty",
		"workflow: a\nsteps: &a 1": "line 2 has an anchor or an alias",
		"a: 1":                     "a is no field of a workflow",
		strings.Repeat("#", 2<<20): "has 2097152 bytes",
	} {
		if f := workflow.Read([]byte(text)); !strings.Contains(lines(f.Problems), want) {
			t.Errorf("%.40q: %s, want %q", text, lines(f.Problems), want)
		}
	}
}
