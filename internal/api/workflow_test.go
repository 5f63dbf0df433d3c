package api_test

import (
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"tidings/internal/api"
	"tidings/internal/control"
	"tidings/internal/store"
)

// aWorkflow is a workflow that needs nothing beside it: it waits a day.
func aWorkflow(key string) string {
	return "workflow: " + key + "\nname: The " + key + "\ntrigger:\n  event: account.created\nreentry: parallel\nsteps:\n- {id: wait-1d, wait: 1d}\n- {id: mark, update: {tags: [seen]}}\n"
}

// newWorkflow makes one behind the API's back, and returns its id.
func (s *server) newWorkflow(key string) string {
	s.t.Helper()
	on := true
	v, err := s.control.CreateWorkflow(s.t.Context(), operator, control.WorkflowText{Text: aWorkflow(key), Enabled: &on})
	must(s.t, err)
	return v.ID
}

// newRun makes one that waits.
func (s *server) newRun(key string) (workflow, run string) {
	s.t.Helper()
	workflow = s.newWorkflow(key)
	_, err := s.control.PutContact(s.t.Context(), operator, control.ContactEdit{Email: "ann@acme.test"})
	must(s.t, err)
	v, _, err := s.control.StartRun(s.t.Context(), operator, workflow, control.NewRun{Contact: "ann@acme.test"})
	must(s.t, err)
	s.runWorkflows()
	return workflow, v.ID
}

// failedRun makes one that failed: its sender went.
func (s *server) failedRun(key string) (workflow, run string) {
	s.t.Helper()
	on := true
	v, err := s.control.CreateWorkflow(s.t.Context(), operator, control.WorkflowText{
		Text: "workflow: " + key + "\ntrigger: manual\nsteps:\n- send: {template: " + s.templateKeyed(key) + ", to: '{{ data.boss }}'}\n", Enabled: &on,
	})
	must(s.t, err)
	_, err = s.control.PutContact(s.t.Context(), operator, control.ContactEdit{Email: "ann@acme.test"})
	must(s.t, err)
	r, _, err := s.control.StartRun(s.t.Context(), operator, v.ID, control.NewRun{Contact: "ann@acme.test"})
	must(s.t, err)
	s.runWorkflows()
	return v.ID, r.ID
}

func (s *server) templateKeyed(key string) string {
	s.t.Helper()
	name, subject, body, kind, from := "Of "+key, "Hi", "<p>Hi</p>", "MARKETING", "app@acme.test"
	_, err := s.control.CreateTemplate(s.t.Context(), operator, control.TemplateEdit{
		Key: &key, Name: &name, Subject: &subject, Body: &body, Type: &kind, From: &from,
	})
	must(s.t, err)
	return key
}

// runWorkflows does the work of workflows that waits.
func (s *server) runWorkflows() {
	s.t.Helper()
	for shard := range int64(store.WorkflowShards) {
		must(s.t, s.control.RunWorkflows(s.t.Context(), shard))
	}
}

