package control

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"tidings/event"
	"tidings/internal/fault"
	"tidings/internal/rule"
	"tidings/internal/store"
	"tidings/internal/workflow"
)

// WorkflowTrial asks what a workflow would have done.
type WorkflowTrial struct {
	Text string // of a workflow that need not be stored, in any of the formats
	ID   string // or the id or key of one that is
	Days int    // how far back, 1 to 90; 0: 7
}

// WorkflowFinding is what a workflow would have done with stored events. Nothing was stored or sent.
type WorkflowFinding struct {
	Since   time.Time
	Looked  int64 // events whose name the trigger is for
	Matched int64 // of those
	Entered int64 // runs that would have begun
	Days    []DayEntered
	Refused []RefusedEntry // by why, the most first
	Cut     bool           // there are more events, or people, than were looked at
	Sample  []WorkflowWould
}

// DayEntered is how many would have entered on a day, in UTC.
type DayEntered struct {
	Day     string // 2026-05-04
	Entered int64
}

// RefusedEntry is how often somebody would not have entered for a reason.
type RefusedEntry struct {
	Why string
	N   int64
}

// WorkflowWould is a run that would have begun.
type WorkflowWould struct {
	Event   event.Event
	Email   string
	Contact string // con_…; empty: there is no such contact
	workflow.Simulated
}

const (
	trialDays       = 7
	maxTrialDays    = 90
	maxTrialEvents  = 100_000
	maxTrialPeople  = 10_000 // of whom a condition is asked
	trialSample     = 50
	maxTrialRuns    = 1000 // simulated to know whether a contact is in the workflow still
	trialLater      = 1000 // events of one contact that a run is told of
	trialEventsPage = 1000
)

// The reasons why somebody would not enter, beside those of entering again.
const (
	noPerson      = "the event does not say whom it is about"
	conditionFail = "the condition does not hold"
)

// DryRunWorkflow tells who would have entered a workflow by the stored events of the last days, and what would have become of
// some of them. Conditions are asked of contacts as they are now.
func (c *Control) DryRunWorkflow(ctx context.Context, who Actor, in WorkflowTrial) (out WorkflowFinding, err error) {
	var p problems
	if in.Days = cmp.Or(in.Days, trialDays); in.Days < 1 || in.Days > maxTrialDays {
		p.add("days", "must be between 1 and %d", maxTrialDays)
	}
	if err := p.err(); err != nil {
		return out, err
	}
	live, err := c.trialWorkflow(ctx, who, in)
	if err != nil {
		return out, err
	}
	if live.TriggerEntry() == nil {
		return out, fault.BadField("workflow.trigger", "is no event: only entries by events can be tried on those that are stored")
	}
	// Without a source, as nothing is stored.
	b := &runBatch{control: c, now: c.Now().UTC(), project: who.Project, contents: make(map[string]*stepContent)}
	if b.settings, err = c.Store.WorkflowSettings(ctx, who.Project); err != nil {
		return out, fmt.Errorf("read the settings of workflows: %w", err)
	}
	out.Since = b.now.Add(-time.Duration(in.Days) * 24 * time.Hour)
	t := &workflowTrial{
		runBatch: b, live: live, out: &out, names: make(map[string]string), holding: make(map[string]bool),
		past: make(map[string][]*trialEntry), refused: make(map[string]int64),
	}
	if err := t.look(ctx); err != nil {
		return out, err
	}
	if err := t.admit(ctx); err != nil {
		return out, err
	}
	return out, t.tell(ctx)
}

// trialWorkflow is the workflow that is tried, whether it is stored or not.
func (c *Control) trialWorkflow(ctx context.Context, who Actor, in WorkflowTrial) (*liveWorkflow, error) {
	check := c.newWorkflowCheck(who)
	var stored store.Workflow
	var read *readWorkflow
	var err error
	if in.ID != "" {
		if stored, err = c.workflow(ctx, who, in.ID); err != nil {
			return nil, err
		}
		read, err = check.check(ctx, stored.Definition)
	} else {
		read, err = check.read(ctx, in.Text)
	}
	if err != nil {
		return nil, err
	}
	live := store.LiveWorkflow{Workflow: stored, Live: stored.Version}
	return &liveWorkflow{Graph: read.Graph, stored: live, snapshot: asksSnapshot(&read.Definition)}, nil
}

// workflowTrial is a dry run at work.
type workflowTrial struct {
	*runBatch
	live    *liveWorkflow
	out     *WorkflowFinding
	names   map[string]string // of sources, by id
	holding map[string]bool   // by address: whether the condition holds
	entries []*trialEntry     // newest first
	past    map[string][]*trialEntry
	refused map[string]int64
	runs    int // that were simulated to know who is in it
}

// trialEntry is somebody who may enter.
type trialEntry struct {
	event   event.ID
	at      time.Time
	address string
	person  rule.Person
	would   *workflow.Simulated // nil: it was not needed yet
}

