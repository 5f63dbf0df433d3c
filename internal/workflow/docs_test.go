package workflow_test

import (
	"os"
	"regexp"
	"testing"

	"tidings/internal/workflow"
)

func TestTheExamplesOfTheDocumentsAreWorkflows(t *testing.T) {
	t.Parallel()
	fence := regexp.MustCompile("(?s)```(?:yaml|json)\n(.*?)```")
	for _, page := range []string{"workflows.md", "workflow-files.md", "workflows-from-mailshot.md"} {
		b, err := os.ReadFile("../../docs/" + page)
		if err != nil {
			t.Fatal(err)
		}
		examples := fence.FindAllSubmatch(b, -1)
		if len(examples) == 0 {
			t.Errorf("%s has no example", page)
		}
		for _, x := range examples {
			if f := workflow.Read(x[1]); len(f.Problems) > 0 {
				t.Errorf("%s: %s", page, lines(f.Problems))
			}
		}
	}
}