// workflowDeeds are calls of every operation on workflows that changes something.
func workflowDeeds() map[string]deed {
	verb := func(method, what string, body any, status int) func(*server, string) string {
		return func(s *server, _ string) string {
			id := s.newWorkflow("old")
			s.call(method, "/workflows/"+id+what, body).want(status)
			return id
		}
	}
	ofRun := func(failed bool, what string, body any) func(*server, string) string {
		return func(s *server, _ string) string {
			begin := s.newRun
			if failed {
				begin = s.failedRun
			}
			workflow, run := begin("old")
			s.call(http.MethodPost, "/workflows/"+workflow+"/executions/"+run+"/"+what, body).want(http.StatusOK)
			return run
		}
	}
	return map[string]deed{
		"createWorkflow": {
			made("/workflows", map[string]any{"text": aWorkflow("new"), "enabled": true}),
			"key →new, name →The new, enabled false→true, definition →",
		},
		"updateWorkflow": {verb(http.MethodPatch, "", `{"name":"New","enabled":false}`, 200), "name The old→New, enabled true→false"},
		"defineWorkflow": {verb(http.MethodPut, "", map[string]any{"text": aWorkflow("new")}, 200), "key old→new, name The old→The new"},
		"duplicateWorkflow": {func(s *server, _ string) string {
			var made api.WorkflowDetails
			s.call(http.MethodPost, "/workflows/"+s.newWorkflow("old")+"/duplicate", `{"name":"Another one"}`).want(http.StatusCreated).into(&made)
			return made.ID
		}, "key →another-one, name →Another one, definition →"},
		"enableWorkflow": {func(s *server, _ string) string {
			id := s.newWorkflow("old")
			_, err := s.control.EnableWorkflow(s.t.Context(), operator, id, false)
			must(s.t, err)
			s.call(http.MethodPost, "/workflows/old/enable", nil).want(http.StatusOK)
			return id
		}, "enabled false→true"},
		"disableWorkflow": {verb(http.MethodPost, "/disable", nil, 200), "enabled true→false"},
		"deleteWorkflow":  {verb(http.MethodDelete, "", nil, 204), "key old→"},
		"startExecution": {func(s *server, _ string) string {
			s.newWorkflow("old")
			x, err := s.control.PutContact(s.t.Context(), operator, control.ContactEdit{Email: "ann@acme.test"})
			must(s.t, err)
			var run api.ExecutionDetails
			s.call(http.MethodPost, "/workflows/old/executions", map[string]any{"contactId": x.Contact.ID}).want(http.StatusCreated).into(&run)
			return run.ID
		}, "workflow →old, contact →con_4"},
		"retryExecution":  {ofRun(true, "retry", `{"note":"mended"}`), "step send-old→send-old, status FAILED→RUNNING"},
		"skipExecution":   {ofRun(false, "skip", nil), "step wait-1d→mark, status WAITING→RUNNING"},
		"cancelExecution": {ofRun(false, "cancel", nil), "step wait-1d→wait-1d, status WAITING→CANCELLED"},
		"moveExecutions": {func(s *server, _ string) string {
			workflow, _ := s.newRun("old")
			_, err := s.control.DefineWorkflow(s.t.Context(), operator, workflow, control.WorkflowText{Text: strings.ReplaceAll(aWorkflow("old"), "1d", "2d")})
			must(s.t, err)
			var moved api.ExecutionsMoved
			s.call(http.MethodPost, "/workflows/"+workflow+"/executions/move", `{"steps":{"wait-1d":"wait-2d"}}`).want(http.StatusOK).into(&moved)
			if moved.Moved != 1 || moved.Version != 2 {
				s.t.Errorf("%+v", moved)
			}
			return workflow
		}, "version →2"},
		"setWorkflowSettings": {func(s *server, _ string) string {
			s.call(http.MethodPut, "/workflows/settings", `{"cap":{"mails":3,"in":"7d"},"quiet":{"from":"22:00","to":"07:00"}}`).want(http.StatusOK)
			return ""
		}, "cap →3 in 7d, quiet →22:00 to 07:00"},
	}
}

