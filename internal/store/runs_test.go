package store_test

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"tidings/event"
	"tidings/internal/contact"
	"tidings/internal/job"
	"tidings/internal/receipt"
	"tidings/internal/rule"
	"tidings/internal/store"
	"tidings/internal/workflow"
)

// runBench is a store with workflows, on a clock of its own.
type runBench struct {
	*store.Store
	t    testing.TB
	feed *feed

	mu  sync.Mutex
	now time.Time
}

func newRunBench(t testing.TB, open func(...func(*store.Options)) *store.Store) *runBench {
	t.Helper()
	b := &runBench{t: t, now: start}
	b.Store = open(func(o *store.Options) { o.Now = b.clock })
	b.feed = newFeed(t, b.Store, "one")
	return b
}

func (b *runBench) clock() time.Time {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.now
}

func (b *runBench) pass(d time.Duration) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.now = b.now.Add(d)
}

// waiting is a workflow that waits for an event after a trigger.
func waiting(key string) workflow.Definition {
	return workflow.Definition{
		Key: key, Trigger: workflow.Trigger{On: &rule.Match{Event: rule.Words{key + ".begin"}}},
		Steps: []workflow.Step{
			{ID: "wait", WaitFor: &workflow.WaitFor{On: rule.Match{Event: rule.Words{key + ".go"}}}, Next: map[string]string{"": "exit"}},
			{ID: "exit", Exit: &workflow.Leave{}},
		},
	}
}

// define makes a workflow, or a new version of it.
func (b *runBench) define(d workflow.Definition, change func(*store.WorkflowChange)) store.Workflow {
	b.t.Helper()
	list, err := b.ChangeWorkflows(b.t.Context(), store.DefaultProject, func(have []store.Workflow) ([]store.WorkflowChange, error) {
		x := store.WorkflowChange{Edited: true, Act: act("define")}
		x.ID, x.Enabled = "wfl_"+d.Key, true
		for _, old := range have {
			if old.Definition.Key == d.Key {
				x.Workflow = old
			}
		}
		x.Definition = d
		if change != nil {
			change(&x)
		}
		return []store.WorkflowChange{x}, nil
	})
	if err != nil {
		b.t.Fatal(err)
	}
	return list[0].Workflow
}

// begin lets a contact enter.
func (b *runBench) begin(x store.Workflow, address, by string) store.RunStarted {
	b.t.Helper()
	started, _, err := b.SaveRuns(b.t.Context(), &store.RunBatch{Source: b.feed.src, Starts: []store.RunStart{{
		Workflow: x.Ref, Version: x.Version, Reentry: x.Definition.Reentry, BegunBy: by,
		Change: contact.Change{Address: address, At: b.clock().UnixMilli(), Origin: "test"},
	}}})
	if err != nil {
		b.t.Fatal(err)
	}
	return started[0]
}

// step brings a run on, as one that had read it would.
func (b *runBench) step(r store.Run, in workflow.Input, more func(*store.RunStep)) (stale int) {
	b.t.Helper()
	x, err := b.Workflow(b.t.Context(), store.DefaultProject, r.WorkflowID)
	if err != nil {
		b.t.Fatal(err)
	}
	g, problems := workflow.Compile(x.Definition)
	if len(problems) > 0 {
		b.t.Fatal(problems)
	}
	s := store.RunStep{Was: &r, Now: r.Run}
	for range 2 {
		now, marks, want := g.Next(s.Now, in, workflow.Env{Now: b.clock(), Email: r.Address})
		s.Now, s.Marks = now, append(s.Marks, marks...)
		if want.Kind != workflow.Look {
			break
		}
		s.Await, in = g.WaitMatcher(want.Step.ID), workflow.Input{Kind: workflow.Answered}
	}
	if more != nil {
		more(&s)
	}
	_, stale, err = b.SaveRuns(b.t.Context(), &store.RunBatch{Source: b.feed.src, Steps: []store.RunStep{s}})
	if err != nil {
		b.t.Fatal(err)
	}
	return stale
}

