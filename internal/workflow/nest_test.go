package workflow_test

import (
	"strings"
	"testing"

	"tidings/internal/workflow"
)

func TestWaysThatShareTheExitTheyEndByAreWrittenWithinTheirSteps(t *testing.T) {
	t.Parallel()
	g := graph(t, `
trigger: a.b
steps:
  - id: order
    waitFor: {event: order.paid, timeout: 5d}
    then:
      - {id: thanks, wait: 1h}
    else:
      - {id: hook, webhook: "https://acme.test/hook", else: []}
      - {id: bye, exit: none came}
  - {id: mark, update: {tags: [customer]}}
`)
	text, err := workflow.Write(&g.Definition)
	if err != nil || strings.Contains(text, "next:") || !strings.Contains(text, "else: []") {
		t.Errorf("%v\n%s", err, text)
	}
}

func TestATriggerThatIsCalledManualIsNoEvent(t *testing.T) {
	t.Parallel()
	g := graph(t, "trigger: manual\nsteps:\n  - wait: 1h\n")
	if !g.Trigger.Manual || g.Trigger.On != nil {
		t.Errorf("it is %+v", g.Trigger)
	}
	g = graph(t, "trigger: {event: manual}\nsteps:\n  - wait: 1h\n")
	text, err := workflow.Write(&g.Definition)
	if err != nil || g.Trigger.Manual || !strings.Contains(text, "event: manual") {
		t.Errorf("%v\n%s", err, text)
	}
}