func badWorkflows() []badRequest {
	const post, get = http.MethodPost, http.MethodGet
	return []badRequest{
		{name: "workflow of nothing", method: post, target: "/workflows", body: `{}`, status: 422},
		{name: "workflow of an empty text", method: post, target: "/workflows", body: `{"text":""}`, status: 422},
		{name: "workflow of a list", method: post, target: "/workflows", body: `[]`, status: 422},
		{name: "workflow that is enabled maybe", method: post, target: "/workflows", body: `{"text":"a","enabled":"maybe"}`, status: 422},
		{name: "workflow with everything wrong", method: post, target: "/workflows", body: map[string]any{"text": "workflow: a b\n" +
			"trigger: {event: a, segment: b}\nsteps:\n- wait: 0d\n- wait: 11y\n- send: {template: a, subject: '{{'}\n- nothing: 1\n- {}\n"}, status: 422},
		{name: "workflow that names what is not there", method: post, target: "/workflows", body: map[string]any{"text": "workflow: a\n" +
			"trigger: {segment: none}\nsender: none\ntopic: none\nsteps:\n- send: none\n- if: {opened: nothing}\n  then:\n  - exit: a\n"}, status: 422},
		{name: "workflow of MailGlyph that is wrong", method: post, target: "/workflows", body: map[string]any{
			"name": "a", "triggerType": "SOMETIMES", "steps": []any{map[string]any{"id": "x", "type": "DANCE"}},
		}, status: 422},
		{name: "workflow that is not there", method: get, target: "/workflows/wfl_none", status: 404},
		{name: "workflows of a wrong page", method: get, target: "/workflows?page=0&pageSize=101", status: 422},
		{name: "change of a workflow that is not there", method: http.MethodPatch, target: "/workflows/wfl_none", body: `{"name":"a"}`, status: 404},
		{name: "definition of a workflow that is not there", method: http.MethodPut, target: "/workflows/wfl_none", body: `{}`, status: 404},
		{name: "runs with wrong filters", method: get, target: "/workflows/a/executions?status=LOST&page=-1&cursor=ZQ&version=-1", status: 422},
		{name: "runs of all workflows with wrong filters", method: get, target: "/executions?status=LOST&pageSize=1000&version=-1", status: 422},
		{name: "counts of runs with a wrong filter", method: get, target: "/executions/counts?status=FAILED&status=LOST", status: 422},
		{name: "run that is not there", method: get, target: "/executions/exe_none", status: 404},
		{name: "start of nothing", method: post, target: "/workflows/wfl_none/executions", body: `{"contactId":"con_1"}`, status: 404},
		{name: "move of a workflow that is not there", method: post, target: "/workflows/wfl_none/executions/move", body: `{}`, status: 404},
		{
			name: "workflow settings that are wrong", method: http.MethodPut, target: "/workflows/settings",
			body: `{"cap":{"mails":0,"in":"soon","then":"wait"},"quiet":{"from":"25:00","to":"x","zone":"Nowhere"}}`, status: 422,
		},
	}
}

func TestAWorkflowIsMadeChangedComparedAndRemoved(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	var made, changed api.WorkflowDetails
	a := s.call(http.MethodPost, "/workflows", map[string]any{"text": aWorkflow("first")}).want(http.StatusCreated)
	a.into(&made)
	if made.Enabled || made.Key != "first" || made.Version != 1 || len(made.Steps) != 3 || made.Steps[0].Type != "TRIGGER" ||
		len(made.Steps[1].Incoming) != 1 || !strings.Contains(made.Text, "wait: 1d") {
		t.Errorf("%s", a.body)
	}
	tag := s.call(http.MethodGet, "/workflows/first", nil).want(http.StatusOK).header.Get("ETag")
	patch := func(body, match string) answer {
		r := s.request(http.MethodPatch, "/workflows/first", body)
		r.Header.Set("If-Match", match)
		return s.send(r)
	}
	patch(`{"triggerType":"MANUAL","allowReentry":false}`, tag).want(http.StatusOK).into(&changed)
	if changed.Version != 2 || changed.TriggerType != "MANUAL" || changed.AllowReentry || string(changed.TriggerConfig.Value) != "null" {
		t.Errorf("%+v", changed)
	}
	patch(`{"name":"Late"}`, tag).want(http.StatusPreconditionFailed)
	var diff api.WorkflowDiff
	s.call(http.MethodGet, "/workflows/first/diff", nil).want(http.StatusOK).into(&diff)
	if diff.From != 1 || diff.To != 2 || !strings.Contains(diff.Diff, "+trigger: manual") && !strings.Contains(diff.Diff, "+  manual: true") {
		t.Errorf("%+v", diff)
	}
	s.call(http.MethodPut, "/workflows/first", map[string]any{"text": changed.Text}).want(http.StatusOK).into(&changed)
	if changed.Version != 2 {
		t.Errorf("the same again is version %d", changed.Version)
	}
	s.call(http.MethodPost, "/workflows", map[string]any{"text": aWorkflow("first")}).want(http.StatusConflict)
	var copied api.WorkflowDetails
	s.call(http.MethodPost, "/workflows/first/duplicate", nil).want(http.StatusCreated).into(&copied)
	if copied.Key != "the-first-copy" || copied.Enabled {
		t.Errorf("%+v", copied)
	}
	var list api.WorkflowList
	s.call(http.MethodGet, "/workflows?search=COPY&pageSize=1", nil).want(http.StatusOK).into(&list)
	if list.Total != 1 || list.TotalPages != 1 || list.Data[0].ID != copied.ID {
		t.Errorf("%+v", list)
	}
	var drawn api.WorkflowDiagram
	s.call(http.MethodGet, "/workflows/first/diagram?version=1", nil).want(http.StatusOK).into(&drawn)
	if !strings.HasPrefix(drawn.Mermaid, "flowchart TD\n") {
		t.Error(drawn.Mermaid)
	}
	s.call(http.MethodDelete, "/workflows/first", nil).want(http.StatusNoContent)
	s.call(http.MethodGet, "/workflows/first", nil).want(http.StatusNotFound)
}