func (b *runBench) run(id string) (store.Run, []workflow.Mark) {
	b.t.Helper()
	r, steps, err := b.Run(b.t.Context(), store.DefaultProject, id)
	if err != nil {
		b.t.Fatal(err)
	}
	return r, steps
}

func (b *runBench) runsOf(key string) []store.Run {
	b.t.Helper()
	list, err := b.Runs(b.t.Context(), store.RunQuery{Project: store.DefaultProject, Workflow: key, Limit: 1000})
	if err != nil {
		b.t.Fatal(err)
	}
	return list
}

// told are the events that workflows are to be told of, in every shard.
func (b *runBench) told() (list []store.WorkflowEvent) {
	b.t.Helper()
	for shard := range int64(store.WorkflowShards) {
		part, err := b.WorkflowEvents(b.t.Context(), shard, math.MaxInt64, 1000)
		if err != nil {
			b.t.Fatal(err)
		}
		list = append(list, part...)
	}
	return list
}

// happens stores events of a name about contacts.
func (b *runBench) happens(name string, to ...string) {
	b.t.Helper()
	var facts []fact
	for _, x := range to {
		b.feed.n++
		facts = append(facts, fact{name: event.Name(name), to: x, at: time.Duration(b.feed.n) * time.Second})
	}
	b.feed.commit(b.feed.entry(facts...))
}

func (b *runBench) counts(x store.Workflow) string {
	b.t.Helper()
	list, err := b.RunCounts(b.t.Context(), x.Ref)
	if err != nil {
		b.t.Fatal(err)
	}
	var words []string
	for _, c := range list {
		if c.N != 0 {
			words = append(words, strings.TrimSpace(fmt.Sprint(c.Step, " ", c.Word, " ", c.N)))
		}
	}
	versions, err := b.WorkflowVersions(b.t.Context(), store.DefaultProject, x.ID)
	if err != nil {
		b.t.Fatal(err)
	}
	for _, v := range versions {
		words = append(words, fmt.Sprint("open ", v.Open))
	}
	return strings.Join(words, ", ")
}

func onBothRuns(t *testing.T, run func(t *testing.T, b *runBench)) {
	t.Helper()
	t.Parallel()
	onBoth(t, func(t *testing.T, open func(...func(*store.Options)) *store.Store) {
		run(t, newRunBench(t, open))
	})
}

func TestARunBeginsOnceForWhatBeganIt(t *testing.T) {
	onBothRuns(t, func(t *testing.T, b *runBench) {
		d := waiting("a")
		d.Reentry.Mode = workflow.Parallel
		x := b.define(d, nil)
		var group sync.WaitGroup
		for i := range 8 {
			group.Go(func() {
				if _, _, err := b.SaveRuns(context.WithoutCancel(t.Context()), &store.RunBatch{Source: b.feed.src, Starts: []store.RunStart{{
					Workflow: x.Ref, Version: 1, Reentry: d.Reentry, BegunBy: fmt.Sprint(i % 2),
					Change: contact.Change{Address: "lea@acme.test", At: start.UnixMilli(), Origin: "test"},
				}}}); err != nil {
					t.Error(err)
				}
			})
		}
		group.Wait()
		if list := b.runsOf("a"); len(list) != 2 {
			t.Errorf("%d runs", len(list))
		}
		again := b.begin(x, "lea@acme.test", "0")
		if again.Refused == "" || again.ID == "" {
			t.Errorf("again: %+v", again)
		}
		if got := b.counts(x); got != "started 2, open 2" {
			t.Error(got)
		}
	})
}

