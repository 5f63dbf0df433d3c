package control

import (
	"context"
	"fmt"
	"time"

	"tidings/internal/source"
	"tidings/internal/store"
	"tidings/internal/workflow"
)

// runsAtOnce is how many runs one transaction takes a step further: short enough that ingest hardly waits.
const runsAtOnce = 100

// runsPatience is after what time the work on a shard ends though there is more: whoever looks for what is due lets it begin
// again.
const runsPatience = 2 * time.Minute

// RunWorkflows tells the runs of a shard of the events that came, and lets those go on whose time has come, until there is
// nothing more to do, or a while has passed. It may be run again, and at once by several: what one did the other leaves.
func (c *Control) RunWorkflows(ctx context.Context, shard int64) error {
	for began := time.Now(); time.Since(began) < runsPatience; {
		// What was stored by now is told before anybody goes on whose time has come by now: an event that came while a run
		// waited for it is not missed, and one that ends a run ends it before it mails again.
		now := c.Now().UTC()
		told, err := c.tellAll(ctx, shard)
		if err != nil {
			return err
		}
		stepped, err := c.stepRuns(ctx, shard, now)
		if err != nil {
			return err
		}
		if told+stepped == 0 {
			return nil
		}
		if err := ctx.Err(); err != nil {
			return err
		}
	}
	return nil
}

// tellPatience is how long runs that are due wait while others' events are told: what is about their own contact is told
// before they go on in any case.
const tellPatience = 2 * time.Second

// tellAll tells the runs of a shard of all events that are there by now, as far as patience lasts, and returns how many.
func (c *Control) tellAll(ctx context.Context, shard int64) (told int, err error) {
	last, err := c.Store.LastWorkflowEvent(ctx, shard)
	if err != nil {
		return 0, fmt.Errorf("find the last event that workflows may want: %w", err)
	}
	for began := time.Now(); last > 0 && time.Since(began) < tellPatience; {
		n, err := c.tellRuns(ctx, shard, last)
		if err != nil || n == 0 {
			return told, err
		}
		told += n
		if err := ctx.Err(); err != nil {
			return told, err
		}
	}
	return told, nil
}

// stepRuns lets runs go on that were due at a time, and returns how many.
func (c *Control) stepRuns(ctx context.Context, shard int64, now time.Time) (int, error) {
	due, err := c.Store.DueRuns(ctx, shard, now, runsAtOnce)
	if err != nil {
		return 0, fmt.Errorf("list due runs: %w", err)
	}
	batches := make(map[string]*runBatch)
	for i := range due {
		b, err := c.batchOf(ctx, batches, due[i].Project)
		if err != nil {
			return 0, err
		}
		if err := b.step(ctx, &due[i], workflow.Input{Kind: workflow.Due}); err != nil {
			return 0, err
		}
	}
	for _, b := range batches {
		if err := b.save(ctx); err != nil {
			return 0, err
		}
	}
	return len(due), nil
}

// runBatch are runs of one project on their way on.
type runBatch struct {
	control  *Control
	now      time.Time
	project  string
	book     *workflowBook
	settings workflow.Settings
	source   *source.Source
	asked    store.RunBatch
	contents map[string]*stepContent // of steps that send, by workflow, version, step and variant
	mailed   map[int64]int           // how many emails the contacts of the batch get by it
}

// batchOf finds the batch of a project, or begins it.
func (c *Control) batchOf(ctx context.Context, batches map[string]*runBatch, project string) (*runBatch, error) {
	if b := batches[project]; b != nil {
		return b, nil
	}
	b, err := c.newRunBatch(ctx, project)
	if err != nil {
		return nil, err
	}
	batches[project] = b
	return b, nil
}

func (c *Control) newRunBatch(ctx context.Context, project string) (*runBatch, error) {
	b := &runBatch{
		control: c, now: c.Now().UTC(), project: project, contents: make(map[string]*stepContent),
		mailed: make(map[int64]int),
	}
	var err error
	if b.book, err = c.Workflowbook.of(ctx, project); err != nil {
		return nil, err
	}
	if b.settings, err = c.Store.WorkflowSettings(ctx, project); err != nil {
		return nil, fmt.Errorf("read the settings of workflows: %w", err)
	}
	if b.source, err = c.sendSource(ctx, project); err != nil {
		return nil, err
	}
	b.asked.Source = b.source
	return b, nil
}