func TestARunIsStartedOnceSkippedMovedAndCancelled(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	id := s.newWorkflow("days")
	s.call(http.MethodPost, "/contacts", `{"email":"ann@acme.test"}`).want(http.StatusCreated)
	start := func(key string) (a answer, x api.ExecutionDetails) {
		r := s.request(http.MethodPost, "/workflows/days/executions", `{"contactId":"ann@acme.test","context":{"plan":"team"}}`)
		r.Header.Set("Idempotency-Key", key)
		if a = s.send(r); a.status < http.StatusBadRequest {
			a.into(&x)
		}
		return a, x
	}
	first, one := start("k1")
	again, same := start("k1")
	if first.status != http.StatusCreated || again.status != http.StatusOK || one.ID != same.ID || one.Status != "RUNNING" {
		t.Errorf("%d %s, %d %s", first.status, first.body, again.status, again.body)
	}
	s.runWorkflows()
	at := "/workflows/days/executions/" + one.ID
	s.call(http.MethodGet, at, nil).want(http.StatusOK).into(&one)
	if one.Status != "WAITING" || one.Step != "wait-1d" || !one.DueAt.Equal(s.Now().Add(24*time.Hour)) || len(one.Steps) != 1 {
		t.Errorf("%+v", one)
	}
	// A version with a longer wait: who is moved begins to wait anew; the one after that differs elsewhere, and the wait goes on.
	text := strings.ReplaceAll(aWorkflow("days"), "1d", "2d")
	s.call(http.MethodPut, "/workflows/days", map[string]any{"text": text}).want(http.StatusOK)
	var moved api.ExecutionsMoved
	s.call(http.MethodPost, "/workflows/days/executions/move", `{}`).want(http.StatusOK).into(&moved)
	if moved.Moved != 0 || moved.Left["wait-1d"] != 1 {
		t.Errorf("%+v", moved)
	}
	s.pass(time.Hour)
	s.call(http.MethodPost, "/workflows/days/executions/move", `{"steps":{"wait-1d":"wait-2d"}}`).want(http.StatusOK).into(&moved)
	s.call(http.MethodPut, "/workflows/days", map[string]any{"text": strings.Replace(text, "seen", "known", 1)}).want(http.StatusOK)
	s.pass(time.Hour)
	s.call(http.MethodPost, "/workflows/days/executions/move", map[string]any{"executions": []string{one.ID}}).want(http.StatusOK).into(&moved)
	s.call(http.MethodGet, at, nil).want(http.StatusOK).into(&one)
	if moved.Moved != 1 || one.Version != 3 || !one.DueAt.Equal(s.Now().Add(47*time.Hour)) || len(one.Steps) != 2 || one.Steps[0].Outcome != "moved" {
		t.Errorf("%+v %+v", moved, one)
	}
	s.call(http.MethodPost, at+"/retry", nil).want(http.StatusConflict)
	s.call(http.MethodPost, at+"/skip", `{"outcome":"yes"}`).want(http.StatusUnprocessableEntity)
	s.call(http.MethodPost, at+"/skip", nil).want(http.StatusOK)
	s.runWorkflows()
	s.call(http.MethodGet, at, nil).want(http.StatusOK).into(&one)
	if one.Status != "COMPLETED" || one.CompletedAt == nil || one.Steps[2].Type != "update" {
		t.Errorf("%+v", one)
	}
	s.call(http.MethodPost, at+"/cancel", nil).want(http.StatusConflict)
	_, two := start("k2")
	s.runWorkflows()
	s.call(http.MethodPost, "/workflows/"+id+"/executions/"+two.ID+"/cancel", `{"note":"asked"}`).want(http.StatusOK).into(&two)
	var list api.ExecutionList
	s.call(http.MethodGet, "/workflows/days/executions?pageSize=1", nil).want(http.StatusOK).into(&list)
	if list.Total != 2 || list.TotalPages != 2 || len(list.Executions) != 1 || list.Executions[0].ID != two.ID || two.Status != "CANCELLED" {
		t.Errorf("%+v", list)
	}
	for _, query := range []string{"?pageSize=1&page=2", "?pageSize=1&cursor=" + list.NextCursor, "?status=COMPLETED", "?step=mark"} {
		s.call(http.MethodGet, "/workflows/days/executions"+query, nil).want(http.StatusOK).into(&list)
		if len(list.Executions) != 1 || list.Executions[0].ID != one.ID {
			t.Errorf("%s: %+v", query, list)
		}
	}
	var f api.WorkflowFigures
	s.call(http.MethodGet, "/workflows/days/figures", nil).want(http.StatusOK).into(&f)
	if f.Started != 2 || f.Open != 0 || f.Completed != 1 || f.Cancelled != 1 || len(f.Steps) != 3 || f.Steps[1].Step != "mark" || f.Steps[1].Left[""] != 1 {
		t.Errorf("%+v", f)
	}
	s.call(http.MethodPost, "/workflows/days/disable", nil).want(http.StatusOK)
	if a, _ := start("k3"); a.status != http.StatusConflict {
		t.Errorf("%d %s", a.status, a.body)
	}
}