func TestARunThatSomebodyElseChangedIsLeftAsItIs(t *testing.T) {
	onBothRuns(t, func(t *testing.T, b *runBench) {
		x := b.define(waiting("a"), nil)
		id := b.begin(x, "lea@acme.test", "1").ID
		old, _ := b.run(id)
		if stale := b.step(old, workflow.Input{Kind: workflow.Began}, nil); stale != 0 {
			t.Fatal("stale at once")
		}
		b.happens("a.go", "lea@acme.test")
		list := b.told()
		if len(list) != 1 {
			t.Fatalf("told %+v", list)
		}
		ended, marks := old.End(workflow.Exited, "exited", "late", start)
		_, stale, err := b.SaveRuns(t.Context(), &store.RunBatch{
			Source: b.feed.src, Steps: []store.RunStep{{Was: &old, Now: ended, Marks: marks}}, Done: []int64{list[0].Ref},
		})
		if err != nil || stale != 1 {
			t.Fatalf("%d stale, %v", stale, err)
		}
		if r, _ := b.run(id); r.Status != workflow.Waiting || len(b.told()) != 1 {
			t.Errorf("%s, and %d events wait: whoever came too late has told nobody", r.Status, len(b.told()))
		}
	})
}

func TestWhatANodeMakesOfAnEventThatAnotherToldDoesNotHappen(t *testing.T) {
	onBothRuns(t, func(t *testing.T, b *runBench) {
		x := b.define(waiting("a"), nil)
		b.happens("a.begin", "lea@acme.test")
		b.happens("a.begin", "tom@acme.test")
		list := b.told()
		done := []int64{list[0].Ref, list[1].Ref}
		if _, _, err := b.SaveRuns(t.Context(), &store.RunBatch{Source: b.feed.src, Done: done[:1]}); err != nil {
			t.Fatal(err)
		}
		_, _, err := b.SaveRuns(t.Context(), &store.RunBatch{Source: b.feed.src, Done: done, Starts: []store.RunStart{{
			Workflow: x.Ref, Version: 1, BegunBy: "1", Change: contact.Change{Address: "lea@acme.test", At: start.UnixMilli(), Origin: "test"},
		}}})
		if err != nil || len(b.runsOf("a")) != 0 || len(b.told()) != 1 {
			t.Errorf("%d runs, %d events to be told, %v", len(b.runsOf("a")), len(b.told()), err)
		}
	})
}

func TestAFailedRunThatIsLedOutIsCountedOnce(t *testing.T) {
	onBothRuns(t, func(t *testing.T, b *runBench) {
		x := b.define(waiting("a"), nil)
		id := b.begin(x, "lea@acme.test", "1").ID
		r, _ := b.run(id)
		b.step(r, workflow.Input{Kind: workflow.Began}, nil)
		r, _ = b.run(id)
		failed, _ := r.End(workflow.Failed, "failed", "broken", start)
		b.step(r, workflow.Input{Kind: workflow.InputKind(200)}, func(s *store.RunStep) { s.Now = failed })
		if got := b.counts(x); got != "failed 1, started 1, wait entered 1, open 0" {
			t.Error(got)
		}
		r, _ = b.run(id)
		b.step(r, workflow.Input{Kind: workflow.Retry}, nil)
		if got := b.counts(x); got != "started 1, wait entered 1, open 1" {
			t.Error(got)
		}
		r, _ = b.run(id)
		b.step(r, workflow.Input{Kind: workflow.Left, Detail: "bye"}, nil)
		if got := b.counts(x); got != "exited 1, started 1, wait entered 1, wait left:exited 1, open 0" {
			t.Error(got)
		}
		open, err := b.OpenRuns(t.Context(), r.Contact)
		if err != nil || len(open) != 0 {
			t.Errorf("%+v, %v", open, err)
		}
	})
}

