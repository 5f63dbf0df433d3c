package store

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"tidings/event"
	"tidings/internal/contact"
	"tidings/internal/receipt"
	"tidings/internal/rule"
	"tidings/internal/send"
	"tidings/internal/source"
	"tidings/internal/workflow"
)

// RunBatch is what becomes of runs of one project, in one transaction.
type RunBatch struct {
	Source *source.Source // that events of ours are stored under; it names the project
	Starts []RunStart
	Steps  []RunStep
	Done   []int64 // WorkflowEvent.Ref of those that workflows are told of by this; where one was told of before, nothing happens
	Act    *Act    // a person did it; nil: nobody. It is noted where something came of it; without a Subject of what began
}

// RunStart is a contact that would enter a workflow.
type RunStart struct {
	Workflow int64 // Workflow.Ref
	Version  int64
	Reentry  workflow.Reentry
	Change   contact.Change // whom it is about, and what is said of them: a contact that is not there is made
	BegunBy  string         // what began it: the same again begins nothing
	Place    int64          // in the log, of the event that began it; 0: after all that is known of the contact
	Vars     workflow.Vars
	Unmailed bool
}

// RunStarted is what became of a RunStart.
type RunStarted struct {
	ID      string // exe_…; empty: nothing began
	Refused string // why
}

// RunStep is what becomes of one run.
type RunStep struct {
	Was   *Run
	Now   workflow.Run
	Marks []workflow.Mark
	Visit int             // of the step that sends, edits or calls
	Send  *RunSend        // that is queued with it
	Edit  *contact.Change // that is made with it
	Call  bool            // a job calls the step's webhook
	Await *rule.Matcher   // it begins to wait for such events: those that are here already are told to it
	Other int64           // the version that it is on from now; 0: the same
}

// RunSend is the email of a step.
type RunSend struct {
	Send    NewSend
	Content *send.Content
}

// SaveRuns stores what became of runs, with what they do: contacts are changed, emails queued. A run that somebody else changed
// since it was read is left as it is, and does nothing; then nothing is Done, and who told of it tells again. started has one
// entry for each of asked.Starts; stale counts the runs that were left.
func (s *Store) SaveRuns(ctx context.Context, asked *RunBatch) (started []RunStarted, stale int, err error) {
	var x *runSaving
	err = s.engine.ingest(ctx, func(b batch) error {
		p, err := projectRef(ctx, b, asked.Source.Project)
		if err != nil {
			return err
		}
		x = &runSaving{
			work: s.newWork(ctx, b), asked: asked, project: p, started: make([]RunStarted, len(asked.Starts)),
			entering: make([]int64, len(asked.Starts)),
			counts:   make(map[runCountKey]int64), open: make(map[runVersion]int64), shards: make(map[int64]bool),
			workflows: make(map[int64]bool),
		}
		return x.run()
	})
	if err != nil {
		return nil, 0, fmt.Errorf("save runs: %w", err)
	}
	x.keepTerms()
	if x.queue != nil {
		x.queue.keepTerms()
	}
	return x.started, x.stale, nil
}

// runSaving is a batch of runs on its way into the store.
type runSaving struct {
	*work
	asked   *RunBatch
	project int64
	steps   []*RunStep // those that nobody else changed
	// entering are the contacts of asked.Starts; 0: there is none.
	entering []int64
	started  []RunStarted
	queue    *queueing // of the emails; nil: there are none
	counts   map[runCountKey]int64
	open     map[runVersion]int64
	shards   map[int64]bool
	stale    int // how many somebody else changed
	// workflows are those that are there.
	workflows map[int64]bool
}

type runVersion struct{ workflow, version int64 }

type runCountKey struct {
	runVersion
	step, word string
}

// run takes the steps in the one order in which every node touches the tables: contacts, then runs.
func (x *runSaving) run() error {
	if told, err := x.toldBefore(); err != nil || told {
		x.stale = len(x.asked.Steps)
		return err
	}
	for _, step := range [...]func() error{
		x.lockWorkflows, x.lockKnown, x.update, x.change, x.start, x.mail, x.call, x.mark, x.lookBack, x.count, x.finishEvents,
	} {
		if err := step(); err != nil {
			return err
		}
	}
	if err := x.note(); err != nil {
		return err
	}
	return wakeWorkflows(x.ctx, x.b, x.now, x.shards)
}

// lockWorkflows finds the workflows of the runs, and keeps them until the runs are saved.
func (x *runSaving) lockWorkflows() error {
	refs := make(map[int64]bool)
	for i := range x.asked.Steps {
		refs[x.asked.Steps[i].Was.Workflow] = true
	}
	for i := range x.asked.Starts {
		refs[x.asked.Starts[i].Workflow] = true
	}
	lock := ""
	if x.store.Engine() != "sqlite" { // which has one writer
		lock = " FOR KEY SHARE"
	}
	for part := range slices.Chunk(slices.Sorted(maps.Keys(refs)), contactChunk/2) {
		args := make([]any, len(part))
		for i, ref := range part {
			args[i] = ref
		}
		err := x.b.query(x.ctx, `SELECT ref FROM workflows WHERE ref IN (`+marks(1, len(part))+`) ORDER BY ref`+lock, args,
			func(r row) error {
				var ref int64
				err := r.Scan(&ref)
				x.workflows[ref] = true
				return err
			})
		if err != nil {
			return err
		}
	}
	return nil
}