func TestWhatAWorkflowNeedsIsNotDeleted(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.templateKeyed("hello")
	s.templateKeyed("bye")
	var seg, topic, sender struct{ ID string }
	s.call(http.MethodPost, "/segments", `{"name":"Beta","type":"STATIC","trackMembership":true}`).want(http.StatusCreated).into(&seg)
	s.call(http.MethodPost, "/topics", `{"name":"News"}`).want(http.StatusCreated).into(&topic)
	s.call(http.MethodPost, "/senders", `{"name":"mine","kind":"file"}`).want(http.StatusCreated).into(&sender)
	text := "workflow: needy\ntrigger: {segment: beta}\nsender: mine\ntopic: news\nsteps:\n- send: hello\n- wait: 1d\n- send: bye\n"
	s.call(http.MethodPost, "/workflows", map[string]any{"text": text, "enabled": true}).want(http.StatusCreated)
	for path, code := range map[string]string{
		"/segments/" + seg.ID: "segment_in_use", "/topics/news": "topic_in_use", "/senders/" + sender.ID: "sender_in_use",
		"/templates/hello": "template_in_use",
	} {
		a := s.call(http.MethodDelete, path, nil)
		if a.status != http.StatusConflict || !strings.Contains(string(a.body), code) || !strings.Contains(string(a.body), "needy") {
			t.Errorf("%s: %d %s", path, a.status, a.body)
		}
	}
	s.call(http.MethodPatch, "/segments/"+seg.ID, `{"trackMembership":false}`).want(http.StatusConflict)
	// A run of an older version needs what the new one does not.
	s.call(http.MethodPost, "/contacts", `{"email":"ann@acme.test"}`).want(http.StatusCreated)
	s.call(http.MethodPost, "/workflows/needy/executions", `{"contactId":"ann@acme.test"}`).want(http.StatusCreated)
	s.call(http.MethodPut, "/workflows/needy", map[string]any{"text": strings.Replace(text, "- send: bye\n", "", 1)}).want(http.StatusOK)
	if a := s.call(http.MethodDelete, "/templates/bye", nil); !strings.Contains(string(a.body), "version 1") {
		t.Errorf("%d %s", a.status, a.body)
	}
	s.call(http.MethodDelete, "/workflows/needy", nil).want(http.StatusNoContent)
	for _, path := range []string{"/segments/" + seg.ID, "/topics/news", "/senders/" + sender.ID, "/templates/hello", "/templates/bye"} {
		s.call(http.MethodDelete, path, nil).want(http.StatusNoContent)
	}
}

