package mcp

import (
	"cmp"
	"context"

	stdjson "encoding/json"

	"github.com/modelcontextprotocol/go-sdk/mcp"

	"tidings/internal/control"
	"tidings/internal/fault"
	"tidings/internal/store"
)

// maxDefinition is how many characters of a definition are shown.
const maxDefinition = 20_000

// Sequence is a workflow, with Mailshot's keys first.
type Sequence struct {
	SequenceID           string      `json:"sequenceId" jsonschema:"its key, what the other tools take"`
	StateMachineArn      string      `json:"stateMachineArn" jsonschema:"its id (wfl_…)"`
	TemplateKeys         []Untrusted `json:"templateKeys" jsonschema:"the templates that it sends"`
	ActiveExecutionCount int64       `json:"activeExecutionCount" jsonschema:"contacts on their way through it"`
	Name                 *Untrusted  `json:"name,omitempty"`
	Enabled              bool        `json:"enabled" jsonschema:"whether contacts enter it"`
	Version              int64       `json:"version"`
	Problems             int         `json:"problems,omitempty" jsonschema:"why it can't do all it should: export_sequence tells"`
}

// Sequences is what list_sequences answers.
type Sequences struct {
	Sequences []Sequence `json:"sequences" jsonschema:"by key"`
	More      int64      `json:"more,omitempty" jsonschema:"how many there are beside these"`
}

type sequenceIn struct {
	SequenceID string `json:"sequenceId" jsonschema:"the sequence's (workflow's) key or id"`
}

func (in sequenceIn) target() string { return in.SequenceID }

// ExportedSequence is what export_sequence answers.
type ExportedSequence struct {
	Definition Untrusted          `json:"definition" jsonschema:"the whole workflow, as JSON"`
	Templates  []SequenceTemplate `json:"templates"`
	Warnings   []Untrusted        `json:"warnings" jsonschema:"why it can't do all it should"`
}

// SequenceTemplate is an email that a workflow sends.
type SequenceTemplate struct {
	Key     Untrusted  `json:"key"`
	Subject *Untrusted `json:"subject,omitempty"`
	HTML    *Untrusted `json:"html,omitempty" jsonschema:"its beginning"`
}

type sequenceSubscribersIn struct {
	sequenceIn
	Limit int `json:"limit,omitempty" jsonschema:"1 to 100, default 50"`
}

// SequenceSubscribers is what list_sequence_subscribers answers.
type SequenceSubscribers struct {
	SequenceID  string      `json:"sequenceId"`
	ActiveCount int64       `json:"activeCount" jsonschema:"contacts on their way through it, of every version"`
	Subscribers []Execution `json:"subscribers" jsonschema:"the newest first"`
}

// Execution is one contact's way through a workflow, with Mailshot's keys first.
type Execution struct {
	ExecutionArn string     `json:"executionArn" jsonschema:"its id (exe_…)"`
	SequenceID   string     `json:"sequenceId"`
	StartedAt    string     `json:"startedAt"`
	Email        string     `json:"email,omitempty" jsonschema:"masked unless the key may see addresses"`
	ContactID    string     `json:"contactId"`
	Status       string     `json:"status" jsonschema:"RUNNING, WAITING or FAILED"`
	Step         string     `json:"step,omitempty" jsonschema:"where it is, or failed"`
	DueAt        string     `json:"dueAt,omitempty" jsonschema:"when it goes on by itself"`
	StoppedAt    string     `json:"stoppedAt,omitempty"`
	Error        *Untrusted `json:"error,omitempty" jsonschema:"why it failed"`
}

func (v view) execution(r *store.Run) Execution {
	return Execution{
		ExecutionArn: r.ID, SequenceID: r.Key, StartedAt: stamp(r.StartedAt), Email: v.address(r.Address), ContactID: r.ContactID,
		Status: string(r.Status), Step: id(r.Step), DueAt: stamp(r.Due), StoppedAt: stamp(r.EndedAt), Error: v.text(r.Reason),
	}
}

func (v view) executions(list []store.Run) []Execution {
	out := make([]Execution, len(list))
	for i := range list {
		out[i] = v.execution(&list[i])
	}
	return out
}

type failedIn struct {
	StateMachineArn string `json:"stateMachineArn,omitempty" jsonschema:"the sequence's (workflow's) id or key; leave it out for all"`
	StartDate       string `json:"startDate,omitempty" jsonschema:"those that failed since this day (2026-05-04, UTC) or time"`
	Limit           int    `json:"limit,omitempty" jsonschema:"1 to 100, default 20"`
}

// FailedExecutions is what get_failed_executions answers.
type FailedExecutions struct {
	Executions []Execution `json:"executions" jsonschema:"the newest first"`
	Total      int64       `json:"total"`
}

type sequencesIn struct {
	Limit int `json:"limit,omitempty" jsonschema:"1 to 100, default 20"`
}