func TestWorkflowsAreToldOfWhatTheyMayWantAlone(t *testing.T) {
	onBothRuns(t, func(t *testing.T, b *runBench) {
		b.happens("a.begin", "lea@acme.test")
		if n := len(b.told()); n != 0 {
			t.Errorf("%d without a workflow", n)
		}
		x := b.define(waiting("a"), nil)
		b.happens("a.begin", "lea@acme.test")
		b.happens("b.begin", "lea@acme.test")
		b.happens("a.begins", "lea@acme.test")
		b.happens(string(event.EmailOpen), "lea@acme.test")
		b.happens(string(event.EmailBounce), "lea@acme.test")
		if n := len(b.told()); n != 2 { // the last may lead people out
			t.Errorf("%d", n)
		}
		id := b.begin(x, "lea@acme.test", "1").ID
		b.define(waiting("a"), func(x *store.WorkflowChange) { x.Enabled, x.Edited = false, false })
		b.happens("a.go", "lea@acme.test")
		if n := len(b.told()); n != 3 {
			t.Errorf("%d with a run that goes on, of a workflow that is off", n)
		}
		r, _ := b.run(id)
		b.step(r, workflow.Input{Kind: workflow.Cancel}, nil)
		b.happens("a.go", "lea@acme.test")
		if n := len(b.told()); n != 3 {
			t.Errorf("%d without a run", n)
		}
	})
}

// However an event and the beginning of a wait for it meet, the run is told.
func TestAnEventIsNotMissedThatComesAsARunBeginsToWait(t *testing.T) {
	onBothRuns(t, func(t *testing.T, b *runBench) {
		x := b.define(waiting("a"), nil)
		for i := range 40 {
			address := fmt.Sprintf("p%d@acme.test", i)
			id := b.begin(x, address, "1").ID
			r, _ := b.run(id)
			b.feed.n++
			entry := b.feed.entry(fact{name: "a.go", to: address, at: time.Duration(b.feed.n) * time.Second})
			var group sync.WaitGroup
			group.Go(func() {
				if err := b.Commit(context.WithoutCancel(t.Context()), []*receipt.Entry{entry}); err != nil {
					t.Error(err)
				}
			})
			group.Go(func() { b.step(r, workflow.Input{Kind: workflow.Began}, nil) })
			group.Wait()
			r, _ = b.run(id)
			heard := slices.ContainsFunc(b.told(), func(e store.WorkflowEvent) bool {
				return e.Contact == r.Contact && (e.Run == 0 || e.Run == r.Ref) && e.Place > r.Place
			})
			if r.Status != workflow.Waiting || !heard {
				t.Fatalf("%s is %s and hears of nothing: %+v", address, r.Status, b.told())
			}
		}
	})
}

func TestRunsOfAMergedContactAreThoseOfTheOneThatStays(t *testing.T) {
	onBothRuns(t, func(t *testing.T, b *runBench) {
		x := b.define(waiting("a"), nil)
		b.begin(x, "stays@acme.test", "schedule:1")
		id := b.begin(x, "goes@acme.test", "schedule:1").ID
		b.happens("a.go", "goes@acme.test") // before it waits
		_, err := b.MergeContacts(t.Context(), store.DefaultProject, "stays@acme.test", "goes@acme.test", contact.Change{}, act("merge"))
		if err != nil {
			t.Fatal(err)
		}
		r, _ := b.run(id)
		if r.Address != "stays@acme.test" || len(b.runsOf("a")) != 2 {
			t.Fatalf("%+v", r)
		}
		for _, e := range b.told() {
			if e.Contact != r.Contact {
				t.Errorf("%+v is told to who is gone", e)
			}
		}
		b.step(r, workflow.Input{Kind: workflow.Began}, nil)
		r, _ = b.run(id)
		if !slices.ContainsFunc(b.told(), func(e store.WorkflowEvent) bool { return e.Run == r.Ref }) {
			t.Errorf("what the other did before is not looked back at: %+v", b.told())
		}
	})
}