func TestAWorkflowOfMailGlyphComesBackAsItWas(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	var tpl struct{ ID string }
	s.call(http.MethodPost, "/templates", welcome).want(http.StatusCreated).into(&tpl)
	body := map[string]any{
		"name": "Welcome series", "description": nil, "enabled": true, "triggerType": "EVENT",
		"triggerConfig": map[string]any{"eventName": "user.signup"}, "allowReentry": true, "steps": []any{
			map[string]any{
				"id": "t0", "type": "TRIGGER", "name": "Signup", "position": map[string]int{"x": 1, "y": 2}, "config": map[string]any{},
				"templateId": nil, "outgoingTransitions": []any{map[string]any{"fromStepId": "t0", "toStepId": "m1", "condition": nil, "priority": 0}},
			},
			map[string]any{"id": "m1", "type": "SEND_EMAIL", "name": "Hello", "templateId": tpl.ID, "config": map[string]any{
				"templateId": tpl.ID, "recipient": map[string]any{"type": "CONTACT"},
			}, "outgoingTransitions": []any{map[string]any{"fromStepId": "m1", "toStepId": "x1", "condition": nil, "priority": 0}}},
			map[string]any{
				"id": "x1", "type": "EXIT", "name": "", "config": map[string]any{"reason": "done"}, "templateId": nil,
				"outgoingTransitions": []any{},
			},
		},
	}
	var made, again api.WorkflowDetails
	s.call(http.MethodPost, "/workflows", body).want(http.StatusCreated).into(&made)
	if !made.Enabled || made.Key != "welcome-series" || len(made.Steps) != 3 || !strings.Contains(string(made.Steps[1].Template.Value), "Welcome") {
		t.Errorf("%+v", made)
	}
	s.call(http.MethodPut, "/workflows/"+made.ID, map[string]any{
		"key": made.Key, "name": made.Name, "description": made.Description, "triggerType": made.TriggerType, "triggerConfig": made.TriggerConfig,
		"allowReentry": made.AllowReentry, "steps": made.Steps,
	}).want(http.StatusOK).into(&again)
	if again.Version != made.Version {
		t.Errorf("version %s of\n%s", strconv.FormatInt(again.Version, 10), again.Text)
	}
}

