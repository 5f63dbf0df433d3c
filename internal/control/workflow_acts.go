package control

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"time"

	"tidings/internal/fault"
	"tidings/internal/store"
	"tidings/internal/workflow"
)

// The names of operations on runs that change something.
const (
	opStartRun  = "startExecution"
	opRetryRun  = "retryExecution"
	opSkipRun   = "skipExecution"
	opCancelRun = "cancelExecution"
	opMoveRuns  = "moveExecutions"
)

// runDeed is what a person does to a run.
type runDeed struct {
	operation string
	input     workflow.Input
	takes     []workflow.Status // runs of which this can be done
	word      string            // "retried"
}

// RetryRun lets a run that failed try its step again.
func (c *Control) RetryRun(ctx context.Context, who Actor, idOrKey, id, note string) (RunView, error) {
	return c.actOnRun(ctx, who, idOrKey, id, note, runDeed{
		operation: opRetryRun, input: workflow.Input{Kind: workflow.Retry}, takes: []workflow.Status{workflow.Failed},
		word: "retried",
	})
}

// SkipRun lets a run that failed or waits go on behind its step, by the way of an outcome; empty: the way of those to whom
// nothing happened.
func (c *Control) SkipRun(ctx context.Context, who Actor, idOrKey, id, outcome, note string) (RunView, error) {
	if outcome != "" {
		if err := c.checkOutcome(ctx, who, idOrKey, id, outcome); err != nil {
			return RunView{}, err
		}
	}
	return c.actOnRun(ctx, who, idOrKey, id, note, runDeed{
		operation: opSkipRun, input: workflow.Input{Kind: workflow.Skip, Outcome: outcome, Detail: "by " + who.By},
		takes: []workflow.Status{workflow.Failed, workflow.Waiting}, word: "skipped",
	})
}

func (c *Control) checkOutcome(ctx context.Context, who Actor, idOrKey, id, outcome string) error {
	run, _, err := c.run(ctx, who, idOrKey, id)
	if err != nil {
		return err
	}
	version, err := c.Store.WorkflowVersion(ctx, who.Project, run.WorkflowID, run.Version)
	if err != nil {
		return fmt.Errorf("find version: %w", err)
	}
	if s := stepOf(&version.Definition, run.Step); s == nil || !slices.Contains(s.Outcomes(), outcome) {
		return fault.BadField("outcome", "%.100q is no outcome of the step %q", outcome, run.Step)
	}
	return nil
}

// CancelRun ends a run.
func (c *Control) CancelRun(ctx context.Context, who Actor, idOrKey, id, note string) (RunView, error) {
	return c.actOnRun(ctx, who, idOrKey, id, note, runDeed{
		operation: opCancelRun, input: workflow.Input{Kind: workflow.Cancel, Detail: "by " + who.By},
		takes: []workflow.Status{workflow.Running, workflow.Waiting, workflow.Failed}, word: "cancelled",
	})
}

// actTries is how often a run is read again that went on in between.
const actTries = 5

func (c *Control) actOnRun(ctx context.Context, who Actor, idOrKey, id, note string, d runDeed) (RunView, error) {
	var p problems
	p.text("note", note, 0, maxFilter)
	if err := p.err(); err != nil {
		return RunView{}, err
	}
	for range actTries {
		run, _, err := c.run(ctx, who, idOrKey, id)
		if err != nil {
			return RunView{}, err
		}
		if !slices.Contains(d.takes, run.Status) {
			return RunView{}, fault.New(fault.Conflict, "execution_status", "a run that is %s can't be %s", run.Status, d.word)
		}
		done, err := c.actOn(ctx, who, &run, note, d)
		if err != nil {
			return RunView{}, err
		}
		if done {
			return c.Run(ctx, who, run.WorkflowID, run.ID)
		}
	}
	return RunView{}, fault.New(fault.Unavailable, "execution_busy", "the run goes on all the time").WithHint("try again")
}

// actOn does it; false: the run went on since it was read.
func (c *Control) actOn(ctx context.Context, who Actor, run *store.Run, note string, d runDeed) (bool, error) {
	live, err := c.liveOf(ctx, who.Project, run.WorkflowID, run.Version)
	if err != nil {
		return false, err
	}
	b, err := c.newRunBatch(ctx, who.Project)
	if err != nil {
		return false, err
	}
	if err := b.put(ctx, live, run, d.input, 0); err != nil {
		return false, err
	}
	act := c.act(who, d.operation, run.ID, note)
	act.Changes = []store.Change{{Field: "step", From: run.Step, To: b.asked.Steps[0].Now.Step}}
	if from, to := run.Status, b.asked.Steps[0].Now.Status; from != to {
		act.Changes = append(act.Changes, store.Change{Field: "status", From: string(from), To: string(to)})
	}
	b.asked.Act = &act
	_, stale, err := c.Store.SaveRuns(ctx, &b.asked)
	return stale == 0, err
}