func (x *session) sequenceTools() {
	add(x, definition[sequencesIn, Sequences]{
		name: "list_sequences", title: "List sequences",
		description: "Sequences (workflows) by key: what each sends, and how many contacts are on their way through it.",
		plain:       func(out Sequences) any { return out.Sequences }, run: x.listSequences,
	})
	add(x, definition[sequenceIn, ExportedSequence]{
		name: "export_sequence", title: "Export a sequence",
		description: "One sequence (workflow) with its whole definition and the templates that it sends. workflow_dry_run " +
			"takes the " +
			"definition, as it is or changed.",
		target: sequenceIn.target, run: x.exportSequence,
	})
	add(x, definition[sequenceSubscribersIn, SequenceSubscribers]{
		name: "list_sequence_subscribers", title: "List a sequence's subscribers",
		description: "The contacts that are on their way through a sequence (workflow) now, and where each is, the newest first.",
		target:      func(in sequenceSubscribersIn) string { return in.SequenceID }, run: x.listSequenceSubscribers,
	})
	add(x, definition[failedIn, FailedExecutions]{
		name: "get_failed_executions", title: "Get failed executions",
		description: "Runs of sequences (workflows) that failed and wait for a person, with the step and why, the newest " +
			"first. A person " +
			"retries or skips them in the web UI or from the command line.",
		target: func(in failedIn) string { return in.StateMachineArn }, run: x.getFailedExecutions,
	})
	add(x, definition[dryRunIn, DryRun]{
		name: "workflow_dry_run", title: "Try a workflow",
		description: "Who would have entered a workflow by the events of the last days, what would have been sent when, and " +
			"where they " +
			"would be now; of a workflow that is stored, or of a draft. Conditions are asked of contacts as they are now. Nothing is " +
			"stored or sent.",
		target: func(in dryRunIn) string { return in.SequenceID }, run: x.dryRun,
	})
}

func (x *session) listSequences(ctx context.Context, _ *mcp.CallToolRequest, in sequencesIn) (out Sequences, err error) {
	n, err := limit(in.Limit)
	if err != nil {
		return out, err
	}
	page, err := x.Control.Workflows(ctx, x.who, "", 1, n)
	if err != nil {
		return out, err
	}
	out.Sequences, out.More = make([]Sequence, len(page.Workflows)), page.Total-int64(len(page.Workflows))
	for i := range page.Workflows {
		w := &page.Workflows[i]
		row := Sequence{
			SequenceID: w.Definition.Key, StateMachineArn: w.ID, TemplateKeys: []Untrusted{}, ActiveExecutionCount: w.Open,
			Name: x.view.text(w.Definition.Name), Enabled: w.Enabled, Version: w.Version, Problems: len(w.Problems),
		}
		for _, key := range control.TemplatesOf(&w.Definition) {
			row.TemplateKeys = append(row.TemplateKeys, Untrusted{x.view.clean(key)})
		}
		out.Sequences[i] = row
	}
	return out, nil
}

func (x *session) exportSequence(ctx context.Context, _ *mcp.CallToolRequest, in sequenceIn) (out ExportedSequence, err error) {
	w, err := x.Control.ExportWorkflow(ctx, x.who, in.SequenceID)
	if err != nil {
		return out, err
	}
	out = ExportedSequence{
		Definition: Untrusted{x.view.cleanTo(string(w.JSON),
			maxDefinition)}, Templates: []SequenceTemplate{}, Warnings: []Untrusted{},
	}
	for i := range w.Sends {
		t := &w.Sends[i]
		out.Templates = append(out.Templates, SequenceTemplate{
			Untrusted{x.view.clean(cmp.Or(t.Key, t.ID))}, x.view.text(t.Subject), x.view.long(t.Body),
		})
	}
	for _, p := range w.Problems {
		out.Warnings = append(out.Warnings, Untrusted{x.view.clean(p.At + ": " + p.Says)})
	}
	return out, nil
}

// defaultSubscribers is how many list_sequence_subscribers shows, as Mailshot's does.
const defaultSubscribers = 50

func (x *session) listSequenceSubscribers(
	ctx context.Context, _ *mcp.CallToolRequest, in sequenceSubscribersIn,
) (out SequenceSubscribers, err error) {
	n, err := limit(cmp.Or(in.Limit, defaultSubscribers))
	if err != nil {
		return out, err
	}
	if in.SequenceID == "" {
		return out, fault.BadField("sequenceId", "is required")
	}
	runs, total, err := x.Control.AskRuns(ctx, x.who, control.AskedRuns{Workflow: in.SequenceID, Limit: n})
	if err != nil {
		return out, err
	}
	return SequenceSubscribers{in.SequenceID, total, x.view.executions(runs)}, nil
}