func TestAFolderOfRulesAndWorkflowsIsPlannedAppliedAndPruned(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.templateKeyed("hello")
	s.newWorkflow("kept")
	apply := func(dry bool, pairs ...string) (p api.Plan) {
		s.call(http.MethodPost, "/apply", folder(dry, pairs...)).want(http.StatusOK).into(&p)
		return p
	}
	told := func(p api.Plan) string {
		var words []string
		for _, x := range p.Items {
			words = append(words, x.Kind+" "+x.Name+" "+x.Action)
		}
		return strings.Join(words, ", ")
	}
	const starts = "rules:\n- name: Starts\n  on: {event: order.paid}\n  do:\n  - start: {workflow: first}\n"
	const mailshot = `{"id":"seq","sender":{"fromEmail":"app@acme.test","fromName":"App"},"trigger":{"detailType":"account.created",
		"subscriberMapping":{"email":"$.detail.email","firstName":"$.detail.firstName"}},"timeoutMinutes":600,
		"steps":[{"type":"send","templateKey":"hello","subject":"Hi"}],"events":[{"detailType":"order.paid","templateKey":"hello","subject":"Thanks"}]}`
	all := []string{"rules/r.yaml", starts, "workflows/deep/first.yml", aWorkflow("first"), "workflows/seq.json", mailshot, "README.md", ""}
	want := "rule Starts create, rule seq: order.paid create, workflow first create, workflow seq create"
	if p := apply(true, all...); told(p) != want || p.Applied || len(p.Problems) > 0 {
		t.Errorf("plan %+v", p)
	}
	if p := apply(false, all...); told(p) != want || !p.Applied {
		t.Errorf("applied %+v", p)
	}
	if p := apply(false, all...); told(p) != strings.ReplaceAll(want, "create", "same") || p.Applied {
		t.Errorf("again %+v", p)
	}
	var x api.WorkflowDetails
	s.call(http.MethodGet, "/workflows/first", nil).want(http.StatusOK).into(&x)
	if !x.Enabled || x.Origin != "files" || x.Version != 1 {
		t.Errorf("%+v", x)
	}
	a := s.call(http.MethodDelete, "/workflows/first", nil)
	if a.status != http.StatusConflict || !strings.Contains(string(a.body), "workflow_in_use") {
		t.Errorf("%d %s", a.status, a.body)
	}
	s.call(http.MethodPost, "/workflows/first/disable", nil).want(http.StatusOK)
	// The rule goes with the workflow that it started; a workflow alone is a folder, too.
	p := apply(false, "workflows/first.yaml", strings.Replace(aWorkflow("second"), "seen", "late", 1))
	if told(p) != "rule Starts delete, rule seq: order.paid delete, workflow first delete, workflow second create, workflow seq delete" {
		t.Errorf("pruned %s", told(p))
	}
	p = apply(false, "workflows/a.yaml", "workflow: a\ntrigger: {segment: none}\nsteps:\n- send: nothing\n", "workflows/b.yaml", "workflow: a\n"+
		"trigger: manual\nsteps:\n- exit: a\n")
	if p.Applied || len(p.Problems) != 3 || p.Problems[0].Line != 2 || p.Problems[1].Line != 4 {
		t.Errorf("with problems %+v", p)
	}
	weak := s.limited("rules:write")
	if a := s.as(weak, http.MethodPost, "/apply", folder(false, "workflows/b.yaml", aWorkflow("third"))); a.status != http.StatusForbidden {
		t.Errorf("%d %s", a.status, a.body)
	}
}

func TestRunsOfAllWorkflowsAreListedCountedAndFoundByTheirIDs(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	_, waits := s.newRun("days")
	_, failed := s.failedRun("boss")
	var list api.ExecutionList
	s.call(http.MethodGet, "/executions?contact=ann@acme.test", nil).want(http.StatusOK).into(&list)
	if list.Total != 2 || list.Executions[0].ID != failed || list.Executions[1].Workflow != "days" {
		t.Errorf("%+v", list)
	}
	for _, query := range []string{"?status=RUNNING&status=WAITING", "?workflow=days", "?pageSize=1&cursor=" + s.nextRuns("/executions?pageSize=1")} {
		s.call(http.MethodGet, "/executions"+query, nil).want(http.StatusOK).into(&list)
		if len(list.Executions) != 1 || list.Executions[0].ID != waits {
			t.Errorf("%s: %+v", query, list)
		}
	}
	var counts api.ExecutionCounts
	s.call(http.MethodGet, "/executions/counts", nil).want(http.StatusOK).into(&counts)
	if len(counts.Counts) != 2 || counts.Counts[0].Status != "WAITING" || counts.Counts[1].Workflow != "boss" || counts.Counts[1].Count != 1 {
		t.Errorf("%+v", counts)
	}
	s.call(http.MethodGet, "/executions/counts?status=FAILED&workflow=days", nil).want(http.StatusOK).into(&counts)
	if len(counts.Counts) != 0 {
		t.Errorf("%+v", counts)
	}
	var one api.ExecutionDetails
	s.call(http.MethodGet, "/executions/"+failed, nil).want(http.StatusOK).into(&one)
	if one.Workflow != "boss" || one.WorkflowName != "boss" || one.Status != "FAILED" || len(one.Outcomes) != 1 || one.Emails != 0 {
		t.Errorf("%+v", one)
	}
}