// put lets one thing happen to a run; version is the one that it is on from now, 0: the same.
func (b *runBatch) put(ctx context.Context, live *liveWorkflow, was *store.Run, in workflow.Input, version int64) error {
	s := store.RunStep{Was: was, Now: was.Run, Other: version}
	x := &stepping{runBatch: b, live: live, was: was, out: &s, env: b.env(live, was)}
	if err := x.run(ctx, in); err != nil {
		return fmt.Errorf("run %s: %w", was.ID, err)
	}
	b.asked.Steps = append(b.asked.Steps, s)
	return nil
}

// liveOf compiles one version of a workflow, whether anybody enters it or not.
func (c *Control) liveOf(ctx context.Context, project, idOrKey string, version int64) (*liveWorkflow, error) {
	x, err := c.Store.WorkflowVersion(ctx, project, idOrKey, version)
	if err != nil {
		return nil, fmt.Errorf("find version: %w", err)
	}
	graph, problems := workflow.Compile(x.Definition)
	if len(problems) > 0 {
		return nil, fault.New(fault.Conflict, "workflow_broken", "this version of the workflow can't be read: %s %s",
			problems[0].At, problems[0].Says)
	}
	return &liveWorkflow{Graph: graph, snapshot: asksSnapshot(&graph.Definition)}, nil
}

// RunMove puts runs on another version of their workflow.
type RunMove struct {
	Version int64             // 0: the one that contacts enter
	From    int64             // only runs of that version; 0: of all others
	Steps   map[string]string // from steps of theirs to steps of that one; the others keep their step
	Runs    []string          // ids; empty: all that go on or failed
	Note    string
	Dry     bool // only tell what would become of them
}

// RunsMoved is what became of a RunMove.
type RunsMoved struct {
	Version int64
	Moved   int64
	Kept    map[string]int64 // how many of those go on with their step as they were, by it: it does the same in both versions
	Anew    map[string]int64 // how many of those begin a step anew, by the step that they were at
	Left    map[string]int64 // how many stay where they are, by their step: it is not in the version, and Steps names no other
	More    bool             // there are more than are moved at once: the same again goes on
}

const (
	maxRunsMoved = 10_000
	maxRunsNamed = 500
)

// MoveRuns puts runs on another version. A step that is the same in both goes on; one that is not begins anew.
func (c *Control) MoveRuns(ctx context.Context, who Actor, idOrKey string, in RunMove) (out RunsMoved, err error) {
	x, err := c.workflow(ctx, who, idOrKey)
	if err != nil {
		return out, err
	}
	if in.Version == 0 {
		in.Version = x.Version
	}
	live, err := c.liveOf(ctx, who.Project, x.ID, in.Version)
	if err != nil {
		return out, err
	}
	if err := in.check(live); err != nil {
		return out, err
	}
	m := &moving{control: c, who: who, in: &in, of: &x, live: live, versions: make(map[int64]*workflow.Definition)}
	m.out = RunsMoved{
		Version: in.Version, Kept: make(map[string]int64), Anew: make(map[string]int64), Left: make(map[string]int64),
	}
	err = m.run(ctx)
	return m.out, err
}

func (in *RunMove) check(live *liveWorkflow) error {
	var p problems
	p.text("note", in.Note, 0, maxFilter)
	if len(in.Runs) > maxRunsNamed {
		p.add("executions", "must have at most %d ids", maxRunsNamed)
	}
	for from, to := range in.Steps {
		if live.Step(to) == nil {
			p.add("steps."+shortKey(from), "%.100q is no step of version %d", to, in.Version)
		}
	}
	return p.err()
}

// moving are runs on their way to another version.
type moving struct {
	control  *Control
	who      Actor
	in       *RunMove
	of       *store.Workflow
	live     *liveWorkflow
	versions map[int64]*workflow.Definition // those that the runs were on
	out      RunsMoved
	noted    bool
}

func (m *moving) run(ctx context.Context) error {
	if len(m.in.Runs) > 0 {
		return m.named(ctx)
	}
	q := store.RunQuery{
		Project: m.who.Project, Workflow: m.of.ID, Version: m.in.From, Except: m.in.Version, Limit: runsAtOnce,
		Statuses: []workflow.Status{workflow.Running, workflow.Waiting, workflow.Failed},
	}
	for looked := 0; ; looked += runsAtOnce {
		list, err := m.control.Store.Runs(ctx, q)
		if err != nil {
			return fmt.Errorf("list runs: %w", err)
		}
		if len(list) == 0 {
			return nil
		}
		if looked >= maxRunsMoved {
			m.out.More = true
			return nil
		}
		q.Before = list[len(list)-1].Ref
		if err := m.save(ctx, list); err != nil {
			return err
		}
	}
}

