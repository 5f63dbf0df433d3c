package control_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"tidings/event"
	"tidings/internal/auth"
	"tidings/internal/control"
	"tidings/internal/netguard"
	"tidings/internal/receipt"
	"tidings/internal/stats"
	"tidings/internal/store"
	"tidings/internal/workflow"
	"tidings/provider/all"
)

// flow is a server with workflows and a clock of its own, without a sender.
type flow struct {
	*control.Control
	t *testing.T

	mu  sync.Mutex
	now time.Time
}

func newFlow(t *testing.T, url string) *flow {
	t.Helper()
	f := &flow{t: t, now: now}
	s, err := store.Open(t.Context(), store.Options{URL: url, Now: f.clock})
	must(t, err)
	t.Cleanup(func() { _ = s.Close() })
	codec, err := receipt.NewCodec()
	must(t, err)
	loopback := &netguard.Guard{Allow: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}}
	f.Control = &control.Control{
		Store: s, Adapters: all.Adapters(), Now: f.clock, PublicURL: "https://tidings.test",
		Builder: receipt.Builder{Codec: codec, Judge: stats.DefaultRules().Mark}, Commit: s.Commit,
		Rulebook: control.NewRuleBook(s, f.clock), Workflowbook: control.NewWorkflowBook(s),
		Webhooks: control.NewCaller(loopback, "1.2.3"),
	}
	f.Submit = func(ctx context.Context, e *receipt.Entry) error { return s.Commit(ctx, []*receipt.Entry{e}) }
	f.Tracking = control.TrackRules{Past: 90 * 24 * time.Hour, Ahead: 5 * time.Minute}
	return f
}

func (f *flow) clock() time.Time {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.now
}

func (f *flow) jump(d time.Duration) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.now = f.now.Add(d)
}

// define stores workflows, enabled, and returns their ids.
func (f *flow) define(list ...workflow.Definition) (ids []string) {
	f.t.Helper()
	_, err := f.Store.ChangeWorkflows(f.t.Context(), store.DefaultProject,
		func([]store.Workflow) (changes []store.WorkflowChange, err error) {
			ids = nil
			for _, d := range list {
				if _, problems := workflow.Compile(d); len(problems) > 0 {
					return nil, fmt.Errorf("%v", problems)
				}
				x := store.WorkflowChange{
					Workflow: store.Workflow{ID: auth.NewID("wfl_"), Origin: store.WorkflowOfAPI, Enabled: true, Definition: d},
					NextAt:   workflow.NextAt(&d, true, f.clock()),
					Act:      store.Act{At: f.clock(), Project: store.DefaultProject, By: "cli", Door: "cli", Operation: "createWorkflow"},
				}
				changes, ids = append(changes, x), append(ids, x.ID)
			}
			return changes, nil
		})
	must(f.t, err)
	return ids
}

// defined is a definition in JSON.
func defined(t *testing.T, text string) (d workflow.Definition) {
	t.Helper()
	must(t, json.Unmarshal([]byte(text), &d))
	return d
}

// happens tracks an event, and lets rules and workflows act.
func (f *flow) happens(email, name, data string) event.ID {
	f.t.Helper()
	list, _, err := f.Track(f.t.Context(), operator, control.TrackRequest{
		Items: []control.TrackItem{{Email: email, Event: name, Data: []byte(data)}},
	})
	must(f.t, err)
	must(f.t, list[0].Problem)
	id, err := event.ParseID(list[0].Event)
	must(f.t, err)
	f.rules(id)
	f.goOn()
	return id
}

// rules lets rules act on an event.
func (f *flow) rules(id event.ID) {
	f.t.Helper()
	payload, err := json.Marshal(store.RuleWork{Project: store.DefaultProject, Events: []event.ID{id}})
	must(f.t, err)
	must(f.t, f.RunRules(f.t.Context(), payload))
}

// goOn lets every run go on that can.
func (f *flow) goOn() {
	f.t.Helper()
	for shard := range int64(store.WorkflowShards) {
		must(f.t, f.RunWorkflows(f.t.Context(), shard))
	}
}

// calls asks the webhooks that runs stand before, and lets them go on.
func (f *flow) calls() {
	f.t.Helper()
	for _, r := range f.runs("") {
		if r.Status != workflow.Running {
			continue
		}
		payload, err := json.Marshal(store.RunCall{Project: store.DefaultProject, Run: r.ID, Visit: r.Visit})
		must(f.t, err)
		must(f.t, f.CallWebhook(f.t.Context(), payload))
	}
	f.goOn()
}

func (f *flow) runs(idOrKey string) []store.Run {
	f.t.Helper()
	list, err := f.Store.Runs(f.t.Context(), store.RunQuery{Project: store.DefaultProject, Workflow: idOrKey, Limit: 100})
	must(f.t, err)
	return list
}

// told is where the runs of a workflow stand, oldest first: "ann@acme.test WAITING day"; of one that has ended with its reason.
func (f *flow) told(idOrKey string) string {
	f.t.Helper()
	var lines []string
	for _, r := range f.runs(idOrKey) {
		line := strings.TrimSpace(fmt.Sprintf("%s %s %s %s", r.Address, r.Status, r.Step, r.Reason))
		lines = append([]string{line}, lines...)
	}
	return strings.Join(lines, "\n")
}

// marks are what became of the visits of a run: "hook sent 200".
func (f *flow) marks(run string) string {
	f.t.Helper()
	_, steps, err := f.Store.Run(f.t.Context(), store.DefaultProject, run)
	must(f.t, err)
	var lines []string
	for _, m := range steps {
		lines = append(lines, strings.TrimSpace(fmt.Sprintf("%s %s %s", m.Step, m.Outcome, m.Detail)))
	}
	return strings.Join(lines, "\n")
}