func TestRunsOfWhoIsErasedGoAndOthersKnowNothingOfThem(t *testing.T) {
	onBothRuns(t, func(t *testing.T, b *runBench) {
		x := b.define(waiting("a"), nil)
		gone := b.begin(x, "ann@acme.test", "1").ID
		id := b.begin(x, "app@acme.test", "1").ID
		r, _ := b.run(id)
		b.step(r, workflow.Input{Kind: workflow.Began}, func(s *store.RunStep) {
			s.Now.Vars.Event = json.RawMessage(`{"user":"Ann@acme.test","n":1}`)
		})
		e, err := b.BeginErasure(t.Context(), store.DefaultProject, "ann@acme.test", act("erase"))
		for err == nil && e.Status == store.ErasureRunning {
			e, err = b.EraseMore(t.Context(), e.ID, store.EraseTools{Rewrite: func(store.EraseRequest) store.Rewritten { return store.Rewritten{} }})
		}
		if err != nil {
			t.Fatal(err)
		}
		if _, _, err := b.Run(t.Context(), store.DefaultProject, gone); err == nil {
			t.Error("the run is there")
		}
		r, _ = b.run(id)
		if text := string(r.Vars.Event); strings.Contains(strings.ToLower(text), "ann@") || !strings.Contains(text, `"n":1`) {
			t.Error(text)
		}
		if got := b.counts(x); !strings.Contains(got, "exited 1") || !strings.HasSuffix(got, "open 1") {
			t.Error(got)
		}
	})
}

func TestOldRunsGoButForThatThereWasOne(t *testing.T) {
	onBothRuns(t, func(t *testing.T, b *runBench) {
		d := waiting("a")
		x := b.define(d, nil)
		id := b.begin(x, "lea@acme.test", "1").ID
		r, _ := b.run(id)
		b.step(r, workflow.Input{Kind: workflow.Began}, func(s *store.RunStep) { s.Now.Vars.Data = map[string]json.RawMessage{"a": []byte("1")} })
		r, _ = b.run(id)
		b.step(r, workflow.Input{Kind: workflow.Cancel}, nil)
		d.Key, d.Reentry.Mode = "b", workflow.Parallel
		y := b.define(d, nil)
		for i := range 3 {
			other, _ := b.run(b.begin(y, "lea@acme.test", fmt.Sprint(i)).ID)
			b.step(other, workflow.Input{Kind: workflow.Cancel}, nil)
		}
		for range 2 {
			if err := b.RetainRuns(t.Context(), start.Add(time.Hour)); err != nil {
				t.Fatal(err)
			}
		}
		r, steps := b.run(id)
		if len(steps) != 0 || len(r.Vars.Data) != 0 || !r.EndedAt.IsZero() || r.Status != workflow.Canceled || len(b.runsOf("b")) != 1 {
			t.Errorf("%+v %+v", r, steps)
		}
		if again := b.begin(x, "lea@acme.test", "2"); again.Refused == "" {
			t.Error("who enters once entered again")
		}
	})
}

func TestNobodyEntersAWorkflowThatIsGone(t *testing.T) {
	onBothRuns(t, func(t *testing.T, b *runBench) {
		x := b.define(waiting("a"), nil)
		b.begin(x, "lea@acme.test", "1")
		b.define(waiting("a"), func(x *store.WorkflowChange) { x.Deleted = true })
		if got := b.begin(x, "tom@acme.test", "1"); got.Refused != "the workflow is gone" {
			t.Errorf("%+v", got)
		}
		if err := b.WakeWorkflows(t.Context()); err != nil {
			t.Fatal(err)
		}
		for shard := range int64(store.WorkflowShards) {
			due, err := b.DueRuns(t.Context(), shard, start.Add(time.Hour), 10)
			if err != nil || len(due) > 0 {
				t.Errorf("%+v, %v", due, err)
			}
		}
	})
}

// A backlog of others' events must not hold up who is due, and no run goes on before it is told of its own.
func TestARunIsNotDueWhileItsContactHasEventsThatItWasNotToldOf(t *testing.T) {
	onBothRuns(t, func(t *testing.T, b *runBench) {
		x := b.define(waiting("a"), nil)
		b.begin(x, "lea@acme.test", "1")
		b.begin(x, "tom@acme.test", "1")
		due := func() (list []string) {
			for shard := range int64(store.WorkflowShards) {
				runs, err := b.DueRuns(t.Context(), shard, b.clock(), 10)
				if err != nil {
					t.Fatal(err)
				}
				for _, r := range runs {
					list = append(list, r.Address)
				}
			}
			slices.Sort(list)
			return list
		}
		b.happens("a.go", "lea@acme.test")
		if got := due(); !slices.Equal(got, []string{"tom@acme.test"}) {
			t.Errorf("%q are due", got)
		}
		if _, _, err := b.SaveRuns(t.Context(), &store.RunBatch{Source: b.feed.src, Done: []int64{b.told()[0].Ref}}); err != nil {
			t.Fatal(err)
		}
		if got := due(); len(got) != 2 {
			t.Errorf("%q are due", got)
		}
	})
}

