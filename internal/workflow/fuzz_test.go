package workflow_test

import (
	"os"
	"testing"

	"tidings/internal/workflow"
)

func FuzzRead(f *testing.F) {
	for _, folder := range []string{"good", "bad"} {
		entries, err := os.ReadDir("testdata/" + folder)
		if err != nil {
			f.Fatal(err)
		}
		for _, e := range entries {
			b, err := os.ReadFile("testdata/" + folder + "/" + e.Name())
			if err != nil {
				f.Fatal(err)
			}
			f.Add(b)
		}
	}
	f.Add([]byte("workflows: &a [*a]"))
	f.Fuzz(func(t *testing.T, b []byte) {
		file := workflow.Read(b)
		if (len(file.Graphs) == 0) == (len(file.Problems) == 0) {
			t.Fatalf("%d workflows and %d problems", len(file.Graphs), len(file.Problems))
		}
		for _, g := range file.Graphs {
			text, err := workflow.Write(&g.Definition)
			if err != nil {
				t.Fatal(err)
			}
			again := workflow.Read([]byte(text))
			if len(again.Problems) > 0 || !workflow.Same(&again.Graphs[0].Definition, &g.Definition) {
				t.Fatalf("%v\n%s", again.Problems, text)
			}
			workflow.Mermaid(&g.Definition)
		}
	})
}