func (x *session) getFailedExecutions(
	ctx context.Context, _ *mcp.CallToolRequest, in failedIn,
) (out FailedExecutions, err error) {
	n, err := limit(in.Limit)
	if err != nil {
		return out, err
	}
	runs, total, err := x.Control.AskRuns(ctx, x.who, control.AskedRuns{
		Workflow: in.StateMachineArn, Failed: true, Since: in.StartDate, Limit: n,
	})
	if err != nil {
		return out, err
	}
	return FailedExecutions{x.view.executions(runs), total}, nil
}

type dryRunIn struct {
	SequenceID string         `json:"sequenceId,omitempty" jsonschema:"key or id of a workflow that is stored; leave it out to try a draft"`
	Workflow   map[string]any `json:"workflow,omitempty" jsonschema:"a draft, as a definition in JSON; or an object with text, which is the draft in YAML"`
	Days       int            `json:"days,omitempty" jsonschema:"how far back, 1 to 90, default 7"`
}

// DryRun is what workflow_dry_run answers.
type DryRun struct {
	Since   string        `json:"since"`
	Looked  int64         `json:"looked" jsonschema:"events whose name the trigger is for"`
	Matched int64         `json:"matched" jsonschema:"of those"`
	Entered int64         `json:"entered" jsonschema:"runs that would have begun"`
	Days    []DryDay      `json:"days"`
	Refused []DryRefusal  `json:"refused" jsonschema:"why others would not have entered"`
	Cut     bool          `json:"cut,omitempty" jsonschema:"there is more than was looked at"`
	Sample  []DryRunEntry `json:"sample" jsonschema:"the newest 20 runs"`
}

// DryDay is how many would have entered on a day.
type DryDay struct {
	Day     string `json:"day"`
	Entered int64  `json:"entered"`
}

// DryRefusal is how often somebody would not have entered.
type DryRefusal struct {
	Why    string `json:"why"`
	Number int64  `json:"number"`
}

// DryRunEntry is a run that would have begun.
type DryRunEntry struct {
	EventID   string     `json:"eventId"`
	At        string     `json:"at"`
	Email     string     `json:"email" jsonschema:"masked unless the key may see addresses"`
	ContactID string     `json:"contactId,omitempty"`
	Status    string     `json:"status" jsonschema:"as it would be now"`
	Step      string     `json:"step,omitempty"`
	Reason    *Untrusted `json:"reason,omitempty"`
	Emails    []DryEmail `json:"emails"`
}

// DryEmail is an email that would have been sent.
type DryEmail struct {
	Step        string    `json:"step"`
	TemplateKey Untrusted `json:"templateKey"`
	At          string    `json:"at"`
}

func (x *session) dryRun(ctx context.Context, _ *mcp.CallToolRequest, in dryRunIn) (out DryRun, err error) {
	asked := control.WorkflowTrial{ID: in.SequenceID, Days: in.Days}
	if in.SequenceID == "" {
		if asked.Text, err = draftText(in.Workflow); err != nil {
			return out, err
		}
	}
	f, err := x.Control.DryRunWorkflow(ctx, x.who, asked)
	if err != nil {
		return out, err
	}
	out = DryRun{
		Since: stamp(f.Since), Looked: f.Looked, Matched: f.Matched, Entered: f.Entered, Cut: f.Cut, Days: []DryDay{},
		Refused: []DryRefusal{}, Sample: []DryRunEntry{},
	}
	for _, d := range f.Days {
		out.Days = append(out.Days, DryDay(d))
	}
	for _, r := range f.Refused {
		out.Refused = append(out.Refused, DryRefusal{r.Why, r.N})
	}
	for i := range f.Sample[:min(len(f.Sample), maxList)] {
		out.Sample = append(out.Sample, x.view.dryRunEntry(&f.Sample[i]))
	}
	return out, nil
}

// draftText is a draft as a text: an object with text alone holds it.
func draftText(draft map[string]any) (string, error) {
	if text, is := draft["text"].(string); is && len(draft) == 1 {
		return text, nil
	}
	if len(draft) == 0 {
		return "", fault.BadField("workflow", "is required, or sequenceId")
	}
	raw, err := stdjson.Marshal(draft)
	return string(raw), err
}

func (v view) dryRunEntry(w *control.WorkflowWould) DryRunEntry {
	out := DryRunEntry{
		EventID: w.Event.ID.String(), At: stamp(w.Event.OccurredAt), Email: v.address(w.Email), ContactID: w.Contact,
		Status: string(w.Run.Status), Step: id(w.Run.Step), Reason: v.text(w.Run.Reason), Emails: []DryEmail{},
	}
	for _, s := range w.Sends[:min(len(w.Sends), maxList)] {
		out.Emails = append(out.Emails, DryEmail{id(s.Step), Untrusted{v.clean(s.Template)}, stamp(s.At)})
	}
	return out
}