// claimed takes the jobs of shards that are due, and says that they are done.
func (b *runBench) claimed() []job.Job {
	b.t.Helper()
	list, err := b.ClaimJobs(b.t.Context(), job.ClaimQuery{
		Rooms: []job.Room{{Kind: store.WorkflowKind, Limit: 10}}, Limit: 10, Lease: "test", Now: b.clock(), Until: b.clock().Add(time.Minute),
	})
	if err != nil {
		b.t.Fatal(err)
	}
	outcomes := make([]job.Outcome, len(list))
	for i, j := range list {
		outcomes[i] = job.Outcome{Ref: j.Ref, Ending: job.Done}
	}
	if err := b.SettleJobs(b.t.Context(), "test", outcomes); err != nil {
		b.t.Fatal(err)
	}
	return list
}

// woken are the jobs that are due once somebody has looked.
func (b *runBench) woken() []job.Job {
	b.t.Helper()
	if err := b.WakeWorkflows(b.t.Context()); err != nil {
		b.t.Fatal(err)
	}
	return b.claimed()
}

// anHour is a workflow that waits for an hour.
var anHour = workflow.Definition{
	Key: "a", Trigger: workflow.Trigger{Manual: true}, Reentry: workflow.Reentry{Mode: workflow.Parallel},
	Steps: []workflow.Step{{ID: "wait", Wait: &workflow.Wait{For: "1h"}}},
}

func TestShardsAreWokenWhenARunIsDueAndNotBefore(t *testing.T) {
	onBothRuns(t, func(t *testing.T, b *runBench) {
		x := b.define(anHour, nil)
		id := b.begin(x, "lea@acme.test", "1").ID
		if n := len(b.claimed()); n != 1 {
			t.Errorf("%d jobs as it began", n)
		}
		r, _ := b.run(id)
		b.step(r, workflow.Input{Kind: workflow.Began}, nil)
		b.pass(time.Hour - time.Second)
		if n := len(b.woken()); n != 0 {
			t.Errorf("%d jobs before it is due", n)
		}
		b.pass(time.Second)
		if n := len(b.woken()); n != 1 {
			t.Errorf("%d jobs when it is due", n)
		}
	})
}

func TestAClockThatWasAheadKeepsNoShardAsleep(t *testing.T) {
	onBothRuns(t, func(t *testing.T, b *runBench) {
		x := b.define(anHour, nil)
		const year = 365 * 24 * time.Hour
		b.pass(year)
		b.begin(x, "lea@acme.test", "1") // and nobody takes the job before the clock is right again
		b.pass(-year)
		b.begin(x, "lea@acme.test", "2")
		if n := len(b.woken()); n != 1 {
			t.Errorf("%d jobs", n)
		}
	})
}

func TestABackupHasTheRunsThatWait(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "tidings.db")
	b := newRunBench(t, openerAt(t, path))
	id := b.begin(b.define(waiting("a"), nil), "lea@acme.test", "1").ID
	r, _ := b.run(id)
	b.step(r, workflow.Input{Kind: workflow.Began}, nil)
	to := filepath.Join(t.TempDir(), "copy.db")
	if _, err := store.Backup(t.Context(), path, to, false, nil); err != nil {
		t.Fatal(err)
	}
	c := openerAt(t, to)()
	r, steps, err := c.Run(t.Context(), store.DefaultProject, id)
	if err != nil || r.Status != workflow.Waiting || len(steps) != 1 {
		t.Errorf("%+v %+v %v", r, steps, err)
	}
}