// toldBefore reports whether workflows were told of one of the events before, by another node: what it would do now was decided
// by what has changed since. The events are kept until the runs are saved.
func (x *runSaving) toldBefore() (bool, error) {
	lock := ""
	if x.store.Engine() != "sqlite" { // which has one writer
		lock = " FOR UPDATE"
	}
	there := 0
	for part := range slices.Chunk(slices.Sorted(slices.Values(x.asked.Done)), contactChunk/2) {
		args := make([]any, len(part))
		for i, ref := range part {
			args[i] = ref
		}
		err := x.b.query(x.ctx, `SELECT ref FROM workflow_events WHERE ref IN (`+marks(1, len(part))+`) ORDER BY ref`+lock, args,
			func(row) error { there++; return nil })
		if err != nil {
			return false, err
		}
	}
	return there < len(x.asked.Done), nil
}

// note notes in the audit log what a person did, where something came of it.
func (x *runSaving) note() error {
	if x.asked.Act == nil {
		return nil
	}
	act := *x.asked.Act
	for _, began := range x.started {
		if began.Refused == "" && act.Subject == "" {
			act.Subject = began.ID
		}
	}
	if act.Subject == "" || len(x.steps) == 0 && len(x.asked.Starts) == 0 {
		return nil
	}
	return record(x.ctx, x.b, x.project, act)
}

// lockKnown locks the contacts of the runs. An event of theirs that is being stored meanwhile is stored before, and seen by
// lookBack, or after, and then it sees the runs.
func (x *runSaving) lockKnown() error {
	if x.store.Engine() == "sqlite" { // which has one writer
		return nil
	}
	refs := make(map[int64]bool)
	for i := range x.asked.Steps {
		refs[x.asked.Steps[i].Was.Contact] = true
	}
	for part := range slices.Chunk(slices.Sorted(maps.Keys(refs)), contactChunk/2) {
		args := make([]any, len(part))
		for i, ref := range part {
			args[i] = ref
		}
		err := x.b.query(x.ctx, `SELECT ref FROM contacts WHERE ref IN (`+marks(1,
			len(part))+`) ORDER BY project, address FOR UPDATE`,
			args, func(row) error { return nil })
		if err != nil {
			return err
		}
	}
	return nil
}

// update writes the runs that nobody else changed.
func (x *runSaving) update() error {
	slices.SortFunc(x.asked.Steps, func(a, b RunStep) int { return int(a.Was.Ref - b.Was.Ref) })
	for i := range x.asked.Steps {
		s := &x.asked.Steps[i]
		n, err := x.updateOne(s)
		if err != nil {
			return err
		}
		if n == 0 {
			x.stale++
			continue
		}
		x.steps = append(x.steps, s)
	}
	return nil
}

func (x *runSaving) updateOne(s *RunStep) (int64, error) {
	vars, err := encodeVars(s.Now.Vars)
	if err != nil {
		return 0, err
	}
	version, was, now := s.Was.Version, s.Was, &s.Now
	if s.Other != 0 {
		version = s.Other
	}
	ended := was.EndedAt
	switch {
	case now.Status.Open():
		ended = time.Time{}
	case was.Status != now.Status:
		ended = x.now
	}
	n, err := x.b.exec(x.ctx, `UPDATE runs SET rev = rev + 1, version = $3, status = $4, step = $5, visit = $6, phase = $7,
		tries = $8,
		due_at = $9, entered_at = $10, ended_at = $11, unmailed = $12, reason = $13, vars = $14 WHERE ref = $1 AND rev = $2`,
		was.Ref, was.Rev, version, runStatusNumber(now.Status), now.Step, now.Visit, now.Phase, now.Try, ms(now.Due),
		ms(now.EnteredAt), ms(ended), truth(now.Unmailed), event.CleanText(now.Reason, maxMarkText), vars)
	if err != nil || n == 0 {
		return n, err
	}
	before, after := runVersion{was.Workflow, was.Version}, runVersion{was.Workflow, version}
	if was.Status.Open() {
		x.open[before]--
	} else {
		x.counts[runCountKey{before, "", statusWord(was.Status)}]--
	}
	if now.Status.Open() {
		x.open[after]++
		if !now.Due.IsZero() && !now.Due.After(x.now) {
			x.shards[shardOf(was.Contact)] = true
		}
	} else {
		x.counts[runCountKey{after, "", statusWord(now.Status)}]++
	}
	return n, nil
}

// statusWord is a status as RunCount has it.
func statusWord(s workflow.Status) string { return strings.ToLower(string(s)) }

// change makes the changes of contacts: those of steps, and those of whoever enters.
func (x *runSaving) change() error {
	entry := &receipt.Entry{Source: &source.Source{Project: x.asked.Source.Project, ProjectRef: x.project}}
	var edited []*RunStep
	for _, s := range x.steps {
		if s.Edit != nil {
			entry.Changes = append(entry.Changes, *s.Edit)
			edited = append(edited, s)
		}
	}
	for i := range x.asked.Starts {
		entry.Changes = append(entry.Changes, x.asked.Starts[i].Change)
	}
	if len(entry.Changes) == 0 {
		return nil
	}
	if err := x.edit(entry); err != nil {
		return err
	}
	for i, s := range edited {
		if out := entry.Outcome.Contacts[i]; out.Problem != "" {
			s.note(func(m *workflow.Mark) { m.Detail = out.Problem })
		}
	}
	for i := range x.asked.Starts {
		out := entry.Outcome.Contacts[len(edited)+i]
		if out.ID == "" {
			x.started[i].Refused = "there is no such contact"
			if out.Problem != "" {
				x.started[i].Refused = out.Problem
			}
			continue
		}
		x.entering[i], _ = refOf(contactPrefix, out.ID)
	}
	return nil
}

// note changes the mark of what the step did.
func (s *RunStep) note(change func(*workflow.Mark)) {
	for i := range s.Marks {
		if m := &s.Marks[i]; m.Visit == s.Visit && !m.Left.IsZero() {
			change(m)
			return
		}
	}
}
