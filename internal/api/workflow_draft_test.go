package api_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"tidings/internal/api"
)

func TestADraftIsCheckedWithoutBeingStored(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	mine := "workflow: new\ntrigger: manual\nsteps:\n- wait: 1h # of ours\n- waitFor: a.b\n  then:\n  - send: none\n"
	for name, tt := range map[string]struct {
		body     any
		problems []api.WorkflowDraftProblem
		text     string // what it holds
		format   string
		object   string // what the definition holds; empty: there is none
	}{
		"a text stays as it is, and its problems have lines": {
			map[string]any{"text": mine},
			[]api.WorkflowDraftProblem{{At: "steps[1].then[0].send", Message: `there is no template "none"`, Line: 7}},
			mine, "tidings",
			`"then":[{"send":"none"}]`,
		},
		"an object becomes a text, wrong as it is": {
			`{"workflow":"new","trigger":"a.b","steps":[{"id":"s","send":{}}]}`,
			[]api.WorkflowDraftProblem{{At: "steps[0].send.template", Message: "is required: the key or the id of a template", Line: 5}},
			"- id: s\n", "tidings", `"send":{}`,
		},
		"a definition as it is stored becomes one as people write it": {
			`{"key":"new","trigger":{"manual":true},"steps":[{"id":"a","wait":{"for":"1h"},"next":{"":"b"}},{"id":"b","exit":{}}]}`,
			nil, "workflow: new", "tidings", `"workflow":"new"`,
		},
		"one of MailGlyph becomes ours": {
			`{"name":"New one","triggerType":"EVENT","triggerConfig":{"eventName":"a.b"},"steps":[{"id":"t","type":"TRIGGER","name":"t","config":{},"outgoingTransitions":[{"fromStepId":"t","toStepId":"e","condition":null,"priority":0}]},{"id":"e","type":"EXIT","name":"e","config":{"reason":"done"}}]}`,
			nil, "workflow: new-one", "mailglyph", `"workflow":"new-one"`,
		},
		"what is no YAML has no definition": {
			map[string]any{"text": "a: b: c"},
			[]api.WorkflowDraftProblem{{Message: "is no YAML: [1:4] mapping value is not allowed in this context"}},
			"a: b: c", "", "",
		},
		"several are none": {
			map[string]any{"text": "workflows:\n- " + strings.ReplaceAll(strings.TrimSpace(aWorkflow("a")), "\n", "\n  ") + "\n- " + strings.ReplaceAll(strings.TrimSpace(aWorkflow("b")), "\n", "\n  ")},
			[]api.WorkflowDraftProblem{{Message: "holds 2 workflows: want one. A folder may have many: tidings apply"}},
			"", "tidings", "",
		},
	} {
		var d api.WorkflowDraft
		s.call(http.MethodPost, "/workflows/validate", tt.body).want(http.StatusOK).into(&d)
		if !slices.Equal(d.Problems, tt.problems) || !strings.Contains(d.Text, tt.text) || d.Format != tt.format {
			t.Errorf("%s: it says %+v", name, d)
		}
		if object := strings.ReplaceAll(string(d.Definition.Value), " ", ""); !strings.Contains(object, tt.object) || (tt.object == "") != (object == "null") {
			t.Errorf("%s: it is %s", name, object)
		}
	}
	var list api.WorkflowList
	if s.call(http.MethodGet, "/workflows", nil).want(http.StatusOK).into(&list); list.Total != 0 {
		t.Errorf("%d are stored", list.Total)
	}
	s.call(http.MethodPost, "/workflows/validate", `{"text":5}`).want(http.StatusUnprocessableEntity)
}

func TestAListOfWorkflowsTellsHowManyRunsFailedAndCameToTheEnd(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	id, _ := s.failedRun("old")
	var w api.WorkflowDetails
	s.call(http.MethodGet, "/workflows/"+id, nil).want(http.StatusOK).into(&w)
	if w.FailedNow != 1 || w.Completed != 0 || w.OpenExecutions != 0 {
		t.Errorf("it says %+v", w.Workflow)
	}
}