func TestRunsAreCountedByWorkflowAndStatusAsFarAsIsAsked(t *testing.T) {
	onBothRuns(t, func(t *testing.T, b *runBench) {
		one, two := b.define(waiting("one"), nil), b.define(waiting("two"), nil)
		for i, address := range []string{"a@x.test", "b@x.test", "c@x.test"} {
			b.begin(one, address, fmt.Sprint("by", i))
		}
		b.begin(two, "a@x.test", "by")
		b.step(b.runsOf("one")[0], workflow.Input{Kind: workflow.Cancel}, nil)
		q := store.RunQuery{Project: store.DefaultProject, Statuses: []workflow.Status{workflow.Running, workflow.Canceled, workflow.Failed}}
		for _, c := range []struct {
			change func(*store.RunQuery)
			most   int
			want   string
		}{
			{func(*store.RunQuery) {}, 100, "one RUNNING 2, two RUNNING 1, one CANCELLED 1"},
			{func(q *store.RunQuery) { q.Workflow = "one" }, 1, "one RUNNING 1, one CANCELLED 1"},
			{func(q *store.RunQuery) { q.Contact = "a@x.test" }, 100, "one RUNNING 1, two RUNNING 1"},
			{func(q *store.RunQuery) { q.Contact = "nobody@x.test" }, 100, ""},
		} {
			asked := q
			c.change(&asked)
			list, err := b.CountRunsByStatus(t.Context(), asked, c.most)
			noError(t, err)
			words := make([]string, len(list))
			for i, x := range list {
				words[i] = fmt.Sprint(x.Key, " ", x.Status, " ", x.N)
			}
			if got := strings.Join(words, ", "); got != c.want {
				t.Errorf("%+v: %s, want %s", asked, got, c.want)
			}
		}
		mails, err := b.CountRunMails(t.Context(), []int64{b.runsOf("one")[0].Ref})
		if err != nil || len(mails) != 0 {
			t.Errorf("%v %v", mails, err)
		}
	})
}

func TestPagesOfRunsAreInOneOrderWhateverTheirStatus(t *testing.T) {
	onBothRuns(t, func(t *testing.T, b *runBench) {
		x := b.define(waiting("one"), nil)
		for i := range 7 {
			b.begin(x, fmt.Sprintf("%d@x.test", i), "by")
		}
		for i, r := range b.runsOf("one") {
			if i%3 == 0 {
				b.step(r, workflow.Input{Kind: workflow.Cancel}, nil)
			}
		}
		refs := func(q store.RunQuery) (list []int64) {
			q.Project, q.Workflow = store.DefaultProject, "one"
			runs, err := b.Runs(t.Context(), q)
			noError(t, err)
			for i := range runs {
				list = append(list, runs[i].Ref)
			}
			return list
		}
		all := refs(store.RunQuery{Limit: 100})
		if len(all) != 7 || !slices.IsSortedFunc(all, func(a, b int64) int { return int(b - a) }) {
			t.Fatal(all)
		}
		if got := refs(store.RunQuery{Limit: 2, Offset: 3}); !slices.Equal(got, all[3:5]) {
			t.Errorf("%v, want %v", got, all[3:5])
		}
		if got := refs(store.RunQuery{Limit: 2, Before: all[4]}); !slices.Equal(got, all[5:]) {
			t.Errorf("%v, want %v", got, all[5:])
		}
		if got := refs(store.RunQuery{Limit: 2, Offset: 50}); len(got) != 0 {
			t.Error(got)
		}
		canceled := refs(store.RunQuery{Limit: 100, Statuses: []workflow.Status{workflow.Canceled, workflow.Failed}})
		if want := []int64{all[0], all[3], all[6]}; !slices.Equal(canceled, want) {
			t.Errorf("%v, want %v", canceled, want)
		}
		n, err := b.CountRuns(t.Context(), store.RunQuery{Project: store.DefaultProject, Workflow: "one", Before: all[5]}, 100)
		if err != nil || n != 7 {
			t.Error(n, err)
		}
	})
}
