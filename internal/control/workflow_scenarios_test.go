package control_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tidings/event"
	"tidings/internal/auth"
	"tidings/internal/contact"
	"tidings/internal/control"
	"tidings/internal/receipt"
	"tidings/internal/send"
	"tidings/internal/sender"
	"tidings/internal/source"
	"tidings/internal/store"
	"tidings/internal/workflow"
	"tidings/provider"
	"tidings/provider/all"
)

// A scenario is a folder in one text (.txtar): definitions, what there is before, a script of what happens when, and what is
// expected of it. Lines of the script are a time, which is exact or after the last (+2h), a word of deeds, and what it needs.
func TestScenariosOfWorkflowsEndAsTheySay(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/workflows/*.txtar")
	must(t, err)
	if len(files) < 20 {
		t.Errorf("%d scenarios", len(files))
	}
	for _, path := range files {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".txtar"), func(t *testing.T) {
			t.Parallel()
			raw, err := os.ReadFile(path)
			must(t, err)
			var mu sync.Mutex
			engines(t, func(t *testing.T, url string) {
				a := scriptOf(raw)
				got := playScenario(t, url, a)
				mu.Lock()
				defer mu.Unlock()
				if *update {
					a.set("expect", got)
					must(t, os.WriteFile(path, a.bytes(), 0o600))
					return
				}
				if diff := cmp.Diff(a.text("expect"), got); diff != "" {
					t.Errorf("(-want +got)\n%s", diff)
				}
			})
		})
	}
}

// What the documents show of workflows of others is what the scenarios show.
func TestTheTranscriptsOfTheDocumentsAreThoseOfScenarios(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../../docs/workflow-examples.md")
	must(t, err)
	for _, name := range []string{"mailshot-onboarding", "mailshot-trial", "mailglyph-welcome"} {
		raw, err := os.ReadFile("testdata/workflows/" + name + ".txtar")
		must(t, err)
		a := scriptOf(raw)
		for _, part := range []string{"workflow.json", "script", "expect"} {
			if a.text(part) == "" || !bytes.Contains(page, []byte("\n"+a.text(part)+"```\n")) {
				t.Errorf("the page does not show the %s of %s", part, name)
			}
		}
	}
}

// script is a text with files, each under a line "-- name --".
type script struct {
	comment string
	names   []string
	files   map[string]string
}

func scriptOf(raw []byte) *script {
	a := &script{files: make(map[string]string)}
	at := ""
	for line := range strings.Lines(string(raw)) {
		name, is := strings.CutPrefix(strings.TrimSpace(line), "-- ")
		if is && strings.HasSuffix(name, " --") {
			at = strings.TrimSuffix(name, " --")
			a.set(at, "")
			continue
		}
		if at == "" {
			a.comment += line
		} else {
			a.files[at] += line
		}
	}
	return a
}

func (a *script) text(name string) string { return a.files[name] }

func (a *script) set(name, text string) {
	if _, there := a.files[name]; !there {
		a.names = append(a.names, name)
	}
	a.files[name] = text
}

func (a *script) bytes() []byte {
	var b bytes.Buffer
	b.WriteString(a.comment)
	for _, name := range a.names {
		fmt.Fprintf(&b, "-- %s --\n%s", name, a.files[name])
	}
	return b.Bytes()
}

// stage is a server with a clock of its own, on which a scenario is played.
type stage struct {
	*control.Control
	t      testing.TB
	url    string
	folder string
	files  *script
	feed   *source.Source
	n      int

	mu  sync.Mutex
	now time.Time
}

// scenarioStart is the Monday when scenarios begin.
var scenarioStart = time.Date(2026, 5, 4, 9, 0, 0, 0, time.UTC)

func playScenario(t testing.TB, url string, a *script) string {
	t.Helper()
	s := &stage{t: t, url: url, folder: t.TempDir(), files: a, now: scenarioStart}
	s.open()
	s.furnish()
	for i, line := range strings.Split(a.text("script"), "\n") {
		if line = strings.TrimSpace(line); line == "" || line[0] == '#' {
			continue
		}
		if err := s.line(line); err != nil {
			t.Fatalf("line %d: %s: %v", i+1, line, err)
		}
	}
	s.recounts()
	return s.transcript()
}

func (s *stage) clock() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.now
}

func (s *stage) set(now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.now = now
}

// open begins as a server does, and again after it ended.
func (s *stage) open() {
	x, err := store.Open(s.t.Context(), store.Options{URL: s.url, Soft: contact.DefaultSoftPolicy, Now: s.clock})
	must(s.t, err)
	s.t.Cleanup(func() { _ = x.Close() })
	s.serve(x)
}

// serve is a server on a store.
func (s *stage) serve(x *store.Store) {
	codec, err := receipt.NewCodec()
	must(s.t, err)
	c := &control.Control{
		Store: x, Adapters: all.Adapters(), Now: s.clock, PublicURL: "https://tidings.test", BasePath: "/in",
		Builder: receipt.Builder{Codec: codec}, Commit: x.Commit, Gate: control.NewGate(),
		Outbox:   &sender.Outbox{Folder: filepath.Join(s.folder, "outbox")},
		Tracking: control.TrackRules{Past: 90 * 24 * time.Hour, Ahead: 5 * time.Minute},
	}
	c.Ways = sender.Deps{Outbox: c.Outbox, Now: s.clock}
	c.Outgoing = sender.NewRegistry(x, c.Ways)
	s.t.Cleanup(c.Outgoing.Close)
	c.Rulebook, c.Workflowbook = control.NewRuleBook(x, s.clock), control.NewWorkflowBook(x)
	c.Submit = func(ctx context.Context, e *receipt.Entry) error { return x.Commit(ctx, []*receipt.Entry{e}) }
	s.Control = c
}

// furnish makes what a scenario needs.
func (s *stage) furnish() {
	ctx := s.t.Context()
	_, err := s.CreateSender(ctx, operator, send.KindFile, control.SenderEdit{Name: new("files"), From: new("app@send.test")})
	must(s.t, err)
	src, err := s.CreateSource(ctx, operator, control.NewSource{
		Name: "ses", Provider: "ses", Settings: source.Settings{Topics: []string{topic}},
	})
	must(s.t, err)
	s.feed = src.Source
	for _, key := range strings.Fields(s.files.text("templates")) {
		must(s.t, s.template(key))
	}
	for line := range strings.Lines(s.files.text("segments")) {
		name, condition, _ := strings.Cut(strings.TrimSpace(line), " ")
		x, err := s.CreateSegment(ctx, operator, control.NewSegment{Name: name, Condition: json.RawMessage(condition), Track: true})
		must(s.t, err)
		must(s.t, s.RunCompute(ctx, x.ID, true))
	}
	if text := s.files.text("settings"); text != "" {
		var x workflow.Settings
		must(s.t, json.Unmarshal([]byte(text), &x))
		must(s.t, s.Store.SetWorkflowSettings(ctx, store.DefaultProject, x, s.act("settings")))
	}
	for _, name := range s.files.names {
		if ext := filepath.Ext(name); (ext == ".yaml" || ext == ".json") && !strings.HasPrefix(name, "later") {
			s.apply(name)
		}
	}
}

func (s *stage) act(what string) store.Act {
	return store.Act{At: s.clock(), By: "test", Door: "test", Operation: what, Project: store.DefaultProject}
}

// apply makes the workflows of a file, or new versions of them.
func (s *stage) apply(name string) {
	s.t.Helper()
	file := workflow.Read([]byte(s.files.text(name)))
	if len(file.Problems) > 0 {
		s.t.Fatalf("%s: %v", name, file.Problems)
	}
	decide := func(have []store.Workflow) (list []store.WorkflowChange, err error) {
		for _, g := range file.Graphs {
			x := store.WorkflowChange{Edited: true, Act: s.act("apply")}
			x.ID = auth.NewID("wfl_")
			for _, old := range have {
				if old.Definition.Key == g.Key {
					x.Workflow = old
				}
			}
			x.Definition, x.Enabled, x.Origin = g.Definition, true, store.WorkflowOfFiles
			list = append(list, x)
		}
		return list, nil
	}
	_, err := s.Store.ChangeWorkflows(s.t.Context(), store.DefaultProject, decide)
	must(s.t, err)
}

// template makes one.
func (s *stage) template(key string) error {
	_, err := s.CreateTemplate(s.t.Context(), operator, control.TemplateEdit{
		Key: new(key), Name: new(key), Type: new("MARKETING"), Subject: new("About " + key),
		Body: new("<p>{{ data.plan }}{{ event.name }}</p>"),
	})
	return err
}

// change changes a workflow.
func (s *stage) change(key string, change func(*store.WorkflowChange)) {
	s.t.Helper()
	decide := func(have []store.Workflow) (list []store.WorkflowChange, err error) {
		for _, old := range have {
			if old.Definition.Key == key {
				x := store.WorkflowChange{Workflow: old, Act: s.act("change")}
				change(&x)
				list = append(list, x)
			}
		}
		return list, nil
	}
	_, err := s.Store.ChangeWorkflows(s.t.Context(), store.DefaultProject, decide)
	must(s.t, err)
}

// work does all that is to be done at this moment.
func (s *stage) work() {
	s.t.Helper()
	ctx := s.t.Context()
	for pass := 0; ; pass++ {
		before := s.moves()
		must(s.t, s.KeepSegments(ctx))
		for shard := range int64(store.WorkflowShards) {
			must(s.t, s.RunWorkflows(ctx, shard))
		}
		left := 0
		for shard := range int64(store.WorkflowShards) {
			events, err := s.Store.WorkflowEvents(ctx, shard, math.MaxInt64, 1)
			must(s.t, err)
			due, err := s.Store.DueRuns(ctx, shard, s.clock(), 1)
			must(s.t, err)
			left += len(events) + len(due)
		}
		if left == 0 && s.moves() == before {
			return
		}
		if pass > 100 {
			s.t.Fatal("there is always more to do")
		}
	}
}

// advance lets time pass, and works at every moment when something is due.
func (s *stage) advance(to time.Time) {
	s.t.Helper()
	s.work()
	for range 10_000 {
		next := to
		for _, r := range s.runs() {
			if r.Status.Open() && !r.Due.IsZero() && r.Due.Before(next) {
				next = r.Due
			}
		}
		if next.Before(s.clock()) {
			next = s.clock()
		}
		s.set(next)
		s.work()
		if !next.Before(to) {
			return
		}
	}
	s.t.Fatal("something is due again and again")
}

// moves counts what happened to runs.
func (s *stage) moves() (n int64) {
	for _, r := range s.runs() {
		n += r.Rev
	}
	return n
}

func (s *stage) runs() []store.Run {
	list, err := s.Store.Runs(s.t.Context(), store.RunQuery{Project: store.DefaultProject, Limit: 10_000})
	must(s.t, err)
	return list
}

// line does what a line of the script says.
func (s *stage) line(line string) error {
	when, rest, _ := strings.Cut(line, " ")
	word, rest, _ := strings.Cut(strings.TrimSpace(rest), " ")
	at, err := time.Parse(time.RFC3339, when)
	if after, is := strings.CutPrefix(when, "+"); is {
		d, wrong := workflow.Span(after).Duration()
		if err = wrong; after == "0" {
			err = nil
		}
		at = s.clock().Add(d)
	}
	if err != nil {
		return err
	}
	if word == "jump" { // the clock is wrong, or was
		s.set(at)
		s.work()
		return nil
	}
	if at.After(s.clock()) {
		s.advance(at)
	}
	do := s.deeds()[word]
	if do == nil {
		return fmt.Errorf("there is no deed %q", word)
	}
	if err := do(strings.Fields(rest), rest); err != nil {
		return err
	}
	if word != "stores" { // what is only stored nobody looked at yet
		s.work()
	}
	return nil
}

// draft is what the JSON of an event in a script may say.
type draft struct {
	Template, Workflow, Class, Verdict, Attribution, Feedback, URL string
	Of                                                             string // the template of our own email that the event is about
	Ago                                                            workflow.Span
}

// provided stores an event as a provider tells it.
func (s *stage) provided(name, address, text string) error {
	var x draft
	if err := json.Unmarshal([]byte(text), &x); err != nil {
		return err
	}
	ago, _ := x.Ago.Duration()
	s.n++
	d := event.Draft{IdentityAt: s.clock().Add(-ago), Key: []string{name, address, fmt.Sprint(s.n)}}
	d.Name, d.Recipient, d.OccurredAt, d.Attribution = event.Name(name), address, d.IdentityAt, event.Attribution(x.Attribution)
	d.Message = &event.Message{ID: fmt.Sprint("m", s.n), Template: x.Template, Workflow: x.Workflow}
	src := s.feed
	if x.Of != "" {
		own, err := s.Store.Source(s.t.Context(), store.DefaultProject, "src_senddefault")
		if err != nil {
			return err
		}
		page, err := s.Sends(s.t.Context(), operator, control.SendFilter{Contact: address, Limit: 100})
		if err != nil {
			return err
		}
		found := false
		for _, sent := range page.Sends {
			if !found && sent.Content.Label == x.Of {
				d.Message.ID, d.Message.Template, d.Message.Workflow, found = sent.ID, x.Of, sent.Content.Workflow, true
			}
		}
		if !found {
			return fmt.Errorf("%s got no %s", address, x.Of)
		}
		src = own
	}
	switch d.Name {
	case event.EmailBounce:
		d.Bounce = &event.Bounce{Class: event.BounceClass(x.Class), Final: true}
	case event.EmailComplaint:
		d.Complaint = &event.Complaint{FeedbackType: x.Feedback}
	case event.EmailOpen:
		d.Open = &event.Engagement{}
	case event.EmailClick:
		d.Click = &event.Engagement{URL: x.URL}
	}
	if x.Verdict != "" {
		d.Automation = &event.Automation{Verdict: event.Verdict(x.Verdict)}
	}
	body := []byte(fmt.Sprint("body ", s.n))
	entry := s.Builder.Build(src, provider.Result{
		Transport: provider.Transport{ID: fmt.Sprint("t", s.n), At: s.clock()}, Drafts: []event.Draft{d}, Keep: body, Kind: "test",
	}, body, s.clock())
	if err := s.Commit(s.t.Context(), []*receipt.Entry{entry}); err != nil {
		return err
	}
	if entry.Outcome.New != 1 {
		return fmt.Errorf("not stored: %+v %+v", entry.Outcome, entry.Problems)
	}
	return nil
}