// look finds who may enter among the stored events, newest first.
func (t *workflowTrial) look(ctx context.Context) error {
	entry := t.live.TriggerEntry()
	for after := (event.ID{}); ; {
		page, err := t.control.Store.ListEvents(ctx, store.EventQuery{
			Project: t.project, Names: entry.Names(), From: t.out.Since, After: after, Limit: trialEventsPage,
		})
		if err != nil {
			return fmt.Errorf("list events: %w", err)
		}
		for i := range page.Events {
			if err := t.event(ctx, &rule.Event{Event: page.Events[i]}); err != nil {
				return err
			}
		}
		if after = page.Next; after.IsZero() {
			return nil
		}
		if t.out.Looked >= maxTrialEvents || len(t.holding) >= maxTrialPeople {
			t.out.Cut = true
			return nil
		}
	}
}

func (t *workflowTrial) event(ctx context.Context, x *rule.Event) error {
	if !t.live.TriggerEntry().Wants(x.Name) {
		return nil
	}
	t.out.Looked++
	if err := t.nameSource(ctx, x); err != nil || !t.live.TriggerEntry().Matches(x) {
		return err
	}
	t.out.Matched++
	person, err := t.live.person(x)
	if err != nil || person.Email == "" {
		t.refused[noPerson]++
		return nil //nolint:nilerr // it is the finding
	}
	address, wrong := readAddress([]byte(person.Email))
	if wrong != "" {
		t.refused[noPerson]++
		return nil
	}
	holds, err := t.holds(ctx, address, &person)
	switch {
	case err != nil:
		return err
	case !holds:
		t.refused[conditionFail]++
	default:
		t.entries = append(t.entries, &trialEntry{event: x.ID, at: x.OccurredAt, address: address, person: person})
	}
	return nil
}

// nameSource finds the name of an event's source, which matches may ask for.
func (t *workflowTrial) nameSource(ctx context.Context, x *rule.Event) error {
	if x.Source == nil || t.live.Trigger.On == nil || len(t.live.Trigger.On.Source) == 0 {
		return nil
	}
	name, known := t.names[x.Source.ID]
	if !known {
		named, err := t.control.ruleEvent(ctx, t.project, &x.Event)
		if err != nil {
			return err
		}
		name = named.SourceName
		t.names[x.Source.ID] = name
	}
	x.SourceName = name
	return nil
}

// holds reports whether the trigger's condition holds for a contact as it is now.
func (t *workflowTrial) holds(ctx context.Context, address string, person *rule.Person) (bool, error) {
	if t.live.TriggerIf() == nil {
		return true, nil
	}
	if holds, known := t.holding[address]; known {
		return holds, nil
	}
	_, err := t.control.Store.Contact(ctx, t.project, address)
	if err != nil && !fault.Is(err, fault.NotFound) {
		return false, fmt.Errorf("find contact: %w", err)
	}
	holds, err := t.control.holds(ctx, t.project, t.live.TriggerIf(), address, err == nil, person.Attributes)
	t.holding[address] = holds
	return holds, err
}

// admit decides who enters, in the order in which things happened.
func (t *workflowTrial) admit(ctx context.Context) error {
	slices.SortStableFunc(t.entries, func(a, b *trialEntry) int { return a.at.Compare(b.at) })
	var in []*trialEntry
	days := make(map[string]int64)
	for _, e := range t.entries {
		past, err := t.pastOf(ctx, e)
		if err != nil {
			return err
		}
		why, _ := t.live.Reentry.Admit(past, e.at)
		if why != "" {
			t.refused[why]++
			continue
		}
		in = append(in, e)
		t.past[e.address] = append(t.past[e.address], e)
		days[e.at.UTC().Format(time.DateOnly)]++
	}
	t.entries, t.out.Entered = in, int64(len(in))
	for day, n := range days {
		t.out.Days = append(t.out.Days, DayEntered{day, n})
	}
	slices.SortFunc(t.out.Days, func(a, b DayEntered) int { return cmp.Compare(a.Day, b.Day) })
	for why, n := range t.refused {
		t.out.Refused = append(t.out.Refused, RefusedEntry{why, n})
	}
	slices.SortFunc(t.out.Refused, func(a, b RefusedEntry) int { return cmp.Or(cmp.Compare(b.N, a.N), cmp.Compare(a.Why, b.Why)) })
	return nil
}

// pastOf are the runs that a contact would have begun before. Whether the last goes on is asked where that decides.
func (t *workflowTrial) pastOf(ctx context.Context, e *trialEntry) ([]workflow.Past, error) {
	entries := t.past[e.address]
	past := make([]workflow.Past, len(entries))
	for i, was := range entries {
		past[i].StartedAt = was.at
	}
	if len(entries) == 0 || t.live.Reentry.Mode != workflow.After || t.runs >= maxTrialRuns {
		return past, nil
	}
	last := entries[len(entries)-1]
	if last.would == nil {
		t.runs++
		if _, err := t.simulate(ctx, last); err != nil {
			return nil, err
		}
	}
	past[len(past)-1].Open = last.would.Ended.IsZero() || last.would.Ended.After(e.at)
	return past, nil
}

// tell shows the newest runs.
func (t *workflowTrial) tell(ctx context.Context) error {
	from := max(len(t.entries)-trialSample, 0)
	for _, e := range slices.Backward(t.entries[from:]) {
		w, err := t.simulate(ctx, e)
		if fault.Is(err, fault.NotFound) {
			continue // it was erased meanwhile
		}
		if err != nil {
			return err
		}
		t.out.Sample = append(t.out.Sample, w)
	}
	return nil
}