func (m *moving) named(ctx context.Context) error {
	var list []store.Run
	for _, id := range m.in.Runs {
		run, _, err := m.control.run(ctx, m.who, m.of.ID, id)
		if err != nil {
			return err
		}
		meant := run.Version != m.in.Version && (m.in.From == 0 || m.in.From == run.Version)
		if meant && (run.Status.Open() || run.Status == workflow.Failed) {
			list = append(list, run)
		}
	}
	for part := range slices.Chunk(list, runsAtOnce) {
		if err := m.save(ctx, part); err != nil {
			return err
		}
	}
	return nil
}

// save moves some runs in one transaction.
func (m *moving) save(ctx context.Context, list []store.Run) error {
	if m.in.Dry {
		for i := range list {
			if _, _, err := m.place(ctx, &list[i]); err != nil {
				return err
			}
		}
		return nil
	}
	b, err := m.control.newRunBatch(ctx, m.who.Project)
	if err != nil {
		return err
	}
	for i := range list {
		if err := m.put(ctx, b, &list[i]); err != nil {
			return err
		}
	}
	if len(b.asked.Steps) == 0 {
		return nil
	}
	if !m.noted {
		act := m.control.act(m.who, opMoveRuns, m.of.ID, m.in.Note)
		act.Changes = []store.Change{{Field: "version", To: strconv.FormatInt(m.in.Version, 10)}}
		b.asked.Act = &act
	}
	_, stale, err := m.control.Store.SaveRuns(ctx, &b.asked)
	if err != nil {
		return err
	}
	m.noted = true
	m.out.Moved -= int64(stale)
	return nil
}

// moveKind is what a move means for one run.
type moveKind uint8

const (
	staysBehind moveKind = iota
	goesOn               // its step does the same there, or it has not begun
	beginsAnew
)

// place finds what becomes of one run, counts it, and says on which step it is then.
func (m *moving) place(ctx context.Context, run *store.Run) (kind moveKind, to string, err error) {
	if to = run.Step; m.in.Steps[to] != "" {
		to = m.in.Steps[to]
	}
	kind = goesOn
	if run.Visit > 0 {
		next := m.live.Step(to)
		if next == nil {
			m.out.Left[run.Step]++
			return staysBehind, to, nil
		}
		same, err := m.same(ctx, run, next)
		if err != nil {
			return staysBehind, to, err
		}
		if !same {
			kind = beginsAnew
		}
	}
	m.out.Moved++
	if kind == beginsAnew {
		m.out.Anew[run.Step]++
	} else {
		m.out.Kept[run.Step]++
	}
	return kind, to, nil
}

// put moves one run.
func (m *moving) put(ctx context.Context, b *runBatch, run *store.Run) error {
	kind, to, err := m.place(ctx, run)
	if err != nil || kind == staysBehind {
		return err
	}
	if kind == beginsAnew {
		return b.put(ctx, m.live, run, workflow.Input{Kind: workflow.Move, Outcome: to, Detail: "by " + m.who.By}, m.in.Version)
	}
	s := store.RunStep{Was: run, Now: run.Run, Other: m.in.Version}
	if timeout, err := m.live.Timeout.Duration(); err == nil && timeout > 0 && run.Status == workflow.Waiting && run.Visit > 0 {
		s.Now.Due = earlier(run.Due, run.StartedAt.Add(timeout))
	}
	b.asked.Steps = append(b.asked.Steps, s)
	return nil
}

// earlier is the first of two times; a zero one is none.
func earlier(a, b time.Time) time.Time {
	if a.IsZero() || b.Before(a) {
		return b
	}
	return a
}

// same reports whether the step that a run is on does the same in the version that it is moved to.
func (m *moving) same(ctx context.Context, run *store.Run, next *workflow.Step) (bool, error) {
	d := m.versions[run.Version]
	if d == nil {
		x, err := m.control.Store.WorkflowVersion(ctx, m.who.Project, m.of.ID, run.Version)
		if err != nil {
			return false, fmt.Errorf("find version: %w", err)
		}
		d = &x.Definition
		m.versions[run.Version] = d
	}
	was := stepOf(d, run.Step)
	if was == nil {
		return false, nil
	}
	a, b := *was, *next
	a.Next, b.Next, a.At, b.At, a.Name, b.Name = nil, nil, nil, nil, "", ""
	return workflow.Same(&workflow.Definition{Steps: []workflow.Step{a}}, &workflow.Definition{Steps: []workflow.Step{b}}), nil
}