// save stores what became of the runs.
func (b *runBatch) save(ctx context.Context) error {
	if len(b.asked.Steps)+len(b.asked.Starts)+len(b.asked.Done) == 0 {
		return nil
	}
	_, _, err := b.control.Store.SaveRuns(ctx, &b.asked)
	return err
}

// step takes a run as far as one transaction goes.
func (b *runBatch) step(ctx context.Context, was *store.Run, in workflow.Input) error {
	live := b.book.all[liveKey{was.Workflow, was.Version}]
	s := store.RunStep{Was: was, Now: was.Run}
	if live == nil {
		s.Now, s.Marks = was.End(workflow.Failed, "failed", "this version of the workflow can't be read", b.now)
		b.asked.Steps = append(b.asked.Steps, s)
		return nil
	}
	x := &stepping{runBatch: b, live: live, was: was, out: &s, env: b.env(live, was)}
	if was.Visit == 0 && in.Kind == workflow.Due {
		in.Kind = workflow.Began
	}
	if err := x.run(ctx, in); err != nil {
		return fmt.Errorf("run %s: %w", was.ID, err)
	}
	b.asked.Steps = append(b.asked.Steps, s)
	return nil
}

// env is the world of a run that was read. Its time is not that at which the batch began: by then the run may not have
// entered its step yet.
func (b *runBatch) env(live *liveWorkflow, was *store.Run) workflow.Env {
	zone, ok := zoneOf(was.TimeZone)
	if !ok {
		zone = time.UTC
	}
	return workflow.Env{
		Now: b.control.Now().UTC(), Zone: zone, Email: was.Address, Random: jitter(), Late: live.isLate(was, b.now),
	}
}

// stepping is one run on its way on.
type stepping struct {
	*runBatch
	live *liveWorkflow
	was  *store.Run
	out  *store.RunStep
	env  workflow.Env
}

// run steps until there is nothing to do, or what is done ends the transaction.
func (x *stepping) run(ctx context.Context, in workflow.Input) error {
	for {
		var marks []workflow.Mark
		var want workflow.Effect
		x.out.Now, marks, want = x.live.Next(x.out.Now, in, x.env)
		x.out.Marks = append(x.out.Marks, marks...)
		answer, more, err := x.do(ctx, want)
		if isOfRule(err) {
			// What the definition names is gone or broken: a person mends it, and lets the run try again.
			answer, more, err = workflow.Input{Kind: workflow.Trouble, Detail: err.Error(), Final: true}, true, nil
		} else if err != nil && ctx.Err() == nil {
			// One run that something is wrong with must not keep the others: it is tried again by itself.
			answer, more, err = workflow.Input{Kind: workflow.Trouble, Detail: err.Error()}, true, nil
		}
		if err != nil || !more {
			return err
		}
		in = answer
	}
}

// do does what is wanted. more is false where the run has come as far as it does now.
func (x *stepping) do(ctx context.Context, want workflow.Effect) (answer workflow.Input, more bool, err error) {
	switch want.Kind {
	case workflow.AskIf:
		answer, err = x.askIf(ctx, want.Step)
		return answer, true, err
	case workflow.AskField:
		answer, err = x.askField(ctx, want.Step)
		return answer, true, err
	case workflow.AskTime:
		answer, err = x.askTime(ctx, want.Step)
		return answer, true, err
	case workflow.Look:
		// The store looks when it saves the run, where no event can come between.
		x.out.Await = x.live.WaitMatcher(want.Step.ID)
		return workflow.Input{Kind: workflow.Answered}, true, nil
	case workflow.Mail:
		answer, err = x.mail(ctx, want)
		return answer, true, err
	case workflow.Change:
		answer, err = x.change(ctx, want.Step)
		return answer, true, err
	case workflow.Call:
		// A job calls. When it should be lost, the run calls again after a while.
		x.out.Call, x.out.Visit, x.out.Now.Due = true, x.out.Now.Visit, x.env.Now.Add(callPatience)
		return answer, false, nil
	case workflow.Nothing:
	}
	return answer, false, nil
}