func (s *server) nextRuns(target string) string {
	s.t.Helper()
	var list api.ExecutionList
	s.call(http.MethodGet, target, nil).want(http.StatusOK).into(&list)
	return list.NextCursor
}

func TestTheEmailsOfARunAreCountedAndNameIt(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	on := true
	_, err := s.control.CreateWorkflow(s.t.Context(), operator, control.WorkflowText{
		Text: "workflow: mails\ntrigger: manual\nsteps:\n- send: {template: " + s.templateKeyed("hello") + ", transactional: true}\n- wait: 1d\n", Enabled: &on,
	})
	must(t, err)
	s.call(http.MethodPost, "/contacts", `{"email":"ann@acme.test"}`).want(http.StatusCreated)
	var one api.ExecutionDetails
	s.call(http.MethodPost, "/workflows/mails/executions", `{"contactId":"ann@acme.test"}`).want(http.StatusCreated).into(&one)
	s.runWorkflows()
	var list api.ExecutionList
	s.call(http.MethodGet, "/workflows/mails/executions", nil).want(http.StatusOK).into(&list)
	s.call(http.MethodGet, "/executions/"+one.ID, nil).want(http.StatusOK).into(&one)
	if list.Executions[0].Emails != 1 || one.Emails != 1 || one.Steps[0].Send == nil {
		t.Fatalf("%+v %+v", list, one)
	}
	var send api.Send
	s.call(http.MethodGet, "/sends/"+one.Steps[0].Send.ID, nil).want(http.StatusOK).into(&send)
	if send.Execution != one.ID {
		t.Errorf("%+v", send)
	}
}

func TestAMoveThatIsTriedTellsWhatWouldBecomeOfTheRunsAndMovesNone(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	_, run := s.newRun("days")
	text := strings.ReplaceAll(strings.ReplaceAll(aWorkflow("days"), "1d", "2d"), "tags: [seen]", "tags: [known]")
	s.call(http.MethodPut, "/workflows/days", map[string]any{"text": text}).want(http.StatusOK)
	for _, c := range []struct {
		body              string
		moved, anew, left int64
	}{
		{`{"dryRun":true}`, 0, 0, 1},
		{`{"dryRun":true,"steps":{"wait-1d":"wait-2d"}}`, 1, 1, 0},
		{`{"dryRun":true,"steps":{"wait-1d":"mark"}}`, 1, 1, 0},
		{`{"dryRun":true,"from":2,"steps":{"wait-1d":"mark"}}`, 0, 0, 0},
		{`{"dryRun":true,"from":1,"version":1}`, 0, 0, 0},
	} {
		var moved api.ExecutionsMoved
		s.call(http.MethodPost, "/workflows/days/executions/move", c.body).want(http.StatusOK).into(&moved)
		if moved.Moved != c.moved || moved.Anew["wait-1d"] != c.anew || moved.Left["wait-1d"] != c.left || len(moved.Kept) != 0 {
			t.Errorf("%s: %+v", c.body, moved)
		}
	}
	var one api.ExecutionDetails
	s.call(http.MethodGet, "/executions/"+run, nil).want(http.StatusOK).into(&one)
	if one.Version != 1 || len(one.Steps) != 1 {
		t.Errorf("%+v", one)
	}
	s.call(http.MethodPut, "/workflows/days", map[string]any{"text": strings.ReplaceAll(aWorkflow("days"), "seen", "known")}).want(http.StatusOK)
	var moved api.ExecutionsMoved
	s.call(http.MethodPost, "/workflows/days/executions/move", `{}`).want(http.StatusOK).into(&moved)
	if moved.Moved != 1 || moved.Kept["wait-1d"] != 1 || moved.Version != 3 {
		t.Errorf("%+v", moved)
	}
}

func TestAnAddressThatIsEmptyIsToldByTheTextThatMadeIt(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	_, run := s.failedRun("boss")
	var one api.ExecutionDetails
	s.call(http.MethodGet, "/executions/"+run, nil).want(http.StatusOK).into(&one)
	if want := `to: "{{ data.boss }}" made an empty text here, and no address`; one.Reason != want {
		t.Errorf("%s, want %s", one.Reason, want)
	}
}
